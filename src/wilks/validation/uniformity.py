"""Is p of toys uniform, by the law that answers for data? -2 log p against chi-square(2), and rates at .05 and .01."""

import functools
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.special
import scipy.stats

from wilks.laws import omnibus
from wilks.laws.empirical import Empirical
from wilks.laws.omnibus import SharedLaw, Yardstick
from wilks.significance.printing import probability
from wilks.typing import FloatArray

LEVELS = (0.05, 0.01)
SHIFTS = (0.3, 0.5)
_DOF = 2.0
_N_SEEN = 400
_ORDER = (3, 4)


@dataclass(frozen=True)
class Rate:
    """How often p is at most a level.

    Attributes:
        level: that p should be at most so often.
        count: of toys with such a p.
        p_value: that the count is as far from what is expected, two-sided: beta-binomial where p is counted among
            other toys, else binomial; NaN where these cannot give so small a p.
    """

    level: float
    count: int
    p_value: float

    def to_dict(self, n: int) -> dict[str, Any]:
        """Plain values."""
        rate = self.count / n if math.isfinite(self.p_value) else math.nan
        return {"level": self.level, "rate": rate, "p_value": self.p_value}


@dataclass(frozen=True)
class Uniformity:
    """p of n toys.

    Attributes:
        n: toys with a p.
        shared: what all of these p share.
        p_values: of KS, mean and variance/(2 mean) of -2 log p, and of the count below 0.05, each two-sided.
        p_value: of the smallest of them, by its rank among simulated sets that were counted in the same way.
        rates: at `LEVELS`.
        mean_z: of the normal scores of p: 0 if p is uniform; where it is positive p is too small.
    """

    n: int
    shared: SharedLaw
    p_values: tuple[float, ...]
    p_value: float
    rates: tuple[Rate, ...]
    mean_z: float

    @property
    def rates_text(self) -> str:
        """The rates in words."""
        shown = (
            f"{one.count / self.n:.3f} at {one.level:g}"
            if math.isfinite(one.p_value)
            else f"none at {one.level:g}, out of reach"
            for one in self.rates
        )
        return ", ".join(shown)

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "n": self.n,
            "n_calibration": self.shared.n_calibration,
            "common_z": self.shared.common_z,
            **dict(zip(omnibus.TESTS, self.p_values, strict=True)),
            "together": self.p_value,
            "rates": [one.to_dict(self.n) for one in self.rates],
            "mean_z": self.mean_z,
        }

    def __str__(self) -> str:
        return f"p {probability(self.p_value)}; rates {self.rates_text}"


def in_random_order(null: Empirical, t: FloatArray) -> FloatArray:
    """p of toys (n,), counted among other toys, with those of equal t in a random order: what `uniformity` can judge.

    Where t has an atom, as at 0 in a scan for excesses, p counts all that are equal, and is 1 there. That is valid, and
    not uniform, which is no fault of a law. With a number u for each toy, drawn from a fixed key, and k toys above t,

        p = (k + l + m + 1)/(n + 1),   l of the toys of equal t have a u as large, m of all n failed:

    uniform where t and the others have one distribution, atoms and all. For a t that no other is equal to this is the
    p of `Empirical.p_values`, to the last bit.

    Args:
        null: those that are counted.
        t: none of them NaN, shape (n,).

    >>> null, t = Empirical.of(np.array([0.0, 0.0, 0.0, 2.0])), np.array([0.0, 0.0, 0.0, 1.0])
    >>> null.p_values(t), in_random_order(null, t)
    (array([1. , 1. , 1. , 0.4]), array([0.6, 0.6, 0.6, 0.4]))
    """
    own, others = (
        np.random.Generator(np.random.Philox(key=[n, key])).uniform(size=n)
        for n, key in zip((t.size, null.t.size), _ORDER, strict=True)
    )
    most, least = null.counts(t), null.counts_above(t)
    counts = least.astype(np.float64)
    for row in np.flatnonzero(most > least).tolist():
        equal = others[null.t.size - most[row] : null.t.size - least[row]]
        counts[row] += np.count_nonzero(equal >= own[row])
    return np.asarray((counts + null.n_failed + 1) / (null.n_toys + 1))


def uniformity(p: FloatArray, *, shared: SharedLaw, n_failed: int = 0) -> Uniformity:
    """Compare p-values (n,), as of `in_random_order`, with the uniform distribution.

    -2 log p is chi-square(2) if p is uniform: KS, mean (Fisher's combination), variance and the count below 0.05 are
    looked at together (`wilks.laws.omnibus`). p that were counted among the same toys share what these are off; the
    simulated sets do so, too, and the number of them with p <= a is beta-binomial, not binomial.

    Args:
        p: of toys that the law was not made from.
        shared: that law.
        n_failed: toys of its calibration, all of which it counts, that failed.

    >>> rng = np.random.default_rng(1)
    >>> uniformity(rng.uniform(size=300), shared=SharedLaw()).p_value > 0.05
    True
    """
    yard = _yardstick(p.size, shared)
    found = omnibus.p_values(omnibus.distances(-2.0 * np.log(p)[None], yard), yard)
    rates = tuple(_rate(p, level, n_calibration=shared.n_calibration, n_failed=n_failed) for level in LEVELS)
    mean_z = -float(np.mean(scipy.special.ndtri(np.minimum(p, 1.0 - 0.5 / (2 * p.size)))))
    return Uniformity(
        p.size,
        shared,
        tuple(found[0].tolist()),
        float(omnibus.together(found, yard)[0]),
        rates,
        mean_z,
    )


def _yardstick(n: int, shared: SharedLaw) -> Yardstick:
    return Yardstick(n, _DOF, shared=shared)


def _rate(p: FloatArray, level: float, *, n_calibration: int | None, n_failed: int) -> Rate:
    count = int(np.sum(p <= level * (1.0 + 1e-9)))
    if n_calibration is None:
        law: Any = scipy.stats.binom(p.size, level)
    else:
        rank = math.floor(level * (n_calibration + 1) * (1.0 + 1e-9)) - n_failed
        if rank < 1:
            return Rate(level, count, math.nan)
        law = scipy.stats.betabinom(p.size, rank, n_calibration - n_failed + 1 - rank)
    return Rate(level, count, float(min(1.0, 2.0 * min(law.sf(count - 1), law.cdf(count)))))


@functools.lru_cache(maxsize=32)
def seen_shifts(n: int, shared: SharedLaw, *, size: float) -> tuple[float, ...]:
    """How often n toys with Z too large by each of `SHIFTS` have an omnibus p of at most ``size``: 400 simulated sets.

    Above 500 toys the figures are those of 500: more toys see more.
    """
    limited = _yardstick(min(n, omnibus.LARGEST_SIMULATED), shared)
    rng = np.random.Generator(np.random.Philox(key=[limited.n, 2]))
    shares = []
    for shift in SHIFTS:
        sets = shared.drawn(rng, (_N_SEEN, limited.n), shift=shift)
        p = omnibus.p_values(omnibus.distances(sets, limited), limited)
        shares.append(float(np.mean(omnibus.together(p, limited) <= size)))
    return tuple(shares)
