"""Fits of one kernel against what they must be: an independent minimiser, a linear solve, and each other."""

import functools

import numpy as np
import pytest
import scipy.optimize

import wilks
from wilks.errors import InputError
from wilks.fitting import evaluate, fit_together
from wilks.optimize import NumpyNewton
from wilks.statistics.linear.basis import Basis
from wilks.statistics.linear.engine import LinearEngine
from wilks.statistics.linear.group import Group
from wilks.statistics.linear.losses import PenalizedLosses

N_EXPECTED = 300


def draw(rng: np.random.Generator, n: int, n_features: int) -> np.ndarray:
    return rng.exponential(size=(n, n_features))


@functools.cache
def analysis_of(n_features: int = 1, **options: object) -> wilks.Analysis:
    kernel = wilks.Kernel(**({"n_centers": 40, "width": 0.5, "ridge": 0.3} | options))  # type: ignore[arg-type]
    reference = wilks.Sample(draw(np.random.default_rng(0), 4000, n_features))
    return wilks.Analysis(reference=reference, model=kernel, expected_events=N_EXPECTED)


def data_of(n_features: int = 1, seed: int = 3) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.concatenate([draw(rng, 290, n_features), rng.normal(5, 0.2, size=(10, n_features))])


def group_of(analysis: wilks.Analysis) -> Group:
    (group,) = analysis.engine.groups  # type: ignore[attr-defined]
    assert isinstance(group, Group)
    return group


def losses_of(group: Group, data_sets: list[np.ndarray], ridge: float = 0.3) -> tuple[PenalizedLosses, np.ndarray]:
    """The losses of data sets, and an array of the shape of their parameters."""
    sums = group.sums(data_sets)
    return PenalizedLosses(group.points, group.basis, sums=sums, ridge=ridge), sums


def penalized_loss(analysis: wilks.Analysis, events: np.ndarray, params: np.ndarray) -> float:
    """L + ridge a^T K a, written out."""
    gaussians = analysis.model.gaussians  # type: ignore[attr-defined]
    z = analysis.standardization.apply(analysis.reference.events), analysis.standardization.apply(events)

    def kernel(x):
        return np.exp(-0.5 * np.sum((x[:, None] - gaussians.centers) ** 2, axis=2) / gaussians.width**2)

    f_reference, f_data = kernel(z[0]) @ params, kernel(z[1]) @ params
    penalty = analysis.model.ridge * params @ kernel(gaussians.centers) @ params  # type: ignore[attr-defined]
    return float(analysis.reference.event_weights @ np.expm1(f_reference) - f_data.sum() + penalty)


def test_an_analysis_has_one_engine_for_its_model():
    analysis = analysis_of()
    assert isinstance(analysis.engine, LinearEngine) and analysis.engine is analysis.engine
    assert analysis.engine.n_together == 256 and analysis.engine.laws is None


@pytest.mark.parametrize("n_features", [1, 2])
def test_t_is_the_penalized_loss_at_its_params(n_features):
    analysis, events = analysis_of(n_features), data_of(n_features)
    fit = wilks.fit(analysis, events)
    assert fit.converged and fit.n_starts == 1 and np.isnan(fit.start_gap) and fit.members == ()
    assert fit.t == pytest.approx(-2 * penalized_loss(analysis, events, fit.params), abs=1e-6)
    again = evaluate(analysis, events, fit)
    assert again.t == again.tau == pytest.approx(fit.t, abs=1e-6) and again.delta == fit.delta == 0.0


@pytest.mark.parametrize("n_features", [1, pytest.param(2, marks=pytest.mark.nightly)])
def test_no_other_minimiser_goes_lower(n_features):
    analysis, events = analysis_of(n_features, n_centers=12, width=1.0), data_of(n_features)
    fit = wilks.fit(analysis, events)
    found = scipy.optimize.minimize(
        lambda a: penalized_loss(analysis, events, a), np.zeros(12), method="BFGS", options={"gtol": 1e-7}
    )
    # The fit leaves out directions of the kernel below 1e-8 of the largest, and condenses one feature.
    assert fit.t - 1e-4 < -2 * found.fun < fit.t + fit.newton_decrement + 2e-5


