"""Sets of kernels with nuisances against their members, one by one, and a whole answer."""

import dataclasses
import functools

import numpy as np
import pytest

import wilks
from wilks.fitting import evaluate, fit_events, fit_together
from wilks.optimize import NumpyNewton
from wilks.problems import exponential
from wilks.significance import COMBINATIONS
from wilks.statistics.fits import FitResult
from wilks.statistics.linear.profiled_law import profiled_law
from wilks.typing import FitStatus

SIGMA, WIDTHS, RIDGES, N_CENTERS = 0.15, (0.5, 1.5), (0.3, 3.0), (15, 8)
OBSERVED = np.array([0.1, 0.05])
DATA = np.random.default_rng(1).exponential(np.exp(SIGMA), size=(520, 1))
both_statistics = pytest.mark.parametrize("is_score", [True, False], ids=["score", "converged"])


@functools.cache
def analysis_of(is_score: bool, *, member: int | None = None) -> wilks.Analysis:
    """With the set, or with one of its members."""
    k, j = divmod(member or 0, 2)
    alone = wilks.Kernel(n_centers=N_CENTERS[k], width=WIDTHS[k], ridge=RIDGES[j], is_score=is_score)
    together = wilks.KernelSet(WIDTHS, RIDGES, n_centers=N_CENTERS, is_score=is_score)
    analysis = wilks.Analysis(
        reference=wilks.Sample(np.random.default_rng(0).exponential(size=5000)),
        model=together if member is None else alone,
        expected_events=500,
        standardize=False,
        nuisances=exponential.nuisances(SIGMA, SIGMA),
        toy_source=lambda rng, n, nuisances: exponential.background(rng, n, nuisances),  # stays in this process
    )
    if not is_score or member is not None:  # the same Delta, compiled once
        analysis.engine.delta = ANALYSIS.engine.delta  # type: ignore[attr-defined]
    return analysis


ANALYSIS = analysis_of(True)


@functools.cache
def fitted(is_score: bool, *, member: int | None = None) -> FitResult:
    return fit_events(analysis_of(is_score, member=member), DATA, OBSERVED)


@pytest.fixture(scope="module")
def fit() -> FitResult:
    return fitted(True)


@both_statistics
def test_members_are_fitted_as_if_alone(is_score):
    """With their own parameters and nuisances, from one Delta; the nuisances of the set are their mean."""
    fit, rel = fitted(is_score), 1e-9 if is_score else 1e-6
    alone = [fitted(is_score, member=member) for member in range(4)]
    assert fit.converged and fit.observed == tuple(OBSERVED)
    np.testing.assert_allclose([one.t for one in fit.members], [one.t for one in alone], rtol=rel)
    np.testing.assert_allclose(fit.params, np.concatenate([one.params for one in alone]), rtol=1e-6, atol=1e-6)
    sigmas = np.array([[one.value / SIGMA for one in result.nuisances] for result in alone])
    np.testing.assert_allclose([one.z for one in fit.members], sigmas, rtol=rel)
    assert len({one.z for one in fit.members}) == 4
    np.testing.assert_allclose([one.value / SIGMA for one in fit.nuisances], np.mean(sigmas, axis=0), rtol=rel)
    for one in alone:
        assert fit.delta == pytest.approx(one.delta, rel=1e-12)
        values = [[at.value for at in result.delta_nuisances] for result in (fit, one)]
        np.testing.assert_allclose(values[0], values[1], rtol=1e-9)


def test_converged_members_are_certified_and_gain_more_than_their_expansion():
    """Each by itself: the set has the certificate of the worst."""
    fit, alone = fitted(False), [fitted(False, member=member) for member in range(4)]
    assert fit.newton_decrement == pytest.approx(max(one.newton_decrement for one in alone), rel=1e-3, abs=1e-12)
    assert 0.0 <= fit.newton_decrement < 1e-6 and fit.kkt_residual < 1e-3
    assert fit.least_curvature == pytest.approx(min(one.least_curvature for one in alone), rel=1e-6)
    assert all(one.t > 0.0 and one.p_value < 1.0 for one in fit.members)
    assert not np.allclose([one.t for one in fit.members], [one.t for one in fitted(True).members], rtol=1e-3)
    assert fit.delta == fitted(True).delta and fit.tau == pytest.approx(fit.t + fit.delta, rel=1e-12)


