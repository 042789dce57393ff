"""Relabellings of bunches: what is permuted where there are too many events for labels of their own.

Each sample is divided at random into bunches of g events, and the labels of bunches are permuted. These relabellings
are a subgroup of those of all events, so that p is as exact (Hemerik and Goeman, TEST 27 (2018) 811): given the bunches
each of them is as likely as the observed one. A difference with a squared Z is seen in them with Z^2 / (1 + Z^2 / G)
for G bunches, as the difference itself spreads the drawn sums.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from wilks.typing import FloatArray, IntArray

MOST_BUNCHES, FEWEST_BUNCHES = 4_096, 256
_OF_SMALLER, _MOST_BYTES = 10, 2**28
_BUNCHES = 2**63  # beside keys that number relabellings


class Bunches(NamedTuple):
    """How both samples are divided.

    Attributes:
        size: g.
        n: bunches of the first and of the second sample.
        rests: events of either that are in no bunch and keep their label.
        seed: of the division.
    """

    size: int
    n: tuple[int, int]
    rests: tuple[int, int]
    seed: int

    @classmethod
    def of(cls, n_events: tuple[int, int], *, most: int, seed: int) -> "Bunches":
        """As many bunches as are allowed, with 10 or more of the smaller sample.

        >>> Bunches.of((1_000, 30_000), most=64, seed=0)[:3]
        (100, (10, 54), (0, 24600))
        """
        size = max(1, min(-(-sum(n_events) // most), min(n_events) // _OF_SMALLER))
        smaller = min(n_events) // size
        n = tuple(min(one // size, most - smaller) if one > min(n_events) else smaller for one in n_events)
        return cls(size, (n[0], n[1]), (n_events[0] - size * n[0], n_events[1] - size * n[1]), seed)

    def sizes(self, which: int) -> IntArray:
        """Events of each bunch of a sample, and last of what is in none, shape (bunches + 1,)."""
        return np.append(np.full(self.n[which], self.size), self.rests[which]).astype(np.int64)

    def of_shards(self, which: int, n_events: IntArray) -> IntArray:
        """How many events of each bunch are in each of the shards of a sample, which have ``n_events`` (s,).

        A random division: counts without replacement (multivariate hypergeometric), from one shard to the next.
        """
        rng = np.random.Generator(np.random.Philox(key=[self.seed, _BUNCHES + which]))
        return _divided(rng, self.sizes(which), n_events)

    def of_units(
        self, which: int, shard: int, counts: IntArray, n_events: IntArray
    ) -> Iterator[tuple[IntArray, IntArray]]:
        """For each unit of a shard, with ``n_events`` (units,): how many of its events each bunch has, and which.

        Args:
            which, shard: of the units.
            counts: of the shard, as `of_shards` has it.
            n_events: of its units.

        Yields:
            Counts, shape (bunches + 1,), and the events in the order of their bunches.
        """
        rng = np.random.Generator(np.random.Philox(key=[self.seed, _BUNCHES + 2 + 2 * shard + which]))
        for own in _divided(rng, counts, n_events):
            yield own, rng.permutation(int(own.sum()))


def _divided(rng: np.random.Generator, counts: IntArray, n_events: IntArray) -> IntArray:
    """Counts of each part, which sum to ``counts`` (b,), for parts of ``n_events`` (s,); shape (s, b)."""
    left, found = counts.copy(), np.empty((n_events.size, counts.size), dtype=np.int64)
    for row, n in zip(found, n_events.tolist(), strict=True):
        row[:] = rng.multivariate_hypergeometric(left, n, method="marginals")
        left -= row
    return found


def bunches_for(n_columns: int, n_cells: int) -> int:
    """How many bunches fit into 256 MiB, with a number for each column and a small count for each cell.

    >>> bunches_for(4_854, 10_240), bunches_for(10_000, 204_800)
    (4096, 548)
    """
    return int(np.clip(_MOST_BYTES // max(8 * n_columns + 2 * n_cells, 1), FEWEST_BUNCHES, MOST_BUNCHES))


def grid(n_events: int, bound: float) -> float:
    """The spacing to which numbers up to a bound are rounded, so that sums of so many of them have no rounding error.

    >>> grid(2_000_000, 1.0) == 2.0**-31
    True
    """
    return float(2.0 ** (np.ceil(np.log2(n_events * bound)) - 52))


def rounded(values: FloatArray, spacing: float) -> FloatArray:
    """Numbers as multiples of a spacing, in place."""
    shift = 1.5 * 2.0**52 * spacing
    values += shift
    values -= shift
    return values
