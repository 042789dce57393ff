"""Toys as particles: a Poisson number of events, or a fixed one, of a finite set without replacement.

The events of a toy lie in slots, of which there are more than a toy has events; the others are free. Given the number
of events the slots that they lie in are any, and so are the events. A move empties some slots, the same ones for all
toys, and fills them from their law given the rest: first how many of these m slots of c hold an event,

    P(k of m | o in the others) ~ Poisson(o + k) binom(m, k) / binom(c, o + k) ~ mean^k (c - o - k)! / (k! (m - k)!) ,

then which, and then k events that are not in the toy. With all slots this draws a toy anew; any move keeps the law.
"""

from typing import Any, NamedTuple, Protocol, Self

import numpy as np
import numpy.typing as npt
import scipy.sparse
import scipy.special

from wilks.errors import InputError
from wilks.laws.splitting.subsets import Sums
from wilks.typing import BoolArray, FloatArray, IntArray

Slots = npt.NDArray[np.int32]
_FREE = np.int32(-1)
_SPREADS, _MARGIN = 12.0, 8.0


class Change(NamedTuple):
    """What a move does to toys.

    Attributes:
        slots: of all events before, -1 where free, shape (n, c).
        emptied: which slots are filled anew, shape (m,).
        before, after: what was in them and what is then, shape (n, m).
        size: the share of all slots that they are.
    """

    slots: Slots
    emptied: IntArray
    before: Slots
    after: Slots
    size: float

    @property
    def proposed(self) -> Slots:
        """All slots after the move, shape (n, c)."""
        found = self.slots.copy()
        found[:, self.emptied] = self.after
        return found


