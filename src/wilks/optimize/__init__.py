"""Box-constrained minimisation: solvers, certificates and the search over several starts.

This room knows functions and boxes, and nothing of physics.
"""

from wilks.optimize.adam import Adam
from wilks.optimize.certificate import Certificate, certify
from wilks.optimize.multistart import Ends, Finish, Search, approach, approach_closely, explore, finish
from wilks.optimize.problem import Box, Objective, project
from wilks.optimize.quadratic import minimize_quadratic, minimize_quickly
from wilks.optimize.second_order import Newton, QuasiNewton
from wilks.optimize.solver import Solver, State

__all__ = [
    "Adam",
    "Box",
    "Certificate",
    "Ends",
    "Finish",
    "Newton",
    "Objective",
    "QuasiNewton",
    "Search",
    "Solver",
    "State",
    "approach",
    "approach_closely",
    "certify",
    "explore",
    "finish",
    "minimize_quadratic",
    "minimize_quickly",
    "project",
]
