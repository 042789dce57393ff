"""Rows of a column that a file holds in blocks, each decoded once while they are read in order."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from wilks import lazy

if TYPE_CHECKING:
    import awkward as ak
else:
    ak = lazy.Module("awkward")

Load = Callable[[int, int], Any]
Join = Callable[[Sequence[Any]], Any]


class Blocks:
    """A column whose rows ``edges[i]`` to ``edges[i + 1]`` are decoded together; the last of these blocks is kept.

    Args:
        edges: first row of each block, and the number of rows, increasing.
        load: the values of the rows from one edge to another, as an array.
        least: blocks are joined to at least so many rows.
        join: makes one array of several, which holds no part of them.

    >>> loaded = []
    >>> column = Blocks([0, 2, 4, 6], lambda start, stop: (loaded.append(start), np.arange(start, stop))[1], least=1)
    >>> [column.rows(start, start + 1).tolist() for start in range(3)], loaded
    ([[0], [1], [2]], [0, 2])
    """

    def __init__(self, edges: Sequence[int], load: Load, *, least: int, join: Join = np.concatenate) -> None:
        self._edges, self._load, self._join = _joined(edges, least), load, join
        self._number, self._values = -1, np.empty(0)

    def rows(self, start: int, stop: int) -> Any:
        """The values of the rows from ``start`` to ``stop``, copied."""
        first, last = (int(np.searchsorted(self._edges, row, side="right")) - 1 for row in (start, stop - 1))
        return self._join([self._part(number, start, stop) for number in range(first, last + 1)])

    def _part(self, number: int, start: int, stop: int) -> Any:
        begin, end = self._edges[number], self._edges[number + 1]
        if number != self._number:
            self._number, self._values = -1, np.empty(0)  # before the next one is made
            self._number, self._values = number, self._load(begin, end)
        return self._values[max(start - begin, 0) : stop - begin]


def joined_lists(parts: Sequence[Any]) -> Any:
    """One awkward array of several, which holds no part of them."""
    return ak.to_packed(ak.concatenate(list(parts)))


def _joined(edges: Sequence[int], least: int) -> list[int]:
    result = [edges[0]]
    for edge in edges[1:-1]:
        if edge - result[-1] >= least:
            result.append(edge)
    return [*result, *edges[-1:]]
