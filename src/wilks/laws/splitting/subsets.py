"""Subsets of a finite set of events as particles: relabellings of two samples, and toys from a pool.

A relabelling puts n_A of n events into the first sample; a toy takes a Poisson number of events of a pool without
replacement. Both are uniform given their size. A move takes some of the events, the same ones for all particles, and
draws anew which of them are in, from their law given the rest: a permutation of their labels where the size is fixed;
else first how many of them are in,

    P(k of m in | o of the others in) ~ Poisson(o + k) binom(m, k) / binom(M, o + k)
                                      ~ mean^k (M - o - k)! / (k! (m - k)!) .

That keeps the law, and what changes for a thousand particles is one product of matrices.
"""

from typing import Protocol, Self

import numpy as np
import numpy.typing as npt
import scipy.special

from wilks.errors import InputError
from wilks.typing import BoolArray, FloatArray, IntArray

Inside = npt.NDArray[np.int8]
_SPREADS, _MOST_NUMBERS = 12.0, 2**24  # 128 MiB


class Sums(Protocol):
    """t of subsets by sums over their events of coordinates in which it is known."""

    n_items: int

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
        size: how many events are in, if that is fixed; else None.
        mean: of their Poisson number.

    Raises:
        InputError: subsets that do not fit into the M events.
    """

    def __init__(self, sums: Sums, *, size: int | None = None, mean: float = 0.0) -> None:
        self.sums, self._size = sums, size
        self.counts = None if size is not None else PoissonSizes(sums.n_items, mean)
        if size is not None and size > sums.n_items:
            raise InputError(
                f"a subset of {size:,} events must be taken from as many at least, but of {sums.n_items:,}"
            )

    def drawn(self, n: int, rng: np.random.Generator) -> "SubsetParticles":
        """n independent subsets."""
        sizes = np.full(n, self._size) if self.counts is None else self.counts.drawn(n, rng)
        inside = (np.arange(self.sums.n_items) < sizes[:, None]).astype(np.int8)
        rng.permuted(inside, axis=1, out=inside)
        totals = summed(self.sums, inside)
        return SubsetParticles(self, inside, sizes, totals, self.sums.t(totals))


class SubsetParticles:
    """Subsets with their sums and t.

    Args:
        population: that they are of.
        inside: which events are in, shape (n, M).
        sizes: how many are, shape (n,).
        totals: their sums, shape (n, r).
        t: shape (n,).
    """

    def __init__(self, population: Subsets, inside: Inside, sizes: IntArray, totals: FloatArray, t: FloatArray) -> None:
        self._population, self.inside, self.sizes, self.totals, self.t = population, inside, sizes, totals, t

    def picked(self, places: IntArray) -> Self:
        """Copies of those at some places."""
        sums = self.totals[places], self.t[places]
        return type(self)(self._population, self.inside[places], self.sizes[places], *sums)

    def move(self, least: float, *, size: float, rng: np.random.Generator) -> BoolArray:
        """Draw anew which of some events are in; see `wilks.laws.splitting.particles.Particles`."""
        sums, counts = self._population.sums, self._population.counts
        n_moved = int(np.clip(round(size * sums.n_items), min(2, sums.n_items), sums.n_items))
        items = np.sort(rng.choice(sums.n_items, n_moved, replace=False, shuffle=False))
        before = self.inside[:, items]
        n_others = self.sizes - np.sum(before, axis=1, dtype=np.int64)
        after = rng.permuted(before if counts is None else counts.filled(n_others, n_moved, rng=rng), axis=1)
        totals = self.totals + (after - before).astype(np.float64) @ sums.of_items(items)
        t = sums.t(totals)
        taken = t >= least
        places = np.flatnonzero(taken)
        self.inside[places[:, None], items] = after[places]
        self.sizes[places] = n_others[places] + np.sum(after[places], axis=1, dtype=np.int64)
        self.totals[places], self.t[places] = totals[places], t[places]
        return taken


class PoissonSizes:
    """How many of M events are in, a Poisson number.

    Args:
        n_items: M.
        mean: of the number.

    Raises:
        InputError: M is so small that the number may exceed it.
    """

    def __init__(self, n_items: int, mean: float) -> None:
        least = mean + _SPREADS * np.sqrt(mean) + _SPREADS
        if n_items < least:
            raise InputError(
                f"toys of {mean:,.6g} events on average need a pool of at least {least:,.0f}, but {n_items:,} came"
            )
        self._n_items, self._mean = n_items, mean
        self._log_factorials: FloatArray = scipy.special.gammaln(np.arange(n_items + 1.0) + 1.0)

    def drawn(self, n: int, rng: np.random.Generator) -> IntArray:
        """n of them."""
        return np.minimum(rng.poisson(self._mean, n), self._n_items)

    def filled(self, n_others: IntArray, n_moved: int, *, rng: np.random.Generator) -> Inside:
        """As many of the first of ``n_moved`` events as are in, given how many of the others are (n,)."""
        counts = self.given(n_others, n_moved, rng=rng)
        return (np.arange(n_moved) < counts[:, None]).astype(np.int8)

    def given(self, n_others: IntArray, n_moved: int, *, rng: np.random.Generator) -> IntArray:
        """How many of ``n_moved`` events are in, given how many of the others are (n,); shape (n,)."""
        free = self._n_items - n_others
        usual = self._mean * n_moved / self._n_items
        width = int(_SPREADS * np.sqrt(usual) + _SPREADS)
        k = np.arange(max(0, int(usual) - width), min(n_moved, int(usual) + width) + 1)
        logs = self._log_factorials[free[:, None] - k] + (
            k * np.log(self._mean) - self._log_factorials[k] - self._log_factorials[n_moved - k]
        )
        chances = np.cumsum(np.exp(logs - np.max(logs, axis=1, keepdims=True)), axis=1)
        uniform = rng.random(n_others.size) * chances[:, -1]
        drawn: IntArray = k[np.sum(chances < uniform[:, None], axis=1)]
        return drawn


def summed(sums: Sums, inside: Inside) -> FloatArray:
    """Sums over the events that are in, (n, M) of them, shape (n, r)."""
    start = sums.start()
    totals = np.tile(start, (inside.shape[0], 1))
    size = max(1, _MOST_NUMBERS // max(inside.shape[0], start.size))
    for first in range(0, sums.n_items, size):
        items = slice(first, min(first + size, sums.n_items))
        totals += inside[:, items].astype(np.float64) @ sums.of_items(items)
    return totals
