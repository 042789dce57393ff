"""Sets whose members have different maps, Gaussians and waves: t is the combination of the members fitted alone."""

import functools

import numpy as np
import pytest
from maps import Mixed

import wilks
from wilks.fitting import evaluate, fit_events
from wilks.problems import exponential
from wilks.significance import COMBINATIONS, gamma_log_sf
from wilks.statistics.fits import FitResult
from wilks.typing import FloatArray

OBSERVED = np.array([0.05, -0.02])
every_statistic = pytest.mark.parametrize("is_score", [True, False], ids=["score", "converged"])
profiled_or_not = pytest.mark.parametrize("is_profiled", [False, True], ids=["alone", "with nuisances"])


@functools.cache
def analysis_of(is_score: bool, is_profiled: bool, *, combination: str = "product", alone: int | None = None):
    model = Mixed(is_score=is_score, combination=None if alone is not None else combination, alone=alone)
    analysis = wilks.Analysis(
        reference=wilks.Sample(np.random.default_rng(0).exponential(size=2000)),
        model=model,
        expected_events=150,
        nuisances=exponential.nuisances(0.1, 0.1) if is_profiled else (),
    )
    if is_profiled and alone is not None:  # the same Delta, compiled once
        analysis.engine.delta = analysis_of(is_score, is_profiled).engine.delta
    return analysis


@functools.cache
def data() -> FloatArray:
    rng = np.random.default_rng(1)
    return np.concatenate([rng.exponential(1.1, size=(145, 1)), rng.normal(3.0, 0.2, size=(12, 1))])


@functools.cache
def fitted(is_score: bool, is_profiled: bool, **options) -> FitResult:
    return fit_events(analysis_of(is_score, is_profiled, **options), data(), OBSERVED if is_profiled else np.empty(0))


@profiled_or_not
@every_statistic
def test_members_are_fitted_as_if_alone(is_score, is_profiled):
    fit, rel = fitted(is_score, is_profiled), 1e-12 if is_score else 1e-9
    alone = [fitted(is_score, is_profiled, alone=k) for k in range(3)]
    assert fit.converged and [one.name for one in fit.members] == ["width 1", "width 1", "waves"]
    assert [one.ridge for one in fit.members] == [0.5, 3.0, 1.0] and np.isnan(fit.members[2].width)
    np.testing.assert_allclose([one.t for one in fit.members], [one.t for one in alone], rtol=rel)
    np.testing.assert_allclose(fit.params, np.concatenate([one.params for one in alone]), rtol=1e-6, atol=1e-9)
    assert fit.n_iterations == sum(one.n_iterations for one in alone)
    assert fit.newton_decrement == pytest.approx(max(one.newton_decrement for one in alone), rel=1e-6, abs=1e-20)
    assert fit.least_curvature == pytest.approx(min(one.least_curvature for one in alone), rel=1e-9)
    if is_profiled:
        sigmas = [[one.value / 0.1 for one in result.nuisances] for result in alone]
        np.testing.assert_allclose([one.z for one in fit.members], sigmas, rtol=1e-6, atol=1e-9)
        np.testing.assert_allclose([one.value / 0.1 for one in fit.nuisances], np.mean(sigmas, axis=0), rtol=1e-6)
        assert all(fit.delta == pytest.approx(one.delta, rel=1e-12) for one in alone)


@pytest.mark.parametrize("combination", COMBINATIONS)
@profiled_or_not
@every_statistic
def test_t_combines_the_members(is_score, is_profiled, combination):
    """By gamma laws whose moments are those of the null law of each score statistic alone."""
    fit = fitted(is_score, is_profiled)
    mean, variance = moments_at_delta(is_profiled)
    alone = np.array([fitted(is_score, is_profiled, alone=k).t for k in range(3)])
    log_p = gamma_log_sf(alone, mean=mean, variance=variance)
    np.testing.assert_allclose([one.log_p_value for one in fit.members], log_p, rtol=1e-6)
    expected = float(COMBINATIONS[combination](np.array([one.log_p_value for one in fit.members])))
    if combination == "product":
        assert fit.t == pytest.approx(expected, rel=1e-12)
        assert fit.t == pytest.approx(float(COMBINATIONS[combination](log_p)), rel=1e-6)
        return
    if not is_profiled:
        other = fitted(is_score, is_profiled, combination=combination)
        assert other.t == pytest.approx(expected, rel=1e-12)


@functools.cache
def moments_at_delta(is_profiled: bool) -> FloatArray:
    """Exact at nu = 0; with nuisances multiplied by what those of Gaussian counts change from there to Delta."""
    engines = [analysis_of(True, is_profiled, alone=k).engine for k in range(3)]
    if not is_profiled:
        return np.transpose([(engine.law(pool=None, n_events=None).figures[:2]) for engine in engines])
    at_delta = np.array([one.value for one in fitted(True, True).delta_nuisances]) / 0.1
    exact = np.array([engine.null_moments_at(np.zeros(2)) for engine in engines])
    limits = [[engine.form(z, OBSERVED).limit_moments() for engine in engines] for z in (at_delta, np.zeros(2))]
    return np.transpose(exact * limits[0] / limits[1])


@profiled_or_not
@every_statistic
def test_evaluate_reproduces_t(is_score, is_profiled, tmp_path):
    fit, analysis = fitted(is_score, is_profiled), analysis_of(is_score, is_profiled)
    again = evaluate(analysis, data(), fit)
    assert again.t == pytest.approx(fit.t, rel=1e-6) and again.tau == pytest.approx(fit.tau, rel=1e-6)
    assert again.delta == pytest.approx(fit.delta, rel=1e-12)
    fit.save(tmp_path / "fit")
    assert evaluate(analysis, data(), wilks.load(tmp_path / "fit")) == again


@every_statistic
def test_f_is_the_mean_of_the_members(is_score):
    alone = [analysis_of(is_score, False, alone=k) for k in range(3)]
    each = [one.log_ratio(data(), fitted(is_score, False, alone=k).params) for k, one in enumerate(alone)]
    found = analysis_of(is_score, False).log_ratio(data(), fitted(is_score, False).params)
    np.testing.assert_allclose(found, np.mean(each, axis=0), rtol=1e-6, atol=1e-9)
    assert str(fitted(is_score, False)).count("waves") == 1


def test_a_set_has_no_law_and_each_of_its_members_has_one():
    for without in (analysis_of(True, False), analysis_of(False, False, alone=0)):
        assert not without.model.has_law(is_profiled=False)
    assert analysis_of(True, False, alone=2).model.has_law(is_profiled=False)
    result = wilks.goodness_of_fit(analysis_of(True, False, alone=2), data())
    assert result.method == "analytic" and 0.0 < result.p_value < 1.0
