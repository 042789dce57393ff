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
from typing import NamedTuple, Protocol

import numpy as np

from wilks.problem import Problem
from wilks.samples import in_order
from wilks.statistics.histogram.bins import Bins, found_in
from wilks.statistics.histogram.deviance import deviance, gain
from wilks.statistics.points import Own
from wilks.statistics.responses import OwnAt, ResponseAt, Responses
from wilks.typing import BoolArray, FloatArray, IntArray

_FLATTEST = 1e-12  # of the largest curvature: along flatter directions no step is made


class Binned(Protocol):
    """The points of a reference, of which some lie in k bins."""

    @property
    def weights(self) -> FloatArray:
        """Of all of them, shape (n,)."""

    def sums(self, values: FloatArray) -> FloatArray:
        """Sums over the bins of values (n, ...), shape (k, ...)."""

    def spread(self, values: FloatArray, outside: float) -> FloatArray:
        """Values of the bins (k, ...) at their points, shape (n, ...)."""


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

    @property
    def places(self) -> IntArray:
        """The bin of each, and k where it lies in none, shape (n,)."""
        sizes = np.diff(np.append(self.starts, self.weights.size))
        return np.repeat(np.arange(sizes.size), sizes)

    def sums(self, values: FloatArray) -> FloatArray:
        """Sums over the bins of values (n, ...), shape (k, ...)."""
        is_filled = np.diff(self.starts) > 0  # of an empty bin reduceat gives what follows
        inside = np.zeros((is_filled.size, *values.shape[1:]))
        if np.any(is_filled):
            inside[is_filled] = np.add.reduceat(values[: self.starts[-1]], self.starts[:-1][is_filled], axis=0)
        return inside

    def spread(self, values: FloatArray, outside: float) -> FloatArray:
        """Values of the bins (k, ...) at their events, shape (n, ...)."""
        filled = np.full((1, *values.shape[1:]), outside)
        sizes = np.diff(np.append(self.starts, self.weights.size))
        return np.repeat(np.concatenate([values, filled]), sizes, axis=0)


@dataclass(frozen=True, eq=False)
class ProfiledLoss:
    """L of one data set as a function of z; as `Functions` of `NumpyNewton` a single lane.

    Args:
        points: of the reference.
        responses: there.
        counts: n, shape (k,).
        own: the data with their auxiliary measurements.
    """

    points: Binned
    responses: Responses
    counts: FloatArray
    own: Own

    @property
    def bounds(self) -> tuple[FloatArray, FloatArray]:
        return self.responses.bounds

    def expand(self, params: FloatArray, lanes: IntArray) -> "ProfiledExpansion":
        """The loss at z (1, j)."""
        return self.at(params[0])

    def at(self, z: FloatArray) -> "ProfiledExpansion":
        """The loss at z (j,)."""
        return ProfiledExpansion(self, z)

    def of(self, params: FloatArray, z: FloatArray) -> float:
        """L at any f (k,) and z (j,)."""
        points, log_ratio = self.points, self.responses.at(z).log_ratio
        f = points.spread(params, 0.0)
        own = self.responses.own_at(z, self.own)
        return float(points.weights @ np.expm1(f + log_ratio)) - gain(self.counts, params) - own.value


@dataclass(frozen=True, eq=False)
class ProfiledExpansion:
    """L at one z (j,): its value at once, its derivatives when they are asked for."""

    loss: ProfiledLoss
    z: FloatArray

    @cached_property
    def without_f(self) -> float:
        """L of f = 0 at z."""
        log_ratio = self._response.log_ratio
        return float(self.loss.points.weights @ np.expm1(log_ratio)) - self._own.value

    @cached_property
    def value(self) -> FloatArray:
        """L, shape (1,); NaN where a bin with data has no positive expectation."""
        if np.any(self.expected <= 0.0):
            return np.array([np.nan])
        return np.array([self.without_f - 0.5 * float(np.sum(deviance(self.loss.counts, self.expected)))])

    @cached_property
    def expected(self) -> FloatArray:
        """b(z), shape (k,)."""
        return self.loss.points.sums(self._moved)

    @cached_property
    def gradient(self) -> FloatArray:
        """Shape (1, j)."""
        gradient: FloatArray = self._tilted @ self._response.slopes - self._own.gradient
        return gradient[None]

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
        points, slopes = self.loss.points, self._response.slopes
        with np.errstate(divide="ignore", invalid="ignore"):
            means = points.sums(self._moved[:, None] * slopes) / self.expected[:, None]
        away = slopes - points.spread(means, 0.0)
        gram: FloatArray = (self._tilted[:, None] * away).T @ away
        return gram

    @cached_property
    def _bend(self) -> FloatArray:
        """sum_R c d2s - sum_D d2s - da/dz, shape (j, j)."""
        return self.loss.responses.curvature(self.z, self._tilted) - self._own.hessian

    @cached_property
    def _tilted(self) -> FloatArray:
        """c, shape (n,)."""
        with np.errstate(divide="ignore", invalid="ignore"):
            ratios = self.loss.counts / self.expected
        return self._moved * self.loss.points.spread(ratios, 1.0)

    @cached_property
    def _moved(self) -> FloatArray:
        """w e^s, shape (n,)."""
        moved: FloatArray = self.loss.points.weights * np.exp(self._response.log_ratio)
        return moved

    @cached_property
    def _response(self) -> ResponseAt:
        return self.loss.responses.at(self.z)

    @cached_property
    def _own(self) -> OwnAt:
        return self.loss.responses.own_at(self.z, self.loss.own)


def _positive_part(matrix: FloatArray) -> FloatArray:
    """The nearest matrix without negative eigenvalues."""
    values, vectors = np.linalg.eigh(matrix)
    part: FloatArray = (vectors * np.maximum(values, 0.0)) @ vectors.T
    return part
