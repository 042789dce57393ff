"""The step of every second-order solver here: a convex quadratic minimised in a box."""

import jax
import jax.numpy as jnp
from jax import lax
from jax.scipy.linalg import cho_solve

from wilks.optimize.problem import Box, is_held, masked

_NEWTON_FRACTIONS = (1.0, 0.5, 0.25, 0.1, 0.03, 0.01)
_GRADIENT_FRACTIONS = (1.0, 0.3, 0.1, 0.03)
_RELATIVE_GAIN = 1e-12


def minimize_quadratic(curvature: jax.Array, gradient: jax.Array, box: Box, *, n_max: int = 60) -> jax.Array:
    """argmin over s in the box of g.s + s.B.s / 2 for a positive definite B (p, p); 0 must lie in the box.

    Projected Newton steps on the free components. A projected step may go uphill where many bounds cut it, so each
    iteration also tries the step up to the first bound, which never does, and scaled gradient steps, and takes the
    best. It ends where no candidate gains.

    >>> import wilks
    >>> box = Box(jnp.array([-1.0, -1.0]), jnp.array([1.0, 1.0]))
    >>> step = minimize_quadratic(jnp.array([[2.0, 0.0], [0.0, 2.0]]), jnp.array([-8.0, 1.0]), box)
    >>> [round(float(s), 12) for s in step]
    [1.0, -0.5]
    """

    def energy(step: jax.Array) -> jax.Array:
        return gradient @ step + 0.5 * step @ (curvature @ step)

    def improve(state: tuple[jax.Array, jax.Array, jax.Array]) -> tuple[jax.Array, jax.Array, jax.Array]:
        step, count, _ = state
        candidates = _candidates(step, curvature, gradient + curvature @ step, box)
        energies = jax.vmap(energy)(candidates)
        best = jnp.nanargmin(energies)
        present = energy(step)
        is_done = ~(energies[best] < present - _RELATIVE_GAIN * jnp.abs(present))
        return jnp.where(is_done, step, candidates[best]), count + 1, is_done

    origin = jnp.zeros_like(gradient)
    state = (origin, jnp.asarray(0), jnp.asarray(False))
    return lax.while_loop(lambda state: ~state[2] & (state[1] < n_max), improve, state)[0]


def _candidates(step: jax.Array, curvature: jax.Array, slope: jax.Array, box: Box) -> jax.Array:
    """Points of the box to try next, shape (c, p)."""
    is_free = ~is_held(step, slope, box)
    factor = jnp.linalg.cholesky(masked(curvature, is_free, jnp.ones_like(step)))
    direction = jnp.where(is_free, -cho_solve((factor, True), jnp.where(is_free, slope, 0.0)), 0.0)
    to_bound = jnp.where(direction > 0, box.upper - step, box.lower - step)
    ratios = jnp.where(direction != 0, to_bound / jnp.where(direction != 0, direction, 1.0), jnp.inf)
    first_bound = jnp.clip(jnp.min(ratios), 0.0, 1.0)
    descent = -slope / jnp.diag(curvature)
    moves = jnp.concatenate(
        [
            jnp.outer(jnp.asarray(_NEWTON_FRACTIONS), direction),
            (first_bound * direction)[None],
            jnp.outer(jnp.asarray(_GRADIENT_FRACTIONS), descent),
        ]
    )
    return jnp.clip(step + moves, box.lower, box.upper)
