"""Box-constrained minimisation: solvers and certificates.

This room knows functions and boxes, and nothing of physics. What needs JAX is loaded when it is asked for.
"""

from typing import TYPE_CHECKING

from wilks import lazy

_NAMES = {
    "wilks.optimize.adam": ["Adam"],
    "wilks.optimize.certificate": ["Certificate", "certify", "certify_by", "variances"],
    "wilks.optimize.numpy_newton": ["Expansion", "Functions", "Minima", "NumpyNewton"],
    "wilks.optimize.problem": ["Box", "Objective", "project"],
    "wilks.optimize.quadratic": ["minimize_quadratic", "minimize_quickly"],
    "wilks.optimize.second_order": ["Newton", "QuasiNewton"],
    "wilks.optimize.solver": ["Solver", "State"],
}

if TYPE_CHECKING:
    from wilks.optimize.adam import Adam
    from wilks.optimize.certificate import Certificate, certify, certify_by, variances
    from wilks.optimize.numpy_newton import Expansion, Functions, Minima, NumpyNewton
    from wilks.optimize.problem import Box, Objective, project
    from wilks.optimize.quadratic import minimize_quadratic, minimize_quickly
    from wilks.optimize.second_order import Newton, QuasiNewton
    from wilks.optimize.solver import Solver, State
else:
    __getattr__, __dir__ = lazy.exports(__name__, _NAMES)

__all__ = [
    "Adam",
    "Box",
    "Certificate",
    "Expansion",
    "Functions",
    "Minima",
    "Newton",
    "NumpyNewton",
    "Objective",
    "QuasiNewton",
    "Solver",
    "State",
    "certify",
    "certify_by",
    "minimize_quadratic",
    "minimize_quickly",
    "project",
    "variances",
]
