"""What is known about the end of a fit."""

from typing import NamedTuple

import jax
import jax.numpy as jnp

from wilks.optimize.problem import Box, Objective, is_held, masked, project


class Certificate(NamedTuple):
    """How near a point is to a local minimum in its box; every entry is a scalar.

    With g the gradient, H the exact Hessian, F the parameters that are not held at a bound, (lambda_i, v_i) the
    eigensystem of H_FF and b_i = |v_i . g_F|:

    - ``newton_decrement``: sum_i min(b_i^2 / lambda_i, 2 b_i D) over lambda_i > 0, plus 2 b_i D + |lambda_i| D^2
      over the others, D the length of the diagonal of the box. For a positive H_FF with D large it is the Newton
      decrement g_F . H_FF^-1 . g_F: twice the decrease that the quadratic model foresees, hence in units of
      t = -2 min L. A direction along which the function does not curve is charged the most that the box allows, so
      that a saturated neuron, which changes nothing, costs nothing. In an infinite box this is the plain Newton
      decrement, infinite where a direction without positive curvature has a slope or curves down.
      Held parameters are taken as held, however small the slope that holds them: this is the certificate of a local
      minimum in the box, and of no more.
    - ``least_curvature``: the smallest lambda_i (0 if nothing is free).
    - ``kkt_residual``: max_i |P(w - g)_i - w_i| with P the projection on the box; in units of the gradient of L.
    - ``share_at_bound``: the share of parameters on a bound, from 0 to 1.
    """

    newton_decrement: jax.Array
    least_curvature: jax.Array
    kkt_residual: jax.Array
    share_at_bound: jax.Array


def certify(objective: Objective, params: jax.Array, box: Box) -> Certificate:
    """The certificate of ``params``, from one gradient and one exact Hessian there."""
    _, gradient = objective.value_and_gradient(params)
    return certify_by(params, gradient, objective.hessian(params), box)


def certify_by(params: jax.Array, gradient: jax.Array, hessian: jax.Array, box: Box) -> Certificate:
    """The certificate of ``params`` where gradient (p,) and exact Hessian (p, p) are known."""
    is_free = ~is_held(params, gradient, box)
    free_gradient = jnp.where(is_free, gradient, 0.0)
    # Held parameters become decoupled directions without slope: they add nothing to any entry.
    scale = 1.0 + jnp.max(jnp.abs(hessian))
    curvatures, directions = jnp.linalg.eigh(masked(hessian, is_free, jnp.full_like(params, scale)))
    diagonal = jnp.linalg.norm(box.upper - box.lower)
    return Certificate(
        newton_decrement=_decrement(curvatures, jnp.abs(directions.T @ free_gradient), diagonal),
        least_curvature=jnp.where(jnp.any(is_free), curvatures[0], 0.0),
        kkt_residual=jnp.max(jnp.abs(project(params - gradient, box) - params)),
        share_at_bound=jnp.mean((params <= box.lower) | (params >= box.upper), dtype=params.dtype),
    )


def variances(params: jax.Array, gradient: jax.Array, hessian: jax.Array, box: Box) -> jax.Array:
    """The diagonal of H_FF^-1, shape (p,): 0 for held parameters, at most the square of the box along flat directions.

    For a function that is minus the logarithm of a likelihood these are the squared errors of its parameters.
    """
    is_free = ~is_held(params, gradient, box)
    curvatures, directions = jnp.linalg.eigh(masked(hessian, is_free, jnp.ones_like(params)))
    widest = jnp.max(box.upper - box.lower)
    free = directions**2 @ (1 / jnp.maximum(curvatures, 1 / widest**2))
    return jnp.where(is_free, free, 0.0)


def _decrement(curvatures: jax.Array, slopes: jax.Array, diagonal: jax.Array) -> jax.Array:
    # In an infinite box 0 times its diagonal would not be 0.
    limit = jnp.where(slopes == 0, 0.0, 2 * slopes * diagonal)
    convex = jnp.minimum(slopes**2 / jnp.where(curvatures > 0, curvatures, 1.0), limit)
    concave = limit + jnp.where(curvatures == 0, 0.0, jnp.abs(curvatures) * diagonal**2)
    return jnp.sum(jnp.where(curvatures > 0, convex, concave))
