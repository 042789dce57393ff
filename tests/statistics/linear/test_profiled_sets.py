"""Sets of kernels with nuisances against their members, one by one, and a whole answer."""

import numpy as np
import pytest

import wilks
from wilks.fitting import evaluate, fit_events, fit_together
from wilks.problems import exponential
from wilks.significance import COMBINATIONS
from wilks.statistics.fits import FitResult
from wilks.statistics.linear.profiled_engine import ProfiledLinearEngine
from wilks.statistics.linear.profiled_law import profiled_law
from wilks.typing import FitStatus

SIGMA, WIDTHS, RIDGES, N_CENTERS = 0.15, (0.5, 1.5), (0.3, 3.0), (15, 8)
OBSERVED = np.array([0.1, 0.05])
DATA = np.random.default_rng(1).exponential(np.exp(SIGMA), size=(520, 1))


def analysis_of(model: object) -> wilks.Analysis:
    return wilks.Analysis(
        reference=wilks.Sample(np.random.default_rng(0).exponential(size=5000)),
        model=model,  # type: ignore[arg-type]
        expected_events=500,
        standardize=False,
        nuisances=exponential.nuisances(SIGMA, SIGMA),
        toy_source=lambda rng, n, nuisances: exponential.background(rng, n, nuisances),  # stays in this process
    )


ANALYSIS = analysis_of(wilks.KernelSet(WIDTHS, RIDGES, n_centers=N_CENTERS))
ALONE = [
    analysis_of(wilks.Kernel(n_centers=n, width=width, ridge=ridge, is_score=True))
    for width, n in zip(WIDTHS, N_CENTERS, strict=True)
    for ridge in RIDGES
]


@pytest.fixture(scope="module")
def engine() -> ProfiledLinearEngine:
    assert isinstance(ANALYSIS.engine, ProfiledLinearEngine)
    return ANALYSIS.engine


@pytest.fixture(scope="module")
def fit() -> FitResult:
    return fit_events(ANALYSIS, DATA, OBSERVED)


@pytest.fixture(scope="module")
def alone() -> list[FitResult]:
    return [fit_events(one, DATA, OBSERVED) for one in ALONE]


def test_members_are_fitted_as_if_alone(fit, alone):
    np.testing.assert_allclose([one.t for one in fit.members], [one.t for one in alone], rtol=1e-9)
    np.testing.assert_allclose(fit.params, np.concatenate([one.params for one in alone]), rtol=1e-6, atol=1e-9)
    assert fit.converged and fit.observed == tuple(OBSERVED)


def test_delta_is_that_of_every_member(fit, alone):
    assert fit.delta == pytest.approx(alone[0].delta, rel=1e-12)
    for at_delta, expected in zip(fit.delta_nuisances, alone[0].delta_nuisances, strict=True):
        assert at_delta.value == pytest.approx(expected.value, rel=1e-9)


def test_nuisances_at_tau_are_the_mean_of_the_members(fit, alone):
    values = np.mean([[one.value for one in result.nuisances] for result in alone], axis=0)
    np.testing.assert_allclose([one.value for one in fit.nuisances], values, rtol=1e-8)


def test_t_combines_local_p_values_with_the_moments_at_zero(fit, engine):
    laws = []
    for one in ALONE:
        single = one.engine
        laws.append(profiled_law(single.profiled[0], single.form(np.zeros(2), np.zeros(2))))  # type: ignore[attr-defined]
    np.testing.assert_allclose(engine.laws.mean, [law.mean for law in laws], rtol=1e-9)
    np.testing.assert_allclose(engine.laws.variance, [law.variance for law in laws], rtol=1e-9)
    local = np.log([one.p_value for one in fit.members])
    assert fit.t == pytest.approx(COMBINATIONS["product"](local), rel=1e-9)
    assert fit.tau == pytest.approx(fit.t + fit.delta, rel=1e-12)


def test_members_carry_their_own_nuisances(fit, alone):
    """Those of each alone; what a fit says of the nuisances at tau is their mean."""
    sigmas = [[one.value / SIGMA for one in result.nuisances] for result in alone]
    np.testing.assert_allclose([one.z for one in fit.members], sigmas, rtol=1e-8)
    assert len({one.z for one in fit.members}) == 4


def test_a_stored_fit_is_reproduced(fit, tmp_path):
    """Also from a file; with the mean of the nuisances in place of the members' own, t would be another."""
    again = evaluate(ANALYSIS, DATA, fit)
    assert again.t == pytest.approx(fit.t, rel=1e-9) and again.delta == pytest.approx(fit.delta, rel=1e-12)
    fit.save(tmp_path / "fit")
    stored = wilks.load(tmp_path / "fit")
    assert stored.members == fit.members and evaluate(ANALYSIS, DATA, stored) == again


def test_fits_side_by_side_have_their_own_data(fit):
    both = fit_together(ANALYSIS, [DATA[:300], DATA], [np.zeros(2), OBSERVED])
    assert both[1].t == fit.t
    assert both[0].n_events == 300 and both[0].observed == (0.0, 0.0)


def test_a_delta_that_fails_fails_the_set(engine, monkeypatch):
    whole = engine.delta.fit
    monkeypatch.setattr(engine.delta, "fit", lambda own: whole(own)._replace(value=np.nan))
    failed = fit_events(ANALYSIS, DATA, OBSERVED)
    assert failed.status is FitStatus.NON_FINITE and np.isnan(failed.t)
    assert len(failed.members) == 4 and all(np.isnan(one.t) for one in failed.members)
    assert failed.params.size == ANALYSIS.n_parameters
    monkeypatch.setattr(engine.delta, "fit", lambda own: whole(own)._replace(is_certified=False))
    assert fit_events(ANALYSIS, DATA, OBSERVED).status is FitStatus.DELTA_NOT_CONVERGED


def test_an_answer_from_toys_at_the_fitted_nuisances(fit):
    at_delta = {one.name: one.value for one in fit.delta_nuisances}
    toys = wilks.run_toys(ANALYSIS, wilks.ShiftedNuisance(at_delta), n_toys=60, seed=1)
    observed = dict(zip(at_delta, OBSERVED, strict=True))
    answer = wilks.goodness_of_fit(ANALYSIS, DATA, calibration=wilks.calibrate(toys), auxiliaries=observed)
    assert answer.t == pytest.approx(fit.t, rel=1e-9) and 0.02 < answer.p_value < 1.0
    text = str(answer)
    assert "smallest of 4 local p-values" in text and "scale" in text
    assert "nuisances of the toys" not in text
    far = wilks.run_toys(ANALYSIS, wilks.Null(), n_toys=10, seed=2)
    answer = wilks.goodness_of_fit(ANALYSIS, DATA, calibration=wilks.calibrate(far), auxiliaries=observed)
    assert "from the nuisances of the toys" in str(answer)
