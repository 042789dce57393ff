"""Do two samples share events?"""

from dataclasses import dataclass

import numpy as np
from scipy import special

from wilks.errors import SampleError
from wilks.samples.precision import at_one_precision, to_decimals, to_single
from wilks.samples.rows import Hashes, chance_limit, n_pairs, row_hashes
from wilks.samples.sample import Sample
from wilks.typing import FloatArray

_SIGNIFICANT_Z = 5.0
_SIGNIFICANT_P = 1e-5
_MOST_DECIMALS = 6
_ROUNDING = 1e-7  # of single precision
_LEAST_VALUES, _MOST_STEPS, _OFF = 10, 1e6, 0.01


def shared_events(a: Sample, b: Sample) -> int:
    """Number of events of ``b`` that are also in ``a``, beyond what chance explains; 0 if chance explains all.

    An event is shared if all its features are equal at the coarser precision of the two samples (`at_one_precision`)
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
    if a.features != b.features:
        raise SampleError(
            "samples must have the same features in the same order to be compared, "
            f"but these have {', '.join(a.features)} and {', '.join(b.features)}"
        )
    if not a.n_events or not b.n_events:
        return 0
    first, second = at_one_precision(a.events, b.events)
    single = to_single(first), to_single(second)
    return _n_shared(first, second) or _n_shared(*single)


def _n_shared(a: FloatArray, b: FloatArray) -> int:
    ties = _count_ties(row_hashes(a), row_hashes(b))
    if not ties.n_rows or not ties.exceeds_chance(_spacing_chance(np.vstack([a, b]))):
        return 0
    return min(ties.n_rows, max(1, round(ties.pairs_between - ties.expected_pairs)))


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

    def exceeds_chance(self, least_chance: float) -> bool:
        chance = max(self.chance, least_chance)
        possible, inside = float(self.n_a) * self.n_b, self.possible_inside
        excess = self.pairs_between - possible * chance
        share = self.possible_in_a / inside
        clustering = max(self._chance_of_three() - chance**2, 0.0)
        lumps = clustering * (1 - 2 * share) ** 2 * (1 / self.n_a + 1 / self.n_b)
        deviation = possible * np.sqrt(chance / possible + chance / inside + lumps)
        p_value = special.pdtrc(self.pairs_between - 1, possible * chance)
        return bool(excess > _SIGNIFICANT_Z * deviation and p_value < _SIGNIFICANT_P)

    def _chance_of_three(self) -> float:
        total = float(self.n_a + self.n_b)
        return self.pooled_triples / max(total * (total - 1) * (total - 2) / 6, 1.0)


def _count_ties(a: Hashes, b: Hashes) -> _Ties:
    values, counts_a = np.unique(a, return_counts=True)
    values_b, counts_b = np.unique(b, return_counts=True)
    _, in_a, in_b = np.intersect1d(values, values_b, assume_unique=True, return_indices=True)
    both = counts_a.astype(np.float64)
    both[in_a] += counts_b[in_b]
    only_b = np.delete(counts_b, in_b).astype(np.float64)
    pooled = np.concatenate([both, only_b])
    return _Ties(
        n_a=a.size,
        n_b=b.size,
        n_rows=int(counts_b[in_b].sum()),
        pairs_between=float(np.sum(counts_a[in_a].astype(np.float64) * counts_b[in_b])),
        pairs_in_a=n_pairs(counts_a),
        pairs_in_b=n_pairs(counts_b),
        pooled_triples=float(np.sum(pooled * (pooled - 1) * (pooled - 2)) / 6),
    )


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
