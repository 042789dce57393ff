"""fit: certified minima, t as a function of (analysis, data), and the comparison with SciPy start by start."""

import dataclasses
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import optimize

import wilks
from wilks import likelihood
from wilks.fitting import evaluate, fit_events, fit_together
from wilks.likelihood import Points
from wilks.optimize import Box, QuasiNewton
from wilks.statistics.fits import Data, FitResult
from wilks.statistics.network.engine import NetworkEngine
from wilks.statistics.network.finish import Finish
from wilks.statistics.network.programs import Programs
from wilks.statistics.objectives import objective
from wilks.typing import FitStatus, FloatArray, IntArray

from tests.lab.compilations import fast_jit


def exponential(n: int, seed: int) -> FloatArray:
    return np.random.default_rng(seed).exponential(size=(n, 1))


@pytest.fixture(scope="module")
def analysis() -> wilks.Analysis:
    return wilks.Analysis(
        reference=wilks.Sample(exponential(20_000, 0)),
        model=wilks.MLP(hidden=(3,), weight_clip=5.0),
        expected_events=500,
        standardize=False,
        search=wilks.Search(n_starts=8, n_kept=8),
    )


@pytest.fixture(scope="module")
def data() -> FloatArray:
    peak = np.random.default_rng(2).normal(4.0, 0.1, size=(15, 1))
    return np.concatenate([exponential(510, 1), peak])


@pytest.fixture(scope="module")
def result(analysis: wilks.Analysis, data: FloatArray) -> FitResult:
    return wilks.fit(analysis, data)


@pytest.fixture(scope="module")
def wide(analysis: wilks.Analysis) -> wilks.Analysis:
    """The same with several lanes."""
    same = wilks.Analysis(reference=analysis.reference, model=analysis.model, standardize=False, search=analysis.search)
    vars(same)["engine"] = NetworkEngine(same.problem, same.model, width=2)
    return same


def programs_of(analysis: wilks.Analysis) -> Programs:
    assert isinstance(analysis.engine, NetworkEngine)
    return analysis.engine.programs


Slope = Callable[[FloatArray, Points], tuple[jax.Array, jax.Array]]


@pytest.fixture(scope="module")
def slope(analysis: wilks.Analysis) -> Slope:
    """The loss and its gradient on the reference and given data."""
    whole = programs_of(analysis).points.whole
    compiled: Slope = fast_jit(
        lambda w, points: likelihood.value_and_gradient(analysis.model.structure, w, (whole, points))
    )
    return compiled


def scipy_descent(slope: Slope, points: Points, start: FloatArray) -> float:
    def function(params: FloatArray) -> tuple[float, FloatArray]:
        value, gradient = slope(params, points)
        return float(value), np.asarray(gradient)

    options = {"maxiter": 5000, "maxfun": 20_000, "ftol": 1e-14, "gtol": 1e-7, "maxcor": 20}
    end = optimize.minimize(
        function, start, jac=True, method="L-BFGS-B", bounds=[(-5.0, 5.0)] * start.size, options=options
    )
    return -2.0 * float(end.fun)


def formula(analysis: wilks.Analysis, data: FloatArray, params: FloatArray) -> float:
    """t in plain NumPy: -2 [sum_R w (e^f - 1) - sum_D f]."""
    reference = analysis.reference
    on_reference = np.sum(reference.event_weights * np.expm1(analysis.log_ratio(reference.events, params)))
    return -2.0 * float(on_reference - np.sum(analysis.log_ratio(data, params)))


def test_fit_is_certified(result: FitResult) -> None:
    assert result.converged and result.status is FitStatus.CONVERGED
    assert result.newton_decrement < 1e-3 and result.kkt_residual < 1e-3
    assert result.t > 0 and result.tau == result.t and result.delta == 0
    assert result.n_starts == 8 and result.start_t.shape == (8,) and result.start_gap >= 0


def test_t_is_the_formula_at_the_saved_params(analysis: wilks.Analysis, data: FloatArray, result: FitResult) -> None:
    assert formula(analysis, data, result.params) == pytest.approx(result.t, abs=1e-9)
    assert evaluate(analysis, data, result).t == pytest.approx(result.t, abs=1e-9)


def test_params_lie_in_the_box_and_no_scipy_descent_from_them_gains(
    analysis: wilks.Analysis, data: FloatArray, result: FitResult, slope: Slope
) -> None:
    assert np.all(np.abs(result.params) <= 5.0)
    end = scipy_descent(slope, programs_of(analysis).own(Data(data, np.empty(0)))[0], result.params)
    assert end <= result.t + 1e-6


def test_fit_is_a_function_of_analysis_and_data(analysis: wilks.Analysis, data: FloatArray, result: FitResult) -> None:
    again = wilks.fit(analysis, wilks.Sample(data, features=analysis.features))
    assert again.t == result.t
    np.testing.assert_array_equal(again.params, result.params)


