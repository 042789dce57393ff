"""Small stand-ins for toys and fits: the attributes that the calibration reads, nothing else."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pytest

from wilks.hypotheses import Null
from wilks.typing import FitStatus, FloatArray, IntArray


@dataclass(frozen=True)
class FakeToys:
    t: FloatArray
    hypothesis: object = field(default_factory=Null)
    fingerprint: str = "0123456789abcdef"
    degrees_of_freedom: float | None = 13
    expected_overlap_z_error: float | None = None
    count: int = 2000

    @property
    def status(self) -> IntArray:
        return np.where(np.isnan(self.t), int(FitStatus.NOT_CONVERGED), int(FitStatus.CONVERGED))

    @property
    def n_events(self) -> IntArray:
        return np.full(self.t.size, self.count)

    @property
    def share_at_bound(self) -> FloatArray:
        return np.full(self.t.size, 0.25)

    @property
    def start_gap(self) -> FloatArray:
        return np.full(self.t.size, 0.5)


@dataclass(frozen=True)
class FakeFit:
    t: float
    status: FitStatus = FitStatus.CONVERGED
    share_at_bound: float = 0.2
    n_starts: int = 10
    start_gap: float = 0.1
    n_events: int = 2010
    fingerprint: str = "0123456789abcdef"

    @property
    def converged(self) -> bool:
        return self.status is FitStatus.CONVERGED


@pytest.fixture
def make_toys() -> Callable[..., FakeToys]:
    """Toys of a chi-square(13), the last ``n_failed`` of them failed."""

    def make(n: int, *, n_failed: int = 0, **options: object) -> FakeToys:
        t = np.random.default_rng(1).chisquare(13, size=n)
        t[n - n_failed :] = np.nan
        return FakeToys(t, **options)  # type: ignore[arg-type]

    return make


@pytest.fixture
def make_fit() -> type[FakeFit]:
    return FakeFit
