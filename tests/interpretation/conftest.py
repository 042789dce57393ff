"""A reference, and fits of chosen f that were never made."""

from collections.abc import Callable

import numpy as np
import pytest

from wilks.analysis import Analysis
from wilks.samples import Sample
from wilks.statistics.fits import Attempt, FitResult, FittedNuisance
from wilks.statistics.linear import Kernel
from wilks.typing import FitStatus, FloatArray


@pytest.fixture(scope="session")
def reference() -> Sample:
    """20,000 events of density exp(-x) that expect 2,000, with a carried column."""
    x = np.random.default_rng(1).exponential(size=20_000)
    return Sample(x, np.full(x.size, 0.1), features=("x",), extras={"mass": 10.0 + x, "lost": x})


@pytest.fixture(scope="session")
def analysis(reference: Sample) -> Analysis:
    return Analysis(reference=reference, model=Kernel(n_centers=60, width=0.3, ridge=1.0))


@pytest.fixture(scope="session")
def make_fit() -> Callable[..., FitResult]:
    """A converged fit with these parameters."""

    def make(
        analysis: Analysis, params: FloatArray, *, n_events: int, nuisances: tuple[FittedNuisance, ...] = ()
    ) -> FitResult:
        return FitResult(
            t=20.0,
            tau=20.0,
            delta=0.0,
            params=params,
            status=FitStatus.CONVERGED,
            newton_decrement=0.0,
            least_curvature=1.0,
            kkt_residual=0.0,
            share_at_bound=0.0,
            n_starts=1,
            start_gap=np.nan,
            start_t=np.array([20.0]),
            attempts=(Attempt(FitStatus.CONVERGED, 20.0),),
            n_iterations=1,
            n_events=n_events,
            fingerprint=analysis.fingerprint(),
            nuisances=nuisances,
            delta_nuisances=nuisances,
        )

    return make
