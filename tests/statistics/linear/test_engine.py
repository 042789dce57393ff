"""Kernel fits against what they must be: an independent minimiser, a linear solve, and each other."""

import numpy as np
import pytest
import scipy.optimize

import wilks
from wilks.errors import InputError
from wilks.fitting import evaluate_t, kernel_engine_of
from wilks.fitting.features import Features, Reference, reference_and_features
from wilks.fitting.kernels import KernelEngine
from wilks.fitting.penalized_losses import PenalizedLosses
from wilks.fitting.sums import DirectSums, TabulatedSums
from wilks.optimize import NewtonCG

N_EXPECTED = 300


def draw(rng: np.random.Generator, n: int, n_features: int) -> np.ndarray:
    return rng.exponential(size=(n, n_features))


def analysis_of(n_features: int = 1, **options: object) -> wilks.Analysis:
    kernel = wilks.Kernel(**({"n_centers": 40, "width": 0.5, "ridge": 0.3} | options))  # type: ignore[arg-type]
    reference = wilks.Sample(draw(np.random.default_rng(0), 4000, n_features))
    return wilks.Analysis(reference=reference, model=kernel, expected_events=N_EXPECTED)


def data_of(n_features: int = 1, seed: int = 3) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.concatenate([draw(rng, 290, n_features), rng.normal(5, 0.2, size=(10, n_features))])


def penalized_loss(analysis: wilks.Analysis, events: np.ndarray, params: np.ndarray) -> float:
    """L + ridge a^T K a, written out."""
    placement = analysis.model.placement  # type: ignore[attr-defined]
    z = analysis.standardization.apply(analysis.reference.events), analysis.standardization.apply(events)

    def kernel(x):
        return np.exp(-0.5 * np.sum((x[:, None] - placement.centers) ** 2, axis=2) / placement.width**2)

    f_reference, f_data = kernel(z[0]) @ params, kernel(z[1]) @ params
    penalty = analysis.model.ridge * params @ kernel(placement.centers) @ params  # type: ignore[attr-defined]
    return float(analysis.reference.event_weights @ np.expm1(f_reference) - f_data.sum() + penalty)


@pytest.mark.parametrize("n_features", [1, 2])
def test_t_is_the_penalized_loss_at_its_params(n_features):
    analysis, events = analysis_of(n_features), data_of(n_features)
    fit = wilks.fit(analysis, events)
    assert fit.converged and fit.n_starts == 1 and np.isnan(fit.start_gap)
    assert fit.t == pytest.approx(-2 * penalized_loss(analysis, events, fit.params), abs=1e-6)
    assert fit.t == pytest.approx(evaluate_t(analysis, events, fit.params), abs=1e-6)


@pytest.mark.parametrize("n_features", [1, 2])
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
    analysis, events = analysis_of(n_features, is_score=True, n_centers=10, width=1.0), data_of(n_features)
    placement, scale = analysis.model.placement, analysis.standardization  # type: ignore[attr-defined]
    k_reference = placement.kernel(scale.apply(analysis.reference.events))
    weights = analysis.reference.event_weights
    b = placement.kernel(scale.apply(events)).sum(0) - weights @ k_reference
    penalized = (k_reference * weights[:, None]).T @ k_reference + 0.6 * placement.kernel(placement.centers)
    fit = wilks.fit(analysis, events)
    assert fit.t == pytest.approx(b @ np.linalg.solve(penalized, b), rel=1e-6)
    assert fit.t == pytest.approx(evaluate_t(analysis, events, fit.params), rel=1e-9)
    np.testing.assert_allclose(fit.params, np.linalg.solve(penalized, b), atol=1e-5 * np.abs(fit.params).max())


def test_score_is_the_first_newton_step_of_the_fit():
    """For small departures the two statistics agree; their difference is of third order."""
    score, converged = (wilks.fit(analysis_of(ridge=100.0, is_score=flag), data_of()) for flag in (True, False))
    assert converged.t == pytest.approx(score.t, rel=0.05)


def test_fits_side_by_side_agree_with_fits_alone():
    engine = kernel_engine_of(analysis_of())
    sets = [data_of(seed=seed) for seed in range(5)]
    together = [fit.t for fit in engine.fit_together(sets)]
    np.testing.assert_allclose(together, [engine.fit_together([one])[0].t for one in sets], atol=1e-9)


def test_data_without_events_and_far_events_are_fitted():
    engine = kernel_engine_of(analysis_of())
    nothing, far = engine.fit_together([np.empty((0, 1)), np.full((300, 1), 1e6)])
    assert nothing.converged and far.converged
    assert far.t == pytest.approx(nothing.t, abs=1e-6)


