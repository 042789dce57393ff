"""Models whose fit is convex in f: one optimum, found without starts, for many data sets at once."""

from collections.abc import Sequence
from typing import Protocol

from wilks.analysis import Analysis
from wilks.fitting.kernel_sets import KernelSetEngine
from wilks.fitting.kernels import KernelEngine
from wilks.fitting.profiled_kernels import ProfiledKernelEngine
from wilks.fitting.profiled_sets import ProfiledKernelSetEngine
from wilks.fitting.result import FitPoint, FitResult
from wilks.models import Kernel, KernelSet
from wilks.typing import FloatArray


class ConvexEngine(Protocol):
    """What depends on an analysis alone, and the fits that share it."""

    @property
    def n_together(self) -> int:
        """Data sets that are best fitted side by side."""

    def fit_together(
        self, data_sets: Sequence[FloatArray], observed: Sequence[FloatArray] | None = None
    ) -> list[FitResult]:
        """The fits of raw data sets (n, d) with auxiliary measurements (j,) each; None: those of the real data."""

    def evaluate_tau(self, events: FloatArray, at: FitPoint) -> float:
        """tau of raw data (n, d) there."""


def convex_engine_of(analysis: Analysis) -> ConvexEngine | None:
    """The engine of an analysis whose fit is convex in f, made once and kept with it; None where it is not."""
    return analysis.cached("convex_engine", lambda: _made(analysis))


def kernel_engine_of(analysis: Analysis) -> KernelEngine:
    """That of an analysis with a `Kernel` and no nuisances."""
    engine = convex_engine_of(analysis)
    assert isinstance(engine, KernelEngine)
    return engine


def profiled_kernel_engine_of(analysis: Analysis) -> ProfiledKernelEngine:
    """That of an analysis with a `Kernel` and nuisances."""
    engine = convex_engine_of(analysis)
    assert isinstance(engine, ProfiledKernelEngine)
    return engine


def kernel_set_engine_of(analysis: Analysis) -> KernelSetEngine:
    """That of an analysis with a `KernelSet` and no nuisances."""
    engine = convex_engine_of(analysis)
    assert isinstance(engine, KernelSetEngine)
    return engine


def _made(analysis: Analysis) -> ConvexEngine | None:
    if isinstance(analysis.model, KernelSet):
        return ProfiledKernelSetEngine(analysis) if analysis.nuisances else KernelSetEngine(analysis)
    if isinstance(analysis.model, Kernel):
        return ProfiledKernelEngine(analysis) if analysis.nuisances else KernelEngine(analysis)
    return None
