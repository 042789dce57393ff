"""Counts of values at or above another, and intervals for a probability from counts and ranks."""

import numpy as np
import numpy.typing as npt
import scipy.special

from wilks.errors import InputError
from wilks.typing import FloatArray

_TIE = 1e-9


def least_tied(q: npt.ArrayLike) -> FloatArray:
    """Return the least values that tie with q (k,): q - 1e-9 abs(q).

    A statistic is a sum whose rounding depends on the order of its terms. Where few values are possible, those that are
    equal differ in their last digits, and ``>=`` would split them, always towards a p that is too small. What ties with
    q lies above it too: whoever counts from here on upwards counts it.

    >>> q = np.float64(0.1) + 0.2
    >>> bool(q > 0.3), bool(0.3 >= least_tied(q))
    (True, True)
    """
    values = np.asarray(q, dtype=np.float64)
    return np.asarray(values * (1.0 - _TIE * np.sign(values)))


def count_at_or_above(values: npt.ArrayLike, q: float) -> int:
    """Return how many values (k,) lie at or above q, those that tie with it (`least_tied`) among them; NaN does not.

    >>> count_at_or_above([0.1, 0.3, 0.1 + 0.2, np.nan, 0.7], 0.1 + 0.2)
    3
    """
    return int(np.count_nonzero(np.asarray(values) >= least_tied(q)))


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
    check_counts(k, n, level)
    tail = (1.0 - level) / 2.0
    return _beta_lower(k, n, tail), _beta_upper(k, n, tail)


def clopper_pearson_upper(k: int, n: int, *, level: float = 0.95) -> float:
    """Return the one-sided Clopper-Pearson upper limit for a probability, from k of n.

    >>> round(clopper_pearson_upper(0, 1000), 6)
    0.002991
    """
    check_counts(k, n, level)
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
    check_counts(rank, n, level)
    if rank == 0:
        raise InputError("a rank counts from 1, got 0")
    tail = (1.0 - level) / 2.0
    a, b = rank, n + 1 - rank
    return float(scipy.special.betaincinv(a, b, tail)), float(scipy.special.betainccinv(a, b, tail))


def median_ranks(n: int, *, level: float = 0.68) -> tuple[int, int]:
    """Return the ranks (1 to n) of the order statistics that enclose the median.

    The ranks j and n + 1 - j with the largest j such that P(Binomial(n, 1/2) < j) is at most
    (1 - level)/2: the interval from the j-th to the (n + 1 - j)-th smallest value covers the
    median of any continuous distribution at least as often as ``level`` says. Rank 0 (and
    n + 1) stands for "no bound": n is too small.

    >>> median_ranks(100)
    (45, 56)
    """
    check_counts(0, n, level)
    k = np.arange(n // 2 + 1)
    below = scipy.special.betaincc(k + 1, n - k, 0.5)
    rank = int(np.searchsorted(below, (1.0 - level) / 2.0, side="right"))
    rank = min(rank, (n + 1) // 2)
    return rank, n + 1 - rank


def median_interval(values: FloatArray, *, level: float = 0.68) -> tuple[float, float]:
    """Return the order statistics that enclose the median; infinite on both sides where values are too few.

    ``values`` (n,) are drawn from one distribution, whose median is meant; ranks are those of :func:`median_ranks`.

    >>> median_interval(np.arange(100.0)), median_interval(np.arange(2.0))
    ((44.0, 55.0), (-inf, inf))
    """
    low, high = median_ranks(values.size, level=level)
    ordered = np.concatenate([[-np.inf], np.sort(values), [np.inf]])
    return float(ordered[low]), float(ordered[high])


def check_counts(k: int, n: int, level: float) -> None:
    """Raise InputError unless 0 <= k <= n and 0 < level < 1."""
    if not 0 <= k <= n:
        raise InputError(f"a count must lie between 0 and the number of trials, got {k} of {n}")
    if not 0.0 < level < 1.0:
        raise InputError(f"a confidence level must lie strictly between 0 and 1, got {level}")


def _beta_lower(k: int, n: int, tail: float) -> float:
    return 0.0 if k == 0 else float(scipy.special.betaincinv(k, n - k + 1, tail))


def _beta_upper(k: int, n: int, tail: float) -> float:
    return 1.0 if k == n else float(scipy.special.betainccinv(k + 1, n - k, tail))