def test_a_member_cut_short_fails_the_set(monkeypatch):
    monkeypatch.setattr("wilks.statistics.linear.profiled_group.NEWTON", NumpyNewton(max_iterations=1))
    result = fit_events(analysis_of(False), DATA * 1.5, OBSERVED)
    assert result.status is FitStatus.NOT_CONVERGED and np.isnan(result.t) and result.newton_decrement > 1e-6


def test_t_combines_local_p_values_with_the_moments_at_zero(fit):
    laws, engine = [], ANALYSIS.engine
    for member in range(4):
        single = analysis_of(True, member=member).engine
        laws.append(profiled_law(single.profiled[0], single.form(np.zeros(2), np.zeros(2))))  # type: ignore[attr-defined]
    np.testing.assert_allclose(engine.laws.mean, [law.mean for law in laws], rtol=1e-9)
    np.testing.assert_allclose(engine.laws.variance, [law.variance for law in laws], rtol=1e-9)
    for one in (fit, fitted(False)):
        local = np.log([member.p_value for member in one.members])
        assert one.t == pytest.approx(COMBINATIONS["product"](local), rel=1e-9)
        assert one.tau == pytest.approx(one.t + one.delta, rel=1e-12)


@both_statistics
def test_a_stored_fit_is_reproduced(is_score, tmp_path):
    """Also from a file; with the mean of the nuisances in place of the members' own, t would be another."""
    fit, analysis = fitted(is_score), analysis_of(is_score)
    again = evaluate(analysis, DATA, fit)
    assert again.t == pytest.approx(fit.t, rel=1e-9) and again.delta == pytest.approx(fit.delta, rel=1e-12)
    fit.save(tmp_path / "fit")
    stored = wilks.load(tmp_path / "fit")
    assert stored.members == fit.members and evaluate(analysis, DATA, stored) == again
    mean = tuple(one.value / SIGMA for one in fit.nuisances)
    shared = dataclasses.replace(fit, members=tuple(dataclasses.replace(one, z=mean) for one in fit.members))
    assert evaluate(analysis, DATA, shared).t < fit.t - 1e-3


def test_fits_side_by_side_have_their_own_data(fit):
    both = fit_together(ANALYSIS, [DATA[:300], DATA], [np.zeros(2), OBSERVED])
    assert both[1].t == fit.t
    assert both[0].n_events == 300 and both[0].observed == (0.0, 0.0)


@both_statistics
def test_a_delta_that_fails_fails_the_set(is_score, monkeypatch):
    analysis = analysis_of(is_score)
    delta, whole = analysis.engine.delta, analysis.engine.delta.fit  # type: ignore[attr-defined]
    monkeypatch.setattr(delta, "fit", lambda own: whole(own)._replace(value=np.nan))
    failed = fit_events(analysis, DATA, OBSERVED)
    assert failed.status is FitStatus.NON_FINITE and np.isnan(failed.t)
    assert len(failed.members) == 4 and all(np.isnan(one.t) for one in failed.members)
    assert failed.params.size == analysis.n_parameters
    monkeypatch.setattr(delta, "fit", lambda own: whole(own)._replace(is_certified=False))
    assert fit_events(analysis, DATA, OBSERVED).status is FitStatus.DELTA_NOT_CONVERGED


@pytest.mark.parametrize("n_toys", [20, pytest.param(40, marks=pytest.mark.nightly)])
@both_statistics
def test_an_answer_from_toys_at_the_fitted_nuisances(is_score, n_toys):
    fit, analysis = fitted(is_score), analysis_of(is_score)
    at_delta = {one.name: one.value for one in fit.delta_nuisances}
    toys = wilks.campaign.toys_here(analysis, wilks.ShiftedNuisance(at_delta), n_toys=n_toys, seed=1)
    assert toys.n_failed == 0
    observed = dict(zip(at_delta, OBSERVED, strict=True))
    answer = wilks.goodness_of_fit(analysis, DATA, calibration=wilks.calibrate(toys), auxiliaries=observed)
    assert answer.t == pytest.approx(fit.t, rel=1e-9) and 0.02 < answer.p_value < 1.0
    text = str(answer)
    assert "smallest of 4 local p-values" in text and "scale" in text
    assert "nuisances of the toys" not in text
    far = wilks.campaign.toys_here(analysis, wilks.Null(), n_toys=10, seed=2)
    answer = wilks.goodness_of_fit(analysis, DATA, calibration=wilks.calibrate(far), auxiliaries=observed)
    assert "from the nuisances of the toys" in str(answer)
