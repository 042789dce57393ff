"""Several p-values made one number, from their logarithms: nothing underflows."""

from collections.abc import Callable, Mapping

import numpy as np
import scipy.special

from wilks.significance.chisquare import chi2_log_sf
from wilks.typing import FloatArray

_LEAST_SF = 1e-250
_LOG_SMALL, _LOG_TWO_OVER_PI, _LARGEST = -20.0, float(np.log(2.0 / np.pi)), 1e300


def gamma_log_sf(values: FloatArray, *, mean: FloatArray, variance: FloatArray) -> FloatArray:
    """log P(X >= x) of gamma laws with these means and variances, all of which broadcast; also where P underflows.

    A gamma law of mean m and variance v is v/2m times a chi-square of 2 m^2/v degrees of freedom. NaN stays NaN.

    >>> gamma_log_sf(np.array([22.362032, 3000.0]), mean=np.array(13.0), variance=np.array(26.0)).round(3).tolist()
    [-2.996, -1465.436]
    """
    half = np.maximum(mean * values / variance, 0.0)
    shape, half = np.broadcast_arrays(mean**2 / variance, half)
    sf = np.asarray(scipy.special.gammaincc(shape, half))
    is_small = sf < _LEAST_SF
    logs = np.log(np.where(is_small, 1.0, sf))
    far = zip(half[is_small], shape[is_small], strict=True)
    logs[is_small] = [chi2_log_sf(2.0 * x, 2.0 * a) for x, a in far]
    return logs


def product(log_p: FloatArray) -> FloatArray:
    """-2 sum_j log p_j over the last axis (Fisher's combination).

    >>> float(product(np.log([0.1, 0.01])).round(4))
    13.8155
    """
    combined: FloatArray = -2.0 * np.sum(log_p, axis=-1)
    return combined


def min_p(log_p: FloatArray) -> FloatArray:
    """-2 log min_j p_j over the last axis.

    >>> float(min_p(np.log([0.1, 0.01])).round(4))
    9.2103
    """
    combined: FloatArray = -2.0 * np.min(log_p, axis=-1)
    return combined


def average(log_p: FloatArray) -> FloatArray:
    """-2 log mean_j p_j over the last axis.

    The mean of n is at least an n-th of the largest p, which decides: all must be small. Power at 2 sigma of four
    normal statistics of which one alone has .63, for `product`, `min_p` and this one: .35, .43, .09 (independent) and
    .12, .52, .03 (correlations of .9); if all have that shift .99, .89, .99 and .66, .65, .66.

    >>> float(average(np.log([0.1, 0.01])).round(4))
    5.8008
    """
    combined: FloatArray = -2.0 * (np.logaddexp.reduce(log_p, axis=-1) - np.log(log_p.shape[-1]))
    return combined


def half_cauchy(log_p: FloatArray) -> FloatArray:
    """-2 log p with 1/tan(pi p/2) the mean of 1/tan(pi p_j/2) over the last axis.

    For small p_j this p is their harmonic mean, whatever their correlations: one alone that is small decides, and
    several that are small gain. A p_j near 1 adds nothing, where the Cauchy combination (Liu and Xie, J. Am. Stat.
    Assoc. 115 (2020) 393), which it follows, subtracts without bound.

    >>> half_cauchy(np.log([[0.001, 1.0], [0.3, 0.3]])).round(4).tolist()
    [12.4292, 2.4079]
    """
    is_small = log_p < _LOG_SMALL
    p = np.minimum(np.exp(np.where(is_small, 0.0, log_p)), 1.0)
    log_cot = np.minimum(np.where(is_small, _LOG_TWO_OVER_PI - log_p, -np.log(np.tan(0.5 * np.pi * p))), _LARGEST)
    mean = np.log(np.mean(np.exp(log_cot - np.max(log_cot, axis=-1, keepdims=True)), axis=-1)) + np.max(
        log_cot, axis=-1
    )
    near = _LOG_TWO_OVER_PI + np.log(np.arctan2(1.0, np.exp(np.minimum(mean, -_LOG_SMALL))))
    combined: FloatArray = -2.0 * np.where(mean > -_LOG_SMALL, _LOG_TWO_OVER_PI - mean, near)
    return combined


def strongest_log_p(squares: FloatArray, *, n: float) -> FloatArray:
    """log P that the largest of n independent squares of normal variables is at least as large: 1 - (1 - p)^n.

    >>> strongest_log_p(np.array([3.841459, 2000.0]), n=10.0).round(3).tolist()
    [-0.913, -1001.724]
    """
    one = np.log(2.0) + scipy.special.log_ndtr(-np.sqrt(squares))
    with np.errstate(divide="ignore"):
        several = np.log(-np.expm1(n * np.log1p(-np.exp(np.minimum(one, 0.0)))))
    found: FloatArray = np.where(one < _LOG_SMALL, np.log(n) + one, several)
    return np.minimum(found, 0.0)


COMBINATIONS: Mapping[str, Callable[[FloatArray], FloatArray]] = {
    "product": product,
    "min_p": min_p,
    "average": average,
    "half_cauchy": half_cauchy,
}
