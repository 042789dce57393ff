"""Relabellings as particles: subsets of n events, all of one size, as the first of two samples is of the pooled ones.

A move takes some of the events, the same ones for all particles, and permutes which of them are in. That keeps the law,
and what changes for a thousand particles is one product of matrices.
"""

from typing import Protocol, Self

import numpy as np
import numpy.typing as npt

from wilks.errors import InputError
from wilks.typing import BoolArray, FloatArray, IntArray

Inside = npt.NDArray[np.int8]
_BLOCK_NUMBERS = 2**24  # 128 MiB
_MOST_PARTICLES, _FEWEST_PARTICLES, _NUMBERS, _MOST_NUMBERS = 1_000, 200, 1e7, 2e9


class Sums(Protocol):
    """t of subsets by sums over their events of coordinates in which it is known."""

    n_items: int

    @property
    def whole(self) -> FloatArray | None:
        """Coordinates of all events, (M, r), where they are kept."""

    def of_items(self, items: IntArray | slice) -> FloatArray:
        """Coordinates of some events (m,), shape (m, r)."""

    def start(self) -> FloatArray:
        """What the sum of no event is, shape (r,): minus what is expected, for sums that are 0 on average."""

    def t(self, sums: FloatArray) -> FloatArray:
        """t for sums (k, r), shape (k,)."""


class Subsets:
    """Subsets of M events as a population.

    Args:
        sums: of their coordinates.
        size: how many events are in.

    Raises:
        InputError: there are fewer.
    """

    def __init__(self, sums: Sums, size: int) -> None:
        self.sums, self._size = sums, size
        if size > sums.n_items:
            raise InputError(f"a subset of {size:,} events must come from as many at least, but {sums.n_items:,} came")

    def drawn(self, n: int, rng: np.random.Generator) -> "SubsetParticles":
        """n independent subsets."""
        inside = np.tile((np.arange(self.sums.n_items) < self._size).astype(np.int8), (n, 1))
        rng.permuted(inside, axis=1, out=inside)
        totals = summed(self.sums, inside)
        return SubsetParticles(self.sums, inside, totals, self.sums.t(totals))


class SubsetParticles:
    """Subsets with their t.

    Args:
        sums: of their coordinates.
        inside: which events are in, shape (n, M).
        totals: their sums, shape (n, r).
        t: shape (n,).
    """

    def __init__(self, sums: Sums, inside: Inside, totals: FloatArray, t: FloatArray) -> None:
        self._sums, self.inside, self.totals, self.t = sums, inside, totals, t

    def picked(self, places: IntArray) -> Self:
        """Copies of those at some places."""
        return type(self)(self._sums, self.inside[places], self.totals[places], self.t[places])

    def move(self, least: float, *, size: float, rng: np.random.Generator) -> BoolArray:
        """Permute which of some events are in; see `wilks.laws.splitting.particles.Particles`."""
        n_items = self._sums.n_items
        n_moved = int(np.clip(round(size * n_items), min(2, n_items), n_items))
        items = np.sort(rng.choice(n_items, n_moved, replace=False, shuffle=False))
        before = self.inside[:, items]
        after = rng.permuted(before, axis=1)
        totals = self.totals + (after - before).astype(np.float64) @ self._sums.of_items(items)
        t = self._sums.t(totals)
        taken: BoolArray = t >= least
        places = np.flatnonzero(taken)
        self.inside[places[:, None], items] = after[places]
        self.totals[places], self.t[places] = totals[places], t[places]
        return taken


def summed(sums: Sums, inside: Inside) -> FloatArray:
    """Sums over the events that are in, (n, M) of them, shape (n, r)."""
    start = sums.start()
    totals = np.tile(start, (inside.shape[0], 1))
    size = max(1, _BLOCK_NUMBERS // max(inside.shape[0], start.size))
    for first in range(0, sums.n_items, size):
        items = slice(first, min(first + size, sums.n_items))
        totals += inside[:, items].astype(np.float64) @ sums.of_items(items)
    return totals


def n_particles_for(n_numbers: int) -> int:
    """How many particles a run has, by the coordinates of all events: a share is multiplied for each of them and move.

    Raises:
        InputError: too many numbers.

    >>> n_particles_for(10**6), n_particles_for(4 * 10**7), n_particles_for(10**9)
    (1000, 250, 200)
    """
    if n_numbers > _MOST_NUMBERS:
        raise InputError(
            f"reach needs at most {_MOST_NUMBERS:.0e} numbers, events times features of members, to be done within an "
            f"hour, but {n_numbers:.1e} came; take fewer events, or a model with fewer features"
        )
    return int(max(_FEWEST_PARTICLES, min(_MOST_PARTICLES, _MOST_PARTICLES * _NUMBERS / max(n_numbers, 1))))
