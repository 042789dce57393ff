"""What is known about the end of a fit."""

from typing import NamedTuple

from wilks.optimize.problem import Array, Box, Objective, is_held, masked, project


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

    newton_decrement: Array
    least_curvature: Array
    kkt_residual: Array
    share_at_bound: Array


def certify(objective: Objective, params: Array, box: Box) -> Certificate:
    """The certificate of ``params``, from one gradient and one exact Hessian there."""
    _, gradient = objective.value_and_gradient(params)
    return certify_by(params, gradient, objective.hessian(params), box)


def certify_by(params: Array, gradient: Array, hessian: Array, box: Box) -> Certificate:
    """The certificate of ``params`` where gradient (p,) and exact Hessian (p, p) are known."""
    xp, is_free = params.__array_namespace__(), ~is_held(params, gradient, box)
    free_gradient = xp.where(is_free, gradient, 0.0)
    # Held parameters become decoupled directions without slope: they add nothing to any entry.
    scale = 1.0 + xp.max(xp.abs(hessian))
    curvatures, directions = xp.linalg.eigh(masked(hessian, is_free, xp.full_like(params, scale)))
    diagonal = xp.linalg.norm(box.upper - box.lower)
    return Certificate(
        newton_decrement=_decrement(curvatures, xp.abs(directions.T @ free_gradient), diagonal),
        least_curvature=xp.where(xp.any(is_free), curvatures[0], 0.0),
        kkt_residual=xp.max(xp.abs(project(params - gradient, box) - params)),
        share_at_bound=xp.mean((params <= box.lower) | (params >= box.upper), dtype=params.dtype),
    )


def variances(params: Array, gradient: Array, hessian: Array, box: Box) -> Array:
    """The diagonal of H_FF^-1, shape (p,): 0 for held parameters, at most the square of the box along flat directions.

    For a function that is minus the logarithm of a likelihood these are the squared errors of its parameters.
    """
    xp, is_free = params.__array_namespace__(), ~is_held(params, gradient, box)
    curvatures, directions = xp.linalg.eigh(masked(hessian, is_free, xp.ones_like(params)))
    widest = xp.max(box.upper - box.lower)
    curved = xp.maximum(curvatures, 1 / widest**2)
    free = directions**2 @ xp.where(curved > 0, 1 / xp.where(curved > 0, curved, 1.0), xp.inf)
    return xp.where(is_free, free, 0.0)


def _decrement(curvatures: Array, slopes: Array, diagonal: Array) -> Array:
    xp = slopes.__array_namespace__()
    # In an infinite box 0 times its diagonal would not be 0.
    limit = 2 * slopes * xp.where(slopes == 0, 0.0, diagonal)
    convex = xp.minimum(slopes**2 / xp.where(curvatures > 0, curvatures, 1.0), limit)
    concave = limit + xp.abs(curvatures) * xp.where(curvatures == 0, 0.0, diagonal**2)
    return xp.sum(xp.where(curvatures > 0, convex, concave))
