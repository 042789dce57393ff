"""Does a sample hold events more than once?"""

from dataclasses import dataclass

import numpy as np
from scipy import special

from wilks.samples.precision import to_single
from wilks.samples.rows import Hashes, chance_limit, n_pairs, row_hashes
from wilks.samples.sample import Sample
from wilks.typing import FloatArray, IntArray

_REPEATED = 10.0
_SIGNIFICANT = 1e-6
_LEAST_ROWS = 20
_FINEST = 2.0**-23
_MOST_COPIES = 5


def repeated_events(sample: Sample, *, like: Sample | None = None) -> int:
    """Number of events of ``sample`` that repeat another of its events, where chance does not explain it; else 0.

    Rows are compared as they are and, where nothing is found, in single precision: a file and its copy in that
    precision make every event come twice. Rounded or integer features tie by chance, so that copies are told by one of

    - ``like``, a sample of the same variables: equal pairs are more than ten times as frequent as its upper limit.
    - All rows come in multiples of one number, with 20 different rows or more.
    - With N_k rows that come k times, events that tie by chance obey E N_(k+1) >= k (E N_k)^2 / ((k + 1) E N_(k-1)),
      the inequality of Cauchy and Schwarz for any law whatever. Too few N_(k+1), with a probability below 1e-6, mean
      that rows come k times for another reason, k = 2 to 5.
    - Rows that come 2 to 5 times, and whose value in some feature is found in them alone, are more than ten times as
      many as its steps make: n (n - 1)/2 times the ratio of its least difference, or of its rounding in single
      precision, to twice its interquartile range. They count unless N_3 is as large as the inequality demands: that
      is so where values come in steps of unknown sizes, but also where events were drawn with replacement, which
      ``like`` alone tells.

    >>> clean = Sample(np.random.default_rng(0).normal(size=1000))
    >>> thrice = Sample(np.repeat(clean.events[:100], 3, axis=0))
    >>> repeated_events(thrice, like=clean), repeated_events(thrice), repeated_events(clean)
    (200, 200, 0)
    """
    others = None if like is None else like.events
    single = None if others is None else to_single(others)
    return _n_repeated(sample.events, others) or _n_repeated(to_single(sample.events), single)


def repeats_among(counts: IntArray) -> int:
    """`repeated_events` of a random part of the different rows of a sample, from how often each of them comes (m,).

    Multiples and the inequality above hold for such a part, too: each N_k is then the same share of its own. Steps of
    values, copies in single precision and other samples are not looked at.

    >>> repeats_among(np.array([2] * 300 + [1] * 700)), repeats_among(np.ones(1000, dtype=int))
    (300, 0)
    """
    rows = _Rows(np.empty(0, dtype=np.int64), counts[counts > 0])
    return rows.n_repeated if rows.come_in_multiples or rows.outnumber_chance else 0


def _n_repeated(events: FloatArray, others: FloatArray | None) -> int:
    hashes = row_hashes(events)
    ordered = np.sort(hashes)
    if not np.any(ordered[1:] == ordered[:-1]):
        return 0
    rows = _Rows.of(hashes)
    is_copied = rows.come_in_multiples or rows.outnumber_chance or rows.outnumber_steps(events)
    if not is_copied and others is not None:
        is_copied = rows.outnumber(row_hashes(others))
    return rows.n_repeated if is_copied else 0


@dataclass(frozen=True, eq=False)
class _Rows:
    """Which of the different rows each event (n,) is, and how often each of them (m,) comes."""

    which: IntArray
    counts: IntArray

    @classmethod
    def of(cls, hashes: Hashes) -> "_Rows":
        _, which, counts = np.unique(hashes, return_inverse=True, return_counts=True)
        return cls(which.astype(np.int64), counts.astype(np.int64))

    @property
    def n_repeated(self) -> int:
        return int(self.counts.sum() - self.counts.size)

    @property
    def possible_pairs(self) -> float:
        return self.which.size * (self.which.size - 1) / 2

    def outnumber(self, others: Hashes) -> bool:
        """Whether equal pairs are far more frequent than in another sample, given by the hashes of its rows."""
        counts = np.unique(others, return_counts=True)[1]
        limit = chance_limit(n_pairs(counts), others.size * (others.size - 1) / 2)
        return n_pairs(self.counts) > _REPEATED * limit * self.possible_pairs

    @property
    def come_in_multiples(self) -> bool:
        return bool(self.counts.size >= _LEAST_ROWS and np.gcd.reduce(self.counts) > 1)

    @property
    def outnumber_chance(self) -> bool:
        """Whether too few rows come k + 1 times for those that come k times."""
        n_times = self._n_times
        for k in range(2, _MOST_COPIES + 1):
            fewer, own = n_times[k - 1], n_times[k]
            least = max(own - 4.0 * np.sqrt(own), 0.0)
            expected = k * least**2 / ((k + 1) * (fewer + 4.0 * np.sqrt(fewer) + 8.0))
            if special.pdtr(n_times[k + 1], expected) < _SIGNIFICANT:
                return True
        return False

    def outnumber_steps(self, events: FloatArray) -> bool:
        """Whether equal rows outnumber what the steps of some feature make."""
        _, once, twice, thrice = self._n_times[:4]
        if thrice > 2.0 * twice**2 / (3.0 * max(once, 1.0)):
            return False
        return any(self._outnumber_steps_of(column) for column in events.T)

    def _outnumber_steps_of(self, values: FloatArray) -> bool:
        low, high = np.quantile(values, (0.25, 0.75))
        width = 2.0 * float(high - low)
        steps = np.diff(np.unique(to_single(values)))
        if not (width > 0 and steps.size):
            return False
        chance = min(1.0, max(float(np.min(steps)) / width, _FINEST))
        alone = self._n_alone(values)
        return bool(special.pdtrc(alone - 1.0, _REPEATED * chance * self.possible_pairs) < _SIGNIFICANT)

    def _n_alone(self, values: FloatArray) -> int:
        """Rows that come 2 to 5 times, and alone have their value in a feature."""
        _, at, counts = np.unique(values, return_inverse=True, return_counts=True)
        in_feature = np.zeros(self.counts.size, dtype=np.int64)
        in_feature[self.which] = counts[at]
        is_alone = (in_feature == self.counts) & (self.counts > 1) & (self.counts <= _MOST_COPIES)
        return int(np.count_nonzero(is_alone))

    @property
    def _n_times(self) -> FloatArray:
        """How many rows come k times, k = 0 to 6."""
        found = np.bincount(np.minimum(self.counts, _MOST_COPIES + 2), minlength=_MOST_COPIES + 3)
        return found[: _MOST_COPIES + 2].astype(np.float64)