@pytest.mark.parametrize("ridge", [1e-4, 1e-2, 1.0, 100.0])
def test_fits_are_certified_at_any_ridge(ridge):
    fit = wilks.fit(analysis_of(ridge=ridge), data_of())
    assert fit.converged and fit.newton_decrement < 1e-6 and fit.t > 0
    assert fit.least_curvature == 2 * ridge


@pytest.mark.parametrize("n_features", [1, 2])
def test_score_is_the_linear_solve_in_plain_coordinates(n_features):
    """With Gaussians so far apart that no direction of theirs is left out."""
    analysis, events = analysis_of(n_features, is_score=True, n_centers=10, width=0.5), data_of(n_features)
    assert group_of(analysis).basis.rank == 10
    gaussians, scale = analysis.model.gaussians, analysis.standardization  # type: ignore[attr-defined]
    k_reference = gaussians.values(scale.apply(analysis.reference.events))
    weights = analysis.reference.event_weights
    b = gaussians.values(scale.apply(events)).sum(0) - weights @ k_reference
    penalized = (k_reference * weights[:, None]).T @ k_reference + 0.6 * gaussians.penalty()
    fit = wilks.fit(analysis, events)
    assert fit.t == pytest.approx(b @ np.linalg.solve(penalized, b), rel=1e-6)
    assert evaluate(analysis, events, fit).t == pytest.approx(fit.t, rel=1e-9)
    np.testing.assert_allclose(fit.params, np.linalg.solve(penalized, b), atol=1e-5 * np.abs(fit.params).max())
    assert (fit.n_iterations, fit.newton_decrement, fit.least_curvature) == (1, 0.0, 0.6)


@pytest.mark.parametrize("ridge", [0.3, 100.0, 1e4])
def test_no_toy_ends_with_a_slope_that_its_certificate_refuses(ridge):
    """At a large ridge curvatures are large: a small decrement alone leaves slopes above `Search.kkt_tolerance`."""
    rng = np.random.default_rng(7)
    fits = fit_together(analysis_of(ridge=ridge), [draw(rng, 300, 1) for _ in range(60)])
    assert all(fit.converged and fit.kkt_residual <= 1e-4 for fit in fits)


def test_score_is_the_first_newton_step_of_the_fit():
    """For small departures the two statistics agree; their difference is of third order."""
    score, converged = (wilks.fit(analysis_of(ridge=100.0, is_score=flag), data_of()) for flag in (True, False))
    assert converged.t == pytest.approx(score.t, rel=0.05)


@pytest.mark.parametrize("is_score", [True, False])
def test_data_without_events_and_far_events_are_fitted(is_score):
    nothing, far = fit_together(analysis_of(is_score=is_score), [np.empty((0, 1)), np.full((300, 1), 1e6)])
    assert nothing.converged and far.converged
    assert far.t == pytest.approx(nothing.t, abs=1e-6)


def test_features_that_are_not_kept_are_the_same(monkeypatch):
    analysis, sets = analysis_of(2), [data_of(2, seed) for seed in range(2)]
    kept = [fit.t for fit in fit_together(analysis, sets)]
    monkeypatch.setattr("wilks.statistics.linear.basis._MOST_KEPT_NUMBERS", 0)
    monkeypatch.setattr("wilks.statistics.linear.basis._BLOCK_NUMBERS", 4096)
    anew = [-2.0 * group_minimum(analysis, one) for one in sets]
    np.testing.assert_allclose(anew, kept, atol=1e-9)


def group_minimum(analysis: wilks.Analysis, events: np.ndarray) -> float:
    """The least penalized loss, by a group made anew."""
    group = Group(analysis.problem, analysis.model.members)  # type: ignore[attr-defined]
    (minima,) = group.converged_minima(group.sums([events]))
    return float(minima.value[0])


