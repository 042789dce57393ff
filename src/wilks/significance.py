"""From p to Z and back, binomial intervals, and the tails of a chi-square.

Everything here is one-sided: p is the chance, if the null hypothesis holds, of a value at
least as large as the observed one, and Z is the number of standard deviations above which a
normal variable lies with that chance. Upper tails are computed as upper tails, never as
``1 - cdf``, and where p itself underflows its logarithm is used.
"""

import math

import numpy as np
import scipy.special
import scipy.stats

from wilks.errors import InputError
from wilks.typing import FloatArray

_LOG_SF_SWITCH = -650.0
_FRACTION_STEPS = 10_000


def z_score(p: float) -> float:
    """Return Z with P(normal >= Z) = p.

    Exact to rounding down to the smallest positive float; below that use
    :func:`z_score_from_log`. p = 1 gives ``-inf`` and p = 0 gives ``inf``: no finite Z
    describes either.

    Raises InputError unless 0 <= p <= 1 (NaN is refused too).

    >>> round(z_score(2.866515718791939e-07), 6)
    5.0
    >>> round(z_score(1e-300), 4)
    37.0471
    """
    if not 0.0 <= p <= 1.0:
        raise InputError(f"a p-value must lie between 0 and 1, got {p}")
    return -float(scipy.special.ndtri(p))


def z_score_from_log(log_p: float) -> float:
    """Return Z from the natural logarithm of p, also where p underflows.

    >>> round(z_score_from_log(-5000.0), 3)
    99.945
    """
    if not log_p <= 0.0:
        raise InputError(f"the logarithm of a p-value must be at most 0, got {log_p}")
    return -float(scipy.special.ndtri_exp(log_p))


def p_value(z: float) -> float:
    """Return P(normal >= z), the one-sided p of ``z`` standard deviations.

    >>> f"{p_value(5.0):.4e}"
    '2.8665e-07'
    """
    return float(scipy.special.ndtr(-z))


def log_p_value(z: float) -> float:
    """Return log P(normal >= z), finite far beyond the smallest positive float.

    >>> round(log_p_value(100.0), 3)
    -5005.524
    """
    return float(scipy.special.log_ndtr(-z))


def clopper_pearson(k: int, n: int, *, level: float = 0.68) -> tuple[float, float]:
    """Return the central Clopper-Pearson interval for a probability, from k of n.

    Formula: the lower end is the (1 - level)/2 quantile of Beta(k, n - k + 1), the upper end
    the (1 + level)/2 quantile of Beta(k + 1, n - k); 0 for k = 0 and 1 for k = n. Source:
    Clopper and Pearson, Biometrika 26 (1934) 404. It covers the truth at least as often as
    ``level`` says, for every truth. n = 0 gives (0, 1).

    Raises InputError unless 0 <= k <= n and 0 < level < 1.

    >>> low, high = clopper_pearson(0, 1000)
    >>> low, round(high, 6)
    (0.0, 0.001831)
    """
    _check_counts(k, n, level)
    tail = (1.0 - level) / 2.0
    return _beta_lower(k, n, tail), _beta_upper(k, n, tail)


def clopper_pearson_upper(k: int, n: int, *, level: float = 0.95) -> float:
    """Return the one-sided Clopper-Pearson upper limit for a probability, from k of n.

    >>> round(clopper_pearson_upper(0, 1000), 6)
    0.002991
    """
    _check_counts(k, n, level)
    return _beta_upper(k, n, 1.0 - level)


def exceedance_interval(rank: int, n: int, *, level: float = 0.68) -> tuple[float, float]:
    """Return the central interval of the probability above the ``rank``-th largest of n values.

    For values from any continuous distribution that probability is Beta(rank, n + 1 - rank),
    with mean rank/(n + 1); Wilks, Ann. Math. Stat. 12 (1941) 91.

    Raises InputError unless 1 <= rank <= n and 0 < level < 1.

    >>> low, high = exceedance_interval(20, 399)
    >>> round(low, 4), round(high, 4)
    (0.0392, 0.0608)
    """
    _check_counts(rank, n, level)
    if rank == 0:
        raise InputError("a rank counts from 1, got 0")
    tail = (1.0 - level) / 2.0
    a, b = rank, n + 1 - rank
    return float(scipy.special.betaincinv(a, b, tail)), float(scipy.special.betainccinv(a, b, tail))


def chi2_sf(t: float, dof: float) -> float:
    """Return P(chi-square(dof) >= t); ``dof`` need not be a whole number.

    >>> round(chi2_sf(22.362032, 13), 6)
    0.05
    """
    _check_dof(dof)
    return float(scipy.special.gammaincc(dof / 2.0, max(t, 0.0) / 2.0))


