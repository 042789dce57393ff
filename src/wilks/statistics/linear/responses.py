"""log r and its derivatives where a linear model needs them: at the points of its reference, and summed over data."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from wilks.likelihood import Points
from wilks.problem import Problem
from wilks.samples import Sample
from wilks.statistics.linear.basis import ReferencePoints
from wilks.statistics.points import Own
from wilks.typing import FloatArray

_TOLERANCE = 1e-8


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
    """s(x; z) = log r(x; sigma z) + c(z) for a problem whose reference stands at the points of a map.

    c(z) shifts the sum over the points to the known yield, where one is known. The points of one feature are few and
    stand for all events (`is_faithful`).

    Args:
        problem: its nuisances and standardization.
        reference: standardized points with weights, whose sum is the yield.
        points: where s is wanted; None: at those of ``reference``.
    """

    def __init__(self, problem: Problem, reference: ReferencePoints, *, points: ReferencePoints | None = None) -> None:
        nuisances, n_features = problem.nuisances, problem.reference.n_features
        self.bounds = nuisances.bounds
        widths = nuisances.row_widths(n_features)
        shared, wanted = (nuisances.rows(raw_points(problem, one)).T for one in (reference, points or reference))
        self._shared, self._rows = (jnp.asarray(shared), jnp.asarray(reference.weights)), jnp.asarray(wanted)

        def shift(z: jax.Array, shared: jax.Array, weights: jax.Array) -> jax.Array:
            """c(z)."""
            if not nuisances.is_shifted:
                return jnp.zeros((), z.dtype)
            log_r = nuisances.learned_column_log_ratio(z, shared, widths=widths)
            return nuisances.log_yield_ratio(z) - jnp.log(weights @ jnp.exp(log_r) / jnp.sum(weights))

        def learned(z: jax.Array, rows: jax.Array, *shared: jax.Array) -> jax.Array:
            if not nuisances.is_shifted:
                return jnp.zeros(rows.shape[1], rows.dtype)
            return nuisances.learned_column_log_ratio(z, rows, widths=widths) + shift(z, *shared)

        def at(z: jax.Array, rows: jax.Array, *shared: jax.Array) -> jax.Array:
            return nuisances.column_log_ratio(z, rows, widths=widths) + shift(z, *shared)

        def own(z: jax.Array, data: Points, observed: jax.Array, *shared: jax.Array) -> jax.Array:
            columns = data.columns.transpose(1, 0, 2).reshape(data.columns.shape[1], -1)[n_features:]
            counts = data.counts.ravel()
            total = counts @ at(z, columns, *shared)
            return total + nuisances.auxiliary_log_ratio(z, observed)

        self._at = jax.jit(lambda z, *given: (at(z, *given), jax.jacfwd(at)(z, *given)))
        self._learned = jax.jit(learned)
        self._curvature = jax.jit(jax.hessian(lambda z, c, *given: c @ at(z, *given)))
        self._own = jax.jit(lambda *given: (own(*given), jax.grad(own)(*given), jax.hessian(own)(*given)))
        self._information = jax.jit(jax.hessian(lambda z, observed: -nuisances.auxiliary_log_ratio(z, observed)))

    def at(self, z: FloatArray) -> ResponseAt:
        """s and its slopes at the points."""
        return ResponseAt(*(np.asarray(x) for x in self._at(z, self._rows, *self._shared)))

    def learned(self, z: FloatArray) -> FloatArray:
        """That part of s which sums to the known yield, at the points (n,); 0 where no yield is known."""
        return np.asarray(self._learned(z, self._rows, *self._shared))

    def curvature(self, z: FloatArray, coefficients: FloatArray) -> FloatArray:
        """sum_e c_e d2s(x_e)/dz2 over the points, for coefficients (n,): shape (j, j)."""
        return np.asarray(self._curvature(z, coefficients, self._rows, *self._shared))

    def own_at(self, z: FloatArray, own: Own) -> OwnAt:
        """What the data and the auxiliary measurements add to minus the loss."""
        value, gradient, hessian = self._own(z, *own, *self._shared)
        return OwnAt(float(value), np.asarray(gradient), np.asarray(hessian))

    def information(self, z: FloatArray, observed: FloatArray) -> FloatArray:
        """Minus the Hessian of the logarithm of the auxiliary likelihood, (j, j): Sigma^-1."""
        return np.asarray(self._information(z, observed))


def raw_points(problem: Problem, reference: ReferencePoints) -> FloatArray:
    """The points of a reference in the units of the user, shape (n, d)."""
    raw: FloatArray = reference.points * problem.standardization.scale + problem.standardization.shift
    return raw


def is_faithful(problem: Problem, reference: ReferencePoints) -> bool:
    """Whether the points stand for all events where r varies: for every nuisance one sigma up and down, the sums of
    w r, w r^2 and w r x agree to 1e-8 of those of their sizes.

    They do for any smooth response, and do not for one that jumps, such as a binned one.
    """
    events = problem.reference.events
    given = Sample(raw_points(problem, reference), reference.weights, features=problem.reference.features)
    whole, few = (problem.nuisances.on(sample.events) for sample in (problem.reference, given))
    for direction in np.eye(len(problem.nuisances)):
        for z in (direction, -direction):
            sums = _sums(events, problem.reference.event_weights, whole.log_ratio(z))
            close = _sums(given.events, given.event_weights, few.log_ratio(z))
            sizes = _sums(np.abs(events), np.abs(problem.reference.event_weights), whole.log_ratio(z))
            if not np.all(np.abs(sums - close) <= _TOLERANCE * sizes):
                return False
    return True


def _sums(events: FloatArray, weights: FloatArray, log_ratio: FloatArray) -> FloatArray:
    moved = weights * np.exp(log_ratio)
    return np.concatenate([[np.sum(moved), moved @ np.exp(log_ratio)], moved @ events])