def test_features_of_a_score_statistic_are_kept_for_its_law_alone():
    """A set needs sums over the data alone once its laws are made: it keeps none."""
    alone = analysis_of(2, is_score=True)
    assert group_of(alone).points._kept
    together = wilks.KernelSet((0.5, 1.0), n_centers=10)
    engine = wilks.Analysis(reference=alone.reference, model=together).engine
    assert not any(group.points._kept for group in engine.groups)  # type: ignore[attr-defined]


def test_gradient_and_products_are_derivatives_of_the_loss():
    losses, sums = losses_of(group_of(analysis_of(n_centers=8, width=1.0)), [data_of(seed=1), data_of(seed=2)])
    rng, lanes = np.random.default_rng(0), np.arange(2)
    at, direction = rng.normal(scale=0.1, size=sums.shape), rng.normal(size=sums.shape)
    here, step = losses.expand(at, lanes), 1e-5
    above, below = (losses.expand(at + sign * step * direction, lanes) for sign in (1, -1))
    slope = (above.value - below.value) / (2 * step)
    np.testing.assert_allclose(np.sum(here.gradient * direction, axis=1), slope, rtol=1e-6)
    image = (above.gradient - below.gradient) / (2 * step)
    np.testing.assert_allclose(here.product(direction, lanes), image, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("n_features", [1, 2])
def test_start_at_zero_is_that_of_a_pass_over_the_reference(n_features):
    """At f = 0 value, gradient and Hessian are known; next to it they come from all events."""
    losses, sums = losses_of(group_of(analysis_of(n_features)), [data_of(n_features, seed) for seed in (1, 2)])
    lanes = np.arange(2)
    here, near = (losses.expand(np.full(sums.shape, value), lanes) for value in (0.0, 1e-12))
    direction = np.random.default_rng(0).normal(size=sums.shape)
    np.testing.assert_allclose(here.value, near.value, atol=1e-7)
    np.testing.assert_allclose(here.gradient, near.gradient, atol=1e-6)
    np.testing.assert_allclose(here.product(direction, lanes), near.product(direction, lanes), atol=1e-6)


def test_certificate_bounds_what_is_missing():
    """After few steps t is short of its maximum by less than the certificate says."""
    analysis = analysis_of(ridge=0.01)
    losses, sums = losses_of(group_of(analysis), [data_of()], ridge=0.01)
    best = wilks.fit(analysis, data_of()).t
    for n_steps in (1, 2, 3):
        end = NumpyNewton(max_iterations=n_steps).run(losses, np.zeros_like(sums))
        assert 0 <= best + 2 * end.value[0] <= end.gap[0] + 1e-9
    assert end.gap[0] == np.sum(end.gradient**2) / 0.02, "|g|^2 over the least curvature that there can be"


def test_a_fit_short_of_its_tolerance_is_not_certified():
    """At a tolerance that no fit reaches."""
    given = analysis_of()
    search = wilks.Search(decrement_tolerance=1e-30)
    analysis = wilks.Analysis(reference=given.reference, model=given.model, search=search)
    fit = wilks.fit(analysis, data_of())
    assert fit.status is wilks.FitStatus.NOT_CONVERGED and np.isnan(fit.t) and np.isfinite(fit.start_t[0])


@pytest.mark.parametrize("model", [wilks.Kernel(n_centers=10, width=0.5), wilks.KernelSet((1.0,), n_centers=9)])
@pytest.mark.parametrize("nuisances", [(), (wilks.normalization("lumi", sigma=0.1),)], ids=["none", "lumi"])
def test_negative_reference_weights_are_refused(model, nuisances):
    weights = np.ones(4000)
    weights[:10] = -1.0
    reference = wilks.Sample(draw(np.random.default_rng(0), 4000, 1), weights)
    with pytest.raises(InputError, match="10 of 4,000 events"):
        wilks.fit(wilks.Analysis(reference=reference, model=model, nuisances=nuisances), data_of())


def test_rank_is_at_most_the_number_of_centers():
    basis = group_of(analysis_of(width=3.0)).basis
    assert isinstance(basis, Basis) and 1 < basis.rank < 40
