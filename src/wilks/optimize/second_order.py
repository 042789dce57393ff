"""Second-order solvers: a quadratic model minimised in the box of the parameters, within reach.

Each iteration minimises g.s + s.B.s/2 over lower <= w + s <= upper with a positive definite B, evaluates the function
there once, and widens or narrows the reach by how well the decrease was foreseen.

- `QuasiNewton` builds B from gradients (BFGS with Powell's damping) and limits its steps by adding I / radius to B:
  that keeps B well conditioned, so that a few Cholesky solves find the step.
- `Newton` takes the absolute value of the exact Hessian, limits its steps by |s_i| <= radius, and minimises exactly, as
  the end of a fit wants it.
"""

import abc
from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jax import lax

from wilks.optimize.certificate import Certificate, certify_by, variances
from wilks.optimize.problem import Box, Objective, is_held, masked
from wilks.optimize.quadratic import minimize_quadratic, minimize_quickly
from wilks.optimize.solver import Solver, State, first_state, is_unseen, unseen_state

_ACCEPT, _POOR, _GOOD, _ABSURD = 1e-4, 0.1, 0.75, -10.0
_DAMPING = 0.1
_SMALLEST_RADIUS, _LARGEST_RADIUS = 1e-12, 1e6
_RELATIVE_FLOOR = 1e-13


