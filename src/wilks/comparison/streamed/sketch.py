"""A few of very many rows, with all of their copies: what is known of a pooled set that does not fit in memory."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from wilks.comparison.pool import Pool
from wilks.samples.rows import Hashes, row_hashes
from wilks.typing import FloatArray, IntArray

MOST_ROWS, _FEWEST_ROWS, _MOST_NUMBERS = 100_000, 20_000, 2**21


@dataclass(frozen=True, eq=False)
class Sketch:
    """The ``size`` distinct rows with the smallest hashes, and how often each occurs in either sample.

    Equal rows share a hash: no copy of a row that is kept was missed, and the sketch is a function of the two sets of
    rows alone, in whatever order and parts they came (a bottom-k sketch; Cohen and Kaplan, PODC 2007). The hash is of
    the values, so that the rows kept are a random subset of the distinct ones.

    Args:
        hashes: ascending, shape (u,).
        rows: shape (u, d).
        counts: of each row in the first and in the second sample, shape (u, 2).
        size: most rows.
        is_whole: whether no row was left out.

    >>> a, b = np.array([[1.0], [2.0], [1.0]]), np.array([[1.0], [5.0]])
    >>> both = Sketch.of(a, which=0).merged(Sketch.of(b, which=1))
    >>> sorted(zip(both.rows.ravel().tolist(), both.counts.tolist()))
    [(1.0, [2, 1]), (2.0, [1, 0]), (5.0, [0, 1])]
    """

    hashes: Hashes
    rows: FloatArray
    counts: IntArray
    size: int
    is_whole: bool = True

    @classmethod
    def of(cls, events: FloatArray, *, which: int, size: int = MOST_ROWS, hashes: Hashes | None = None) -> "Sketch":
        """That of events (m, d) of one sample."""
        counts = np.zeros((events.shape[0], 2), dtype=np.int64)
        counts[:, which] = 1
        found = row_hashes(events) if hashes is None else hashes
        return _lowest(found, events, counts, size=size, is_whole=True)

    def with_events(self, events: FloatArray, *, which: int, hashes: Hashes) -> "Sketch":
        """The same with more events (m, d) of one sample."""
        low = hashes <= self.hashes[-1] if self.hashes.size == self.size else np.ones(hashes.size, dtype=np.bool_)
        more = Sketch.of(events[low], which=which, size=self.size, hashes=hashes[low])
        return self.merged(more, is_whole=bool(low.all()))

    def merged(self, other: "Sketch", *, is_whole: bool = True) -> "Sketch":
        """That of the rows of both; the order of mergers changes nothing."""
        parts = zip((self.hashes, self.rows, self.counts), (other.hashes, other.rows, other.counts), strict=True)
        hashes, rows, counts = (np.concatenate(pair) for pair in parts)
        return _lowest(hashes, rows, counts, size=self.size, is_whole=is_whole and self.is_whole and other.is_whole)

    @property
    def n_effective(self) -> float:
        """(sum m)^2 / sum m^2 over the copies m of each row: as many rows without copies say as much."""
        masses = self.counts.sum(axis=1).astype(np.float64)
        return float(masses.sum() ** 2 / np.sum(masses**2))

    def pool(self, features: tuple[str, ...], *, n_events: int) -> Pool:
        """Its rows as those of a pool whose masses sum to ``n_events``."""
        masses = self.counts.sum(axis=1).astype(np.float64)
        levels = np.empty(self.rows.shape, dtype=np.int64)
        for column, values in zip(levels.T, self.rows.T, strict=True):
            column[:] = np.unique(values, return_inverse=True)[1]
        return Pool(self.rows, masses * (n_events / masses.sum()), levels, features)


def size_for(n_features: int) -> int:
    """How many rows a sketch holds: 100,000, and fewer of more than 20 features.

    >>> size_for(5), size_for(50), size_for(500)
    (100000, 41943, 20000)
    """
    return min(MOST_ROWS, max(_FEWEST_ROWS, _MOST_NUMBERS // n_features))


def _lowest(hashes: Hashes, rows: FloatArray, counts: IntArray, *, size: int, is_whole: bool) -> Sketch:
    """The lowest of distinct hashes with the sums of their counts."""
    order = np.argsort(hashes, kind="stable")
    hashes = hashes[order]
    is_new = np.ones(order.size, dtype=np.bool_)
    is_new[1:] = hashes[1:] != hashes[:-1]
    starts = np.flatnonzero(is_new)
    sums: Any = np.add.reduceat(counts[order], starts, axis=0) if starts.size else counts
    kept = starts[:size]
    first = rows[order[kept]] + 0.0  # one zero for both
    return Sketch(hashes[kept], first, sums[:size], size, is_whole and starts.size <= size)
