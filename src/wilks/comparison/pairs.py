"""Members that look at pairs of features: products of Hermite polynomials of their normal scores."""

import numpy as np

from wilks.comparison.blocks import (
    Block,
    Member,
    QuadraticScale,
    mean_and_covariance,
    row_slices,
    square_of_pairs,
    subset,
)
from wilks.comparison.nulls import Null, Traces
from wilks.comparison.row_maps import PairMap, hermite, products
from wilks.significance import strongest_log_p
from wilks.typing import FloatArray, IntArray

_MOST_PRODUCTS, _MOST_EXACT, _MOST_ROWS = 5_000, 800, 100_000


class PairBlock(Block):
    """Products of h_1(y) = y and h_2(y) = (y^2 - 1) / sqrt 2 of the normal scores y of two features.

    With b their sum, z = b / sqrt(Var b) of each product is normal under the null, nearly.

    Two members, t = sum z^2 and t = max z^2.

    Args:
        null: of the rows.
        degree: 1, or 2, which also sees relations that do not rise or fall.
    """

    def __init__(self, null: Null, *, degree: int) -> None:
        values, masses = hermite(null.pool.scores, degree), null.pool.masses
        self._degree, self._means = degree, masses @ values / np.sum(masses)
        self._polynomials = values - self._means
        self._first, self._second = products(null.pool.scores.shape[1], degree)
        self._mean, self._spread = self._moments(null)
        self.members = (Member("all pairs", "pairs"), Member("strongest pair", "pairs"))
        is_exact = self.n_columns <= _MOST_EXACT and null.pool.n_rows <= _MOST_ROWS
        traces = self._traces(null, is_exact=is_exact)
        self.scale = QuadraticScale.of(null, [traces], n_estimated=0 if is_exact else 1)

    @property
    def n_columns(self) -> int:
        return int(self._first.size)

    @property
    def row_map(self) -> PairMap:
        return PairMap(self._degree, self._means)

    def sums(self, coefficients: FloatArray, rows: slice) -> FloatArray:
        product: FloatArray = coefficients @ self._products(rows)
        return product

    def statistics(self, sums: FloatArray) -> FloatArray:
        return self.statistics_at(sums / self._spread)

    def coordinates(self, rows: slice | IntArray) -> FloatArray:
        scaled: FloatArray = self._products(rows) / self._spread
        return scaled

    def statistics_at(self, sums: FloatArray) -> FloatArray:
        squares = sums**2
        return np.column_stack([np.sum(squares, axis=1), np.max(squares, axis=1)])

    def log_p_values(self, t: FloatArray) -> FloatArray:
        total = self.scale.log_p_values(t[:, :1])
        return np.column_stack([total, strongest_log_p(t[:, 1], n=self.n_columns)])

    def _products(self, rows: slice | IntArray) -> FloatArray:
        values = self._polynomials[rows]
        product: FloatArray = values[:, self._first] * values[:, self._second]
        return product

    def _moments(self, null: Null) -> tuple[FloatArray, FloatArray]:
        """Means of the products, and the standard deviations of their sums."""
        masses, variances, n = null.pool.masses, null.variances, self.n_columns
        mean, first, second = np.zeros(n), np.zeros(n), np.zeros(n)
        for rows in row_slices(masses.size, n):
            product = self._products(rows)
            mean, first = mean + masses[rows] @ product, first + variances[rows] @ product
            second += variances[rows] @ product**2
        mean /= np.sum(masses)
        spread = np.sqrt(np.maximum(second - 2.0 * mean * first + np.sum(variances) * mean**2, 0.0))
        return mean, np.where(spread > 1e-9 * np.max(spread), spread, np.inf)

    def _traces(self, null: Null, *, is_exact: bool) -> Traces:
        quartic, masses = 0.0, null.pool.masses
        for rows in row_slices(masses.size, self.n_columns):
            quartic += float(masses[rows] @ np.sum(self._psi(rows) ** 2, axis=1) ** 2)
        square = self._exact_square(null) if is_exact else self._estimated_square(null)
        return Traces(float(np.count_nonzero(np.isfinite(self._spread))), square, quartic)

    def _exact_square(self, null: Null) -> float:
        _, covariance = mean_and_covariance(
            self._psi, size=self.n_columns, masses=null.pool.masses, variances=null.variances
        )
        return float(np.sum(covariance**2))

    def _estimated_square(self, null: Null) -> float:
        psi = self._psi(subset(null))
        return square_of_pairs(psi @ psi.T, null.variances)

    def _psi(self, rows: slice) -> FloatArray:
        psi: FloatArray = (self._products(rows) - self._mean) / self._spread
        return psi


def degree_of_pairs(n_features: int) -> int:
    """The degree that keeps the number of products below 5,000; 0 where even the first is too many.

    >>> degree_of_pairs(1), degree_of_pairs(5), degree_of_pairs(100), degree_of_pairs(200)
    (0, 2, 1, 0)
    """
    n_pairs = n_features * (n_features - 1) // 2
    return next((degree for degree in (2, 1) if 0 < n_pairs * degree**2 <= _MOST_PRODUCTS), 0)
