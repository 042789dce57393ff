"""Do the toys follow a chi-square? Five figures with their errors, and one decision."""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.special

from wilks import significance
from wilks.significance.printing import decimals, finite_or_none, plain, probability, table
from wilks.typing import FloatArray

MIN_TOYS = 20
MIN_KS_P_VALUE = 0.01
MIN_TAIL_P_VALUE = 0.01
MAX_PULL = 3.0
TAIL_PROBABILITY = 0.05

_N_SIMULATED = 2000
_LARGEST_SIMULATED = 500


@dataclass(frozen=True)
class Compatibility:
    """How values of t from n toys compare with a chi-square.

    ``mean_error`` = sqrt(2 dof/n) and ``variance_ratio_error`` = sqrt(2 (1 + 3/dof)/n)
    (`wilks.significance.variance_ratio_error`) are the errors that hold if t is
    chi-square(dof). The variance ratio is s^2/(2 mean), s^2 with n - 1.

    ``tail_count`` toys of n lie at or above ``tail_t``, the 95 % quantile of the chi-square;
    ``tail_p_value`` is the two-sided binomial p. Failed toys are in neither mean nor variance;
    for the tail the less favorable of "all below" and "all above" counts.

    If the number of degrees of freedom is the mean of the same toys, the mean cannot disagree
    and is not judged, and the KS and tail p-values would be too large: they are
    then taken from 2,000 simulated sets of n chi-square values (fixed seed), each compared
    with its own mean (Lilliefors' correction). Above 500 toys the distance is scaled by
    sqrt(n) + 0.12 + 0.11/sqrt(n) from sets of 500.

    The decision ``is_compatible`` asks for all of: n >= 20 valid toys, KS p above 0.01, mean
    within 3 errors, variance ratio within 3 errors, tail p above 0.01.
    """

    n_toys: int
    n_failed: int
    degrees_of_freedom: float
    is_estimated_dof: bool
    ks_p_value: float
    mean: float
    mean_error: float
    variance_ratio: float
    variance_ratio_error: float
    tail_t: float
    tail_count: int
    tail_expected: float
    tail_p_value: float

    @property
    def mean_pull(self) -> float:
        """(mean - dof)/error; 0 by construction if the dof is the mean."""
        return (self.mean - self.degrees_of_freedom) / self.mean_error

    @property
    def variance_ratio_pull(self) -> float:
        """(variance ratio - 1)/error."""
        return (self.variance_ratio - 1.0) / self.variance_ratio_error

    @property
    def is_judged(self) -> bool:
        """Whether there are enough valid toys to judge at all."""
        return self.n_toys - self.n_failed >= MIN_TOYS

    @property
    def is_compatible(self) -> bool:
        """Whether the toys are enough and pass every check."""
        return self.is_judged and not self.objections

    @cached_property
    def objections(self) -> tuple[str, ...]:
        """The checks that fail, in words; empty if none does."""
        checks = (
            (self.ks_p_value > MIN_KS_P_VALUE, f"the KS p is {probability(self.ks_p_value)}"),
            (abs(self.mean_pull) < MAX_PULL, f"the mean is {self.mean_pull:+.1f} errors off"),
            (
                abs(self.variance_ratio_pull) < MAX_PULL,
                f"the variance ratio is {self.variance_ratio_pull:+.1f} errors off",
            ),
            (self.tail_p_value > MIN_TAIL_P_VALUE, f"the tail count has a p of {probability(self.tail_p_value)}"),
        )
        return tuple(text for passed, text in checks if not passed)

    @property
    def verdict(self) -> str:
        """The decision in one sentence."""
        name = f"chi-square({plain(self.degrees_of_freedom)})"
        if not self.is_judged:
            n_valid = self.n_toys - self.n_failed
            return f"Not judged against {name}: {MIN_TOYS} valid toys at least are needed, got {n_valid}."
        if self.objections:
            return f"Not compatible with {name}: {', '.join(self.objections)}."
        return f"Compatible with {name} within the errors above."

    def __str__(self) -> str:
        tail_error = math.sqrt(TAIL_PROBABILITY * (1.0 - TAIL_PROBABILITY) * self.n_toys)
        dof_text = f"{plain(self.degrees_of_freedom)}{' (the mean itself)' if self.is_estimated_dof else ''}"
        ks_name = "KS p, corrected" if self.is_estimated_dof else "KS p"
        rows = (
            ("", "toys", "error", "chi-square", "pull or p"),
            ("mean", decimals(self.mean), decimals(self.mean_error), dof_text, _pull(self.mean_pull)),
            (
                "variance/(2 mean)",
                decimals(self.variance_ratio),
                decimals(self.variance_ratio_error),
                "1",
                _pull(self.variance_ratio_pull),
            ),
            (
                f"toys above {decimals(self.tail_t)}",
                str(self.tail_count),
                f"{tail_error:.1f}",
                f"{self.tail_expected:.1f}",
                f"p {probability(self.tail_p_value)}",
            ),
            (ks_name, "", "", "", f"p {probability(self.ks_p_value)}"),
        )
        return table(rows)

    def to_dict(self) -> dict[str, object]:
        """All figures and the decision, ready for JSON."""
        return {
            "n_toys": self.n_toys,
            "n_failed": self.n_failed,
            "degrees_of_freedom": self.degrees_of_freedom,
            "is_estimated_dof": self.is_estimated_dof,
            "ks_p_value": self.ks_p_value,
            "mean": self.mean,
            "mean_error": self.mean_error,
            "variance_ratio": finite_or_none(self.variance_ratio),
            "variance_ratio_error": self.variance_ratio_error,
            "tail_t": self.tail_t,
            "tail_count": self.tail_count,
            "tail_expected": self.tail_expected,
            "tail_p_value": self.tail_p_value,
            "is_compatible": self.is_compatible,
            "verdict": self.verdict,
        }


