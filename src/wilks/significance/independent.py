"""One p of several that are independent and uniform if the null hypothesis holds: exact then, and only then."""

from collections.abc import Callable, Mapping

import numpy as np
import scipy.special

from wilks.typing import FloatArray

_LEAST, _MOST = 1e-300, 1.0 - 2.0**-53


def fisher(p_values: FloatArray) -> FloatArray:
    """P(chi-square(2 k) >= -2 sum_j log p_j) over the last axis (k) (Fisher, Statistical Methods for Research Workers).

    >>> float(fisher(np.array([0.5, 0.5])).round(4))
    0.5966
    """
    half = -np.sum(np.log(np.maximum(p_values, _LEAST)), axis=-1)
    return np.asarray(scipy.special.gammaincc(p_values.shape[-1], half))


def stouffer(p_values: FloatArray) -> FloatArray:
    """P(z >= sum_j z_j / sqrt(k)), z_j the normal score of p_j, over the last axis (k).

    >>> float(stouffer(np.array([0.1, 0.1])).round(4))
    0.035
    """
    scores = -scipy.special.ndtri(np.clip(p_values, _LEAST, _MOST))
    return np.asarray(scipy.special.ndtr(-np.sum(scores, axis=-1) / np.sqrt(p_values.shape[-1])))


def min_p(p_values: FloatArray) -> FloatArray:
    """1 - (1 - min_j p_j)^k over the last axis (k): the smallest with its exact trials factor.

    >>> float(min_p(np.array([0.01, 0.5])).round(4)), float(min_p(np.array([1e-20, 0.5])))
    (0.0199, 2e-20)
    """
    smallest = np.minimum(np.min(p_values, axis=-1), 1.0)
    with np.errstate(divide="ignore"):
        return np.asarray(-np.expm1(p_values.shape[-1] * np.log1p(-smallest)))


INDEPENDENT: Mapping[str, Callable[[FloatArray], FloatArray]] = {"fisher": fisher, "stouffer": stouffer, "min_p": min_p}
