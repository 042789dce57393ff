"""Which descents of a search go on, and which of their ends are finished."""

from typing import NamedTuple

import numpy as np

from wilks.typing import BoolArray, FloatArray, IntArray


class Ends(NamedTuple):
    """Where descents stand: params (s, p); values, n_iterations, is_done (s,), False if given up or out of budget."""

    params: FloatArray
    values: FloatArray
    n_iterations: IntArray
    is_done: BoolArray


def race(values: FloatArray, is_done: BoolArray, *, n_kept: int) -> BoolArray:
    """Which descents go on, shape (s,): of those that are not done, the ``n_kept`` with the lowest values.

    >>> race(np.array([3.0, 1.0, 2.0, 0.0]), np.array([False, False, False, True]), n_kept=2).tolist()
    [False, True, True, False]
    """
    order = np.argsort(np.where(is_done, np.inf, values), kind="stable")
    goes_on = np.zeros(values.shape, dtype=bool)
    goes_on[order[:n_kept]] = True
    return goes_on & ~is_done


def contenders(ends: Ends, *, margin: float, n_polished: int) -> IntArray:
    """Rows of the ends within ``margin`` of the best value, the best first, at most ``n_polished``: shape (c,)."""
    order = np.argsort(ends.values, kind="stable")[:n_polished]
    rows: IntArray = order[ends.values[order] <= ends.values[order[0]] + margin]
    return rows
