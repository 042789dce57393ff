"""The box-constrained quadratic step."""

import jax
import jax.numpy as jnp
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from wilks.optimize import Box, minimize_quadratic

_SIZE = 6
_SOLVE = jax.jit(lambda matrix, slope, lower, upper: minimize_quadratic(matrix, slope, Box(lower, upper)))


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), condition=st.floats(0.0, 6.0))
def test_solution_satisfies_the_optimality_conditions(seed: int, condition: float) -> None:
    rng = np.random.default_rng(seed)
    directions, _ = np.linalg.qr(rng.normal(size=(_SIZE, _SIZE)))
    matrix = directions @ np.diag(10 ** rng.uniform(-condition / 2, condition / 2, _SIZE)) @ directions.T
    slope = rng.normal(size=_SIZE) * 10 ** rng.uniform(-2, 2)
    lower, upper = -rng.uniform(0, 1, _SIZE), rng.uniform(0, 1, _SIZE)
    step = np.asarray(_SOLVE(matrix, slope, lower, upper))
    assert np.all(step >= lower) and np.all(step <= upper)
    gradient = slope + matrix @ step
    residual = step - np.clip(step - gradient / np.diag(matrix), lower, upper)
    energy = slope @ step + 0.5 * step @ matrix @ step
    assert np.max(np.abs(residual) * np.sqrt(np.diag(matrix))) <= 1e-4 * np.sqrt(1.0 + abs(energy))


def test_without_bounds_it_is_the_newton_step() -> None:
    matrix, slope = jnp.array([[3.0, 1.0], [1.0, 2.0]]), jnp.array([1.0, -4.0])
    step = minimize_quadratic(matrix, slope, Box(-99 * jnp.ones(2), 99 * jnp.ones(2)))
    np.testing.assert_allclose(step, -np.linalg.solve(matrix, slope), rtol=1e-10)


def test_step_is_zero_where_every_parameter_is_held() -> None:
    step = minimize_quadratic(jnp.eye(2), jnp.array([1.0, 1.0]), Box(jnp.zeros(2), jnp.ones(2)))
    np.testing.assert_array_equal(step, 0.0)
