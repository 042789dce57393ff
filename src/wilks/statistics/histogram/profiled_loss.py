"""The loss of a histogram and the nuisances, minimized over f at every z.

With s = log r, b_k(z) = sum over the reference in bin k of w e^s, n_k data events there and f_k = log(n_k / b_k(z)),

    L[z] = sum_R w (e^s - 1) - sum_D s - log[ L(nu|A) / L(0|A) ] - sum_k [ n_k log(n_k / b_k) - n_k + b_k ].

sum_D s remains: within a bin r tells events apart. With c = w e^s n_k / b_k in the bins and w e^s outside, d = ds/dz,

    dL/dz   = sum_R c d - sum_D d - a,
    d2L/dz2 = sum_R c (d - m_k) (d - m_k)^T + sum_R c d2s/dz2 - sum_D d2s/dz2 - da/dz,

a the slope of the auxiliary term and m_k the mean of d with the weights w e^s in bin k, 0 outside.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from wilks.fitting.objectives import Own
from wilks.likelihood import Points
from wilks.problem import Problem
from wilks.samples import in_order
from wilks.statistics.histogram.bins import Bins, found_in
from wilks.statistics.histogram.deviance import deviance, gain
from wilks.typing import BoolArray, FloatArray, IntArray

_FLATTEST = 1e-12  # of the largest curvature: along flatter directions no step is made


class BinnedPoints(NamedTuple):
    """The raw events of a reference (n, d) with their weights (n,), bin by bin, and where each bin begins, (k + 1,).

    What lies in no bin comes last.
    """

    events: FloatArray
    weights: FloatArray
    starts: IntArray

    @classmethod
    def of(cls, bins: Bins, problem: Problem) -> "BinnedPoints":
        """Those of a problem, a function of the set of its events."""
        events, weights = in_order(problem.reference.events, problem.reference.event_weights)
        found = found_in(bins, problem, events)
        order = np.argsort(found, kind="stable")
        return cls(events[order], weights[order], np.searchsorted(found[order], np.arange(bins.n_bins + 1)))

    def sums(self, values: FloatArray) -> FloatArray:
        """Sums over the bins of values (n, ...), shape (k, ...)."""
        inside: FloatArray = np.add.reduceat(values[: self.starts[-1]], self.starts[:-1], axis=0)
        return inside

    def spread(self, values: FloatArray, outside: float) -> FloatArray:
        """Values of the bins (k, ...) at their events, shape (n, ...)."""
        filled = np.full((1, *values.shape[1:]), outside)
        sizes = np.diff(np.append(self.starts, self.weights.size))
        return np.repeat(np.concatenate([values, filled]), sizes, axis=0)


class OwnAt(NamedTuple):
    """sum_D s + log[L(nu|A) / L(0|A)] of one data set at one z, its gradient (j,) and Hessian (j, j)."""

    value: float
    gradient: FloatArray
    hessian: FloatArray


class BinnedResponse:
    """s(x; z) = log r(x; sigma z), with the shift to the known yield, and its derivatives, at a reference."""

    def __init__(self, problem: Problem, points: BinnedPoints) -> None:
        nuisances, n_features = problem.nuisances, problem.reference.n_features
        self.points, self.bounds = points, nuisances.bounds
        widths = nuisances.row_widths(n_features)
        self._shared = (jnp.asarray(nuisances.rows(points.events).T), jnp.asarray(points.weights))

        def shift(z: jax.Array, rows: jax.Array, weights: jax.Array) -> jax.Array:
            if not nuisances.is_shifted:
                return jnp.zeros((), z.dtype)
            log_r = nuisances.learned_column_log_ratio(z, rows, widths=widths)
            return nuisances.log_yield_ratio(z) - jnp.log(weights @ jnp.exp(log_r) / jnp.sum(weights))

        def at(z: jax.Array, rows: jax.Array, weights: jax.Array) -> jax.Array:
            return nuisances.column_log_ratio(z, rows, widths=widths) + shift(z, rows, weights)

        def own(z: jax.Array, data: Points, observed: jax.Array, rows: jax.Array, weights: jax.Array) -> jax.Array:
            columns = data.columns.transpose(1, 0, 2).reshape(data.columns.shape[1], -1)[n_features:]
            log_r = nuisances.column_log_ratio(z, columns, widths=widths) + shift(z, rows, weights)
            return data.counts.ravel() @ log_r + nuisances.auxiliary_log_ratio(z, observed)

        self._at = jax.jit(lambda *given: (at(*given), jax.jacfwd(at)(*given)))
        self._curvature = jax.jit(jax.hessian(lambda z, c, *given: c @ at(z, *given)))
        self._own = jax.jit(lambda *given: (own(*given), jax.grad(own)(*given), jax.hessian(own)(*given)))

    def at(self, z: FloatArray) -> tuple[FloatArray, FloatArray]:
        """s (n,) and ds/dz (n, j)."""
        log_ratio, slopes = self._at(jnp.asarray(z), *self._shared)
        return np.asarray(log_ratio), np.asarray(slopes)

    def curvature(self, z: FloatArray, coefficients: FloatArray) -> FloatArray:
        """sum_e c_e d2s(x_e)/dz2, shape (j, j)."""
        return np.asarray(self._curvature(jnp.asarray(z), jnp.asarray(coefficients), *self._shared))

    def own_at(self, z: FloatArray, own: Own) -> OwnAt:
        """What the data and the auxiliary measurements add to minus the loss."""
        value, gradient, hessian = self._own(jnp.asarray(z), *own, *self._shared)
        return OwnAt(float(value), np.asarray(gradient), np.asarray(hessian))


@dataclass(frozen=True, eq=False)
class ProfiledLoss:
    """L of one data set as a function of z; as `Functions` of `NumpyNewton` a single lane.

    Args:
        response: at the reference.
        counts: n, shape (k,).
        own: the data with their auxiliary measurements.
    """

    response: BinnedResponse
    counts: FloatArray
    own: Own

    @property
    def bounds(self) -> tuple[FloatArray, FloatArray]:
        return self.response.bounds

    def expand(self, params: FloatArray, lanes: IntArray) -> "ProfiledExpansion":
        """The loss at z (1, j)."""
        return self.at(params[0])

    def at(self, z: FloatArray) -> "ProfiledExpansion":
        """The loss at z (j,)."""
        return ProfiledExpansion(self, z)

    def of(self, params: FloatArray, z: FloatArray) -> float:
        """L at any f (k,) and z (j,)."""
        points, (log_ratio, _) = self.response.points, self.response.at(z)
        f = points.spread(params, 0.0)
        own = self.response.own_at(z, self.own)
        return float(points.weights @ np.expm1(f + log_ratio)) - gain(self.counts, params) - own.value


@dataclass(frozen=True, eq=False)
class ProfiledExpansion:
    """L at one z (j,): its value at once, its derivatives when they are asked for."""

    loss: ProfiledLoss
    z: FloatArray

    @cached_property
    def without_f(self) -> float:
        """L of f = 0 at z."""
        log_ratio, _ = self._response
        return float(self.loss.response.points.weights @ np.expm1(log_ratio)) - self._own.value

    @cached_property
    def value(self) -> FloatArray:
        """L, shape (1,); NaN where a bin with data has no positive expectation."""
        if np.any(self.expected <= 0.0):
            return np.array([np.nan])
        return np.array([self.without_f - 0.5 * float(np.sum(deviance(self.loss.counts, self.expected)))])

    @cached_property
    def expected(self) -> FloatArray:
        """b(z), shape (k,)."""
        return self.loss.response.points.sums(self._moved)

    @cached_property
    def gradient(self) -> FloatArray:
        """Shape (1, j)."""
        return (self._tilted @ self._response[1] - self._own.gradient)[None]

    @property
    def hessian(self) -> FloatArray:
        """Exact, shape (j, j)."""
        return self._gram + self._bend

    def gaps(self, rows: IntArray) -> FloatArray:
        """g^T H^-1 g of what is free, with the matrix of `steps`."""
        return np.array([-float(self.gradient[0] @ self._step)])

    def steps(self, rows: IntArray, forcing: FloatArray) -> FloatArray:
        """With the exact Hessian where that is not negative; elsewhere with the positive part of the bend of log r."""
        return self._step[None]

    @cached_property
    def _step(self) -> FloatArray:
        gradient, step = self.gradient[0], np.zeros_like(self.z)
        if not (np.all(np.isfinite(self.hessian)) and np.all(np.isfinite(gradient))):
            return step * np.nan
        (lower, upper), chosen = self.loss.bounds, np.ones(self.z.size, dtype=bool)
        chosen = ~(((self.z <= lower) & (gradient > 0)) | ((self.z >= upper) & (gradient < 0)))
        step[chosen] = self._newton_step(chosen)
        return step

    def _newton_step(self, free: BoolArray) -> FloatArray:
        """-H^-1 g of what is free; none along directions without slope and curvature."""
        block = np.ix_(free, free)
        values, vectors = np.linalg.eigh(self.hessian[block])
        if values.size and values[0] < -_FLATTEST * max(abs(values[-1]), 1.0):
            values, vectors = np.linalg.eigh((self._gram + _positive_part(self._bend))[block])
        scale = np.maximum(values, _FLATTEST * np.max(values, initial=1.0))
        step: FloatArray = -vectors @ ((vectors.T @ self.gradient[0][free]) / scale)
        return step

    @cached_property
    def _gram(self) -> FloatArray:
        points, slopes = self.loss.response.points, self._response[1]
        with np.errstate(divide="ignore", invalid="ignore"):
            means = points.sums(self._moved[:, None] * slopes) / self.expected[:, None]
        away = slopes - points.spread(means, 0.0)
        gram: FloatArray = (self._tilted[:, None] * away).T @ away
        return gram

    @cached_property
    def _bend(self) -> FloatArray:
        """sum_R c d2s - sum_D d2s - da/dz, shape (j, j)."""
        return self.loss.response.curvature(self.z, self._tilted) - self._own.hessian

    @cached_property
    def _tilted(self) -> FloatArray:
        """c, shape (n,)."""
        with np.errstate(divide="ignore", invalid="ignore"):
            ratios = self.loss.counts / self.expected
        return self._moved * self.loss.response.points.spread(ratios, 1.0)

    @cached_property
    def _moved(self) -> FloatArray:
        """w e^s, shape (n,)."""
        moved: FloatArray = self.loss.response.points.weights * np.exp(self._response[0])
        return moved

    @cached_property
    def _response(self) -> tuple[FloatArray, FloatArray]:
        return self.loss.response.at(self.z)

    @cached_property
    def _own(self) -> OwnAt:
        return self.loss.response.own_at(self.z, self.loss.own)


def _positive_part(matrix: FloatArray) -> FloatArray:
    """The nearest matrix without negative eigenvalues."""
    values, vectors = np.linalg.eigh(matrix)
    part: FloatArray = (vectors * np.maximum(values, 0.0)) @ vectors.T
    return part
