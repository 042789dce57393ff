"""Members that are sums of Gaussians over all features: score statistics of kernels."""

import numpy as np
import scipy.linalg

from wilks.comparison.blocks import (
    Block,
    Member,
    QuadraticScale,
    mean_and_covariance,
    row_slices,
    whitened,
    whitening,
)
from wilks.comparison.nulls import Null, Traces
from wilks.statistics.linear.gaussians import Gaussians
from wilks.typing import FloatArray, IntArray

_NEGLIGIBLE = 1e-8  # of the penalty, on sums of Gaussians that cancel


class KernelBlock(Block):
    """t = b^T (H + 2 ridge K)^-1 b with b = sum_i c_i k(x_i), H = Cov b and K_mn = k(z_m, z_n).

    Args:
        null: of the rows.
        gaussians: where they stand, in the coordinates of ``events``.
        events: standardized features, or their normal scores, shape (u, d).
        ridge: of the penalty.
        kind: of its member.
        n_rows: how many rows H and the quartic moment are taken from, as a random subset; None: all.
    """

    def __init__(
        self,
        null: Null,
        gaussians: Gaussians,
        *,
        events: FloatArray,
        ridge: float,
        kind: str = "kernels",
        n_rows: int | None = None,
    ) -> None:
        self._events, self._gaussians = events, gaussians
        self.members = (Member(f"{kind}, width {gaussians.width:.3g}", kind, width=gaussians.width),)
        used = null.pool.n_rows if n_rows is None else min(n_rows, null.pool.n_rows)
        masses, variances = null.pool.masses[:used], null.leading_variances(used)
        mean, hessian = mean_and_covariance(self._values, size=self.n_columns, masses=masses, variances=variances)
        penalty = 2.0 * ridge * gaussians.penalty()
        penalty[np.diag_indices_from(penalty)] += 2.0 * ridge * _NEGLIGIBLE
        self._root = whitening(hessian, penalty)
        half = whitened(self._root, hessian)
        self._whitened_hessian = whitened(self._root, half)
        square = self._whitened_hessian
        quartic = self._quartic(masses, mean) * float(np.sum(null.pool.masses) / np.sum(masses))
        self.traces = Traces(float(np.trace(square)), float(np.sum(square**2)), quartic)
        self.scale = QuadraticScale.of(null, [self.traces])

    @property
    def n_columns(self) -> int:
        return self._gaussians.n_values

    @property
    def spectrum(self) -> FloatArray:
        """The eigenvalues of H (H + 2 ridge K)^-1: t is a sum of chi-squares with these weights, nearly."""
        found: FloatArray = np.maximum(scipy.linalg.eigvalsh(self._whitened_hessian), 0.0)
        return found

    def sums(self, coefficients: FloatArray, rows: slice) -> FloatArray:
        product: FloatArray = coefficients @ self._values(rows)
        return product

    def statistics(self, sums: FloatArray) -> FloatArray:
        return self.statistics_at(whitened(self._root, sums).T)

    def coordinates(self, rows: slice | IntArray) -> FloatArray:
        return whitened(self._root, self._values(rows)).T

    def statistics_at(self, sums: FloatArray) -> FloatArray:
        squares: FloatArray = np.sum(sums**2, axis=1)
        return squares[:, None]

    def log_p_values(self, t: FloatArray) -> FloatArray:
        return self.scale.log_p_values(t)

    def _values(self, rows: slice | IntArray) -> FloatArray:
        return self._gaussians.values(self._events[rows])

    def _quartic(self, masses: FloatArray, mean: FloatArray) -> float:
        """sum_i m_i |psi_i|^4."""
        total = 0.0
        for rows in row_slices(masses.size, self.n_columns):
            values = self._values(rows) - mean
            total += float(masses[rows] @ np.sum(whitened(self._root, values) ** 2, axis=0) ** 2)
        return total
