"""The box-constrained quadratic step."""

import jax
import jax.numpy as jnp
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize

from wilks.optimize import Box, minimize_quadratic, minimize_quickly
from wilks.typing import FloatArray

_SIZE = 8
_SOLVE = jax.jit(lambda matrix, slope, lower, upper: minimize_quadratic(matrix, slope, Box(lower, upper)))


def energy(matrix: FloatArray, slope: FloatArray, step: FloatArray) -> float:
    return float(slope @ step + 0.5 * step @ matrix @ step)


def reference_energy(matrix: FloatArray, slope: FloatArray, lower: FloatArray, upper: FloatArray) -> float:
    """The minimum by SciPy: |L^T s + L^-1 g|^2 / 2 is the energy up to a constant, for B = L L^T."""
    factor = np.linalg.cholesky(matrix)
    solution = optimize.lsq_linear(factor.T, -np.linalg.solve(factor, slope), (lower, upper), tol=1e-14, max_iter=1000)
    return energy(matrix, slope, solution.x)


def curvature(rng: np.random.Generator, decades: float) -> FloatArray:
    """Positive definite, in random directions, with eigenvalues over so many powers of ten."""
    directions, _ = np.linalg.qr(rng.normal(size=(_SIZE, _SIZE)))
    matrix = directions @ np.diag(10 ** rng.uniform(-decades / 2, decades / 2, _SIZE)) @ directions.T
    symmetric: FloatArray = 0.5 * (matrix + matrix.T)
    return symmetric


@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), decades=st.floats(0.0, 7.0), nearest=st.floats(-8.0, 0.0))
def test_minimum_is_found_at_any_condition_and_however_near_a_bound_is(
    seed: int, decades: float, nearest: float
) -> None:
    rng = np.random.default_rng(seed)
    matrix = curvature(rng, decades)
    slope = rng.normal(size=_SIZE) * 10 ** rng.uniform(-2, 2)
    lower, upper = -rng.uniform(0, 1, _SIZE), rng.uniform(0, 1, _SIZE)
    upper[0] = 10**nearest
    step = np.asarray(_SOLVE(matrix, slope, lower, upper))
    assert np.all(step >= lower) and np.all(step <= upper)
    lowest = reference_energy(matrix, slope, lower, upper)
    assert energy(matrix, slope, step) <= lowest + 1e-7 * abs(lowest)


def test_without_bounds_it_is_the_newton_step() -> None:
    matrix, slope = jnp.array([[3.0, 1.0], [1.0, 2.0]]), jnp.array([1.0, -4.0])
    step = minimize_quadratic(matrix, slope, Box(-99 * jnp.ones(2), 99 * jnp.ones(2)))
    np.testing.assert_allclose(step, -np.linalg.solve(matrix, slope), rtol=1e-10)


def test_step_is_zero_where_every_parameter_is_held() -> None:
    step = minimize_quadratic(jnp.eye(2), jnp.array([1.0, 1.0]), Box(jnp.zeros(2), jnp.ones(2)))
    np.testing.assert_array_equal(step, 0.0)


_QUICK = jax.jit(lambda matrix, slope, lower, upper: minimize_quickly(matrix, slope, Box(lower, upper)))


@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), decades=st.floats(0.0, 7.0))
def test_quick_step_lies_in_the_box_and_never_gains_energy(seed: int, decades: float) -> None:
    rng = np.random.default_rng(seed)
    matrix, slope = curvature(rng, decades), rng.normal(size=_SIZE)
    lower, upper = -rng.uniform(0, 1, _SIZE), rng.uniform(0, 1, _SIZE)
    step = np.asarray(_QUICK(matrix, slope, lower, upper))
    assert np.all(step >= lower) and np.all(step <= upper)
    assert energy(matrix, slope, step) <= 0


@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_quick_step_is_the_minimum_where_the_diagonal_dominates(seed: int) -> None:
    """There the exchanges are known to end: each solve contracts in the maximum norm."""
    rng = np.random.default_rng(seed)
    matrix = rng.uniform(-1, 1, (_SIZE, _SIZE))
    matrix = 0.5 * (matrix + matrix.T) + 2 * _SIZE * np.eye(_SIZE)
    slope = rng.normal(size=_SIZE) * 10 ** rng.uniform(-1, 2)
    lower, upper = -rng.uniform(0, 1, _SIZE), rng.uniform(0, 1, _SIZE)
    step = np.asarray(_QUICK(matrix, slope, lower, upper))
    lowest = reference_energy(matrix, slope, lower, upper)
    assert energy(matrix, slope, step) <= lowest + 1e-9 * abs(lowest)
