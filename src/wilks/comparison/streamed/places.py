"""Coordinates of any rows by a sketch of the pooled set: standardized features, normal scores and cells of ranks."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import scipy.special

from wilks.comparison.marginals import N_CELLS
from wilks.comparison.pool import Pool
from wilks.comparison.row_maps import Placed
from wilks.samples import Sample, Standardization
from wilks.typing import FloatArray, IntArray


class Distribution(NamedTuple):
    """One feature of a sketch.

    A value that occurs there has the mid-rank that it has there, one between two of them the share of the mass below
    it, and none has a rank nearer to 0 or 1 than half the outermost mid-rank.

    Attributes:
        values: that occur, ascending, shape (v,).
        scores: normal scores, at place 2 i + 1 of the i-th value, at 2 i of what lies before it, shape (2 v + 1,).
        cells: of ranks, likewise.
        numbers: of the cells among `N_CELLS` of equal mass, shape (cells,).
    """

    values: FloatArray
    scores: FloatArray
    cells: IntArray
    numbers: IntArray

    @classmethod
    def of(cls, values: FloatArray, masses: FloatArray) -> "Distribution":
        """That of values (u,) with masses (u,)."""
        known, levels = np.unique(values, return_inverse=True)
        at = np.bincount(levels, weights=masses)
        below = np.append(0.0, np.cumsum(at))
        own = (np.cumsum(at) - 0.5 * at) / np.sum(at)
        ranks = np.empty(2 * known.size + 1)
        ranks[1::2], ranks[::2] = own, below / below[-1]
        ranks = np.clip(ranks, 0.5 * own[0], 0.5 * (1.0 + own[-1]))
        numbers = np.unique(np.floor(own * N_CELLS)).astype(np.int64)
        cells = np.searchsorted(numbers, np.floor(ranks * N_CELLS), side="right") - 1
        return cls(known, np.asarray(scipy.special.ndtri(ranks)), np.maximum(cells, 0).astype(np.int64), numbers)

    def places(self, values: FloatArray) -> IntArray:
        """Where values (r,) stand in the tables."""
        before = np.searchsorted(self.values, values)
        is_known = self.values[np.minimum(before, self.values.size - 1)] == values
        places: IntArray = 2 * before + is_known
        return places


@dataclass(frozen=True, eq=False)
class RowPlaces:
    """The coordinates of a sketch, for any rows.

    Args:
        standardization: that of the sketch.
        distributions: of each feature.
    """

    standardization: Standardization
    distributions: tuple[Distribution, ...]

    @classmethod
    def of(cls, pool: Pool) -> "RowPlaces":
        """Those of a pool."""
        sample = Sample(pool.events, pool.masses, features=pool.features)
        found = tuple(Distribution.of(values, pool.masses) for values in pool.events.T)
        return cls(Standardization.of(sample), found)

    @property
    def largest_score(self) -> float:
        """No score of any row is larger, up to its sign."""
        return max(float(np.max(np.abs(one.scores))) for one in self.distributions)

    @property
    def n_cells(self) -> IntArray:
        """Of each feature, shape (d,)."""
        return np.array([one.numbers.size for one in self.distributions])

    def of_events(self, events: FloatArray) -> tuple[Placed, IntArray]:
        """Coordinates of rows (r, d), and their cells, those of each feature after those of the ones before it."""
        scores, cells = np.empty(events.shape), np.empty(events.shape, dtype=np.int64)
        ends = np.cumsum(self.n_cells)
        for j, one in enumerate(self.distributions):
            places = one.places(events[:, j] + 0.0)
            scores[:, j], cells[:, j] = one.scores[places], one.cells[places]
        return Placed(self.standardization.apply(events), scores), cells + np.append(0, ends[:-1])

    def to_document(self) -> dict[str, Any]:
        """Plain values and arrays."""
        return {
            "standardization": self.standardization.to_dict(),
            "distributions": [one._asdict() for one in self.distributions],
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "RowPlaces":
        """The inverse of `to_document`."""
        found = tuple(Distribution(**one) for one in document["distributions"])
        return cls(Standardization.from_dict(document["standardization"]), found)
