"""Sets of kernels with nuisances against their members, one by one, and a whole answer."""

import numpy as np
import pytest

import wilks
from wilks.fitting import evaluate_t, fit_events, profiled_kernel_engine_of
from wilks.fitting.convex import convex_engine_of
from wilks.fitting.profiled_sets import ProfiledKernelSetEngine
from wilks.problems import exponential
from wilks.significance import COMBINATIONS
from wilks.statistics.fits import FitResult
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
def engine() -> ProfiledKernelSetEngine:
    made = convex_engine_of(ANALYSIS)
    assert isinstance(made, ProfiledKernelSetEngine)
    return made


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
        single = profiled_kernel_engine_of(one)
        laws.append(profiled_law(single.group, single.form(np.zeros(2), np.zeros(2))))
    np.testing.assert_allclose(engine.laws.mean, [law.mean for law in laws], rtol=1e-9)
    np.testing.assert_allclose(engine.laws.variance, [law.variance for law in laws], rtol=1e-9)
    local = np.log([one.p_value for one in fit.members])
    assert fit.t == pytest.approx(COMBINATIONS["product"](local), rel=1e-9)
    assert fit.tau == pytest.approx(fit.t + fit.delta, rel=1e-12)


def test_a_stored_fit_is_reproduced(fit):
    values = [np.array([one.value for one in some]) for some in (fit.nuisances, fit.delta_nuisances)]
    told = {"nuisances": values[0], "delta_nuisances": values[1], "observed": OBSERVED}
    assert evaluate_t(ANALYSIS, DATA, fit.params, **told) == pytest.approx(fit.t, rel=1e-6)


def test_fits_side_by_side_agree_with_fits_alone(engine, fit):
    both = engine.fit_together([DATA[:300], DATA], [np.zeros(2), OBSERVED])
    assert both[1].t == pytest.approx(fit.t, rel=1e-9)
    assert both[0].n_events == 300 and both[0].observed == (0.0, 0.0)


def test_a_delta_that_fails_fails_the_set(engine, monkeypatch):
    whole = engine.delta.fit
    monkeypatch.setattr(engine.delta, "fit", lambda own: whole(own)._replace(value=np.nan))
    failed = engine.fit_together([DATA], [OBSERVED])[0]
    assert failed.status is FitStatus.NON_FINITE and np.isnan(failed.t)
    assert len(failed.members) == 4 and all(np.isnan(one.t) for one in failed.members)
    assert failed.params.size == ANALYSIS.n_parameters
    monkeypatch.setattr(engine.delta, "fit", lambda own: whole(own)._replace(is_certified=False))
    assert engine.fit_together([DATA], [OBSERVED])[0].status is FitStatus.DELTA_NOT_CONVERGED


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
