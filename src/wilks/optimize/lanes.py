"""Many descents through compiled programs of fixed shapes."""

import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from wilks.optimize.problem import Box, Objective
from wilks.optimize.solver import Solver, State
from wilks.typing import FloatArray, IntArray

Data = Any  # a pytree of arrays: what an objective is a function of, beside the parameters
ObjectiveOf = Callable[[Data, Data], Objective]
CHUNK = 25


class Lanes:
    """Descents of one solver side by side, ``width`` at a time.

    All descents stand in one store on the device. The program takes ``width`` of them forward by `CHUNK` iterations. A
    lane whose descent has ended takes the next one of the queue, and when the queue is empty and half of the lanes
    are idle, the program of half the width goes on: the slowest descent does not hold the others. What is allocated
    depends on the width and the store, never on the length of the queue.

    With width 1 descents run one after the other, each to its end, as if it were alone. On a CPU this is the fastest
    way: lanes side by side leave the cache and wait for the slowest.

    Args:
        solver: with its options.
        objective: from the data that all descents share and those of one data set.
        box: of the parameters.
        width: 1 or a power of two.
    """

    def __init__(self, solver: Solver, objective: ObjectiveOf, box: Box, *, width: int = 1) -> None:
        self.width, self.solver = width, solver
        self._objective, self._box = objective, box
        self._chunk = CHUNK if width > 1 else solver.max_iterations
        self._begin = jax.jit(self._begin_lanes)
        self._advance = jax.jit(self._advance_lanes, donate_argnums=0)

    def begin(
        self, starts: FloatArray, owners: IntArray, shared: Data, sets: Data, *, room: int | None = None
    ) -> State:
        """A store of descents from ``starts`` (s, p), each for the data set ``owners`` (s,) of the stacked ``sets``.

        It has ``room`` rows, or s, and one more, which idle lanes work on: a descent that has ended.
        """
        n_starts = len(starts)
        store: State | None = None
        width = self.width
        while width // 2 >= n_starts:
            width //= 2
        for first in range(0, n_starts, width):
            rows = np.minimum(np.arange(first, first + width), n_starts - 1)
            states = self._begin(starts[rows], owners[rows], shared, sets)
            empty = _ended_like(states, max(room or 0, n_starts) + 1) if store is None else store
            store = _put(empty, rows, states)
        assert store is not None, "there must be a start"
        return store

    def advance(self, store: State, rows: IntArray, owners: IntArray, shared: Data, sets: Data, *, last: int) -> State:
        """The store after ``rows`` have been taken to their ends, or to iteration ``last``. Consumes ``store``."""
        idle = store.is_done.shape[0] - 1
        owner_of = np.zeros(idle + 1, dtype=np.int64)
        owner_of[: owners.size] = owners
        queue = list(rows[::-1])
        lanes = np.full(self.width, idle)
        while True:
            for lane in np.flatnonzero(lanes == idle)[: len(queue)]:
                lanes[lane] = queue.pop()
            active = lanes[lanes != idle]
            if active.size == 0:
                return store
            while active.size <= lanes.size // 2:
                lanes = np.append(active, np.full(lanes.size // 2 - active.size, idle))
            store, has_ended = self._advance(store, lanes, owner_of[lanes], last, shared, sets)
            lanes[np.asarray(has_ended)] = idle

    def _begin_lanes(self, starts: jax.Array, owners: jax.Array, shared: Data, sets: Data) -> State:
        def one(start: jax.Array, owner: jax.Array) -> State:
            return self.solver.init(self._objective(shared, _of(sets, owner)), start, self._box)

        states: State = side_by_side(one, starts.shape[0])(starts, owners)
        return states

    def _advance_lanes(
        self, store: State, rows: jax.Array, owners: jax.Array, last: jax.Array, shared: Data, sets: Data
    ) -> tuple[State, jax.Array]:
        def one(state: State, owner: jax.Array) -> State:
            objective = self._objective(shared, _of(sets, owner))
            limit = jnp.minimum(last, state.n_iterations + self._chunk)
            return self.solver.advance(objective, state, self._box, limit=limit)

        moved = side_by_side(one, rows.size)(_of(store, rows), owners)
        return _put(store, rows, moved), moved.is_done | (moved.n_iterations >= last)


def _of(tree: Data, index: jax.Array) -> Data:
    return jax.tree.map(lambda array: array[index], tree)


@functools.partial(jax.jit, donate_argnums=0)
def _put(store: State, rows: jax.Array, states: State) -> State:
    return jax.tree.map(lambda everything, some: everything.at[rows].set(some), store, states)  # type: ignore[no-any-return]


def _ended_like(states: State, n_rows: int) -> State:
    """A store of descents that have ended."""
    store: State = jax.tree.map(lambda array: jnp.zeros((n_rows, *array.shape[1:]), array.dtype), states)
    return store._replace(is_done=jnp.ones_like(store.is_done))


def side_by_side(one: Callable[..., Data], width: int) -> Callable[..., Data]:
    """`jax.vmap` of ``one``, but a single lane keeps the branches and loops of a program that is not mapped."""
    if width > 1:
        return jax.vmap(one)

    def alone(*arguments: Data) -> Data:
        return jax.tree.map(lambda array: array[None], one(*(_of(x, jnp.asarray(0)) for x in arguments)))

    return alone
