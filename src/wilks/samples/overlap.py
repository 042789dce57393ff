"""Do two samples share events?"""

from dataclasses import dataclass

import numpy as np
from scipy import special

from wilks.errors import SampleError
from wilks.samples.precision import Roundings, Table, rounded, to_decimals, to_single
from wilks.samples.rows import Hashes, chance_limit, n_pairs, row_hashes
from wilks.samples.sample import Sample
from wilks.typing import FloatArray, IntArray

_SIGNIFICANT_Z = 5.0
_SIGNIFICANT_P = 1e-5
_MOST_DECIMALS = 6
_ROUNDING = 1e-7  # of single precision
_LEAST_VALUES, _MOST_STEPS, _OFF = 10, 1e6, 0.01


def shared_events(a: Sample, b: Sample) -> int:
    """Number of events of ``b`` that are also in ``a``, beyond what chance explains; 0 if chance explains all.

    An event is shared if all its features are equal at the coarser precision of the two samples (`Table`)
    or, where none is, in single precision. Rows are compared by a 64-bit hash; weights and carried columns are not
    looked at. Integer or rounded features tie by chance, so the rule is:

    - C equal pairs are counted between ``a`` and ``b``, D_a and D_b inside each of them. The chance that two
      independent events tie is s = (D_a + D_b) / (P_a + P_b), P the number of pairs inside a sample, but never less
      than sqrt(D_a D_b / (P_a P_b)), which bounds it if the two densities differ, or than what the steps of the
      stored numbers (float32, float64, decimals) make; and never more than the same root with upper limits on D_a and
      D_b, so that one sample that repeats its own events does not hide what it shares. n_a n_b s pairs are expected.
    - The excess counts if it exceeds 5 standard deviations and has a Poisson probability below 1e-5. The variance of
      C minus its expectation is
      (n_a n_b)^2 [ s / (n_a n_b) + s / (P_a + P_b) + (q - s^2) (1 - 2 u)^2 (1 / n_a + 1 / n_b) ]
      with u = P_a / (P_a + P_b) and q the chance that three independent events tie.
    - Then C minus its expectation is returned: at least 1, at most the number of rows of ``b`` that occur in ``a``.

    For continuous features nothing ties by chance and a single shared event counts. For features with few distinct
    values, or samples that both repeat their own events, sharing cannot be told from chance: 0 then proves nothing.

    Raises:
        SampleError: the samples have different features.

    >>> a = Sample(np.random.default_rng(0).normal(size=(1000, 2)))
    >>> b = Sample(np.vstack([a.events[:3], np.random.default_rng(1).normal(size=(100, 2))]))
    >>> shared_events(a, b), shared_events(a, Sample(b.events[3:]))
    (3, 0)
    """
    return KnownEvents(a).shared_with(b)


def shared_among(rows: FloatArray, counts: IntArray, *, n_events: tuple[int, int]) -> int:
    """`shared_events` of a random part of the different rows of two samples, as far as they are equal to the last bit.

    Counts of pairs are then the same share of those of all rows between the samples as inside them.

    Args:
        rows: different ones, shape (m, d).
        counts: how often each comes in either sample, shape (m, 2).
        n_events: all events of both.

    >>> rows = np.random.default_rng(0).normal(size=(100, 2))
    >>> counts = np.array([[1, 1]] * 5 + [[1, 0]] * 45 + [[0, 1]] * 50)
    >>> shared_among(rows, counts, n_events=(5000, 5500)), shared_among(rows[5:], counts[5:], n_events=(5000, 5500))
    (5, 0)
    """
    first, second = counts.T
    is_in_both = (first > 0) & (second > 0)
    if not np.any(is_in_both):
        return 0
    ties = _Ties(
        n_a=n_events[0],
        n_b=n_events[1],
        n_rows=int(second[is_in_both].sum()),
        pairs_between=float(np.sum(first.astype(np.float64) * second)),
        pairs_in_a=n_pairs(first),
        pairs_in_b=n_pairs(second),
        pooled_triples=_triples(first + second) / 6.0,
    )
    return ties.n_shared if ties.may_exceed_chance and ties.exceeds_chance(_spacing_chance(rows)) else 0


