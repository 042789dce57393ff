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
from wilks.typing import FloatArray

_NEGLIGIBLE = 1e-8  # of the penalty, on sums of Gaussians that cancel


class KernelBlock(Block):
    """t = b^T (H + 2 ridge K)^-1 b with b = sum_i c_i k(x_i), H = Cov b and K_mn = k(z_m, z_n), for each ridge.

    Args:
        null: of the rows.
        gaussians: where they stand, in the coordinates of ``events``.
        events: standardized features, or their normal scores, shape (u, d).
        ridges: of the penalty; one member each.
        kind: of its members.
        n_rows: how many rows H and the quartic moments are taken from, as a random subset; None: all.
    """

    def __init__(
        self,
        null: Null,
        gaussians: Gaussians,
        *,
        events: FloatArray,
        ridges: tuple[float, ...],
        kind: str = "kernels",
        n_rows: int | None = None,
    ) -> None:
        self._events, self._gaussians = events, gaussians
        self.members = tuple(_member(kind, gaussians.width, ridge, is_alone=len(ridges) == 1) for ridge in ridges)
        used = null.pool.n_rows if n_rows is None else min(n_rows, null.pool.n_rows)
        masses, variances = null.pool.masses[:used], null.leading_variances(used)
        mean, hessian = mean_and_covariance(self._values, size=self.n_columns, masses=masses, variances=variances)
        penalty = gaussians.penalty()
        penalty[np.diag_indices_from(penalty)] += _NEGLIGIBLE
        self._roots = [whitening(hessian, 2.0 * ridge * penalty) for ridge in ridges]
        self._hessians = [whitened(root, whitened(root, hessian)) for root in self._roots]
        more = float(np.sum(null.pool.masses) / np.sum(masses))
        self.traces = tuple(
            Traces(float(np.trace(one)), float(np.sum(one**2)), quartic * more)
            for one, quartic in zip(self._hessians, self._quartics(masses, mean), strict=True)
        )
        self.scale = QuadraticScale.of(null, list(self.traces))

    @property
    def n_columns(self) -> int:
        return self._gaussians.n_values

    def spectrum(self, member: int) -> FloatArray:
        """The eigenvalues of H (H + 2 ridge K)^-1: t is a sum of chi-squares with these weights, nearly."""
        found: FloatArray = np.maximum(scipy.linalg.eigvalsh(self._hessians[member]), 0.0)
        return found

    def sums(self, coefficients: FloatArray, rows: slice) -> FloatArray:
        product: FloatArray = coefficients @ self._values(rows)
        return product

    def statistics(self, sums: FloatArray) -> FloatArray:
        return np.column_stack([np.sum(whitened(root, sums) ** 2, axis=0) for root in self._roots])

    def log_p_values(self, t: FloatArray) -> FloatArray:
        return self.scale.log_p_values(t)

    def _values(self, rows: slice) -> FloatArray:
        return self._gaussians.values(self._events[rows])

    def _quartics(self, masses: FloatArray, mean: FloatArray) -> list[float]:
        """sum_i m_i |psi_i|^4 of each member."""
        totals = np.zeros(len(self._roots))
        for rows in row_slices(masses.size, self.n_columns):
            values = self._values(rows) - mean
            lengths = np.stack([np.sum(whitened(root, values) ** 2, axis=0) for root in self._roots])
            totals += lengths**2 @ masses[rows]
        return [float(total) for total in totals]


def _member(kind: str, width: float, ridge: float, *, is_alone: bool) -> Member:
    name = f"{kind}, width {width:.3g}"
    return Member(name if is_alone else f"{name}, ridge {ridge:g}", kind, width=width)