def chi2_log_sf(t: float, dof: float) -> float:
    """Return log P(chi-square(dof) >= t), also where the probability underflows.

    Far in the tail the continued fraction of the incomplete gamma function is used (Abramowitz
    and Stegun 6.5.31, evaluated by Lentz's method).

    >>> round(chi2_log_sf(3000.0, 13), 3)
    -1465.436
    """
    _check_dof(dof)
    a, x = dof / 2.0, max(t, 0.0) / 2.0
    sf = float(scipy.special.gammaincc(a, x))
    if sf > math.exp(_LOG_SF_SWITCH):
        return math.log(sf)
    return -x + a * math.log(x) - math.lgamma(a) + math.log(_gamma_fraction(a, x))


def chi2_isf(p: float, dof: float) -> float:
    """Return t with P(chi-square(dof) >= t) = p.

    >>> round(chi2_isf(0.05, 13), 4)
    22.362
    """
    _check_dof(dof)
    if not 0.0 <= p <= 1.0:
        raise InputError(f"a p-value must lie between 0 and 1, got {p}")
    return 2.0 * float(scipy.special.gammainccinv(dof / 2.0, p))


def chi2_z_score(t: float, dof: float) -> float:
    """Return the Z of t against chi-square(dof), without underflow.

    >>> round(chi2_z_score(60.0, 13), 3)
    5.318
    """
    return z_score_from_log(chi2_log_sf(t, dof))


def ks_distance(t: FloatArray, dof: float) -> float:
    """Return the Kolmogorov-Smirnov distance between values t (k,) and chi-square(dof).

    >>> round(ks_distance(np.array([0.454936]), 1), 4)
    0.5
    """
    _check_dof(dof)
    values = np.sort(np.asarray(t, dtype=np.float64))
    if values.size == 0:
        raise InputError("a Kolmogorov-Smirnov distance needs at least one value, got none")
    cdf = scipy.special.gammainc(dof / 2.0, np.maximum(values, 0.0) / 2.0)
    steps = np.arange(values.size + 1) / values.size
    return float(max(np.max(steps[1:] - cdf), np.max(cdf - steps[:-1])))


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
    _check_counts(k, n, 0.5)
    if n == 0:
        return 1.0
    return float(scipy.stats.binomtest(k, n, probability).pvalue)


def median_ranks(n: int, *, level: float = 0.68) -> tuple[int, int]:
    """Return the ranks (1 to n) of the order statistics that enclose the median.

    The ranks j and n + 1 - j with the largest j such that P(Binomial(n, 1/2) < j) is at most
    (1 - level)/2: the interval from the j-th to the (n + 1 - j)-th smallest value covers the
    median of any continuous distribution at least as often as ``level`` says. Rank 0 (and
    n + 1) stands for "no bound": n is too small.

    >>> median_ranks(100)
    (45, 56)
    """
    _check_counts(0, n, level)
    below = scipy.stats.binom.cdf(np.arange(n // 2 + 1), n, 0.5)
    rank = int(np.searchsorted(below, (1.0 - level) / 2.0, side="right"))
    rank = min(rank, (n + 1) // 2)
    return rank, n + 1 - rank


def _beta_lower(k: int, n: int, tail: float) -> float:
    return 0.0 if k == 0 else float(scipy.special.betaincinv(k, n - k + 1, tail))


def _beta_upper(k: int, n: int, tail: float) -> float:
    return 1.0 if k == n else float(scipy.special.betainccinv(k + 1, n - k, tail))


def _gamma_fraction(a: float, x: float) -> float:
    """Gamma(a, x) / (exp(-x) x^a) for x well above a."""
    b = x + 1.0 - a
    c, d = 1e300, 1.0 / b
    value = d
    for step in range(1, _FRACTION_STEPS):
        factor = -step * (step - a)
        b += 2.0
        d = 1.0 / (factor * d + b)
        c = b + factor / c
        value *= c * d
        if abs(c * d - 1.0) < 1e-15:
            break
    return value


def _check_counts(k: int, n: int, level: float) -> None:
    if not 0 <= k <= n:
        raise InputError(f"a count must lie between 0 and the number of trials, got {k} of {n}")
    if not 0.0 < level < 1.0:
        raise InputError(f"a confidence level must lie strictly between 0 and 1, got {level}")


def _check_dof(dof: float) -> None:
    if not (math.isfinite(dof) and dof > 0.0):
        raise InputError(f"the number of degrees of freedom must be positive and finite, got {dof}")
