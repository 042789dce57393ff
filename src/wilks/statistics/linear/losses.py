"""The loss of a member with its penalty, for many data sets at once."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from wilks.optimize.numpy_newton import conjugate_steps
from wilks.statistics.linear.basis import Basis, ReferencePoints
from wilks.statistics.linear.panels import by_panels
from wilks.typing import FloatArray, IntArray

EXPONENT_LIMIT = 700.0  # exp of more is infinite; where f is so large the loss is rejected anyway


@dataclass(frozen=True, eq=False)
class ConvexExpansion:
    """Losses at one point each, whose Hessians minus ``modulus`` are nowhere negative.

    |g|^2 / modulus bounds 2 (J - min J) and the Newton decrement g^T H^-1 g alike, far from the minimum too: for a
    strongly convex function this is a theorem (Boyd and Vandenberghe, Convex Optimization, eq. 9.9).
    """

    value: FloatArray
    gradient: FloatArray
    product: Callable[[FloatArray, IntArray], FloatArray]
    """``product(vectors, rows)``: the Hessians of these rows times one vector each."""
    scale: FloatArray
    modulus: float

    def gaps(self, rows: IntArray) -> FloatArray:
        bound: FloatArray = np.sum(self.gradient[rows] ** 2, axis=1) / self.modulus
        return bound

    def steps(self, rows: IntArray, forcing: FloatArray) -> FloatArray:
        return conjugate_steps(
            lambda vectors: self.product(vectors, rows), self.gradient[rows], scale=self.scale, forcing=forcing
        )


class PenalizedLosses:
    """J[alpha] = sum_R w (exp(f) - 1) - alpha . sum_D phi + ridge |alpha|^2 of k data sets, for `NumpyNewton`.

    Args:
        points, basis: of the problem.
        sums: sum_D phi, shape (k, r).
        ridge: of the member.
    """

    def __init__(self, points: ReferencePoints, basis: Basis, *, sums: FloatArray, ridge: float) -> None:
        self._points, self._basis, self._sums = points, basis, sums
        # Since w exp(f) is positive, no Hessian has an eigenvalue below 2 ridge.
        self._modulus, self._ridge = 2.0 * ridge, ridge

    @property
    def bounds(self) -> tuple[FloatArray, FloatArray]:
        upper = np.full(self._basis.rank, np.inf)
        return -upper, upper

    def expand(self, params: FloatArray, lanes: IntArray) -> ConvexExpansion:
        """The losses ``lanes`` (k,) at alpha (k, r)."""
        if not np.any(params):
            return self._expand_at_zero(lanes)
        sums, weights = self._sums[lanes], self._points.weights
        tilted = np.empty((weights.size, params.shape[0]))
        value = self._ridge * np.sum(params**2, axis=1) - np.sum(params * sums, axis=1)
        coefficients = self._points.spread(self._basis, params)
        totals = np.zeros(coefficients.shape)
        for piece, rows in self._points.pieces():
            excess = np.expm1(np.minimum(by_panels(piece, coefficients), EXPONENT_LIMIT))
            value += by_panels(weights[None, rows], excess)[0]
            tilted[rows] = weights[rows, None] * (excess + 1.0)
            totals += by_panels(piece.T, tilted[rows])
        gradient = self._modulus * params - sums + self._points.gathered(self._basis, totals)

        def product(vectors: FloatArray, some: IntArray) -> FloatArray:
            coefficients = self._points.spread(self._basis, vectors)
            totals = np.zeros(coefficients.shape)
            for piece, rows in self._points.pieces():
                totals += by_panels(piece.T, tilted[rows][:, some] * by_panels(piece, coefficients))
            return self._modulus * vectors + self._points.gathered(self._basis, totals)

        return self._expansion(value, gradient, product)

    def _expand_at_zero(self, lanes: IntArray) -> ConvexExpansion:
        """At f = 0, where fits start, no event is needed: the Hessian is h + 2 ridge, on the diagonal."""
        gradient, scale = self._basis.mean - self._sums[lanes], self._basis.curvature + self._modulus
        return self._expansion(np.zeros(lanes.size), gradient, lambda vectors, some: vectors * scale)

    def _expansion(
        self, value: FloatArray, gradient: FloatArray, product: Callable[[FloatArray, IntArray], FloatArray]
    ) -> ConvexExpansion:
        scale = self._basis.curvature + self._modulus
        return ConvexExpansion(value, gradient, product, scale, self._modulus)
