"""fit: one data set or many, from starting points to certified minima."""

from wilks.fitting.fit import evaluate, fit, fit_events, fit_together, n_together
from wilks.statistics.fits import CONTENDER_MARGIN, Attempt, FitResult, FittedNuisance, MemberFit

__all__ = [
    "CONTENDER_MARGIN",
    "Attempt",
    "FitResult",
    "FittedNuisance",
    "MemberFit",
    "evaluate",
    "fit",
    "fit_events",
    "fit_together",
    "n_together",
]
