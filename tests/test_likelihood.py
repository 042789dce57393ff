"""The loss against its formula in plain NumPy, and its derivatives against differences."""

import jax.numpy as jnp
import numpy as np
import pytest
from scipy import optimize

from wilks import likelihood
from wilks.likelihood import Events, Points
from wilks.statistics.network import MLP, NetworkModel
from wilks.typing import FloatArray

from tests.lab.compilations import quick_jit

MODEL = MLP(hidden=(2, 2), weight_clip=3.0)


def points(events: FloatArray, weights: FloatArray, counts: FloatArray, n_blocks: int) -> Points:
    columns = events.reshape(n_blocks, -1, events.shape[1]).transpose(0, 2, 1)
    return Points(jnp.asarray(columns), *(jnp.asarray(x.reshape(n_blocks, -1)) for x in (weights, counts)))


@pytest.fixture(scope="module")
def case() -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    rng = np.random.default_rng(0)
    return (
        rng.normal(size=(1024, 2)),
        rng.uniform(-0.2, 1.0, size=1024),
        rng.normal(0.3, 1.0, size=(512, 2)),
        rng.uniform(-2, 2, MODEL.n_parameters(2)),
    )


def formula(params: FloatArray, reference: FloatArray, weights: FloatArray, data: FloatArray) -> float:
    terms = weights * np.expm1(MODEL.log_ratio(params, reference))
    return float(np.sum(terms) - np.sum(MODEL.log_ratio(params, data)))


def events_of(case: tuple[FloatArray, ...], n_blocks: int = 4) -> Events:
    reference, weights, data, _ = case
    zero, one = np.zeros(len(weights)), np.ones(len(data))
    return points(reference, weights, zero, n_blocks), points(data, 0 * one, one, n_blocks // 2)


def test_value_is_the_formula_whatever_the_blocks(case: tuple[FloatArray, ...]) -> None:
    reference, weights, data, params = case
    expected = formula(params, reference, weights, data)
    for n_blocks in (2, 4):
        found = likelihood.value(MODEL.structure, jnp.asarray(params), events_of(case, n_blocks))
        assert float(found) == pytest.approx(expected, rel=1e-12)


def test_gradient_agrees_with_differences(case: tuple[FloatArray, ...]) -> None:
    reference, weights, data, params = case
    value, gradient = likelihood.value_and_gradient(MODEL.structure, jnp.asarray(params), events_of(case))
    differences = optimize.approx_fprime(params, formula, 1e-7, reference, weights, data)
    assert float(value) == pytest.approx(formula(params, reference, weights, data), rel=1e-12)
    np.testing.assert_allclose(gradient, differences, rtol=2e-4, atol=2e-4)


def test_hessian_agrees_with_differences_of_the_gradient(case: tuple[FloatArray, ...]) -> None:
    params, events, step = case[3], events_of(case), 1e-5
    hessian = likelihood.hessian(MODEL.structure, jnp.asarray(params), events)

    gradient = quick_jit(lambda w: likelihood.value_and_gradient(MODEL.structure, w, events)[1])
    columns = [(gradient(params + step * e) - gradient(params - step * e)) / (2 * step) for e in np.eye(params.size)]
    np.testing.assert_allclose(hessian, np.array(columns), rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(hessian, np.asarray(hessian).T, rtol=1e-10, atol=1e-10)


def test_information_is_the_part_that_is_never_negative(case: tuple[FloatArray, ...]) -> None:
    matrix = likelihood.information(MODEL.structure, jnp.asarray(case[3]), events_of(case))
    assert np.linalg.eigvalsh(matrix)[0] > -1e-9


def test_loss_of_a_constant_log_ratio_has_its_minimum_at_the_ratio_of_counts() -> None:
    """With f = c the loss is N (e^c - 1) - n c, lowest at c = log(n / N), where t is the Poisson ratio."""
    expected, observed = 100.0, 130
    counts = jnp.asarray(np.arange(256) < observed, dtype=float)[None]
    points = Points(jnp.zeros((1, 1, 256)), jnp.full((1, 256), expected / 256), counts)

    class Constant(MLP):
        def column_log_ratio(self, params: jnp.ndarray, columns: jnp.ndarray) -> jnp.ndarray:
            return jnp.broadcast_to(params[0], columns.shape[1])

    best = jnp.array([np.log(observed / expected)])
    value, gradient = likelihood.value_and_gradient(Constant().structure, best, (points,))
    assert float(gradient[0]) == pytest.approx(0.0, abs=1e-10)
    t = 2 * (observed * np.log(observed / expected) - (observed - expected))
    assert -2 * float(value) == pytest.approx(t, rel=1e-12)


def test_events_in_single_precision_give_nearly_the_same_slope_in_double(case: tuple[FloatArray, ...]) -> None:
    exact = events_of(case)
    single = tuple(Points(*(array.astype(jnp.float32) for array in part)) for part in exact)
    params = jnp.asarray(case[3])
    value, gradient = likelihood.value_and_gradient(MODEL.structure, params, single)
    assert value.dtype == gradient.dtype == jnp.float64
    expected = likelihood.value_and_gradient(MODEL.structure, params, exact)
    np.testing.assert_allclose(value, expected[0], atol=1e-2)
    np.testing.assert_allclose(gradient, expected[1], rtol=1e-4, atol=1e-2)
    curvature = likelihood.information(MODEL.structure, params, single)
    assert curvature.dtype == jnp.float64
    np.testing.assert_allclose(curvature, likelihood.information(MODEL.structure, params, exact), rtol=1e-3, atol=1e-2)


@pytest.mark.parametrize("precision", [jnp.float32, jnp.float64])
def test_a_log_ratio_beyond_the_range_of_exp_is_finite_at_events_of_the_data(precision: type) -> None:
    """f = 90 w at a data event: the loss there is -f, with slope -90 and no curvature."""
    columns = jnp.asarray([[[1.0, 90.0]]], precision)
    points = Points(columns, jnp.asarray([[2.0, 0.0]], precision), jnp.asarray([[0.0, 1.0]], precision))

    class Linear(MLP):
        def column_log_ratio(self, params: jnp.ndarray, columns: jnp.ndarray) -> jnp.ndarray:
            return params[0] * columns[0]

        column_jacobian, column_curvature = NetworkModel.column_jacobian, NetworkModel.column_curvature

    f, params = Linear().structure, jnp.array([20.0])
    value, gradient = likelihood.value_and_gradient(f, params, (points,))
    assert float(value) == pytest.approx(2 * np.expm1(20.0) - 1800.0, rel=1e-6)
    assert float(gradient[0]) == pytest.approx(2 * np.exp(20.0) - 90.0, rel=1e-6)
    assert float(likelihood.value(f, params, (points,))) == pytest.approx(float(value), rel=1e-6)
    assert float(likelihood.hessian(f, params, (points,))[0, 0]) == pytest.approx(2 * np.exp(20.0), rel=1e-6)