@pytest.mark.parametrize("is_score", [True, False])
def test_tabulated_sums_are_those_of_all_events(is_score):
    features = kernel_engine_of(analysis_of(width=0.1, is_score=is_score)).features
    sets = [data_of(seed=seed) for seed in range(3)] + [np.array([[-50.0], [50.0], [0.3]])]
    direct, tabulated = DirectSums(features).sums(sets), TabulatedSums(features).sums(sets)
    np.testing.assert_allclose(tabulated, direct, atol=1e-5 * np.abs(direct).max())


def test_condensed_reference_gives_the_features_of_all_events():
    analysis = analysis_of()
    placement = analysis.model.placement  # type: ignore[attr-defined]
    reference, features = reference_and_features(analysis, placement)
    assert reference.weights.size < 0.3 * analysis.reference.n_events
    values = features.values(analysis.standardization.apply(analysis.reference.events))
    weights = analysis.reference.event_weights
    np.testing.assert_allclose(weights @ values, features.mean, atol=1e-4)
    np.testing.assert_allclose((values * weights[:, None]).T @ values, np.diag(features.curvature), atol=1e-3)


def test_whitened_features_have_the_penalty_as_a_square():
    engine = kernel_engine_of(analysis_of())
    alpha = np.random.default_rng(0).normal(size=engine.features.n_features)
    params = engine.features.mix @ alpha
    placement = engine.features.placement
    assert params @ placement.kernel(placement.centers) @ params == pytest.approx(alpha @ alpha, rel=1e-6)
    np.testing.assert_allclose(engine.features.coefficients(params), alpha, atol=1e-6)


def test_features_that_are_not_kept_are_the_same(monkeypatch):
    analysis, sets = analysis_of(2), [data_of(2, seed) for seed in range(2)]
    kept = KernelEngine(analysis).fit_together(sets)
    monkeypatch.setattr("wilks.fitting.features._MOST_KEPT_NUMBERS", 0)
    monkeypatch.setattr("wilks.fitting.features._BLOCK_NUMBERS", 4096)
    anew = KernelEngine(analysis).fit_together(sets)
    np.testing.assert_allclose([one.t for one in anew], [one.t for one in kept], atol=1e-9)


def test_gradient_and_products_are_derivatives_of_the_loss():
    analysis = analysis_of(n_centers=8, width=1.0)
    engine = kernel_engine_of(analysis)
    sums = engine.sums([data_of(seed=1), data_of(seed=2)])
    losses = PenalizedLosses(engine.reference, engine.features, sums=sums, ridge=0.3)
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
    engine = kernel_engine_of(analysis_of(n_features))
    sums, lanes = engine.sums([data_of(n_features, seed) for seed in (1, 2)]), np.arange(2)
    losses = PenalizedLosses(engine.reference, engine.features, sums=sums, ridge=0.3)
    here, near = (losses.expand(np.full(sums.shape, value), lanes) for value in (0.0, 1e-12))
    direction = np.random.default_rng(0).normal(size=sums.shape)
    np.testing.assert_allclose(here.value, near.value, atol=1e-7)
    np.testing.assert_allclose(here.gradient, near.gradient, atol=1e-6)
    np.testing.assert_allclose(here.product(direction, lanes), near.product(direction, lanes), atol=1e-6)


def test_certificate_bounds_what_is_missing():
    """After few steps t is short of its maximum by less than the certificate says."""
    engine = kernel_engine_of(analysis_of(ridge=0.01))
    sums = engine.sums([data_of()])
    losses = PenalizedLosses(engine.reference, engine.features, sums=sums, ridge=0.01)
    best = engine.fit_together([data_of()])[0].t
    for n_steps in (1, 2, 3):
        end = NewtonCG(max_iterations=n_steps).run(losses, np.zeros_like(sums), engine.scale)
        assert 0 <= best + 2 * end.value[0] <= end.excess[0] + 1e-9


def test_negative_reference_weights_are_refused():
    weights = np.ones(4000)
    weights[:10] = -1.0
    reference = wilks.Sample(draw(np.random.default_rng(0), 4000, 1), weights)
    analysis = wilks.Analysis(reference=reference, model=wilks.Kernel(n_centers=10, width=0.5))
    with pytest.raises(InputError, match="10 of 4,000 events"):
        wilks.fit(analysis, data_of())


def test_memory_of_features_is_bounded():
    placement = analysis_of(2).model.placement  # type: ignore[attr-defined]
    reference = Reference(draw(np.random.default_rng(0), 200_000, 2), np.ones(200_000), width=0.5)
    sizes = [(rows.stop - rows.start) * placement.centers.shape[0] for rows in reference.rows(placement)]
    assert max(sizes) <= 2**22 and len(sizes) > 1


def test_features_rank_is_at_most_the_number_of_centers():
    features = kernel_engine_of(analysis_of(width=3.0)).features
    assert isinstance(features, Features) and 1 < features.n_features < 40
