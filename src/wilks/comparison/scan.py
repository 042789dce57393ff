"""Members that look for a small region in which the samples differ: a scan of local Gaussians."""

import numpy as np
import scipy.linalg
import scipy.special

from wilks.comparison.blocks import Block, Member, mean_and_covariance, row_slices
from wilks.comparison.nulls import Null
from wilks.comparison.row_maps import GaussianMap
from wilks.significance import strongest_log_p
from wilks.statistics.linear.centers import squared_distances
from wilks.typing import FloatArray, IntArray

_N_DRAWS = 400
_SUBSET = 20_000
_FLOOR = 1e-8
_LEAST_EXPONENT = -200.0


class ScanBlock(Block):
    """t = max_m z_m^2 with z_m = b_m / sqrt(Var b_m) and b_m the sum of a Gaussian about a center z_m.

    Each Gaussian is exp(-(x - z)^2 / r^2), r being the distance within which a given number of events lies: narrow
    where events are many. p is that of the largest of independent ones, 1 - (1 - p)^m, with the m that has the median
    of normal variables with the covariance of these.

    Args:
        null: of the rows.
        centers: shape (m, d), standardized.
        n_events: within the distance, of all.
        seed: of the draws that find the number of independent Gaussians.
    """

    def __init__(self, null: Null, centers: FloatArray, *, n_events: float, seed: int) -> None:
        self._events, self._centers = null.pool.standardized, centers
        self._inverse = 1.0 / self._reach(null, n_events)
        self._spread, correlation = self._moments(null)
        self.n_independent = _n_independent(correlation, seed)
        self.members = (Member(f"scan, {n_events:,.0f} events", "scan"),)

    @property
    def n_columns(self) -> int:
        return int(self._centers.shape[0])

    @property
    def row_map(self) -> GaussianMap:
        return GaussianMap(False, self._centers, self._inverse)

    def sums(self, coefficients: FloatArray, rows: slice) -> FloatArray:
        product: FloatArray = coefficients @ self._values(rows)
        return product

    def statistics(self, sums: FloatArray) -> FloatArray:
        return self.statistics_at(sums / self._spread)

    def coordinates(self, rows: slice | IntArray) -> FloatArray:
        scaled: FloatArray = self._values(rows) / self._spread
        return scaled

    def statistics_at(self, sums: FloatArray) -> FloatArray:
        largest: FloatArray = np.max(sums**2, axis=1)
        return largest[:, None]

    def log_p_values(self, t: FloatArray) -> FloatArray:
        return strongest_log_p(t, n=self.n_independent)

    def _values(self, rows: slice | IntArray) -> FloatArray:
        exponents = squared_distances(self._events[rows], self._centers)
        exponents *= -self._inverse
        np.maximum(exponents, _LEAST_EXPONENT, out=exponents)
        return np.exp(exponents, out=exponents)

    def _reach(self, null: Null, n_events: float) -> FloatArray:
        """Squared distances within which so many events lie, by a random subset of the rows, shape (m,)."""
        masses = null.pool.masses[:_SUBSET]
        share = n_events / np.sum(null.pool.masses) * np.sum(masses)
        reach = np.empty(self.n_columns)
        for rows in row_slices(self.n_columns, masses.size):
            squares = squared_distances(self._centers[rows], self._events[:_SUBSET])
            reach[rows] = _within(squares, masses, share)
        return np.maximum(reach, np.max(reach) * 1e-12 + 1e-300)

    def _moments(self, null: Null) -> tuple[FloatArray, FloatArray]:
        """Standard deviations of the sums, and their correlations."""
        masses = null.pool.masses[: 2 * _SUBSET]
        variances = null.leading_variances(masses.size)
        _, covariance = mean_and_covariance(self._values, size=self.n_columns, masses=masses, variances=variances)
        spread = np.sqrt(np.maximum(np.diag(covariance), 1e-300))
        return spread, covariance / np.outer(spread, spread)


def _within(squares: FloatArray, masses: FloatArray, share: float) -> FloatArray:
    """The least value in each row (m, c) with a mass of ``share`` at or below it, shape (m,)."""
    if np.all(masses == 1.0):
        place = min(int(np.ceil(share)), masses.size) - 1
        nearest: FloatArray = np.partition(squares, place, axis=1)[:, place]
        return nearest
    order = np.argsort(squares, axis=1)
    places = np.minimum(np.sum(np.cumsum(masses[order], axis=1) < share, axis=1), masses.size - 1)
    rows = np.arange(places.size)
    found: FloatArray = squares[rows, order[rows, places]]
    return found


def _n_independent(correlation: FloatArray, seed: int) -> float:
    """m with (1 - p)^m = 1/2 at the median of the largest of normal variables with these correlations."""
    root = scipy.linalg.cholesky(correlation + _FLOOR * np.eye(correlation.shape[0]), lower=True)
    normal = np.random.Generator(np.random.Philox(seed)).standard_normal((_N_DRAWS, correlation.shape[0]))
    median = float(np.median(np.max(np.abs(normal @ root.T), axis=1)))
    one = 2.0 * float(scipy.special.ndtr(-median))
    return max(1.0, float(np.log(0.5) / np.log1p(-one)))
