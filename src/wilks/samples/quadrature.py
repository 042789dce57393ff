"""Few points in place of many events of one feature, for sums of smooth functions."""

import numpy as np

from wilks.typing import FloatArray, IntArray

_FLAT = 1e-12


def gauss_cells(values: FloatArray, weights: FloatArray, *, width: float) -> tuple[FloatArray, FloatArray]:
    """Points (c,) with weights (c,) in place of events (n,): the Gauss rule of two points in each cell of ``width``.

    The two points and their weights have the sum of weights and the first three moments of the events of the cell
    (Golub and Welsch, Math. Comp. 23 (1969) 221, for two points), so that sum w g(x) is exact for cubics and wrong by
    at most sum w max|g''''| width^4 / 384 otherwise. Both lie among the cell's events and have positive weights. A
    cell of one value keeps it.

    Args:
        values, weights: events (n,) with positive weights.
        width: of the cells [k width, (k + 1) width), in the units of ``values``.

    >>> points, sums = gauss_cells(np.array([0.0, 0.1, 0.4, 3.0]), np.ones(4), width=1.0)
    >>> points.size, round(float(np.sum(sums * points**3)), 12), round(0.1**3 + 0.4**3 + 27, 12)
    (3, 27.065, 27.065)
    """
    cell, sums = _cells(values, weights, width)

    def mean(numbers: FloatArray) -> FloatArray:
        return np.bincount(cell, weights * numbers, minlength=sums.size) / sums

    middle = mean(values)
    away = values - middle[cell]
    variance = mean(away**2)
    is_flat = variance <= (_FLAT * width) ** 2
    skew = mean(away**3) / np.where(is_flat, 1.0, variance)
    half = np.sqrt(0.25 * skew**2 + variance)
    above, below = 0.5 * skew + half, 0.5 * skew - half
    share = np.where(is_flat, 1.0, -below / np.where(is_flat, 1.0, above - below))
    points = np.concatenate([middle + np.where(is_flat, 0.0, above), (middle + below)[~is_flat]])
    return points, np.concatenate([sums * share, (sums * (1.0 - share))[~is_flat]])


def _cells(values: FloatArray, weights: FloatArray, width: float) -> tuple[IntArray, FloatArray]:
    """The number of each event's cell among those that are not empty, and the weight in each of these."""
    _, cell = np.unique(np.floor(values / width), return_inverse=True)
    return cell.astype(np.int64), np.bincount(cell, weights).astype(np.float64)
