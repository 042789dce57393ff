"""Many descents through compiled programs of fixed shapes."""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from wilks.optimize.problem import Box, Objective
from wilks.optimize.solver import Solver, State
from wilks.typing import FloatArray, IntArray

Data = Any  # a pytree of arrays: what an objective is a function of, beside the parameters
ObjectiveOf = Callable[[Data, Data], Objective]
"""The objective from the data that all descents share and those of one data set.

It is a pytree: its arrays are arguments of the compiled programs, and everything else is what programs are kept by. A
plain function becomes one as ``jax.tree_util.Partial(function)``.
"""
CHUNK = 25


class Task(NamedTuple):
    """What descents do: a pytree whose structure is the key of their programs and whose arrays are arguments."""

    solver: Solver
    objective: ObjectiveOf
    box: Box


class Lanes:
    """Descents of one solver side by side, ``width`` at a time.

    All descents stand in one store on the device. The program takes ``width`` of them forward by `CHUNK` iterations. A
    lane whose descent has ended takes the next one of the queue, and when the queue is empty and half of the lanes
    are idle, the program of half the width goes on: the slowest descent does not hold the others. What is allocated
    depends on the width and the store, never on the length of the queue.

    With width 1 descents run one after the other, each to its end, as if it were alone. On a CPU this is the fastest
    way: lanes side by side leave the cache and wait for the slowest.

    Programs belong to the structure of solver and objective and to the shapes of the data, the width and the box; the
    options of the solver, the box and the numbers of the objective are their arguments.

    Args:
        solver: with its options.
        objective: from the data that all descents share and those of one data set.
        box: of the parameters.
        width: 1 or a power of two.
    """

    def __init__(self, solver: Solver, objective: ObjectiveOf, box: Box, *, width: int = 1) -> None:
        self.width, self.solver = width, solver
        # Numbers of Python and of NumPy are arguments of different types.
        self._task = Task(jax.tree.map(np.asarray, solver), objective, box)
        self._chunk = np.asarray(CHUNK if width > 1 else solver.max_iterations)

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
            states = _begun(self._task, starts[rows], owners[rows], shared, sets)
            empty = _ended_like(states, n_rows=max(room or 0, n_starts) + 1) if store is None else store
            store = _put(empty, rows, states)
        assert store is not None, "there must be a start"
        return store

    def advance(self, store: State, rows: IntArray, owners: IntArray, shared: Data, sets: Data, *, last: int) -> State:
        """The store after ``rows`` have been taken to their ends, or to iteration ``last``. Consumes ``store``."""
        idle = store.is_done.shape[0] - 1
        owner_of = np.zeros(idle + 1, dtype=np.int64)
        owner_of[: owners.size] = owners
        queue = list(rows[::-1])
        lanes, limits = np.full(self.width, idle), np.array([last, self._chunk])
        while True:
            free = np.flatnonzero(lanes == idle)[: len(queue)]
            lanes[free] = [queue.pop() for _ in free]
            active = lanes[lanes != idle]
            if active.size == 0:
                return store
            while active.size <= lanes.size // 2:
                lanes = np.append(active, np.full(lanes.size // 2 - active.size, idle))
            moved, has_ended = advanced(self._task, _taken(store, lanes), owner_of[lanes], limits, shared, sets)
            store = _put(store, lanes, moved)
            # In a new array: what was given to a program may be read until the program has ended.
            lanes = np.where(np.asarray(has_ended), idle, lanes)


@jax.jit
def _begun(task: Task, starts: jax.Array, owners: jax.Array, shared: Data, sets: Data) -> State:
    """The states at ``starts`` (k, p)."""

    def one(start: jax.Array, owner: jax.Array) -> State:
        return task.solver.init(task.objective(shared, _of(sets, owner)), start, task.box)

    states: State = side_by_side(one, starts.shape[0])(starts, owners)
    return states


@functools.partial(jax.jit, donate_argnames="states")
def advanced(
    task: Task, states: State, owners: jax.Array, limits: jax.Array, shared: Data, sets: Data
) -> tuple[State, jax.Array]:
    """The program of `Lanes`: states of k descents further on, and which have ended.

    ``limits`` holds the last iteration of all and how many a descent may make now.
    """
    last, chunk = limits

    def one(state: State, owner: jax.Array) -> State:
        objective = task.objective(shared, _of(sets, owner))
        limit = jnp.minimum(last, state.n_iterations + chunk)
        return task.solver.advance(objective, state, task.box, limit=limit)

    moved: State = side_by_side(one, owners.size)(states, owners)
    return moved, moved.is_done | (moved.n_iterations >= last)


# The store and its size stand outside of the programs that take long to compile.


def _of(tree: Data, index: jax.Array) -> Data:
    return jax.tree.map(lambda array: array[index], tree)


_taken = jax.jit(_of)


@functools.partial(jax.jit, donate_argnums=0)
def _put(store: State, rows: jax.Array, states: State) -> State:
    return jax.tree.map(lambda everything, some: everything.at[rows].set(some), store, states)  # type: ignore[no-any-return]


@functools.partial(jax.jit, static_argnames="n_rows")
def _ended_like(states: State, *, n_rows: int) -> State:
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
