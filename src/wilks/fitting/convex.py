"""Models whose fit is convex: one optimum, found without starts, for many data sets at once."""

from collections.abc import Callable, Sequence
from typing import Protocol

from wilks.analysis import Analysis
from wilks.fitting.kernel_sets import KernelSetEngine
from wilks.fitting.kernels import KernelEngine
from wilks.fitting.result import FitResult
from wilks.models import Kernel, KernelSet, Model
from wilks.typing import FloatArray


class ConvexEngine(Protocol):
    """What depends on an analysis alone, and the fits that share it."""

    @property
    def n_together(self) -> int:
        """Data sets that may be fitted side by side."""

    def fit_together(self, data_sets: Sequence[FloatArray]) -> list[FitResult]:
        """The fits of raw data sets (n, d)."""

    def evaluate_t(self, events: FloatArray, params: FloatArray) -> float:
        """t at given parameters (p,) for raw data (n, d)."""


_ENGINES: dict[type[Model], Callable[[Analysis], ConvexEngine]] = {Kernel: KernelEngine, KernelSet: KernelSetEngine}


def convex_engine_of(analysis: Analysis) -> ConvexEngine | None:
    """The engine of an analysis whose fit is convex, made once and kept with it; None where it is not."""
    make = _ENGINES.get(type(analysis.model))
    return None if make is None else analysis.cached("convex_engine", lambda: make(analysis))


def kernel_engine_of(analysis: Analysis) -> KernelEngine:
    """The features and factors of an analysis with a `Kernel`."""
    engine = convex_engine_of(analysis)
    assert isinstance(engine, KernelEngine)
    return engine


def kernel_set_engine_of(analysis: Analysis) -> KernelSetEngine:
    """Those of an analysis with a `KernelSet`."""
    engine = convex_engine_of(analysis)
    assert isinstance(engine, KernelSetEngine)
    return engine