class SecondOrder(Solver):
    """What the second-order solvers share. The value never rises from one state to the next."""

    max_iterations: int
    radius: float

    @abc.abstractmethod
    def next_curvature(self, objective: Objective, old: State, new: State, trial: "Trial", box: Box) -> jax.Array:
        """B after ``trial`` was evaluated and ``new`` was chosen."""

    def model(self, state: State, box: Box) -> jax.Array:
        """B at this point, positive definite, shape (p, p); ``state.memory`` unless a subclass says otherwise."""
        return state.memory

    @abc.abstractmethod
    def move(self, state: State, model: jax.Array, box: Box) -> jax.Array:
        """The step s (p,) to be tried, inside the box seen from here, for B = ``model``."""

    @abc.abstractmethod
    def next_radius(self, radius: jax.Array, length: jax.Array, ratio: jax.Array, box: Box) -> jax.Array:
        """The reach after a step of largest component ``length``, from decrease / decrease foreseen."""

    @abc.abstractmethod
    def is_finished(self, old: State, new: State, foreseen: jax.Array) -> tuple[jax.Array, jax.Array]:
        """Whether to end, and the new ``mark``."""

    def step(self, objective: Objective, state: State, box: Box) -> State:
        model = self.model(state, box)
        move = self.move(state, model, box)
        move = jnp.where(jnp.all(jnp.isfinite(move)), move, jnp.zeros_like(move))
        foreseen = -(state.gradient @ move + 0.5 * move @ (model @ move))
        params = jnp.clip(state.params + move, box.lower, box.upper)
        trial = Trial(move, *objective.value_and_gradient(params))
        is_finite = jnp.isfinite(trial.value) & jnp.all(jnp.isfinite(trial.gradient))
        ratio = jnp.where(is_finite, (state.value - trial.value) / jnp.maximum(foreseen, 1e-300), -1.0)
        is_better = is_unseen(state) | (is_finite & (ratio > _ACCEPT))
        new = state._replace(
            params=jnp.where(is_better, params, state.params),
            value=jnp.where(is_better, trial.value, state.value),
            gradient=jnp.where(is_better, trial.gradient, state.gradient),
            radius=self.next_radius(state.radius, jnp.max(jnp.abs(move)), ratio, box),
            n_iterations=state.n_iterations + 1,
        )
        is_done, mark = self.is_finished(state, new, foreseen)
        is_stuck = new.radius < _SMALLEST_RADIUS
        memory = self.next_curvature(objective, state, new, trial, box)
        return new._replace(memory=memory, mark=mark, is_done=is_done | is_stuck)


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Trial:
    """A step (p,) with value and gradient at its end."""

    move: jax.Array
    value: jax.Array
    gradient: jax.Array


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class QuasiNewton(SecondOrder):
    """Damped steps with BFGS updates, from gradients alone.

    Args:
        max_iterations: each costs one value and gradient.
        tolerance: ends when ``window`` iterations together lowered the value by less than this.
        window: iterations between two looks at the progress.
        radius: inverse of the first damping.
    """

    max_iterations: int = 2000
    tolerance: float = 5e-4
    window: int = 20
    radius: float = 1.0

    def init(self, objective: Objective, start: jax.Array, box: Box) -> State:
        guess = objective.curvature_guess(start)
        guess = jnp.where(jnp.all(jnp.isfinite(guess)), guess, jnp.zeros_like(guess))
        curvature = guess + (0.1 + 1e-6 * jnp.trace(guess)) * jnp.eye(start.size)
        return first_state(objective, start, memory=curvature, radius=self.radius)

    def move(self, state: State, model: jax.Array, box: Box) -> jax.Array:
        region = Box(box.lower - state.params, box.upper - state.params)
        damped = model + jnp.eye(state.params.size) / state.radius
        return minimize_quickly(damped, state.gradient, region)

    def next_radius(self, radius: jax.Array, length: jax.Array, ratio: jax.Array, box: Box) -> jax.Array:
        shorter = radius / jnp.where(ratio < _ABSURD, 30.0, 4.0)
        changed = jnp.where(ratio > _GOOD, 3.0 * radius, jnp.where(ratio > _POOR, radius, shorter))
        return jnp.minimum(changed, _LARGEST_RADIUS)

    def next_curvature(self, objective: Objective, old: State, new: State, trial: Trial, box: Box) -> jax.Array:
        """Powell's damping keeps B positive definite where the function curves down along the step."""
        curvature, move = old.memory, trial.move
        change = trial.gradient - old.gradient
        image = curvature @ move
        quadratic, product = move @ image, move @ change
        weight = jnp.where(
            product >= _DAMPING * quadratic,
            1.0,
            (1 - _DAMPING) * quadratic / jnp.maximum(quadratic - product, 1e-300),
        )
        damped = weight * change + (1 - weight) * image
        updated = curvature - jnp.outer(image, image) / quadratic + jnp.outer(damped, damped) / (move @ damped)
        is_usable = (quadratic > 0) & jnp.all(jnp.isfinite(updated))
        return jnp.where(is_usable, updated, curvature)

    def is_finished(self, old: State, new: State, foreseen: jax.Array) -> tuple[jax.Array, jax.Array]:
        looks = new.n_iterations % self.window == 0
        is_slow = looks & (old.mark - new.value < self.tolerance)
        return is_slow, jnp.where(looks, new.value, old.mark)


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Newton(SecondOrder):
    """A box-shaped trust region with |H|, the exact Hessian on the free parameters with its eigenvalues made positive.

    Saddles repel it, and near a minimum it is Newton's method, so that it ends quadratically. ``memory`` is the exact
    Hessian at ``params``. Its first step looks at the start: a program that evaluated it before the loop would hold
    the function and its Hessian twice, and take twice as long to compile.

    Args:
        max_iterations: each costs one value and gradient, and one Hessian where the step was accepted.
        tolerance: ends when the decrease foreseen from here is below this.
        radius: first half-width of the trust region, in units of the parameters.
        curvature_floor: eigenvalues below it, or below 1e-13 of the largest, are raised to it.
    """

    max_iterations: int = 60
    tolerance: float = 1e-10
    radius: float = 1.0
    curvature_floor: float = 1e-8

    def init(self, objective: Objective, start: jax.Array, box: Box) -> State:
        return unseen_state(start, memory=jnp.eye(start.size), radius=self.radius)

    def next_curvature(self, objective: Objective, old: State, new: State, trial: Trial, box: Box) -> jax.Array:
        memory: jax.Array = lax.cond(
            is_unseen(old) | jnp.any(new.params != old.params),
            lambda: objective.hessian(new.params),
            lambda: old.memory,
        )
        return memory

    def model(self, state: State, box: Box) -> jax.Array:
        """|H| on the free parameters."""
        is_finite = jnp.all(jnp.isfinite(state.memory))
        hessian = jnp.where(is_finite, state.memory, jnp.eye(state.params.size))
        is_free = ~is_held(state.params, state.gradient, box)
        values, vectors = jnp.linalg.eigh(masked(hessian, is_free, 1.0 + jnp.abs(jnp.diag(hessian))))
        # A floor far below the largest eigenvalue would be lost in its rounding, and with it positive definiteness.
        floor = jnp.maximum(self.curvature_floor, _RELATIVE_FLOOR * jnp.max(jnp.abs(values)))
        absolute: jax.Array = (vectors * jnp.maximum(jnp.abs(values), floor)) @ vectors.T
        return absolute

    def is_finished(self, old: State, new: State, foreseen: jax.Array) -> tuple[jax.Array, jax.Array]:
        is_finite = jnp.isfinite(new.value) & jnp.all(jnp.isfinite(new.gradient))
        return jnp.where(is_unseen(old), ~is_finite, foreseen < self.tolerance), new.value

    def move(self, state: State, model: jax.Array, box: Box) -> jax.Array:
        region = Box(
            jnp.maximum(box.lower - state.params, -state.radius), jnp.minimum(box.upper - state.params, state.radius)
        )
        return minimize_quadratic(model, state.gradient, region)

    def next_radius(self, radius: jax.Array, length: jax.Array, ratio: jax.Array, box: Box) -> jax.Array:
        widest = jnp.max(box.upper - box.lower)
        wider = jnp.maximum(radius, jnp.minimum(2 * length, widest))
        narrower = jnp.where(ratio < _ABSURD, 0.1, 0.3) * jnp.where(length > 0, length, radius)
        return jnp.where(ratio > _GOOD, wider, jnp.where(ratio > _POOR, radius, narrower))


@jax.jit
def certified(states: State, box: Box) -> tuple[Certificate, jax.Array]:
    """Certificates and variances (s, p) of ends (s, p) that `Newton` found, whose ``memory`` is the exact Hessian."""

    def one(state: State) -> tuple[Certificate, jax.Array]:
        end = (state.params, state.gradient, state.memory, box)
        return certify_by(*end), variances(*end)

    each: tuple[Certificate, jax.Array] = jax.vmap(one)(states)
    return each
