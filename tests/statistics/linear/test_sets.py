"""Fits of sets of kernels against those of their members, the moments of their null, and joint toys."""

import functools
import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import wilks
from wilks.errors import CalibrationError
from wilks.fitting import evaluate, fit_together
from wilks.laws import analytic_null
from wilks.significance import COMBINATIONS
from wilks.statistics.linear.engine import LinearEngine

WIDTHS, RIDGES, N_EXPECTED = (0.4, 1.5), (0.3, 3.0), 300


def draw(rng: np.random.Generator, n: int, n_features: int = 1) -> np.ndarray:
    return rng.exponential(size=(n, n_features))


def reference_of(n_features: int = 1, *, is_weighted: bool = False) -> wilks.Sample:
    rng = np.random.default_rng(0)
    events = draw(rng, 4000, n_features)
    return wilks.Sample(events, rng.uniform(0.5, 1.5, size=4000) if is_weighted else None)


@functools.cache
def analysis_of(
    n_features: int = 1, *, model: wilks.Kernel | wilks.KernelSet | None = None, is_weighted: bool = False,
    **options: object,
) -> wilks.Analysis:  # fmt: skip
    if model is None:
        model = wilks.KernelSet(WIDTHS, RIDGES, **({"n_centers": (40, 15)} | options))  # type: ignore[arg-type]
    reference = reference_of(n_features, is_weighted=is_weighted)
    return wilks.Analysis(reference=reference, model=model, expected_events=N_EXPECTED)


def data_of(n_features: int = 1, seed: int = 3) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.concatenate([draw(rng, 290, n_features), rng.normal(5, 0.2, size=(10, n_features))])


def members_alone(n_features: int = 1, *, is_score: bool, is_weighted: bool = False) -> list[wilks.Analysis]:
    pairs = [(width, n, ridge) for width, n in zip(WIDTHS, (40, 15), strict=True) for ridge in RIDGES]
    kernels = [wilks.Kernel(n_centers=n, width=w, ridge=r, is_score=is_score) for w, n, r in pairs]
    return [analysis_of(n_features, model=kernel, is_weighted=is_weighted) for kernel in kernels]


@pytest.fixture(scope="module")
def engine() -> LinearEngine:
    return analysis_of().engine  # type: ignore[return-value]


@pytest.fixture(scope="module")
def alone() -> LinearEngine:
    """A set of one member."""
    return analysis_of(model=wilks.KernelSet((1.0,), n_centers=10)).engine  # type: ignore[return-value]


@pytest.mark.parametrize("n_features", [1, 2])
@pytest.mark.parametrize("is_score", [True, False])
def test_members_are_fitted_as_if_alone(n_features, is_score):
    data = data_of(n_features)
    fit = wilks.fit(analysis_of(n_features, is_score=is_score), data)
    alone = [wilks.fit(one, data) for one in members_alone(n_features, is_score=is_score)]
    np.testing.assert_allclose([one.t for one in fit.members], [one.t for one in alone], rtol=1e-9)
    np.testing.assert_allclose(fit.params, np.concatenate([one.params for one in alone]), atol=1e-6)
    largest = max(one.newton_decrement for one in alone)
    assert fit.newton_decrement == pytest.approx(largest, rel=0.1, abs=1e-12)  # of what rounding leaves of a gradient
    assert fit.n_iterations == sum(one.n_iterations for one in alone) and fit.n_starts == 1


@pytest.mark.parametrize("combination", COMBINATIONS)
def test_t_combines_the_local_p_values(combination):
    fit = wilks.fit(analysis_of(combination=combination), data_of())
    local = np.log([one.p_value for one in fit.members])
    assert fit.converged and fit.delta == 0 and fit.tau == fit.t
    assert fit.t == pytest.approx(float(COMBINATIONS[combination](local)), rel=1e-9)


@pytest.mark.parametrize("is_weighted", [False, True])
def test_moments_are_those_of_the_null_of_each_member(is_weighted):
    laws = analysis_of(is_weighted=is_weighted).engine.laws  # type: ignore[attr-defined]
    nulls = [analytic_null(one).figures for one in members_alone(is_score=True, is_weighted=is_weighted)]
    np.testing.assert_allclose(laws.mean, [one.mean for one in nulls], rtol=1e-9)
    np.testing.assert_allclose(laws.variance, [one.variance for one in nulls], rtol=1e-6)


