"""The interface of every box-constrained solver: a state that is a value, a step, and a loop that drives them."""

import abc
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from wilks.optimize.problem import Box, Objective


class State(NamedTuple):
    """Where a solver stands. ``value`` and ``gradient`` always belong to ``params``; nothing lags behind.

    A start at which the function was not looked at yet is `is_unseen`: it has no iterations, not even 0.

    ``memory`` is the solver's own: curvature (p, p) or moments (2, p). ``radius`` says how far steps may reach: the
    half-width of a trust region, or the inverse of a damping. ``mark`` is the value when progress was last looked at.
    ``is_done`` means that no more steps are wanted.
    """

    params: jax.Array
    value: jax.Array
    gradient: jax.Array
    memory: jax.Array
    radius: jax.Array
    mark: jax.Array
    n_iterations: jax.Array
    is_done: jax.Array


class Solver(abc.ABC):
    """Minimises an `Objective` in a `Box`. Steps are pure and traced.

    Subclasses are frozen dataclasses of options, all numbers, and registered as pytrees: a compiled program is that of
    the kind of a solver and takes the options as arguments.
    """

    max_iterations: int

    @abc.abstractmethod
    def init(self, objective: Objective, start: jax.Array, box: Box) -> State:
        """The state at ``start``, which lies in the box, or `unseen_state`."""

    @abc.abstractmethod
    def step(self, objective: Objective, state: State, box: Box) -> State:
        """One iteration. The value never rises, unless the docstring of the solver says so."""

    def advance(self, objective: Objective, state: State, box: Box, *, limit: jax.Array | int) -> State:
        """Steps until the solver is done or has made ``limit`` iterations in all."""

        def goes_on(state: State) -> jax.Array:
            return ~state.is_done & (state.n_iterations < limit)

        return lax.while_loop(goes_on, lambda s: self.step(objective, s, box), state)

    def run(self, objective: Objective, start: jax.Array, box: Box) -> State:
        """Steps from ``start`` until the solver is done or ``max_iterations`` are spent."""
        return self.advance(objective, self.init(objective, start, box), box, limit=self.max_iterations)


def unseen_state(start: jax.Array, *, memory: jax.Array, radius: jax.Array | float) -> State:
    """A start for solvers whose first step is to evaluate the function there."""
    return State(
        params=start,
        value=jnp.full((), jnp.inf, start.dtype),
        gradient=jnp.zeros_like(start),
        memory=memory,
        radius=jnp.asarray(radius, start.dtype),
        mark=jnp.full((), jnp.inf, start.dtype),
        n_iterations=jnp.asarray(-1),
        is_done=jnp.asarray(False),
    )


def first_state(objective: Objective, start: jax.Array, *, memory: jax.Array, radius: jax.Array | float) -> State:
    """The state at ``start``; a start where the function is not finite is done at once."""
    value, gradient = objective.value_and_gradient(start)
    is_finite = jnp.isfinite(value) & jnp.all(jnp.isfinite(gradient))
    seen = {"value": value, "gradient": gradient, "n_iterations": jnp.asarray(0), "is_done": ~is_finite}
    return unseen_state(start, memory=memory, radius=radius)._replace(**seen)


def is_unseen(state: State) -> jax.Array:
    """Whether this is an `unseen_state`."""
    return state.n_iterations < 0
