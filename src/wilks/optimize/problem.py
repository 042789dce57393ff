"""What a solver knows: a function with derivatives, and a box."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp


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


def project(params: jax.Array, box: Box) -> jax.Array:
    """The nearest point of the box."""
    return jnp.clip(params, box.lower, box.upper)


def is_held(params: jax.Array, gradient: jax.Array, box: Box) -> jax.Array:
    """Which parameters lie on a bound that descent would cross, shape (p,); the others are free."""
    at_lower = (params <= box.lower) & (gradient > 0)
    at_upper = (params >= box.upper) & (gradient < 0)
    return at_lower | at_upper


def masked(matrix: jax.Array, is_free: jax.Array, diagonal: jax.Array) -> jax.Array:
    """``matrix`` on the free parameters; on the others only ``diagonal``, so that they decouple."""
    both = is_free[:, None] & is_free[None, :]
    return jnp.where(both, matrix, jnp.diag(jnp.where(is_free, 0.0, diagonal)))
