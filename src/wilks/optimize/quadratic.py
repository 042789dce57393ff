"""The steps of the second-order solvers: a convex quadratic minimised in a box, exactly or quickly."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax
from jax.scipy.linalg import cho_solve

from wilks.optimize.problem import Box, masked

_RELATIVE_GAIN = 1e-12


def minimize_quickly(curvature: jax.Array, gradient: jax.Array, box: Box, *, n_exchanges: int = 10) -> jax.Array:
    """A point of the box near argmin of g.s + s.B.s / 2, in at most ``n_exchanges`` Cholesky solves.

    A primal-dual active-set method: each round solves on the free components, then frees every held component with a
    wrong-signed slope and holds every free one that left the box. For a well conditioned B, as a damped one is, a few
    rounds find the minimum; otherwise the best projection met on the way is returned, which is 0 at worst.

    >>> import wilks
    >>> box = Box(jnp.array([-1.0, -1.0]), jnp.array([1.0, 1.0]))
    >>> step = minimize_quickly(jnp.array([[2.0, 0.0], [0.0, 2.0]]), jnp.array([-8.0, 1.0]), box)
    >>> [round(float(s), 12) for s in step]
    [1.0, -0.5]
    """

    def exchange(state: _Exchange) -> _Exchange:
        at_lower, at_upper = state.at_lower, state.at_upper
        held = jnp.where(at_lower, box.lower, jnp.where(at_upper, box.upper, 0.0))
        is_free = ~(at_lower | at_upper)
        point = held + _newton(curvature, gradient + curvature @ held, is_free)
        slope = gradient + curvature @ point
        step = jnp.clip(point, box.lower, box.upper)
        change = gradient @ step + 0.5 * step @ (curvature @ step)
        is_better = change < state.change
        next_lower = jnp.where(at_lower, slope > 0, point < box.lower)
        next_upper = jnp.where(at_upper, slope < 0, point > box.upper)
        return _Exchange(
            at_lower=next_lower,
            at_upper=next_upper,
            step=jnp.where(is_better, step, state.step),
            change=jnp.where(is_better, change, state.change),
            n_rounds=state.n_rounds + 1,
            is_done=jnp.all(next_lower == at_lower) & jnp.all(next_upper == at_upper),
        )

    start = _Exchange(
        at_lower=(box.lower >= 0) & (gradient > 0),
        at_upper=(box.upper <= 0) & (gradient < 0),
        step=jnp.zeros_like(gradient),
        change=jnp.zeros((), gradient.dtype),
        n_rounds=jnp.asarray(0),
        is_done=jnp.asarray(False),
    )
    return lax.while_loop(lambda x: ~x.is_done & (x.n_rounds < n_exchanges), exchange, start).step


class _Exchange(NamedTuple):
    """Which components are held at which bound (p,), the best step (p,) so far with its change, and the end."""

    at_lower: jax.Array
    at_upper: jax.Array
    step: jax.Array
    change: jax.Array
    n_rounds: jax.Array
    is_done: jax.Array


class _Walk(NamedTuple):
    """A point of the box (p,), the components that are held on their bounds (p,), and the end of the walk."""

    step: jax.Array
    is_held: jax.Array
    n_moves: jax.Array
    is_done: jax.Array


def minimize_quadratic(curvature: jax.Array, gradient: jax.Array, box: Box) -> jax.Array:
    """argmin over s in the box of g.s + s.B.s / 2 for a positive definite B (p, p); 0 must lie in the box.

    A primal active-set method: on the components that are not held the minimum is one Cholesky solve away. If it lies
    in the box, the held component with the largest wrong-signed slope is released, and if there is none the walk is at
    its end. Otherwise it goes to the projection of that minimum, or, where this gains less, to the first bound on the
    way; what reached a bound is held. Releasing one component at a time, and only at such a minimum, is what keeps the
    walk from zigzagging along a nearly flat valley with a bound close by.

    >>> import wilks
    >>> box = Box(jnp.array([-1.0, -1.0]), jnp.array([1.0, 1.0]))
    >>> step = minimize_quadratic(jnp.array([[2.0, 0.0], [0.0, 2.0]]), jnp.array([-8.0, 1.0]), box)
    >>> [round(float(s), 12) for s in step]
    [1.0, -0.5]
    """
    origin = jnp.zeros_like(gradient)
    start = _Walk(
        origin, _at_bound(origin, box) & _points_out(origin, gradient, box), jnp.asarray(0), jnp.asarray(False)
    )
    limit = 4 * gradient.size + 20

    def walk_on(walk: _Walk) -> _Walk:
        slope = gradient + curvature @ walk.step
        direction = _newton(curvature, slope, ~walk.is_held)
        gain = -0.5 * slope @ direction
        energy = 0.5 * (gradient + slope) @ walk.step
        is_settled = gain <= _RELATIVE_GAIN * jnp.abs(energy)
        moved = _advance(walk, curvature, slope, direction, box)
        released = _release(walk, curvature, slope, box)
        chosen: _Walk = jax.tree.map(lambda a, b: jnp.where(is_settled, a, b), released, moved)
        return chosen._replace(n_moves=walk.n_moves + 1)

    return lax.while_loop(lambda walk: ~walk.is_done & (walk.n_moves < limit), walk_on, start).step


def _advance(walk: _Walk, curvature: jax.Array, slope: jax.Array, direction: jax.Array, box: Box) -> _Walk:
    """To the projection of the minimum on the free components or to the first bound, whichever is lower."""
    to_bound = jnp.where(direction > 0, box.upper - walk.step, box.lower - walk.step)
    fractions = jnp.where(direction != 0, to_bound / jnp.where(direction != 0, direction, 1.0), jnp.inf)
    fraction = jnp.clip(jnp.min(fractions), 0.0, 1.0)
    # The component that stops the walk lands exactly on its bound.
    short = jnp.clip(walk.step + fraction * direction, box.lower, box.upper)
    reaches = (fractions <= fraction) & (fraction < 1.0)
    short = jnp.where(reaches, jnp.where(direction > 0, box.upper, box.lower), short)
    far = jnp.clip(walk.step + direction, box.lower, box.upper)

    def change(point: jax.Array) -> jax.Array:
        move = point - walk.step
        return slope @ move + 0.5 * move @ (curvature @ move)

    best = jnp.where(change(far) < change(short), far, short)
    return walk._replace(step=best, is_held=walk.is_held | ((direction != 0) & _at_bound(best, box)))


def _release(walk: _Walk, curvature: jax.Array, slope: jax.Array, box: Box) -> _Walk:
    """Free the held component that would gain the most; the end if none would."""
    is_wrong = walk.is_held & ~_points_out(walk.step, slope, box) & (box.upper > box.lower)
    promise = jnp.where(is_wrong, slope**2 / jnp.diag(curvature), 0.0)
    best = jnp.argmax(promise)
    return walk._replace(is_held=walk.is_held.at[best].set(False), is_done=~(promise[best] > 0))


def _at_bound(step: jax.Array, box: Box) -> jax.Array:
    return (step <= box.lower) | (step >= box.upper)


def _points_out(step: jax.Array, slope: jax.Array, box: Box) -> jax.Array:
    """Where descent would leave the box."""
    return ((step <= box.lower) & (slope >= 0)) | ((step >= box.upper) & (slope <= 0))


def _newton(curvature: jax.Array, slope: jax.Array, is_free: jax.Array) -> jax.Array:
    """The Newton step on the free components; 0 on the others."""
    factor = jnp.linalg.cholesky(masked(curvature, is_free, jnp.ones_like(slope)))
    return jnp.where(is_free, -cho_solve((factor, True), jnp.where(is_free, slope, 0.0)), 0.0)
