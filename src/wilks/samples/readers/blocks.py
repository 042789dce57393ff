"""Rows of a column that a file holds in blocks, each decoded once while they are read in order."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Load = Callable[[int, int], npt.NDArray[Any]]


class Blocks:
    """A column whose rows ``edges[i]`` to ``edges[i + 1]`` are decoded together; the last of these blocks is kept.

    Args:
        edges: first row of each block, and the number of rows, increasing.
        load: the values of the rows from one edge to another.
        least: blocks are joined to at least so many rows.

    >>> loaded = []
    >>> column = Blocks([0, 2, 4, 6], lambda start, stop: (loaded.append(start), np.arange(start, stop))[1], least=1)
    >>> [column.rows(start, start + 1).tolist() for start in range(3)], loaded
    ([[0], [1], [2]], [0, 2])
    """

    def __init__(self, edges: Sequence[int], load: Load, *, least: int) -> None:
        self._edges, self._load = _joined(edges, least), load
        self._number, self._values = -1, np.empty(0)

    def rows(self, start: int, stop: int) -> npt.NDArray[Any]:
        """The values of the rows from ``start`` to ``stop``, copied."""
        first, last = (int(np.searchsorted(self._edges, row, side="right")) - 1 for row in (start, stop - 1))
        parts = [self._part(number, start, stop) for number in range(first, last + 1)]
        return np.concatenate(parts) if len(parts) > 1 else parts[0].copy()

    def _part(self, number: int, start: int, stop: int) -> npt.NDArray[Any]:
        begin, end = self._edges[number], self._edges[number + 1]
        if number != self._number:
            self._number, self._values = -1, np.empty(0)  # before the next one is made
            self._number, self._values = number, self._load(begin, end)
        return self._values[max(start - begin, 0) : stop - begin]


def _joined(edges: Sequence[int], least: int) -> list[int]:
    result = [edges[0]]
    for edge in edges[1:-1]:
        if edge - result[-1] >= least:
            result.append(edge)
    return [*result, *edges[-1:]]
