"""Do two samples share events?"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

from wilks.errors import SampleError
from wilks.samples.sample import Sample
from wilks.typing import FloatArray

_Hashes = npt.NDArray[np.uint64]

_SIGNIFICANT_Z = 5.0
_SIGNIFICANT_P = 1e-3
_REPEATED = 10.0
_MULTIPLIERS = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))
_INCREMENT = np.uint64(0x9E3779B97F4A7C15)


def shared_events(a: Sample, b: Sample) -> int:
    """Number of events of ``b`` that are also in ``a``, beyond what chance explains; 0 if chance explains all.

    An event is shared if all its features are equal bit by bit (rows are compared by a 64-bit hash; weights and
    carried columns are not looked at). Integer or rounded features tie by chance, so the rule is:

    - C equal pairs are counted between ``a`` and ``b``, D_a and D_b inside each of them. The chance that two
      independent events tie is s = (D_a + D_b) / (P_a + P_b), P the number of pairs inside a sample, but never less
      than sqrt(D_a D_b / (P_a P_b)), which bounds it if the two densities differ, or than what the spacing of the
      stored numbers (float32 or float64) makes; and never more than the same root with upper limits on D_a and D_b,
      so that one sample that repeats its own events does not hide what it shares. n_a n_b s pairs are expected.
    - The excess counts if it exceeds 5 standard deviations and has a Poisson probability below 1e-3. The variance of
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
    ties = _count_ties(_row_hashes(a.events), _row_hashes(b.events))
    if not ties.n_rows or not ties.exceeds_chance(_spacing_chance(np.vstack([a.events, b.events]))):
        return 0
    return min(ties.n_rows, max(1, round(ties.pairs_between - ties.expected_pairs)))


def repeated_events(sample: Sample, *, like: Sample) -> int:
    """Number of events of ``sample`` that repeat another of its events where those of ``like`` do not.

    0 unless equal pairs inside ``sample`` are more than ten times as frequent as the upper limit inside ``like``, a
    sample of the same variables: rounded or integer features repeat in both.

    >>> clean = Sample(np.random.default_rng(0).normal(size=1000))
    >>> thrice = Sample(np.repeat(clean.events[:100], 3, axis=0))
    >>> repeated_events(thrice, like=clean), repeated_events(clean, like=clean)
    (200, 0)
    """
    hashes, others = _row_hashes(sample.events), _row_hashes(like.events)
    counts, other_counts = (np.unique(x, return_counts=True)[1] for x in (hashes, others))
    limit = _chance_limit(_pairs(other_counts), others.size * (others.size - 1) / 2)
    possible = hashes.size * (hashes.size - 1) / 2
    return int(hashes.size - counts.size) if _pairs(counts) > _REPEATED * limit * possible else 0


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
        limits = _chance_limit(self.pairs_in_a, self.possible_in_a) * _chance_limit(self.pairs_in_b, self.possible_in_b)
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


def _chance_limit(pairs: float, possible: float) -> float:
    """Upper limit of about three standard deviations on the chance that two events of one sample tie."""
    return float((pairs + 3.0 * np.sqrt(pairs) + 5.0) / max(possible, 1.0))


def _count_ties(a: _Hashes, b: _Hashes) -> _Ties:
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
        pairs_in_a=_pairs(counts_a),
        pairs_in_b=_pairs(counts_b),
        pooled_triples=float(np.sum(pooled * (pooled - 1) * (pooled - 2)) / 6),
    )


def _pairs(counts: npt.NDArray[np.intp]) -> float:
    number = counts.astype(np.float64)
    return float(np.sum(number * (number - 1)) / 2)


def _row_hashes(events: FloatArray) -> _Hashes:
    """One 64-bit number for each row, equal for equal rows (splitmix64 over the bits, -0.0 as 0.0)."""
    result = np.zeros(events.shape[0], dtype=np.uint64)
    for j in range(events.shape[1]):
        result ^= (events[:, j] + 0.0).view(np.uint64)
        result += _INCREMENT
        result = (result ^ (result >> np.uint64(30))) * _MULTIPLIERS[0]
        result = (result ^ (result >> np.uint64(27))) * _MULTIPLIERS[1]
        result ^= result >> np.uint64(31)
    return result


def _spacing_chance(events: FloatArray) -> float:
    """Chance of a tie that the spacing of floating-point numbers alone makes, all features together."""
    chance = 1.0
    for column in events.T:
        with np.errstate(over="ignore"):
            single = column.astype(np.float32)
        spacing = np.spacing(np.abs(single)) if np.array_equal(single, column) else np.spacing(np.abs(column))
        low, high = np.quantile(column, (0.25, 0.75))
        width = 2.0 * float(high - low)
        chance *= min(1.0, float(np.median(spacing)) / width) if width > 0 else 1.0
    return chance
