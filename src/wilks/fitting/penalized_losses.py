"""The loss of a kernel with its penalty, for many data sets at once."""

import numpy as np

from wilks.fitting.features import Features, Reference
from wilks.optimize import Expansion
from wilks.typing import FloatArray, IntArray

_EXPONENT_LIMIT = 700.0


class PenalizedLosses:
    """J[alpha] = sum_R w (exp(f) - 1) - alpha . sum_D phi + ridge |alpha|^2 of k data sets, for `NewtonCG`.

    Args:
        reference, features: of the analysis.
        sums: sum_D phi, shape (k, r).
        ridge: of the kernel.
    """

    def __init__(self, reference: Reference, features: Features, *, sums: FloatArray, ridge: float) -> None:
        self._reference, self._features, self._sums, self._ridge = reference, features, sums, ridge

    @property
    def modulus(self) -> float:
        """2 ridge: no Hessian has a smaller eigenvalue, since w exp(f) is positive."""
        return 2.0 * self._ridge

    def expand(self, params: FloatArray, lanes: IntArray) -> Expansion:
        """The losses ``lanes`` (k,) at alpha (k, r)."""
        if not np.any(params):
            return self._expand_at_zero(lanes)
        sums, weights = self._sums[lanes], self._reference.weights
        tilted = np.empty((weights.size, params.shape[0]))
        value = self._ridge * np.sum(params**2, axis=1) - np.sum(params * sums, axis=1)
        coefficients = self._reference.spread(self._features, params)
        totals = np.zeros_like(coefficients.T)
        for piece, rows in self._reference.pieces(self._features):
            # Where f is so large the loss is rejected anyway.
            excess = np.expm1(np.minimum(piece @ coefficients, _EXPONENT_LIMIT))
            value += weights[rows] @ excess
            tilted[rows] = weights[rows, None] * (excess + 1.0)
            totals += tilted[rows].T @ piece
        gradient = 2.0 * self._ridge * params - sums + self._reference.gathered(self._features, totals)

        def product(vectors: FloatArray, some: IntArray) -> FloatArray:
            coefficients = self._reference.spread(self._features, vectors)
            totals = np.zeros_like(coefficients.T)
            for piece, rows in self._reference.pieces(self._features):
                totals += (tilted[rows][:, some] * (piece @ coefficients)).T @ piece
            return 2.0 * self._ridge * vectors + self._reference.gathered(self._features, totals)

        return Expansion(value, gradient, product)

    def _expand_at_zero(self, lanes: IntArray) -> Expansion:
        """At f = 0, where fits start, no event is needed: the Hessian is h + 2 ridge, on the diagonal."""
        scale = self._features.curvature + self.modulus
        gradient = self._features.mean - self._sums[lanes]
        return Expansion(np.zeros(lanes.size), gradient, lambda vectors, some: vectors * scale)
