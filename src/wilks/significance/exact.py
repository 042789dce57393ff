"""Exact tests that need SciPy's distributions, which take a second to import: `wilks.significance` loads them late."""

import bisect
import math

import numpy as np
import scipy.special
import scipy.stats

from wilks.significance.chisquare import ks_distance
from wilks.significance.counts import check_counts
from wilks.typing import FloatArray

_LEAST_P, _NEGLIGIBLE = 1e-290, -40.0
_TIED = 1e-7  # in log: likelihoods that differ by rounding alone, as in `scipy.stats.binomtest`


def ks_p_value(t: FloatArray, dof: float) -> float:
    """Return the two-sided Kolmogorov-Smirnov p of values t (k,) against chi-square(dof).

    The distribution of the distance is the exact one for k values. It is uniform under the
    null hypothesis only if ``dof`` was not taken from the same values.

    >>> round(ks_p_value(np.array([8.0, 11.0, 13.0, 15.0, 20.0]), 13), 3)
    0.978
    """
    values = np.asarray(t, dtype=np.float64)
    return float(scipy.stats.kstwo.sf(ks_distance(values, dof), values.size))


def binomial_p_value(k: int, n: int, *, probability: float) -> float:
    """Return the exact two-sided p of k successes in n trials of known ``probability``.

    Outcomes that are at most as likely as k count (the minimum-likelihood rule).

    >>> round(binomial_p_value(12, 100, probability=0.05), 4)
    0.0043
    """
    check_counts(k, n, 0.5)
    if n == 0:
        return 1.0
    return float(scipy.stats.binomtest(k, n, probability).pvalue)


def binomial_log_p_value(k: int, n: int, *, probability: float) -> float:
    """Return the logarithm of `binomial_p_value`, also where that underflows to 0.

    There the likelihoods from k on, and those on the other side that are no larger, are summed as falling series.

    >>> round(binomial_log_p_value(12, 100, probability=0.05), 4)
    -5.4552
    >>> round(binomial_log_p_value(35_000, 105_000, probability=0.5), 1)
    -5951.0
    """
    p = binomial_p_value(k, n, probability=probability)
    if p > _LEAST_P:
        return math.log(p)
    if k < n * probability:
        k, probability = n - k, 1.0 - probability
    law = scipy.stats.binom(n, probability)
    below = bisect.bisect_right(range(int(n * probability)), law.logpmf(k) + _TIED, key=law.logpmf) - 1
    far = _log_upper_tail(n - below, n, 1.0 - probability) if below >= 0 else -math.inf
    return float(np.logaddexp(_log_upper_tail(k, n, probability), far))


def _log_upper_tail(k: int, n: int, probability: float) -> float:
    """log P(K >= k) for a k above the mean, from the ratios of neighboring likelihoods."""
    odds = probability / (1.0 - probability)
    n_terms = min(n - k, 1 + int(_NEGLIGIBLE / min(math.log(max(n - k, 1) / (k + 1) * odds), -1e-12)))
    j = np.arange(k, k + n_terms)
    terms = np.append(0.0, np.cumsum(np.log((n - j) / (j + 1) * odds)))
    return float(scipy.stats.binom.logpmf(k, n, probability) + scipy.special.logsumexp(terms))
