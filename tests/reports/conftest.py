"""Small results to report, made without a fit."""

from collections.abc import Callable

import numpy as np
import pytest

from wilks.analysis import Analysis
from wilks.campaign import ToyRow, Toys
from wilks.campaign.table import table_of
from wilks.hypotheses import Null
from wilks.laws import Calibration, calibrate
from wilks.laws.compatibility import judge
from wilks.samples import Origin, Sample
from wilks.selection import Trial, WeightClipSelection
from wilks.selection.spread import spread_of
from wilks.statistics.fits import Attempt, FitResult
from wilks.statistics.network import MLP
from wilks.typing import FitStatus

from tests.lab.selections import made_up_selection

EVIL = "<script>alert('x')</script>&\"{{ 7*7 }}"


@pytest.fixture(scope="session")
def analysis() -> Analysis:
    """Two features, a carried column, and an origin full of markup."""
    rng = np.random.default_rng(3)
    origin = Origin((f"{EVIL}.root",), "events", "x > 0", {"x": "-log(u)"}, "w", 5000, 2000)
    reference = Sample(
        rng.exponential(size=(2000, 2)),
        np.full(2000, 0.1),
        features=("x", EVIL),
        extras={"mass_gev": rng.normal(90.0, 2.0, size=2000), "lost": np.ones(2000)},
        origin=origin,
    )
    return Analysis(reference=reference, model=MLP(hidden=(4,)), name=f"Search {EVIL}")


@pytest.fixture(scope="session")
def data() -> Sample:
    """200 events of the same distribution."""
    rng = np.random.default_rng(4)
    events = rng.exponential(size=(200, 2))
    return Sample(events, features=("x", EVIL), extras={"mass_gev": rng.normal(90.0, 2.0, size=200)})


@pytest.fixture(scope="session")
def make_fit(analysis: Analysis) -> Callable[..., FitResult]:
    """A fit with chosen t."""

    def make(*, t: float = 20.0, status: FitStatus = FitStatus.CONVERGED, fingerprint: str = "") -> FitResult:
        n_parameters = analysis.n_parameters
        return FitResult(
            t=t,
            tau=t,
            delta=0.0,
            params=np.random.default_rng(0).uniform(-0.3, 0.3, size=n_parameters),
            status=status,
            kkt_residual=1.5e-6,
            newton_decrement=2.5e-9,
            share_at_bound=2 / n_parameters,
            n_starts=3,
            start_gap=0.125,
            start_t=np.array([t - 4.0, t, t - 0.125]),
            least_curvature=0.02,
            attempts=(Attempt(status, t),),
            n_iterations=100,
            n_events=200,
            fingerprint=fingerprint or analysis.fingerprint(),
        )

    return make


@pytest.fixture(scope="session")
def toys(analysis: Analysis) -> Toys:
    """100 toys that follow the chi-square, one of them failed."""
    rng = np.random.default_rng(2)
    values = rng.chisquare(analysis.n_parameters, size=100)
    values[7] = np.nan
    rows = [toy_row(index, float(t), n_parameters=analysis.n_parameters) for index, t in enumerate(values)]
    return Toys(
        table=table_of(rows),
        hypothesis=Null(),
        fingerprint=analysis.fingerprint(),
        seed=11,
        n_parameters=analysis.n_parameters,
        expected_overlap_z_error=None,
    )


def toy_row(index: int, t: float, *, n_parameters: int) -> ToyRow:
    """A toy with certificates like those of a real one; it failed where t is NaN."""
    status = FitStatus.NOT_CONVERGED if np.isnan(t) else FitStatus.CONVERGED
    return ToyRow(
        index=index,
        key_high=1,
        key_low=index,
        hypothesis="Null()",
        status=int(status),
        reason="",
        n_events=200,
        t=t,
        tau=t,
        delta=0.0,
        observed=(),
        nuisances=(),
        delta_nuisances=(),
        delta_newton_decrement=0.0,
        delta_kkt_residual=0.0,
        began_at_delta=False,
        newton_decrement=1e-9,
        least_curvature=0.02,
        kkt_residual=1e-6,
        share_at_bound=0.1,
        start_gap=0.5,
        n_starts=3,
        n_attempts=1,
        n_iterations=500,
        attempt_status=(int(status),),
        attempt_t=(t,),
        seconds=2.0,
        host="here",
        params=(0.0,) * n_parameters,
    )


@pytest.fixture(scope="session")
def make_toy_row() -> Callable[..., ToyRow]:
    return toy_row


@pytest.fixture(scope="session")
def calibration(toys: Toys) -> Calibration:
    """The null distribution of those toys."""
    return calibrate(toys)


@pytest.fixture(scope="session")
def selection() -> WeightClipSelection:
    """Of a network (1, 4, 1), by made-up toys."""
    rng = np.random.default_rng(1)

    def trial(stage: str, clip: float) -> Trial:
        t = rng.chisquare(13, size=40) * (clip / 9.0) ** 0.5
        return Trial(stage, clip, 24, judge(t, 13.0, n_failed=0, is_estimated_dof=False), seconds=0.4)

    spread = spread_of(t := rng.chisquare(13, size=40), t + 0.05, n_starts=24, seconds=0.4)
    trials = (trial("bracket", 4.0), trial("bracket", 20.0))
    return made_up_selection(trials=trials, fresh=trial("fresh", 9.0), spread=spread)
