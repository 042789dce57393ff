"""The first pass over a sample: how many events each unit has, what they are like, and a sketch of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from wilks.comparison.streamed.sketch import Sketch
from wilks.errors import SampleError
from wilks.samples import Stream
from wilks.samples.plan import ReadTally
from wilks.samples.rows import Hashes, row_hashes
from wilks.typing import FloatArray, IntArray
from wilks.wording import visible

Digests = npt.NDArray[np.uint64]


@dataclass(frozen=True, eq=False)
class Census:
    """What the first pass over a sample found; its units are those of all tables, one after the other.

    Args:
        tables, numbers: which table a unit is of, and which of its units it is, shape (u,).
        n_events: selected events of each, shape (u,).
        digests: of their values and order, shape (u,).
        low, high: of each feature, shape (d,).
        n_bad: values of each feature that are not finite, shape (d,).
    """

    tables: IntArray
    numbers: IntArray
    n_events: IntArray
    digests: Digests
    low: FloatArray
    high: FloatArray
    n_bad: IntArray

    @property
    def n(self) -> int:
        """All events."""
        return int(np.sum(self.n_events))

    def require_same(self, place: int, events: FloatArray) -> None:
        """Raise unless these are the events that were there.

        Raises:
            SampleError: the file has changed.
        """
        found = digest_of(row_hashes(events))
        if events.shape[0] != self.n_events[place] or found != self.digests[place]:
            raise SampleError(
                "files that are streamed must stay as they are, for they are read twice, but the rows of unit "
                f"{int(self.numbers[place]):,} of table {int(self.tables[place]) + 1} have changed since the first "
                "time; compare again when nobody writes to them"
            )

    def to_document(self) -> dict[str, Any]:
        """Plain values and arrays."""
        return dict(vars(self))

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "Census":
        """The inverse of `to_document`."""
        return cls(**document)


def digest_of(hashes: Hashes) -> np.uint64:
    """One number for rows in their order, from their hashes.

    >>> one, other = (digest_of(np.array(rows, dtype=np.uint64)) for rows in ([3, 4], [4, 3]))
    >>> bool(one == other)
    False
    """
    places = np.arange(1, 2 * hashes.size, 2, dtype=np.uint64)
    return np.uint64(np.sum(hashes * places, dtype=np.uint64))


def looked_at(
    sample: Stream,
    tally: ReadTally,
    sketch: Sketch | None,
    *,
    which: int,
    size: int,
    report: Callable[[], None],
) -> tuple[Census, Sketch]:
    """The census of a sample, and the sketch with its events.

    Args:
        sample: to be read once, as a whole.
        tally: of its rows, that goes on.
        sketch: so far.
        which: 0 for the first sample, 1 for the second.
        size: rows of the sketch.
        report: called after each unit.

    Raises:
        SampleError: it cannot be read.
    """
    d, units = len(sample.names), []
    low, high, n_bad = np.full(d, np.inf), np.full(d, -np.inf), np.zeros(d, dtype=np.int64)
    found = sketch or Sketch.of(np.empty((0, d)), which=which, size=size)
    for table in range(sample.n_tables):
        for unit in sample.units(table, tally):
            hashes = row_hashes(unit.events)
            units.append((table, unit.number, hashes.size, digest_of(hashes)))
            if hashes.size:
                low, high = np.fmin(low, unit.events.min(axis=0)), np.fmax(high, unit.events.max(axis=0))
                n_bad += np.count_nonzero(~np.isfinite(unit.events), axis=0)
                found = found.with_events(unit.events, which=which, hashes=hashes)
            report()
    tables, numbers, n_events = np.array([unit[:3] for unit in units], dtype=np.int64).reshape(-1, 3).T
    digests = np.array([unit[3] for unit in units], dtype=np.uint64)
    return Census(tables, numbers, n_events, digests, low, high, n_bad), found


def require_finite(census: Census, names: tuple[str, ...], *, which: str) -> None:
    """Raise where a feature has values that are no numbers.

    Raises:
        SampleError: with the feature.
    """
    for name, count in zip(names, census.n_bad.tolist(), strict=True):
        if count:
            raise SampleError(
                f"every value of a feature must be finite, but {visible(name)!r} of the {which} sample has {count:,} "
                f"of {census.n:,} that are not; leave such events out by a selection, or the feature out"
            )