class KnownEvents:
    """A sample that is compared with many others: its part of `shared_events` is found once and kept.

    Args:
        sample: of which 16 bytes an event are kept beside it.
    """

    def __init__(self, sample: Sample) -> None:
        self.sample = sample
        self._table = Table(sample.events)
        self._rows: dict[tuple[Roundings, bool], _Rows] = {}

    def shared_with(self, other: Sample) -> int:
        """`shared_events` of this sample and the other one.

        Raises:
            SampleError: the samples have different features.
        """
        if self.sample.features != other.features:
            raise SampleError(
                "samples must have the same features in the same order to be compared, "
                f"but these have {', '.join(self.sample.features)} and {', '.join(other.features)}"
            )
        if not self.sample.n_events or not other.n_events:
            return 0
        ours, theirs = self._table.shared_precision(other.events)
        events = rounded(other.events, theirs)
        return self._n_shared(events, ours, is_single=False) or self._n_shared(events, ours, is_single=True)

    def _n_shared(self, others: FloatArray, roundings: Roundings, *, is_single: bool) -> int:
        others = to_single(others) if is_single else others
        ties = self._rows_of(roundings, is_single=is_single).ties(row_hashes(others))
        if ties is None or not ties.may_exceed_chance:
            return 0
        own = self._events(roundings, is_single=is_single)
        return ties.n_shared if ties.exceeds_chance(_spacing_chance(np.vstack([own, others]))) else 0

    def _rows_of(self, roundings: Roundings, *, is_single: bool) -> "_Rows":
        key = roundings, is_single
        if key not in self._rows:
            self._rows[key] = _Rows.of(row_hashes(self._events(roundings, is_single=is_single)))
        return self._rows[key]

    def _events(self, roundings: Roundings, *, is_single: bool) -> FloatArray:
        events = rounded(self.sample.events, roundings)
        return to_single(events) if is_single else events


@dataclass(frozen=True)
class _Ties:
    """Counts of equal pairs between and inside two samples; ``pooled_triples`` of both together."""

    n_a: int
    n_b: int
    n_rows: int
    pairs_between: float
    pairs_in_a: float
    pairs_in_b: float
    pooled_triples: float

    @property
    def possible_in_a(self) -> float:
        return self.n_a * (self.n_a - 1) / 2

    @property
    def possible_in_b(self) -> float:
        return self.n_b * (self.n_b - 1) / 2

    @property
    def possible_inside(self) -> float:
        return max(self.possible_in_a + self.possible_in_b, 1.0)

    @property
    def chance(self) -> float:
        pooled = (self.pairs_in_a + self.pairs_in_b) / self.possible_inside
        product = self.pairs_in_a / max(self.possible_in_a, 1.0) * self.pairs_in_b / max(self.possible_in_b, 1.0)
        limits = chance_limit(self.pairs_in_a, self.possible_in_a) * chance_limit(self.pairs_in_b, self.possible_in_b)
        return float(min(max(pooled, np.sqrt(product)), np.sqrt(limits)))

    @property
    def expected_pairs(self) -> float:
        return self.n_a * self.n_b * self.chance

    @property
    def n_shared(self) -> int:
        """The pairs between the samples that are not expected, and no more than there are rows."""
        return min(self.n_rows, max(1, round(self.pairs_between - self.expected_pairs)))

    @property
    def may_exceed_chance(self) -> bool:
        """False where so many ties are not improbable already at the least chance that there can be."""
        return self._p_value(self.chance) < _SIGNIFICANT_P

    def exceeds_chance(self, least_chance: float) -> bool:
        chance = max(self.chance, least_chance)
        possible, inside = float(self.n_a) * self.n_b, self.possible_inside
        excess = self.pairs_between - possible * chance
        share = self.possible_in_a / inside
        clustering = max(self._chance_of_three() - chance**2, 0.0)
        lumps = clustering * (1 - 2 * share) ** 2 * (1 / self.n_a + 1 / self.n_b)
        deviation = possible * np.sqrt(chance / possible + chance / inside + lumps)
        return bool(excess > _SIGNIFICANT_Z * deviation and self._p_value(chance) < _SIGNIFICANT_P)

    def _p_value(self, chance: float) -> float:
        """That of Poisson's law for as many pairs between the samples; the larger the chance, the larger it is."""
        return float(special.pdtrc(self.pairs_between - 1, float(self.n_a) * self.n_b * chance))

    def _chance_of_three(self) -> float:
        total = float(self.n_a + self.n_b)
        return self.pooled_triples / max(total * (total - 1) * (total - 2) / 6, 1.0)


