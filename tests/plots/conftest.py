"""Small results to draw, made without a fit."""

from collections.abc import Callable

import numpy as np
import pytest

from wilks.analysis import Analysis
from wilks.laws import Calibration, calibrate
from wilks.samples import Sample
from wilks.statistics.fits import Attempt, FitResult
from wilks.statistics.network import MLP
from wilks.typing import FitStatus

N_PARAMETERS = 13


@pytest.fixture
def make_fit(analysis: Analysis) -> Callable[..., FitResult]:
    """A fit with chosen t; its parameters are small random numbers."""

    def make(*, t: float = 20.0, status: FitStatus = FitStatus.CONVERGED, start_t: tuple[float, ...] = ()) -> FitResult:
        rng = np.random.default_rng(0)
        starts = np.array(start_t or (t, t - 1.0))
        return FitResult(
            t=t,
            tau=t,
            delta=0.0,
            params=rng.uniform(-1.0, 1.0, size=analysis.n_parameters),
            status=status,
            kkt_residual=1e-6,
            newton_decrement=1e-9,
            share_at_bound=0.0,
            n_starts=len(starts),
            start_gap=1.0,
            start_t=starts,
            least_curvature=0.02,
            attempts=(Attempt(status, t),),
            n_iterations=100,
            n_events=200,
            fingerprint=analysis.fingerprint(),
        )

    return make


@pytest.fixture
def calibration() -> Calibration:
    """Toys that follow the chi-square, one of them failed."""
    t = np.random.default_rng(2).chisquare(N_PARAMETERS, size=100)
    t[7] = np.nan
    return calibrate(t, degrees_of_freedom=N_PARAMETERS)


@pytest.fixture(scope="module")
def analysis() -> Analysis:
    """Exponential reference of 2000 events that expects 200, with a carried column."""
    x = np.random.default_rng(3).exponential(size=2000)
    reference = Sample(x, np.full(2000, 0.1), features=("x",), extras={"mass_gev": 10.0 + x, "other": x})
    return Analysis(reference=reference, model=MLP(hidden=(4,)), standardize=False)


@pytest.fixture(scope="module")
def data() -> Sample:
    """200 events of the same exponential, with one of the two carried columns."""
    x = np.random.default_rng(4).exponential(size=200)
    return Sample(x, features=("x",), extras={"mass_gev": 10.0 + x})