def judge(t: FloatArray, degrees_of_freedom: float, *, n_failed: int, is_estimated_dof: bool) -> Compatibility:
    """Compare valid values t (k,), beside ``n_failed`` toys without t, with a chi-square.

    Measured false-alarm rate, the chance that toys which do follow the chi-square are called not
    compatible: 2.2 % at 20, 2.0 % at 100, 2.3 % at 400 and 2.2 % at 1,000 toys of chi-square(13);
    2.3 to 2.5 % for chi-square(1), 2.1 % for chi-square(96) (20,000 simulated calibrations each,
    error 0.1 %). With the dof estimated from the same toys: 2.2 % at 20 toys (5,000
    calibrations), 1.9 % at 100 (2,500), 1.5 % at 400 (1,500, error 0.3 %), 1.9 % at 1,000
    (1,000).

    What it can find, as shares of 2,000 simulated calibrations with 13 degrees of freedom: a
    variance ratio of 0.7 in 5 % at 100 toys and 90 % at 400 (by KS alone 2 % and 25 %), 0.84 in
    1 % and 17 %, 1.2 in 12 % and 38 %, 1.5 in 56 % and 99 %. To be compatible is not to be
    a chi-square: the errors say how far the toys may be from one.

    >>> rng = np.random.default_rng(1)
    >>> judge(rng.chisquare(13, size=400), 13.0, n_failed=0, is_estimated_dof=False).is_compatible
    True
    """
    n, dof = int(t.size), degrees_of_freedom
    mean = float(t.mean())
    variance = float(t.var(ddof=1)) if n > 1 else math.nan
    tail_t = significance.chi2_isf(TAIL_PROBABILITY, dof)
    tail_count = significance.count_at_or_above(t, tail_t)
    ks_p, tail_p = (
        _estimated_p_values(t, tail_count, n_failed)
        if is_estimated_dof
        else (
            significance.ks_p_value(t, dof),
            _tail_p_value(tail_count, n, n_failed),
        )
    )
    return Compatibility(
        n_toys=n + n_failed,
        n_failed=n_failed,
        degrees_of_freedom=dof,
        is_estimated_dof=is_estimated_dof,
        ks_p_value=ks_p,
        mean=mean,
        mean_error=math.sqrt(2.0 * dof / n),
        variance_ratio=variance / (2.0 * mean) if mean > 0.0 else math.nan,
        variance_ratio_error=significance.variance_ratio_error(dof, n),
        tail_t=tail_t,
        tail_count=tail_count,
        tail_expected=TAIL_PROBABILITY * (n + n_failed),
        tail_p_value=tail_p,
    )


def _tail_p_value(count: int, n: int, n_failed: int) -> float:
    counts = (count, count + n_failed)
    return min(significance.binomial_p_value(k, n + n_failed, probability=TAIL_PROBABILITY) for k in counts)


def _estimated_p_values(t: FloatArray, tail_count: int, n_failed: int) -> tuple[float, float]:
    """KS and tail p for a dof that is the mean of the same values, by simulation."""
    n, dof = int(t.size), float(t.mean())
    distances, counts = _simulate(min(n, _LARGEST_SIMULATED), dof)
    scale = _ks_scale(n) / _ks_scale(min(n, _LARGEST_SIMULATED))
    n_farther = significance.count_at_or_above(distances, scale * significance.ks_distance(t, dof))
    ks_p = (1 + n_farther) / (distances.size + 1)
    shares = counts / min(n, _LARGEST_SIMULATED) - TAIL_PROBABILITY
    n_all = n + n_failed
    offsets = [k / n_all - TAIL_PROBABILITY for k in (tail_count, tail_count + n_failed)]
    spread = math.sqrt(n_all / min(n, _LARGEST_SIMULATED))
    tail_p = min(_two_sided(shares, offset * spread) for offset in offsets)
    return ks_p, tail_p


def _two_sided(simulated: FloatArray, value: float) -> float:
    """Twice the smaller tail, at most 1."""
    above = 1 + significance.count_at_or_above(simulated, value)
    below = 1 + significance.count_at_or_above(-simulated, -value)
    return min(1.0, 2.0 * min(above, below) / (simulated.size + 1))


def _simulate(n: int, dof: float) -> tuple[FloatArray, FloatArray]:
    """KS distances and tail counts of simulated sets, each against the chi-square of its own mean."""
    rng = np.random.Generator(np.random.Philox(key=n))
    sets = np.sort(rng.chisquare(dof, size=(_N_SIMULATED, n)), axis=1)
    half_means = sets.mean(axis=1, keepdims=True) / 2.0
    cdf = scipy.special.gammainc(half_means, sets / 2.0)
    steps = np.arange(n + 1) / n
    distances = np.maximum((steps[1:] - cdf).max(axis=1), (cdf - steps[:-1]).max(axis=1))
    counts = (cdf >= 1.0 - TAIL_PROBABILITY).sum(axis=1).astype(np.float64)
    return distances, counts


def _ks_scale(n: int) -> float:
    return math.sqrt(n) + 0.12 + 0.11 / math.sqrt(n)


def _pull(value: float) -> str:
    return f"{value:+.1f}"
