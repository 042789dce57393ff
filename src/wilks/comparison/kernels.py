"""Members that are sums of Gaussians over all features: score statistics of kernels."""

import numpy as np
import scipy.linalg

from wilks.comparison.analytic import analytic_log_p, analytic_probability, is_confirmed
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
from wilks.comparison.row_maps import GaussianMap
from wilks.laws import Probability
from wilks.statistics.linear.gaussians import Gaussians
from wilks.typing import FloatArray, IntArray

_NEGLIGIBLE = 1e-8  # of the penalty, on sums of Gaussians that cancel
_ROUNDING = 4e-16  # of the trace of sum v k k^T: of many events it is more


class KernelBlock(Block):
    """t = b^T (H + 2 ridge K)^-1 b with b = sum_i c_i k(x_i), H = Cov b and K_mn = k(z_m, z_n), for each ridge.

    In the basis psi in which H is diag(h) and H + 2 ridge K is 1 for the first ridge, 2 ridge K is diag(1 - h): t of
    every ridge is a sum of squares of sum c psi over s = h + (1 - h) ridge / first ridge.

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
        self._null, self._events, self._gaussians = null, events, gaussians
        self._is_of_scores = events is not null.pool.standardized
        self.members = tuple(_member(kind, gaussians.width, ridge, is_alone=len(ridges) == 1) for ridge in ridges)
        used = null.pool.n_rows if n_rows is None else min(n_rows, null.pool.n_rows)
        masses, variances = null.pool.masses[:used], null.leading_variances(used)
        mean, hessian = mean_and_covariance(self._values, size=self.n_columns, masses=masses, variances=variances)
        penalty = 2.0 * ridges[0] * gaussians.penalty()
        rounding = _ROUNDING * self.n_columns * float(np.sum(variances))
        penalty[np.diag_indices_from(penalty)] += max(2.0 * ridges[0] * _NEGLIGIBLE, rounding)
        self._root = whitening(hessian, penalty)
        curvature, self._turn = scipy.linalg.eigh(whitened(self._root, whitened(self._root, hessian)))
        self._curvature = np.clip(curvature, 0.0, 1.0)
        self._scales = self._curvature + np.array(ridges)[:, None] / ridges[0] * (1.0 - self._curvature)
        more = float(np.sum(null.pool.masses) / np.sum(masses))
        self.traces = tuple(
            Traces(float(np.sum(one)), float(np.sum(one**2)), float(quartic) * more)
            for one, quartic in zip(self._curvature / self._scales, self._quartics(masses, mean), strict=True)
        )
        self.scale = QuadraticScale.of(null, list(self.traces))

    @property
    def n_columns(self) -> int:
        return self._gaussians.n_values

    @property
    def row_map(self) -> GaussianMap:
        rates = np.full(self.n_columns, 0.5 / self._gaussians.width**2)
        return GaussianMap(self._is_of_scores, self._gaussians.centers, rates)

    def spectrum(self, member: int) -> FloatArray:
        """The eigenvalues of H (H + 2 ridge K)^-1: t is a sum of chi-squares with these weights, nearly."""
        found: FloatArray = self._curvature / self._scales[member]
        return found

    def sums(self, coefficients: FloatArray, rows: slice) -> FloatArray:
        product: FloatArray = coefficients @ self._values(rows)
        return product

    def statistics(self, sums: FloatArray) -> FloatArray:
        return self.statistics_at(self._turned(sums))

    def coordinates(self, rows: slice | IntArray) -> FloatArray:
        return self._turned(self._values(rows))

    def statistics_at(self, sums: FloatArray) -> FloatArray:
        squared: FloatArray = sums**2 @ (1.0 / self._scales).T
        return squared

    def log_p_values(self, t: FloatArray) -> FloatArray:
        return self.scale.log_p_values(t)

    def local_log_p(self, t: FloatArray, *, answer: Probability) -> FloatArray:
        """By `analytic_log_p`, whose tail is that of the sum of chi-squares rather than a gamma law's."""
        variances = self.scale.variance.tolist()
        each = zip(t.tolist(), variances, strict=True)
        return np.array([analytic_log_p(q, weights=self.spectrum(j), variance=v)[0] for j, (q, v) in enumerate(each)])

    def analytic(self, t: float) -> Probability | None:
        if not is_confirmed(self._null, self.traces[0].trace):
            return None
        return analytic_probability(t, weights=self.spectrum(0), variance=float(self.scale.variance[0]))

    def _values(self, rows: slice | IntArray) -> FloatArray:
        return self._gaussians.values(self._events[rows])

    def _turned(self, values: FloatArray) -> FloatArray:
        """psi of values (k, m), shape (k, m)."""
        turned: FloatArray = whitened(self._root, values).T @ self._turn
        return turned

    def _quartics(self, masses: FloatArray, mean: FloatArray) -> FloatArray:
        """sum_i m_i |psi_i|^4 of each member."""
        total = np.zeros(len(self.members))
        for rows in row_slices(masses.size, self.n_columns):
            total += masses[rows] @ self.statistics_at(self._turned(self._values(rows) - mean)) ** 2
        return total


def _member(kind: str, width: float, ridge: float, *, is_alone: bool) -> Member:
    name = f"{kind}, width {width:.3g}"
    return Member(name if is_alone else f"{name}, ridge {ridge:g}", kind, width=width)
