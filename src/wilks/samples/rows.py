"""Rows of a table as numbers that are equal where rows are."""

import numpy as np
import numpy.typing as npt

from wilks.typing import FloatArray

Hashes = npt.NDArray[np.uint64]

_MULTIPLIERS = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))
_INCREMENT = np.uint64(0x9E3779B97F4A7C15)


def row_hashes(events: FloatArray) -> Hashes:
    """One 64-bit number for each row (n, d), equal for equal rows (splitmix64 over the bits, -0.0 as 0.0).

    >>> first, second, third = row_hashes(np.array([[0.0, 1.0], [-0.0, 1.0], [1.0, 0.0]]))
    >>> bool(first == second), bool(first == third)
    (True, False)
    """
    result = np.zeros(events.shape[0], dtype=np.uint64)
    for j in range(events.shape[1]):
        result ^= (events[:, j] + 0.0).view(np.uint64)
        result += _INCREMENT
        result = (result ^ (result >> np.uint64(30))) * _MULTIPLIERS[0]
        result = (result ^ (result >> np.uint64(27))) * _MULTIPLIERS[1]
        result ^= result >> np.uint64(31)
    return result


def row_digest(events: FloatArray) -> str:
    """Hexadecimal digits that are the same for the same rows (n, d) in any order.

    >>> row_digest(np.array([[1.0], [2.0]])) == row_digest(np.array([[2.0], [1.0]]))
    True
    """
    return f"{int(np.sum(row_hashes(events))):016x}"


def n_pairs(counts: npt.NDArray[np.intp]) -> float:
    """Pairs of equal rows, from how often each row occurs."""
    number = counts.astype(np.float64)
    return float(np.sum(number * (number - 1)) / 2)


def chance_limit(pairs: float, possible: float) -> float:
    """Upper limit of about three standard deviations on the chance that two events of one sample tie."""
    return float((pairs + 3.0 * np.sqrt(pairs) + 5.0) / max(possible, 1.0))
