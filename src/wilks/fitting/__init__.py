"""fit: one data set or many, from starting points to certified minima."""

from wilks.fitting.convex import (
    convex_engine_of,
    kernel_engine_of,
    kernel_set_engine_of,
    profiled_kernel_engine_of,
)
from wilks.fitting.engine import DataSet, Engine
from wilks.fitting.fit import (
    engine_of,
    evaluate_t,
    evaluate_tau,
    fit,
    fit_events,
    fit_together,
    n_together,
)
from wilks.fitting.kernel_sets import KernelSetEngine
from wilks.fitting.kernels import KernelEngine
from wilks.fitting.objectives import objective
from wilks.fitting.profiled_kernels import ProfiledKernelEngine
from wilks.fitting.result import CONTENDER_MARGIN, Attempt, FitResult, FittedNuisance, MemberFit

__all__ = [
    "CONTENDER_MARGIN",
    "Attempt",
    "DataSet",
    "Engine",
    "FitResult",
    "FittedNuisance",
    "KernelEngine",
    "KernelSetEngine",
    "MemberFit",
    "ProfiledKernelEngine",
    "convex_engine_of",
    "engine_of",
    "evaluate_t",
    "evaluate_tau",
    "fit",
    "fit_events",
    "fit_together",
    "kernel_engine_of",
    "kernel_set_engine_of",
    "n_together",
    "objective",
    "profiled_kernel_engine_of",
]
