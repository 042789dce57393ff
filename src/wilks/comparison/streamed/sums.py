"""Sums over the events of each bunch: exact, so that they are the same in whatever parts they were made.

phi of an event is rounded to a multiple of a number that is just so large that sums of it over all events are exact in
double precision: 2^-31 for two million events, 2^-27 for thirty million. Merging sums is then adding them, in any
order.
"""

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from wilks.comparison.row_maps import Placed, RowMap
from wilks.comparison.streamed.bunches import grid, rounded
from wilks.comparison.streamed.work import Work
from wilks.errors import StoreError
from wilks.storage import Storable, load, save
from wilks.threads import one_blas_thread
from wilks.typing import FloatArray, IntArray

Counts = npt.NDArray[Any]
_TILE = 2**17  # numbers: 1 MiB
_FEWEST_ROWS = 64


@dataclass(frozen=True, eq=False)
class BunchSums(Storable):
    """Sums over the events of some shards of a sample.

    Args:
        identity: of the `Work`.
        which: sample.
        done: the shards.
        columns: sum phi of each bunch, and last of the events in none, shape (bunches + 1, columns).
        cells: how many of these events are in each cell, shape (bunches + 1, cells).
    """

    identity: str
    which: int
    done: tuple[int, ...]
    columns: FloatArray
    cells: Counts
    stored_as: ClassVar[str] = "bunch_sums"

    @classmethod
    def empty(cls, work: Work, which: int) -> "BunchSums":
        """Of no shard."""
        sizes = work.bunches.sizes(which)
        kind = np.promote_types(np.uint16, np.min_scalar_type(int(sizes.max())))
        columns, cells = np.zeros((sizes.size, work.n_columns)), np.zeros((sizes.size, work.n_cells), dtype=kind)
        return cls(work.identity, which, (), columns, cells)

    def take(self, other: "BunchSums") -> "BunchSums":
        """With those of other shards; the arrays of these are changed."""
        np.add(self.columns, other.columns, out=self.columns)
        np.add(self.cells, other.cells, out=self.cells)
        return BunchSums(self.identity, self.which, (*self.done, *other.done), self.columns, self.cells)

    def to_document(self) -> dict[str, Any]:
        return {**vars(self), "done": list(self.done)}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "BunchSums":
        return cls(**{**document, "done": tuple(document["done"])})


def sums_of_shards(
    work: Work, which: int, shards: Sequence[int], *, report: Callable[[int], None] = lambda n: None
) -> Iterator[BunchSums]:
    """The sums of each of the shards, which ascend; tables are read once for all of them.

    Args:
        work: what is summed.
        which: sample.
        shards: numbers.
        report: called with the number of events of each unit.

    Raises:
        SampleError: the rows are no longer those of the first pass, or cannot be read.
    """
    census, units = work.censuses[which], work.shards(which)
    events_of = _events(work, which, [place for shard in shards for place in units[shard]])
    for shard in shards:
        sums = BunchSums.empty(work, which)
        counts = work.counts_of_shards[which][shard]
        divided = work.bunches.of_units(which, shard, counts, work.n_events_of(which, shard))
        for place, (own, order) in zip(units[shard], divided, strict=True):
            events = next(events_of, np.empty((0, 0)))
            census.require_same(place, events)
            _add(sums, work, events[order], own)
            report(int(order.size))
        yield BunchSums(sums.identity, which, (shard,), sums.columns, sums.cells)


def _events(work: Work, which: int, places: Sequence[int]) -> Iterator[FloatArray]:
    """The events of some units, in order."""
    census, sample = work.censuses[which], work.samples[which]
    for table in range(sample.n_tables):
        numbers = [int(census.numbers[place]) for place in places if census.tables[place] == table]
        wanted, last = set(numbers), max(numbers, default=-1)
        for unit in sample.units(table) if numbers else ():
            if unit.number in wanted:
                yield unit.events
            if unit.number == last:
                break


def _add(sums: BunchSums, work: Work, events: FloatArray, counts: IntArray) -> None:
    """Add events that stand in the order of their bunches, which have ``counts`` of them."""
    if not events.size:
        return
    rows, cells = work.places.of_events(events)
    ends = np.cumsum(counts)
    first = 0
    for one in work.maps:
        spacing = grid(work.n_events, one.bound(work.places.largest_score))
        _add_map(sums.columns[:, first : first + one.n_columns], one, rows, ends=ends, spacing=spacing)
        first += one.n_columns
    if work.counts_cells:
        bunch = np.repeat(np.arange(counts.size), counts)
        places = (bunch[:, None] * sums.cells.shape[1] + cells).ravel()
        np.add.at(sums.cells.reshape(-1), places, sums.cells.dtype.type(1))


def _add_map(sums: FloatArray, one: RowMap, rows: Placed, *, ends: IntArray, spacing: float) -> None:
    """phi of some rows at a time, and its sum over those of each bunch."""
    size, n_rows = max(_FEWEST_ROWS, _TILE // one.n_columns), int(ends[-1])
    for first in range(0, n_rows, size):
        last = min(first + size, n_rows)
        values = rounded(one.values(rows.some(slice(first, last))), spacing)
        edges = np.clip(ends, first, last) - first
        starts = np.append(0, edges[:-1])
        bunches = np.flatnonzero(edges > starts)
        sums[bunches] += np.add.reduceat(values, starts[bunches], axis=0)


@one_blas_thread()
def sum_shard(folder: str, identity: str, which: int, shard: int) -> int:
    """The sums of a shard, made in any process and kept in the folder; returns how many events they are of.

    Args:
        folder: with the work, in ``work``.
        identity: of the work.
        which, shard: what to sum.

    Raises:
        SampleError: as of `sums_of_shards`.
        StoreError: another work lies there.
    """
    work = _work(folder, identity)
    (sums,) = sums_of_shards(work, which, [shard])
    save(sums, shard_folder(folder, which, shard))
    return int(work.n_events_of(which, shard).sum())


def shard_folder(folder: str | Path, which: int, shard: int) -> Path:
    """Where the sums of a shard lie."""
    return Path(folder) / "shards" / f"{which}-{shard:02}"


@functools.lru_cache(maxsize=1)
def _work(folder: str, identity: str) -> Work:
    work: Work = load(Path(folder) / "work")
    if work.identity != identity:
        raise StoreError(f"{folder} must hold the work that is asked for, but holds another one; choose a new folder")
    return work