@pytest.mark.parametrize("n_features", [1, 2])
def test_t_is_that_of_its_params(n_features):
    analysis, data = analysis_of(n_features), data_of(n_features)
    fit = wilks.fit(analysis, data)
    assert evaluate(analysis, data, fit).t == pytest.approx(fit.t, rel=1e-9)
    converged = analysis_of(n_features, is_score=False)
    fit = wilks.fit(converged, data)
    assert evaluate(converged, data, fit).t == pytest.approx(fit.t, abs=1e-5)


@pytest.mark.parametrize("is_score", [True, False])
def test_data_without_events_and_far_events_are_fitted(is_score):
    fits = fit_together(analysis_of(is_score=is_score), [np.empty((0, 1)), np.full((9, 1), 1e6)])
    assert all(one.converged for one in fits)
    assert fits[1].t == pytest.approx(fits[0].t, abs=1e-6)


def test_scores_are_those_of_the_fits(engine):
    sets = [data_of(seed=seed) for seed in range(3)]
    expected = [[one.t for one in fit.members] for fit in fit_together(analysis_of(), sets)]
    np.testing.assert_allclose(engine.scores(sets), expected, rtol=1e-12)


@settings(max_examples=50, deadline=None)
@given(t=st.lists(st.floats(0.0, 2e4), min_size=2, max_size=2, unique=True))
def test_one_member_orders_data_as_it_does_alone(alone, t):
    low, high = (float(alone.laws.combined(np.array([value]))) for value in sorted(t))
    assert low <= high and (low < high or max(t) - min(t) < 1e-3)


def test_huge_departures_have_a_finite_t():
    fit = wilks.fit(analysis_of(), np.full((3000, 1), 6.0))
    assert fit.converged and math.isfinite(fit.t) and fit.t > 1e4


def test_a_member_that_fails_fails_the_set():
    """At a tolerance that no fit reaches."""
    reference = reference_of()
    model = wilks.KernelSet(WIDTHS, n_centers=10, is_score=False)
    search = wilks.Search(decrement_tolerance=1e-30)
    fit = wilks.fit(wilks.Analysis(reference=reference, model=model, expected_events=300, search=search), data_of())
    assert fit.status is wilks.FitStatus.NOT_CONVERGED and np.isnan(fit.t) and np.isfinite(fit.start_t[0])


def test_there_is_no_null_without_toys():
    with pytest.raises(CalibrationError, match="needs null toys"):
        wilks.goodness_of_fit(analysis_of(), data_of())


def test_a_fit_prints_and_writes_its_members():
    fit = wilks.fit(analysis_of(), data_of())
    lines = [line.strip() for line in str(fit).splitlines() if line.startswith("  width")]
    first = fit.members[0]
    assert len(lines) == 4
    assert lines[0] == f"width 0.4         ridge 0.3: t {first.t:.4f}, local p {first.p_value:.2g}"
    document = json.loads(json.dumps(fit.to_dict(), allow_nan=False))
    assert document["members"][3] == fit.members[3].to_dict()
    assert "members" not in wilks.fit(members_alone(is_score=True)[0], data_of()).to_dict()


@pytest.fixture(scope="module")
def null_log_p(engine) -> np.ndarray:
    """log p_j of 6,000 toys."""
    rng = np.random.Generator(np.random.Philox(7))
    return engine.laws.log_p(engine.scores([draw(rng, n) for n in rng.poisson(N_EXPECTED, size=6000)]))


@pytest.mark.parametrize("combination", COMBINATIONS)
def test_joint_toys_give_the_test_its_size(null_log_p, combination):
    """Of 2,000 toys 5 % lie beyond the 0.95 quantile of 4,000 others, though the local p are correlated and
    approximate; within 4 standard deviations of both numbers of toys, a false alarm once in 16,000."""
    t = COMBINATIONS[combination](null_log_p)
    beyond = int(np.sum(t[4000:] > np.quantile(t[:4000], 0.95)))
    assert abs(beyond - 100) < 4 * math.sqrt(100 * 0.95 * (1 + 2000 / 4000))
