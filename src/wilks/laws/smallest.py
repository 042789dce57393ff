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
    "Resampling-Based Multiple Testing", 1993). Ties and failed toys count as exceeding.

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
    fewest, most = (_as_small(t, np.where(np.isnan(toys), end, toys)) for end in (-np.inf, np.inf))
    interval = clopper_pearson(fewest, n)[0], clopper_pearson(most, n)[1]
    return Probability.of((most + 1) / (n + 1), interval, method="empirical")


def _as_small(t: FloatArray, toys: FloatArray) -> int:
    """Toys whose smallest p is that of the data or less."""
    everything = np.concatenate([t[:, None], toys], axis=1)
    least = np.min([_ranks(row) for row in everything], axis=0)
    return int(np.count_nonzero(least[1:] <= least[0]))


def _ranks(values: FloatArray) -> IntArray:
    """How many of the values lie at or above each of them, shape (n,)."""
    return Empirical(np.sort(values), 0).counts(values)
