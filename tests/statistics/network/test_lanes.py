"""Descents side by side: the same ends as one by one, whatever the width and the queue."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.tree_util import Partial

from wilks.optimize import Box, Objective, QuasiNewton, State
from wilks.statistics.network import lanes as lanes_module
from wilks.statistics.network.lanes import Lanes, side_by_side
from wilks.typing import FloatArray

SOLVER = QuasiNewton(max_iterations=500, tolerance=1e-9)
BOX = Box(-2 * jnp.ones(2), 2 * jnp.ones(2))
CENTERS = jnp.array([[0.5, 0.5], [-3.0, 1.0], [0.0, 0.0]])
SHARED = jnp.asarray(20.0)


@Partial
def valley(shared: jax.Array, center: jax.Array) -> Objective:
    """A curved valley whose floor goes through ``center``."""

    def function(w: jax.Array) -> jax.Array:
        x, y = w - center
        return shared * (y - x**2) ** 2 + x**2

    return Objective(function, jax.value_and_grad(function), jax.hessian(function), lambda w: jnp.eye(2))


def jobs(n: int) -> tuple[FloatArray, np.ndarray[tuple[int], np.dtype[np.int64]]]:
    rng = np.random.default_rng(n)
    return rng.uniform(-2, 2, size=(n, 2)), rng.integers(0, len(CENTERS), n)


def ends(width: int, n: int, *, last: int = 500, rows: list[int] | None = None) -> State:
    starts, owners = jobs(n)
    lanes = Lanes(SOLVER, valley, BOX, width=width)
    store = lanes.begin(starts, owners, SHARED, CENTERS)
    chosen = np.arange(n) if rows is None else np.array(rows, dtype=np.int64)
    return lanes.advance(store, chosen, owners, SHARED, CENTERS, last=last)


@jax.jit
def descent_alone(start: jax.Array, center: jax.Array) -> State:
    return SOLVER.run(valley(SHARED, center), start, BOX)


@pytest.mark.parametrize(
    "width", [1, pytest.param(2, marks=pytest.mark.nightly), 8, pytest.param(16, marks=pytest.mark.nightly)]
)
@pytest.mark.parametrize("n", [1, 5, 21])
def test_ends_are_those_of_descents_that_ran_alone(width: int, n: int) -> None:
    store, (starts, owners) = ends(width, n), jobs(n)
    for k in range(n):
        alone = descent_alone(starts[k], CENTERS[owners[k]])
        np.testing.assert_allclose(store.params[k], alone.params, atol=1e-7)
        assert int(store.n_iterations[k]) == int(alone.n_iterations) and bool(store.is_done[k])


def test_with_width_one_the_end_of_a_descent_does_not_depend_on_its_neighbours() -> None:
    together = ends(1, 21)
    starts, owners = jobs(21)
    lanes = Lanes(SOLVER, valley, BOX)
    for k in (0, 7, 20):
        owner = owners[k : k + 1]
        store = lanes.begin(starts[k : k + 1], owner, SHARED, CENTERS)
        alone = lanes.advance(store, np.array([0]), owner, SHARED, CENTERS, last=500)
        np.testing.assert_array_equal(alone.params[0], together.params[k])


@pytest.mark.parametrize("width", [1, 4])
def test_descents_stop_at_the_iteration_that_was_asked_for_and_go_on_from_there(width: int) -> None:
    starts, owners = jobs(6)
    lanes = Lanes(SOLVER, valley, BOX, width=width)
    store = lanes.begin(starts, owners, SHARED, CENTERS)
    for last in (3, 500):
        store = lanes.advance(store, np.arange(6), owners, SHARED, CENTERS, last=last)
        assert int(store.n_iterations.max()) <= last
    np.testing.assert_allclose(store.params, ends(width, 6).params, atol=1e-9)


def test_only_the_rows_that_were_asked_for_move() -> None:
    store = ends(4, 9, rows=[2, 5])
    moved = np.flatnonzero(np.asarray(store.n_iterations) > 0)
    assert moved.tolist() == [2, 5]
    assert int(ends(4, 9, rows=[]).n_iterations.max()) == 0


@pytest.mark.parametrize("width", [1, 4])
def test_what_was_given_to_a_program_does_not_change_afterwards(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Programs run while Python goes on, and may read arrays of NumPy until they have ended."""
    given, put = [], lanes_module._put

    def watched(store: State, rows: np.ndarray[tuple[int], np.dtype[np.int64]], states: State) -> State:
        given.append((rows, rows.copy()))
        return put(store, rows, states)

    monkeypatch.setattr(lanes_module, "_put", watched)
    ends(width, 9)
    assert len(given) > 9 / width and all(np.array_equal(now, then) for now, then in given)


@pytest.mark.parametrize("width", [1, 3])
def test_side_by_side_maps_a_function_over_lanes(width: int) -> None:
    mapped: Callable[..., jax.Array] = side_by_side(lambda a, b: a * b, width)
    values = jnp.arange(float(width))
    np.testing.assert_array_equal(mapped(values, values + 1), np.arange(width) * np.arange(1, width + 1))
