"""fit: one data set or many, from starting points to certified minima."""

from wilks.fitting.engine import DataSet, Engine, objective
from wilks.fitting.fit import engine_of, evaluate_t, fit, fit_events, fit_together
from wilks.fitting.result import CONTENDER_MARGIN, Attempt, FitResult

__all__ = [
    "CONTENDER_MARGIN",
    "Attempt",
    "DataSet",
    "Engine",
    "FitResult",
    "engine_of",
    "evaluate_t",
    "fit",
    "fit_events",
    "fit_together",
    "objective",
]
