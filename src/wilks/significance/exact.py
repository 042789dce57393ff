"""Exact tests that need SciPy's distributions, which take a second to import: `wilks.significance` loads them late."""

import numpy as np
import scipy.stats

from wilks.significance.chisquare import ks_distance
from wilks.significance.counts import check_counts
from wilks.typing import FloatArray


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
