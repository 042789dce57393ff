"""Box-constrained minimisation: solvers, certificates and the search over several starts.

This room knows functions and boxes, and nothing of physics.
"""

from wilks.optimize.adam import Adam
from wilks.optimize.certificate import Certificate, certify, certify_by, variances
from wilks.optimize.finish import Finish, Finisher
from wilks.optimize.lanes import Lanes, ObjectiveOf
from wilks.optimize.numpy_newton import Expansion, Functions, Minima, NumpyNewton
from wilks.optimize.problem import Box, Objective, project
from wilks.optimize.quadratic import minimize_quadratic, minimize_quickly
from wilks.optimize.search import Ends, Search, contenders, race
from wilks.optimize.second_order import Newton, QuasiNewton
from wilks.optimize.solver import Solver, State

__all__ = [
    "Adam",
    "Box",
    "Certificate",
    "Ends",
    "Expansion",
    "Finish",
    "Finisher",
    "Functions",
    "Lanes",
    "Minima",
    "Newton",
    "NumpyNewton",
    "Objective",
    "ObjectiveOf",
    "QuasiNewton",
    "Search",
    "Solver",
    "State",
    "certify",
    "certify_by",
    "contenders",
    "minimize_quadratic",
    "minimize_quickly",
    "project",
    "race",
    "variances",
]
