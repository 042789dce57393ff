"""log r and its derivatives where NumPy needs them: at the points of a reference, and summed over data."""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from wilks.nuisances.effect import Effect
from wilks.problem import Problem
from wilks.statistics.points import Own
from wilks.typing import FloatArray, IntArray


class ResponseAt(NamedTuple):
    """At one z, for every point: s = log r with the shift to the known yield (n,), and ds/dz (n, j)."""

    log_ratio: FloatArray
    slopes: FloatArray


class OwnAt(NamedTuple):
    """sum_D s + log[L(nu|A) / L(0|A)] of one data set at one z, its gradient (j,) and Hessian (j, j)."""

    value: float
    gradient: FloatArray
    hessian: FloatArray


class Responses:
    """s(x; z) = log r(x; sigma z) + c(z) for a problem whose reference stands at some points.

    c(z) shifts the sum over the points to the known yield, where one is known.

    Args:
        problem: with nuisances.
        events, weights: raw points (n, d) of its reference, whose sum of weights (n,) is the yield.
        wanted: raw points where s is wanted; None: at these.
    """

    def __init__(
        self, problem: Problem, events: FloatArray, weights: FloatArray, *, wanted: FloatArray | None = None
    ) -> None:
        self.bounds, self._effect = problem.nuisances.bounds, problem.effect
        shared = jax.device_put(problem.nuisances.rows(events).T)
        self._rows = shared if wanted is None else jax.device_put(problem.nuisances.rows(wanted).T)
        self._shared = _Shared(shared, jax.device_put(weights))

    def at(self, z: FloatArray) -> ResponseAt:
        """s and its slopes at the points."""
        return ResponseAt(*(np.asarray(x) for x in _with_slopes(z, self._effect, self._shared, self._rows)))

    def learned(self, z: FloatArray) -> FloatArray:
        """That part of s which sums to the known yield, at the points (n,); 0 where no yield is known."""
        return np.asarray(_learned(z, self._effect, self._shared, self._rows))

    def curvature(self, z: FloatArray, coefficients: FloatArray) -> FloatArray:
        """sum_e c_e d2s(x_e)/dz2 over the points, for coefficients (n,): shape (j, j)."""
        return np.asarray(_curvature(z, self._effect, self._shared, self._rows, coefficients))

    def curvatures(self, z: FloatArray, coefficients: FloatArray, *, places: IntArray, n_places: int) -> FloatArray:
        """The same for the points of each place, which has one of ``n_places``: shape (n_places, j, j)."""
        return np.asarray(_curvatures(z, self._effect, self._shared, self._rows, coefficients, places, n_places))

    def own_at(self, z: FloatArray, own: Own) -> OwnAt:
        """What the data and the auxiliary measurements add to minus the loss."""
        value, gradient, hessian = _own_terms(z, self._effect, self._shared, own)
        return OwnAt(float(value), np.asarray(gradient), np.asarray(hessian))

    def information(self, z: FloatArray, observed: FloatArray) -> FloatArray:
        """Minus the Hessian of the logarithm of the auxiliary likelihood, (j, j): Sigma^-1."""
        return np.asarray(_information(z, self._effect, observed))


class _Shared(NamedTuple):
    """The reference: rows of its points in columns (k, n) and their weights (n,)."""

    columns: jax.Array
    weights: jax.Array


def _shift(z: jax.Array, effect: Effect, shared: _Shared) -> jax.Array:
    """c(z)."""
    if not effect.is_shifted:
        return jnp.zeros((), z.dtype)
    log_r = effect.learned_column_log_ratio(z, shared.columns)
    return effect.log_yield_ratio(z) - jnp.log(shared.weights @ jnp.exp(log_r) / jnp.sum(shared.weights))


def _at(z: jax.Array, effect: Effect, shared: _Shared, columns: jax.Array) -> jax.Array:
    """s, shape (n,)."""
    return effect.column_log_ratio(z, columns) + _shift(z, effect, shared)


@jax.jit
def _with_slopes(z: jax.Array, effect: Effect, shared: _Shared, columns: jax.Array) -> tuple[jax.Array, jax.Array]:
    return _at(z, effect, shared, columns), jax.jacfwd(_at)(z, effect, shared, columns)


@jax.jit
def _learned(z: jax.Array, effect: Effect, shared: _Shared, columns: jax.Array) -> jax.Array:
    if not effect.is_shifted:
        return jnp.zeros(columns.shape[1], columns.dtype)
    return effect.learned_column_log_ratio(z, columns) + _shift(z, effect, shared)


@jax.jit
def _curvature(z: jax.Array, effect: Effect, shared: _Shared, columns: jax.Array, coefficients: jax.Array) -> jax.Array:
    curvature: jax.Array = jax.hessian(lambda at: coefficients @ _at(at, effect, shared, columns))(z)
    return curvature


@partial(jax.jit, static_argnames="n_places")
def _curvatures(
    z: jax.Array,
    effect: Effect,
    shared: _Shared,
    columns: jax.Array,
    coefficients: jax.Array,
    places: jax.Array,
    n_places: int,
) -> jax.Array:
    def along(direction: jax.Array) -> jax.Array:
        """Slopes of the sums' slope in one direction, (n_places, j): in memory no more than a few values a point."""
        slopes: jax.Array = jax.jacfwd(lambda at: jax.jvp(sums, (at,), (direction,))[1])(z)
        return slopes

    def sums(at: jax.Array) -> jax.Array:
        summed: jax.Array = jax.ops.segment_sum(coefficients * _at(at, effect, shared, columns), places, n_places)
        return summed

    curvatures: jax.Array = jnp.moveaxis(jax.lax.map(along, jnp.eye(z.size)), 0, 1)
    return curvatures


@jax.jit
def _own_terms(z: jax.Array, effect: Effect, shared: _Shared, own: Own) -> tuple[jax.Array, jax.Array, jax.Array]:
    """sum_D s + log[L(nu|A) / L(0|A)] with its derivatives."""
    data, observed = own
    n_rows = shared.columns.shape[0]
    columns = data.columns.transpose(1, 0, 2).reshape(data.columns.shape[1], -1)
    columns, counts = columns[columns.shape[0] - n_rows :], data.counts.ravel()

    def total(at: jax.Array) -> jax.Array:
        return counts @ _at(at, effect, shared, columns) + effect.auxiliary_log_ratio(at, observed)

    return total(z), jax.grad(total)(z), jax.hessian(total)(z)


@jax.jit
def _information(z: jax.Array, effect: Effect, observed: jax.Array) -> jax.Array:
    hessian: jax.Array = jax.hessian(lambda at: -effect.auxiliary_log_ratio(at, observed))(z)
    return hessian
