"""Members of a comparison from sums over bunches: for the samples as they are, and for drawn labels of the bunches."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from wilks.comparison.blocks import Block
from wilks.comparison.marginals import N_CELLS as FINE_CELLS
from wilks.comparison.nulls import Drawn, Relabelling
from wilks.comparison.row_maps import RowMap
from wilks.comparison.statistics import ComparisonStatistics, Scores
from wilks.comparison.streamed.sums import BunchSums, Counts
from wilks.comparison.streamed.work import Work
from wilks.comparison.where import N_CELLS, CellContents, Interval, most_discrepant_cells
from wilks.typing import FloatArray, IntArray

_AT_ONCE, _MOST_NUMBERS = 256, 2**22


@dataclass(frozen=True, eq=False)
class StreamedRelabelling(Relabelling):
    """Bunches labelled anew, beside a pool that is a sketch of all rows.

    Args:
        sizes: events of the first sample, and of both.
        n_bunches: of the first sample, and of both.
    """

    sizes: tuple[int, int]
    n_bunches: tuple[int, int]

    @property
    def n_first(self) -> int:
        """n_A."""
        return self.sizes[0]

    @property
    def n_events(self) -> int:
        """n."""
        return self.sizes[1]

    @property
    def n_at_once(self) -> int:
        return _AT_ONCE

    def draw(self, numbers: Sequence[int], *, seed: int) -> Drawn:
        n_first, n = self.n_bunches
        labels = np.zeros(n, dtype=np.uint8)
        labels[:n_first] = 1
        generators = (np.random.Generator(np.random.Philox(key=[seed, number])) for number in numbers)
        return np.stack([rng.permutation(labels) for rng in generators])


@dataclass(frozen=True, eq=False)
class StreamedStatistics(ComparisonStatistics):
    """`ComparisonStatistics` where the rows are bunches.

    Args:
        work: what was summed.
        sums: of the first and of the second sample.
        is_swapped: whether the first one here is the second that was given.
    """

    work: Work
    sums: tuple[BunchSums, BunchSums]
    is_swapped: bool

    @property
    def n_summed(self) -> int:
        return int(self.sums[0].columns.shape[0] + self.sums[1].columns.shape[0] - 2)

    def observed(self) -> Scores:
        first = self.sums[0]
        return self._of_first(np.sum(first.columns, axis=0)[None], _counts(first).sum(axis=0, dtype=np.float64)[None])

    def drawn(self, drawn: Drawn) -> Scores:
        """For labels of the bunches (k, bunches)."""
        labels = drawn.astype(np.float64)
        parts = np.split(labels, [self.sums[0].columns.shape[0] - 1], axis=1)
        return self._of_first(self._labelled(parts, lambda one: one.columns), self._labelled(parts, _counts))

    def interval(self, column: int) -> Interval:
        """In the 128 cells of equal mass of a feature, by the counts of all events."""
        ends = np.append(0, np.cumsum(self.work.places.n_cells))
        own = slice(int(ends[column]), int(ends[column + 1]))
        numbers = self.work.places.distributions[column].numbers
        coarse = numbers * N_CELLS // FINE_CELLS
        starts = np.flatnonzero(np.diff(coarse, prepend=-1))
        first, second = (np.add.reduceat(_counts(one).sum(axis=0)[own], starts).astype(np.float64) for one in self.sums)
        null, total = self.null, first + second
        assert isinstance(null, StreamedRelabelling)
        n_first, n = null.sizes
        low, high = self._limits(column, starts)
        return most_discrepant_cells(
            CellContents(
                sums=first - null.share * total,
                variances=n_first * (n - n_first) / (n * (n - 1.0)) * total,
                in_samples=(second, first) if self.is_swapped else (first, second),
                low=low,
                high=high,
            )
        )

    def _limits(self, column: int, starts: IntArray) -> tuple[FloatArray, FloatArray]:
        """The least and the largest value in each of the coarse cells: of the sketch, and at the ends of all events."""
        known = self.work.places.distributions[column]
        cells = np.searchsorted(starts, known.cells[1::2], side="right") - 1
        firsts = np.searchsorted(cells, np.arange(starts.size))
        low, high = known.values[firsts], known.values[np.append(firsts[1:], cells.size) - 1]
        low[0] = min(one.low[column] for one in self.work.censuses)
        high[-1] = max(one.high[column] for one in self.work.censuses)
        return low, high

    def _of_first(self, columns: FloatArray, cells: FloatArray) -> Scores:
        """From sums over the events of the first sample (k, columns) and (k, cells)."""
        share = self._share
        all_columns, all_cells = self._totals
        columns, cells = columns - share * all_columns, cells - share * all_cells
        first, parts = 0, []
        for block in self.blocks:
            if (one := block.row_map) is None:
                parts.append(cells)
            else:
                parts.append(columns[:, first : first + one.n_columns])
                first += one.n_columns
        return self.scores_of(parts)

    @property
    def _share(self) -> float:
        assert isinstance(self.null, StreamedRelabelling)
        return self.null.share

    @cached_property
    def _totals(self) -> tuple[FloatArray, FloatArray]:
        columns = sum(np.sum(one.columns, axis=0) for one in self.sums)
        cells = sum(_counts(one).sum(axis=0, dtype=np.float64) for one in self.sums)
        return np.asarray(columns), np.asarray(cells)

    def _labelled(self, labels: Sequence[FloatArray], array: Callable[[BunchSums], Counts]) -> FloatArray:
        """Sums over the bunches that are labelled first, and over what keeps that label; some columns at a time."""
        arrays = [array(one) for one in self.sums]
        found = np.empty((labels[0].shape[0], arrays[0].shape[1]))
        step = max(1, _MOST_NUMBERS // self.n_summed)
        for start in range(0, found.shape[1], step):
            some = slice(start, start + step)
            found[:, some] = arrays[0][-1, some]
            for own, one in zip(labels, arrays, strict=True):
                found[:, some] += own @ one[:-1, some].astype(np.float64, copy=False)
        return found


def _counts(sums: BunchSums) -> Counts:
    return sums.cells


def maps_of(blocks: Sequence[Block]) -> tuple[tuple[RowMap, ...], bool]:
    """phi of the blocks that have one, and whether there are some that count rows in cells."""
    maps = [block.row_map for block in blocks]
    return tuple(one for one in maps if one is not None), None in maps
