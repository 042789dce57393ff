"""The penalized loss of one member and the nuisances together, with dense second derivatives."""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import scipy.linalg

from wilks.statistics.linear.basis import Basis, ReferencePoints
from wilks.statistics.linear.losses import EXPONENT_LIMIT
from wilks.statistics.points import Own
from wilks.statistics.responses import OwnAt, ResponseAt, Responses
from wilks.typing import BoolArray, FloatArray, IntArray


class ProfiledLoss:
    """J[alpha, z] = sum_R w (exp(f + s) - 1) - sum_D (f + s) - log[L(nu|A) / L(0|A)] + ridge |alpha|^2, s = log r.

    theta = (alpha, z) is one vector of length p = r + j. As `Functions` of `NumpyNewton` it is a single lane.

    Args:
        points, basis, responses: of the problem.
        sums: sum_D phi, shape (r,).
        own: the data with their auxiliary measurements.
        ridge: of the member.
    """

    def __init__(
        self,
        points: ReferencePoints,
        basis: Basis,
        responses: Responses,
        *,
        sums: FloatArray,
        own: Own,
        ridge: float,
    ) -> None:
        self.points, self.basis, self.responses = points, basis, responses
        self.sums, self.own, self.ridge = sums, own, ridge

    @property
    def bounds(self) -> tuple[FloatArray, FloatArray]:
        lower, upper = self.responses.bounds
        nothing = np.full(self.basis.rank, np.inf)
        return np.append(-nothing, lower), np.append(nothing, upper)

    def expand(self, params: FloatArray, lanes: IntArray) -> "DenseExpansion":
        """The loss at theta (1, p)."""
        return self.at(params[0])

    def at(self, theta: FloatArray) -> "DenseExpansion":
        """The loss at theta (p,)."""
        return DenseExpansion(self, theta)


class _Slopes(NamedTuple):
    """The gradient (p,); the Hessian (p, p) but for the bend of log r, and that bend (j, j)."""

    gradient: FloatArray
    gram: FloatArray
    bend: FloatArray


@dataclass(frozen=True, eq=False)
class DenseExpansion:
    """J at one theta (p,): its value at once, its derivatives when they are asked for."""

    loss: ProfiledLoss
    theta: FloatArray

    @property
    def alpha(self) -> FloatArray:
        """Shape (r,)."""
        return self.theta[: self.loss.basis.rank]

    @property
    def z(self) -> FloatArray:
        """Shape (j,)."""
        return self.theta[self.loss.basis.rank :]

    @cached_property
    def value(self) -> FloatArray:
        """J, shape (1,); infinite or NaN where it is not defined."""
        loss, alpha = self.loss, self.alpha
        total = loss.ridge * alpha @ alpha - alpha @ loss.sums - self._own.value
        for phi, rows in loss.points.blocks(loss.basis):
            total += loss.points.weights[rows] @ self._excess(phi, rows)
        return np.array([total])

    @property
    def gradient(self) -> FloatArray:
        """Shape (1, p)."""
        return self._slopes.gradient[None]

    @property
    def hessian(self) -> FloatArray:
        """Exact, shape (p, p)."""
        return self._slopes.gram + self._padded(self._slopes.bend)

    @cached_property
    def is_free(self) -> BoolArray:
        """All but what lies on a bound that descent would cross, shape (p,)."""
        (lower, upper), slope = self.loss.bounds, self._slopes.gradient
        is_held: BoolArray = ((self.theta <= lower) & (slope > 0)) | ((self.theta >= upper) & (slope < 0))
        return ~is_held

    def gaps(self, rows: IntArray) -> FloatArray:
        """g^T H^-1 g of what is free, with the matrix of `steps`."""
        return np.array([-(self._slopes.gradient @ self._step)])

    def steps(self, rows: IntArray, forcing: FloatArray) -> FloatArray:
        """With the exact Hessian where that is positive; elsewhere with the positive part of the bend of log r."""
        return self._step[None]

    @cached_property
    def _step(self) -> FloatArray:
        step, chosen = np.zeros_like(self.theta), np.ix_(self.is_free, self.is_free)
        if not (np.all(np.isfinite(self.hessian)) and np.all(np.isfinite(self.gradient))):
            return step * np.nan
        try:
            factor = scipy.linalg.cho_factor(self.hessian[chosen])
        except np.linalg.LinAlgError:
            positive = self._slopes.gram + self._padded(_positive_part(self._slopes.bend))
            factor = scipy.linalg.cho_factor(positive[chosen])
        step[self.is_free] = -scipy.linalg.cho_solve(factor, self._slopes.gradient[self.is_free])
        return step

    @cached_property
    def _slopes(self) -> "_Slopes":
        loss, weights = self.loss, self.loss.points.weights
        n, size, tilted = self.alpha.size, self.theta.size, np.empty_like(weights)
        gradient = np.concatenate([2.0 * loss.ridge * self.alpha - loss.sums, -self._own.gradient])
        gram = np.diag(np.concatenate([np.full(n, 2.0 * loss.ridge), np.zeros(size - n)]))
        for phi, rows in loss.points.blocks(loss.basis):
            tilted[rows] = weights[rows] * (self._excess(phi, rows) + 1.0)
            both = np.concatenate([phi, self._response.slopes[rows]], axis=1)
            gradient += tilted[rows] @ both
            both *= np.sqrt(tilted[rows, None])
            gram += both.T @ both
        return _Slopes(gradient, gram, loss.responses.curvature(self.z, tilted) - self._own.hessian)

    @cached_property
    def _response(self) -> ResponseAt:
        return self.loss.responses.at(self.z)

    @cached_property
    def _own(self) -> OwnAt:
        return self.loss.responses.own_at(self.z, self.loss.own)

    def _excess(self, phi: FloatArray, rows: slice) -> FloatArray:
        exponent = phi @ self.alpha + self._response.log_ratio[rows]
        excess: FloatArray = np.expm1(np.minimum(exponent, EXPONENT_LIMIT))
        return excess

    def _padded(self, block: FloatArray) -> FloatArray:
        n = self.alpha.size
        return np.pad(block, ((n, 0), (n, 0)))


def _positive_part(matrix: FloatArray) -> FloatArray:
    """The nearest matrix without negative eigenvalues."""
    values, vectors = np.linalg.eigh(matrix)
    part: FloatArray = (vectors * np.maximum(values, 0.0)) @ vectors.T
    return part
