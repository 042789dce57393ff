"""Products of matrices whose bits do not depend on how many columns stand side by side.

A BLAS library chooses its order of summation by the shapes. Here every product has 16 columns, those that are missing
being 0, so that a data set has the same sums, and the same t, alone and among others.
"""

import numpy as np

from wilks.typing import FloatArray

PANEL = 16


def by_panels(matrix: FloatArray, columns: FloatArray) -> FloatArray:
    """``matrix`` (n, m) times ``columns`` (m, k), shape (n, k).

    >>> by_panels(np.array([[1.0, 2.0]]), np.array([[3.0, 0.0], [1.0, 1.0]])).tolist()
    [[5.0, 2.0]]
    """
    n_columns = columns.shape[1]
    product = np.empty((matrix.shape[0], n_columns))
    for first in range(0, n_columns, PANEL):
        some = columns[:, first : first + PANEL]
        panel = np.zeros((columns.shape[0], PANEL))
        panel[:, : some.shape[1]] = some
        product[:, first : first + PANEL] = (matrix @ panel)[:, : some.shape[1]]
    return product


def rows_by_panels(rows: FloatArray, matrix: FloatArray) -> FloatArray:
    """``rows`` (k, m) times ``matrix`` (m, n), shape (k, n)."""
    return np.ascontiguousarray(by_panels(matrix.T, rows.T).T)