@pytest.mark.parametrize("which", ["wide", pytest.param("analysis", marks=pytest.mark.nightly)])
def test_fits_side_by_side_find_the_same_minima_as_alone(
    which: str, analysis: wilks.Analysis, request: pytest.FixtureRequest
) -> None:
    """With several lanes, whose sums are rounded otherwise, to the tolerance of a fit; with one: test_fitting_bits.py.

    Eight starts find one of several minima, and of some data sets an ulp decides which: not of these.
    """
    sets = [exponential(510, 12), exponential(480, 7), exponential(530, 8)]
    alone = [fit_events(analysis, events) for events in sets]
    for one, found in zip(alone, fit_together(request.getfixturevalue(which), sets), strict=True):
        assert found.converged and found.t == pytest.approx(one.t, abs=1e-6)
        assert found.n_starts == one.n_starts and found.n_events == one.n_events


def test_only_what_is_not_certified_is_searched_again(
    wide: wilks.Analysis, data: FloatArray, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same minimum is found and certified then, so that t is what it was."""
    engine, attempts = programs_of(wide), []
    polish = engine.polish

    def fails_once(starts: FloatArray, owners: IntArray, sets: Any) -> Finish:
        attempts.append(set(owners))
        finish = polish(starts, owners, sets)
        is_spoiled = (owners == 1) & (len(attempts) == 1)
        missing = np.where(is_spoiled, 1.0, finish.certificate.newton_decrement)
        certificate = finish.certificate._replace(newton_decrement=missing)
        return finish._replace(certificate=certificate, is_certified=finish.is_certified & ~is_spoiled)

    sets = [data, exponential(480, 7), exponential(530, 8)]
    plain = fit_together(wide, sets)
    monkeypatch.setattr(engine, "polish", fails_once)
    found = fit_together(wide, sets)
    assert attempts == [{0, 1, 2}, {0}]
    assert [one.n_attempts for one in found] == [1, 2, 1] and [one.n_starts for one in found] == [8, 24, 8]
    assert all(one.t > before.t - 1e-6 for one, before in zip(found, plain, strict=True))


def test_order_of_the_data_does_not_matter(analysis: wilks.Analysis, data: FloatArray, result: FitResult) -> None:
    assert wilks.fit(analysis, data[::-1]).t == pytest.approx(result.t, rel=1e-9)


def test_more_starts_include_the_fewer(analysis: wilks.Analysis, data: FloatArray, result: FitResult) -> None:
    """The first starts of a longer search are those of the shorter one, so t can hardly fall."""
    search = dataclasses.replace(analysis.search, n_starts=16)
    longer = wilks.Analysis(reference=analysis.reference, model=analysis.model, standardize=False, search=search)
    found = wilks.fit(longer, data)
    np.testing.assert_allclose(found.start_t[:8], result.start_t, rtol=1e-9)
    assert found.t >= result.t - 0.01


def test_search_that_may_not_iterate_is_not_converged_and_has_no_t(analysis: wilks.Analysis, data: FloatArray) -> None:
    search = wilks.Search(n_starts=1, max_iterations=1, max_newton_iterations=1, n_retries=1)
    wide = wilks.Analysis(
        reference=wilks.Sample(np.repeat(exponential(4_000, 3), 2, axis=1) * [1.0, 0.3]),
        model=analysis.model,
        expected_events=500,
        search=search,
    )
    found = wilks.fit(wide, np.repeat(data, 2, axis=1))
    assert found.status is FitStatus.NOT_CONVERGED and np.isnan(found.t)
    assert found.n_attempts == 2 and found.n_starts == 3
    assert found.params.shape == (wide.n_parameters,)


def test_toy_without_events_is_fitted(analysis: wilks.Analysis) -> None:
    """L is lowest where f is as negative as the box allows: t is finite and below 2 N(R_0)."""
    found = fit_events(analysis, np.empty((0, 1)))
    assert 0.9 * 2 * 500 < found.t < 2 * 500


@pytest.fixture(scope="module")
def negative() -> wilks.Analysis:
    """A tenth of the weights negative; one start."""
    weights = np.where(np.arange(20_000) % 10 == 0, -0.5, 1.0)
    return wilks.Analysis(
        reference=wilks.Sample(exponential(20_000, 0), weights),
        model=wilks.MLP(hidden=(3,), weight_clip=2.0),
        expected_events=500,
        search=wilks.Search(n_starts=1),
    )


@pytest.fixture(scope="module")
def one_start(negative: wilks.Analysis, data: FloatArray) -> FitResult:
    return wilks.fit(negative, data)


def test_negative_weights_are_fitted_inside_the_box(
    negative: wilks.Analysis, data: FloatArray, one_start: FitResult
) -> None:
    assert one_start.converged
    assert formula(negative, data, one_start.params) == pytest.approx(one_start.t, abs=1e-9)


def test_negative_weights_are_not_approached_on_a_random_subset() -> None:
    """A subset is no stand-in for the whole: its Newton end may be far away."""
    weights = np.where(np.arange(20_000) % 10 == 0, -0.5, 1.0)
    engine = programs_of(
        wilks.Analysis(
            reference=wilks.Sample(exponential(20_000, 0), weights),
            model=wilks.MLP(hidden=(3,), weight_clip=2.0),
            expected_events=500,
            search=wilks.Search(n_starts=3, n_coarse=5_000),
        )
    )
    assert engine.points.near is None and engine.margin == np.inf
    assert engine.coarse[0].weights.size < engine.points.whole.weights.size


def test_padding_does_not_reach_where_there_are_no_events(result: FitResult) -> None:
    """At 0, far from all events, this f is beyond the range of exp; on the events it is 0."""
    reference = wilks.Sample(1000.0 + exponential(4000, 0))
    wide = wilks.Analysis(
        reference=reference, model=wilks.MLP(hidden=(100,), weight_clip=9.0), expected_events=500, standardize=False
    )
    slopes, biases = np.full(100, -9.0), np.full(100, 9.0)
    params = np.concatenate([slopes, biases, np.full(100, 9.0), [0.0]])
    at = dataclasses.replace(result, params=params)
    assert evaluate(wide, 1000.0 + exponential(500, 1), at).t == pytest.approx(0.0, abs=1e-9)


def test_gap_needs_two_starts(one_start: FitResult) -> None:
    assert np.isnan(one_start.start_gap) and "starts            1\n" in str(one_start) + "\n"


@pytest.mark.parametrize(
    ("ends", "n_hits", "chance"),
    [
        ([5.0, 4.95, 4.0, 3.0], 2, 0.5**4),
        ([5.0, 4.0, 3.0, 2.0], 1, 0.75**4),
        ([5.0] * 4, 4, 0.0),
        ([np.nan] * 4, 0, 1.0),
    ],
)
def test_chance_missed_is_that_of_a_minimum_hit_as_often_as_the_best(
    result: FitResult, ends: list[float], n_hits: int, chance: float
) -> None:
    found = dataclasses.replace(result, start_t=np.array(ends), n_starts=4)
    assert found.n_hits == n_hits and found.chance_missed == pytest.approx(chance)


def test_summary_is_a_table(result: FitResult) -> None:
    lines = str(result).splitlines()
    assert [line.strip().split("  ")[0] for line in lines] == [
        "t", "status", "newton decrement", "KKT residual", "at the bound", "starts",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (np.empty((0, 1)), "empty"),
        (np.array([1.0, np.nan]), "NaN|nan"),
        (np.ones((3, 2)), "one column for each of 1 feature"),
        ([[1.0, 2.0], [3.0]], "equally long rows"),
    ],
)
def test_unusable_data_are_refused(analysis: wilks.Analysis, bad: FloatArray, message: str) -> None:
    with pytest.raises(wilks.InputError, match=message):
        wilks.fit(analysis, bad)


def test_float64_switched_off_is_refused(analysis: wilks.Analysis, data: FloatArray) -> None:
    jax.config.update("jax_enable_x64", False)
    try:
        with pytest.raises(wilks.InputError, match="float64"):
            wilks.fit(analysis, data)
    finally:
        jax.config.update("jax_enable_x64", True)


def test_quasi_newton_is_no_worse_than_scipy_start_by_start(
    analysis: wilks.Analysis, data: FloatArray, slope: Slope
) -> None:
    """From 12 starts each, on all events. The ends of single starts differ on a rugged surface; the mean must not.

    With equal solvers the mean difference scatters by about 1 / sqrt(12) of the spread of ends, which is about 1.5
    in t here; 1.0 is more than two of these errors.
    """
    engine = programs_of(analysis)
    events = (engine.points.whole, engine.own(Data(data, np.empty(0)))[0])
    starts = analysis.model.starting_points(np.random.default_rng(5), 12, events=data)
    box = Box(*(jnp.asarray(bound) for bound in analysis.model.bounds(1)))

    @fast_jit
    def descend(start: jax.Array) -> jax.Array:
        goal = objective(analysis.model.structure, events)
        return QuasiNewton(max_iterations=3000, tolerance=1e-6).run(goal, start, box).value

    ours = np.array([-2.0 * float(descend(start)) for start in starts])
    theirs = np.array([scipy_descent(slope, events[1], start) for start in starts])
    assert ours.max() >= theirs.max() - 0.1
    assert np.mean(ours - theirs) >= -1.0
