"""The likelihood ratio of counts in bins, in closed form."""

import numpy as np
from scipy.special import xlog1py

from wilks.typing import FloatArray


def deviance(counts: FloatArray, expected: FloatArray) -> FloatArray:
    """2 [ n log(n/b) - (n - b) ] of counts n for expected events b, of any one shape; 2 b where n = 0.

    >>> deviance(np.array([0.0, 2.0]), np.array([1.5, 2.0])).tolist()
    [3.0, 0.0]
    """
    excess = counts - expected
    result: FloatArray = 2.0 * (xlog1py(counts, excess / expected) - excess)
    return np.maximum(result, 0.0)


def log_ratios(counts: FloatArray, expected: FloatArray) -> FloatArray:
    """f = log(n/b), minus infinity where n = 0.

    >>> log_ratios(np.array([0.0, 2.0]), np.array([1.5, 2.0])).tolist()
    [-inf, 0.0]
    """
    with np.errstate(divide="ignore"):
        result: FloatArray = np.log(counts / expected)
    return result


def gain(counts: FloatArray, log_ratio: FloatArray) -> float:
    """sum_k n_k f_k; bins without events add nothing, whatever f is there."""
    is_filled = counts > 0
    return float(np.sum(counts[is_filled] * log_ratio[is_filled]))
