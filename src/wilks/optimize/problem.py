"""What a solver knows: a function with derivatives, and a box.

What is here and in `wilks.optimize.certificate` is written for arrays of NumPy and of JAX alike.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import jax

Array = Any  # of NumPy or of JAX, whose functions are found by `__array_namespace__`


@dataclass(frozen=True)
class Objective:
    """A smooth function of params of shape (p,), written with jax.numpy.

    Args:
        value: params -> scalar.
        value_and_gradient: params -> (scalar, (p,)).
        hessian: params -> (p, p), exact.
        curvature_guess: params -> (p, p), positive semidefinite: where a quasi-Newton method begins.
    """

    value: Callable[[jax.Array], jax.Array]
    value_and_gradient: Callable[[jax.Array], tuple[jax.Array, jax.Array]]
    hessian: Callable[[jax.Array], jax.Array]
    curvature_guess: Callable[[jax.Array], jax.Array]


class Box(NamedTuple):
    """lower <= params <= upper, each of shape (p,)."""

    lower: jax.Array
    upper: jax.Array


def project(params: Array, box: Box) -> Array:
    """The nearest point of the box."""
    return params.__array_namespace__().clip(params, box.lower, box.upper)


def is_held(params: Array, gradient: Array, box: Box) -> Array:
    """Which parameters lie on a bound that descent would cross, shape (p,); the others are free."""
    at_lower = (params <= box.lower) & (gradient > 0)
    at_upper = (params >= box.upper) & (gradient < 0)
    return at_lower | at_upper


def masked(matrix: Array, is_free: Array, diagonal: Array) -> Array:
    """``matrix`` on the free parameters; on the others only ``diagonal``, so that they decouple."""
    xp, both = matrix.__array_namespace__(), is_free[:, None] & is_free[None, :]
    return xp.where(both, matrix, xp.diag(xp.where(is_free, 0.0, diagonal)))
