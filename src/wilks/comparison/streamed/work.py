"""The second pass over both samples: what is summed, and how it is divided into shards that any process can do."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from wilks.comparison.row_maps import RowMap
from wilks.comparison.streamed.bunches import Bunches
from wilks.comparison.streamed.census import Census
from wilks.comparison.streamed.places import RowPlaces
from wilks.documents import canonical_json, split_arrays
from wilks.samples import Stream
from wilks.storage import Storable
from wilks.typing import IntArray

_MOST_SHARDS = 32


@dataclass(frozen=True, eq=False)
class Work(Storable):
    """All that the sums of a comparison are made of: which rows, and functions of one row.

    Args:
        samples: the first and the second one.
        censuses: of both.
        places: coordinates of rows.
        maps: phi of each block that has one.
        counts_cells: whether rows are counted in cells of ranks.
        bunches: of both.
    """

    samples: tuple[Stream, Stream]
    censuses: tuple[Census, Census]
    places: RowPlaces
    maps: tuple[RowMap, ...]
    counts_cells: bool
    bunches: Bunches
    stored_as: ClassVar[str] = "streamed_work"

    @property
    def n_columns(self) -> int:
        """Sums over rows of all maps."""
        return sum(one.n_columns for one in self.maps)

    @property
    def n_cells(self) -> int:
        """Cells of all features."""
        return int(self.places.n_cells.sum()) if self.counts_cells else 0

    @property
    def n_events(self) -> int:
        """Of both samples."""
        return self.censuses[0].n + self.censuses[1].n

    def shards(self, which: int) -> list[range]:
        """The units of each shard of a sample: at most 32 for both, whoever does them."""
        sizes = [one.n_events.size for one in self.censuses]
        step = -(-sum(sizes) // (_MOST_SHARDS - 1))
        return [range(first, min(first + step, sizes[which])) for first in range(0, sizes[which], step)]

    def n_events_of(self, which: int, shard: int) -> IntArray:
        """Of each unit of a shard."""
        units = self.shards(which)[shard]
        return self.censuses[which].n_events[units.start : units.stop]

    @cached_property
    def counts_of_shards(self) -> tuple[IntArray, IntArray]:
        """How many events of each bunch are in each shard, for both samples."""
        totals = ([self.n_events_of(k, s).sum() for s in range(len(self.shards(k)))] for k in (0, 1))
        first, second = (self.bunches.of_shards(k, np.array(found, dtype=np.int64)) for k, found in enumerate(totals))
        return first, second

    @cached_property
    def identity(self) -> str:
        """SHA-256 of everything that the sums depend on, whatever the files are called."""
        arrays: dict[str, Any] = {}
        told = hashlib.sha256(canonical_json(split_arrays(self._numbers(), arrays)).encode())
        for name, array in sorted(arrays.items()):
            told.update(f"{name} {array.dtype} {array.shape}".encode())
            told.update(np.ascontiguousarray(array).tobytes())
        return told.hexdigest()

    def _numbers(self) -> dict[str, Any]:
        return {
            "censuses": [one.to_document() for one in self.censuses],
            "places": self.places.to_document(),
            "maps": [one.to_document() for one in self.maps],
            "counts_cells": self.counts_cells,
            "bunches": list(self.bunches),
        }

    def to_document(self) -> dict[str, Any]:
        return {**self._numbers(), "samples": [one.to_document() for one in self.samples]}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "Work":
        first, second = (Stream.from_document(one) for one in document["samples"])
        census, other = (Census.from_document(one) for one in document["censuses"])
        size, n, rests, seed = document["bunches"]
        return cls(
            samples=(first, second),
            censuses=(census, other),
            places=RowPlaces.from_document(document["places"]),
            maps=tuple(RowMap.from_document(one) for one in document["maps"]),
            counts_cells=document["counts_cells"],
            bunches=Bunches(size, tuple(n), tuple(rests), seed),
        )
