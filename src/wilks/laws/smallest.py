"""The p of the smallest of several p-values of one data set, by toys that all statistics have in common."""

import numpy as np

from wilks.errors import CalibrationError
from wilks.laws.empirical import Empirical
from wilks.significance import clopper_pearson
from wilks.statistics.law import Probability
from wilks.typing import FloatArray, IntArray


def smallest_p(t: FloatArray, toys: FloatArray) -> Probability:
    """p of the smallest of m p-values: among the toys, each looked at with all m statistics as the data are.

    With p_ji the share of data and toys at or above t_ji, of statistic j and data set i, and s_i = min_j p_ji,

        p = (k + 1)/(n + 1),   k the toys with s_i <= s_data,

    which holds whatever the statistics have in common, since data and toys are treated alike (Westfall and Young,
    "Resampling-Based Multiple Testing", 1993). Ties count as exceeding, and so does a toy of which any statistic
    failed. Where m_j toys of statistic j failed, s_data is the least of the p that count them, the toys keep the p_ji
    of those that did not fail, and a toy reaches s_data by a statistic in which its t is at least that of the data:
    p is no smaller than with any t in place of those that failed. At the lower end of the interval all of them lie
    below the data, at the upper end above.

    Args:
        t: of the data, shape (m,).
        toys: t of the same n toys of each statistic, shape (m, n); NaN = failed.

    Raises:
        CalibrationError: t of the data that is no number; no toys.

    >>> toys = np.array([[1.0, 2.0, 3.0, 4.0], [4.0, 3.0, 2.0, 1.0]])
    >>> smallest_p(np.array([3.5, 0.5]), toys).p_value, smallest_p(np.array([9.0, 0.5]), toys).p_value
    (0.8, 0.4)
    """
    if not np.all(np.isfinite(t)) or toys.ndim != 2 or toys.shape[0] != t.size or not toys.shape[1]:
        raise CalibrationError(
            "the smallest of several p-values needs a t of every statistic and toys that all have in common, but t "
            f"{t.tolist()} and toys of shape {toys.shape} came"
        )
    n = toys.shape[1]
    fewest, most = _numbers_as_small(t, toys)
    interval = clopper_pearson(fewest, n)[0], clopper_pearson(most, n)[1]
    return Probability.of((most + 1) / (n + 1), interval, method="empirical")


def _numbers_as_small(t: FloatArray, toys: FloatArray) -> tuple[int, int]:
    """Toys whose smallest p is that of the data or less, with failed ones below the data and above."""
    is_failed = ~np.isfinite(toys)
    ranks = np.stack([_ranks(row) for row in np.concatenate([t[:, None], toys], axis=1)])
    own, others = ranks[:, :1], ranks[:, 1:]
    least = np.minimum(own, np.min(own + is_failed.sum(axis=1, keepdims=True)))
    is_below, is_above = np.any(others <= own.min(), axis=0), np.any((others <= least) | is_failed, axis=0)
    return int(np.count_nonzero(is_below)), int(np.count_nonzero(is_above))


def _ranks(values: FloatArray) -> IntArray:
    """How many of the values that did not fail lie at or above each of them, shape (n,); n + 1 of one that failed."""
    return np.where(np.isfinite(values), Empirical.of(values).counts(values), values.size + 1)