@dataclass(frozen=True, eq=False)
class _Rows:
    """The different rows of a sample of n.

    Args:
        n: rows, equal ones included.
        hashes: of the different rows, rising, shape (m,).
        several: which of these come more than once, rising, and ``times`` how often, each (k,).
    """

    n: int
    hashes: Hashes
    several: IntArray
    times: IntArray

    @classmethod
    def of(cls, hashes: Hashes) -> "_Rows":
        different, counts = np.unique(hashes, return_counts=True)
        several = np.flatnonzero(counts > 1)
        return cls(hashes.size, different, several, counts[several])

    def ties(self, others: Hashes) -> _Ties | None:
        """With the rows of another sample (n,); None if there are none."""
        different, counts = np.unique(others, return_counts=True)
        place = np.minimum(np.searchsorted(self.hashes, different), self.hashes.size - 1)
        is_here = self.hashes[place] == different
        if not np.any(is_here):
            return None
        here, there = self._counts(place[is_here]), counts[is_here]
        pooled = _triples(self.times) - _triples(here) + _triples(here + there) + _triples(counts[~is_here])
        return _Ties(
            n_a=self.n,
            n_b=others.size,
            n_rows=int(there.sum()),
            pairs_between=float(np.sum(here.astype(np.float64) * there)),
            pairs_in_a=n_pairs(self.times),
            pairs_in_b=n_pairs(counts),
            pooled_triples=pooled / 6.0,
        )

    def _counts(self, rows: IntArray) -> IntArray:
        """How often these of the different rows come, shape (k,)."""
        counts = np.ones(rows.size, dtype=np.int64)
        if self.several.size:
            place = np.minimum(np.searchsorted(self.several, rows), self.several.size - 1)
            is_several = self.several[place] == rows
            counts[is_several] = self.times[place[is_several]]
        return counts


def _triples(counts: IntArray) -> float:
    """Six times the number of triples of equal rows."""
    number = counts.astype(np.float64)
    return float(np.sum(number * (number - 1) * (number - 2)))


def _spacing_chance(events: FloatArray) -> float:
    """Chance of a tie that the steps of the values alone make, all features together.

    The step of a feature is the largest of that of its floating-point numbers, its last decimal, up to six, and the
    least difference of values that are whole multiples of it.
    """
    chance = 1.0
    for column in events.T:
        low, high = np.quantile(column, (0.25, 0.75))
        width = 2.0 * float(high - low)
        chance *= min(1.0, _step(column) / width) if width > 0 else 1.0
    return chance


def _step(column: FloatArray) -> float:
    is_single = np.array_equal(to_single(column), column)
    with np.errstate(over="ignore"):
        spacing = float(np.median(np.spacing(np.abs(column.astype(np.float32) if is_single else column))))
    return max(spacing, _decimal(column), _unit(np.unique(column)))


def _decimal(column: FloatArray) -> float:
    """The last decimal that the values have; 0 beyond six."""
    for n in range(_MOST_DECIMALS + 1):
        if np.all(np.abs(to_decimals(column, n) - column) <= _ROUNDING * np.abs(column)):
            return float(10.0**-n)
    return 0.0


def _unit(values: FloatArray) -> float:
    """What different values (k,), rising, are multiples of; 0 if they are of nothing, or fewer than ten."""
    if values.size < _LEAST_VALUES:
        return 0.0
    span = float(values[-1] - values[0])
    n_steps = np.rint(span / float(np.min(np.diff(values))))
    if not n_steps < _MOST_STEPS:
        return 0.0
    multiples = values * (n_steps / span)
    return span / float(n_steps) if np.all(np.abs(multiples - np.rint(multiples)) < _OFF) else 0.0