class ToyStatistic(Protocol):
    """t of toys, with what is kept of each so that it need not be made from nothing after every move."""

    n_items: int

    def begun(self, slots: Slots, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
        """What is kept (n, r), and t (n,), of toys (n, c)."""

    def moved(self, kept: FloatArray, change: Change, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
        """The same after a move."""


class SlotSums:
    """t by sums over the events of a toy, which are kept: a move adds to them what changes."""

    def __init__(self, sums: Sums) -> None:
        self._sums, self.n_items = sums, sums.n_items

    def begun(self, slots: Slots, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
        """Sums over all events, and t."""
        totals = self._sums.start() + self._summed(slots, np.ones(slots.shape[1]))
        return totals, self._sums.t(totals)

    def moved(self, kept: FloatArray, change: Change, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
        """Sums with what changed, and t."""
        signs = np.repeat([1.0, -1.0], change.emptied.size)
        totals = kept + self._summed(np.concatenate([change.after, change.before], axis=1), signs)
        return totals, self._sums.t(totals)

    def _summed(self, slots: Slots, signs: FloatArray) -> FloatArray:
        """Sums of the coordinates in slots with a sign for each column (c,), shape (n, r)."""
        is_taken = slots >= 0
        ends = np.append(0, np.cumsum(np.count_nonzero(is_taken, axis=1)))
        items, coordinates = slots[is_taken].astype(np.int64), self._sums.whole
        if coordinates is None:
            wanted, items = np.unique(items, return_inverse=True)
            coordinates = self._sums.of_items(wanted)
        data = np.broadcast_to(signs, slots.shape)[is_taken]
        table: Any = scipy.sparse.csr_matrix((data, items, ends), shape=(slots.shape[0], coordinates.shape[0]))
        product: FloatArray = table @ coordinates
        return product


class SlotPopulation:
    """Toys as a population.

    Args:
        statistic: of toys.
        size: how many events a toy has, if that is fixed; else None.
        mean: of their Poisson number.

    Raises:
        InputError: the set of events is so small that it may not be enough for a toy.
    """

    def __init__(self, statistic: ToyStatistic, *, size: int | None = None, mean: float = 0.0) -> None:
        self.statistic, self._size, self._mean = statistic, size, mean
        least = mean + _MARGIN * np.sqrt(mean) + _MARGIN if size is None else size
        if statistic.n_items < least:
            raise InputError(
                f"toys need a pool of at least {least:,.0f} events for splitting, but {statistic.n_items:,} came; "
                "enlarge the pool"
            )
        self.n_slots = min(statistic.n_items, int(mean + _SPREADS * np.sqrt(mean) + _SPREADS)) if size is None else size
        self._log_factorials: FloatArray = scipy.special.gammaln(np.arange(self.n_slots + 1.0) + 1.0)

    def drawn(self, n: int, rng: np.random.Generator) -> "ToyParticles":
        """n independent toys."""
        is_inside = np.zeros((n, self.statistic.n_items), dtype=bool)
        slots = self.filled(np.zeros(n, dtype=np.int64), self.n_slots, is_inside, rng=rng)
        return ToyParticles(self, slots, is_inside, *self.statistic.begun(slots, rng))

    def filled(self, n_others: IntArray, n_moved: int, is_inside: BoolArray, *, rng: np.random.Generator) -> Slots:
        """New contents of ``n_moved`` slots, given how many events the others hold (n,), and which (n, M).

        They are among those that are inside then.
        """
        if self._size is None:
            counts = self.given(n_others, n_moved, rng=rng)
            is_taken = rng.permuted(np.arange(n_moved) < counts[:, None], axis=1)
        else:
            is_taken = np.ones((n_others.size, n_moved), dtype=bool)
        return distinct_events(is_taken, is_inside, rng=rng)

    def given(self, n_others: IntArray, n_moved: int, *, rng: np.random.Generator) -> IntArray:
        """How many of ``n_moved`` slots are taken, given how many of the others are (n,); shape (n,)."""
        free = self.n_slots - n_others
        usual = self._mean * n_moved / self.n_slots
        width = int(_SPREADS * np.sqrt(usual) + _SPREADS)
        k = np.arange(max(0, int(usual) - width), min(n_moved, int(usual) + width) + 1)
        logs = self._log_factorials[free[:, None] - k] + (
            k * np.log(self._mean) - self._log_factorials[k] - self._log_factorials[n_moved - k]
        )
        chances = np.cumsum(np.exp(logs - np.max(logs, axis=1, keepdims=True)), axis=1)
        uniform = rng.random(n_others.size) * chances[:, -1]
        drawn: IntArray = k[np.sum(chances < uniform[:, None], axis=1)]
        return drawn


class ToyParticles:
    """Toys with their t.

    Args:
        population: that they are of.
        slots: which event of the set each holds, -1 for none, shape (n, c).
        is_inside: which events are in a toy, shape (n, M).
        kept: by the statistic, shape (n, r).
        t: shape (n,).
    """

    def __init__(
        self, population: SlotPopulation, slots: Slots, is_inside: BoolArray, kept: FloatArray, t: FloatArray
    ) -> None:
        self._population, self.slots, self._is_inside, self.kept, self.t = population, slots, is_inside, kept, t

    def picked(self, places: IntArray) -> Self:
        """Copies of those at some places."""
        last = self.kept[places], self.t[places]
        return type(self)(self._population, self.slots[places], self._is_inside[places], *last)

    def move(self, least: float, *, size: float, rng: np.random.Generator) -> BoolArray:
        """Fill some slots anew; see `wilks.laws.splitting.particles.Particles`."""
        n_slots = self.slots.shape[1]
        n_moved = int(np.clip(round(size * n_slots), min(2, n_slots), n_slots))
        emptied = rng.choice(n_slots, n_moved, replace=False, shuffle=False)
        before = self.slots[:, emptied]
        n_others = np.count_nonzero(self.slots >= 0, axis=1) - np.count_nonzero(before >= 0, axis=1)
        marked(self._is_inside, before, False)
        after = self._population.filled(n_others, n_moved, self._is_inside, rng=rng)
        change = Change(self.slots, emptied, before, after, n_moved / n_slots)
        kept, t = self._population.statistic.moved(self.kept, change, rng)
        taken: BoolArray = t >= least
        marked(self._is_inside, np.where(taken[:, None], _FREE, after), False)
        marked(self._is_inside, np.where(taken[:, None], _FREE, before), True)
        places = np.flatnonzero(taken)
        self.slots[places[:, None], emptied] = after[places]
        self.kept[places], self.t[places] = kept[places], t[places]
        return taken


def marked(is_inside: BoolArray, slots: Slots, value: bool) -> None:
    """Set or clear in ``is_inside`` (n, M) what slots (n, m) hold."""
    is_taken = slots >= 0
    rows = np.repeat(np.arange(slots.shape[0]), np.count_nonzero(is_taken, axis=1))
    is_inside[rows, slots[is_taken]] = value


def distinct_events(is_taken: BoolArray, is_inside: BoolArray, *, rng: np.random.Generator) -> Slots:
    """Events for the slots that are taken (n, m), in each row different ones, none of which is inside (n, M).

    They are inside then. What is drawn twice at a time, or is inside already, is drawn again: which slots these are
    says nothing of what is in the others, so that all choices are equally likely.
    """
    found, n_items, flat = np.full(is_taken.shape, _FREE), is_inside.shape[1], is_inside.reshape(-1)
    rows, columns = is_taken.nonzero()
    while rows.size:
        events = rng.integers(0, n_items, rows.size)
        keys = rows * n_items + events
        ordered = np.sort(keys)
        twice = ordered[1:][ordered[1:] == ordered[:-1]]
        before = flat[twice]
        flat[twice] = True
        is_new = ~flat[keys]
        flat[twice] = before
        flat[keys[is_new]] = True
        found[rows[is_new], columns[is_new]] = events[is_new]
        rows, columns = rows[~is_new], columns[~is_new]
    return found
