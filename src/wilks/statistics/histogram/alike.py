"""Bins whose counts have one law: the counts that matter, and their weights under a condition on a sum."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import betaln, lambertw

from wilks.statistics.histogram.deviance import deviance
from wilks.typing import FloatArray

_BULK, _MARGIN = 12.0, 20.0  # standard deviations, and counts, from the mean
_BEYOND = 36.0  # minus the logarithm of what is negligible beside the first count that is left out


@dataclass(frozen=True, eq=False)
class Alike:
    """Bins with the same b, a and c.

    Args:
        counts: n that matter, shape (l,).
        terms: g(n), shape (l,).
        log_coefficients: log[ Gamma(n + a) c^n / (n! Gamma(a)) ], shape (l,).
        shape, scale: a and c.
        n_bins: how many bins they are.
    """

    counts: FloatArray
    terms: FloatArray
    log_coefficients: FloatArray
    shape: float
    scale: float
    n_bins: int

    @classmethod
    def of(cls, expected: float, shape: float, scale: float, *, n_bins: int, most: float) -> "Alike":
        """Those of one kind; g is not larger than ``most``, which may be infinite."""
        first, last = _range(expected, shape, scale, most=most)
        counts = np.arange(first, last + 1, dtype=np.float64)
        terms = np.zeros_like(counts) if expected == 0.0 else deviance(counts, np.full_like(counts, expected))
        coefficients = counts * math.log(scale) - np.log(counts + shape) - betaln(counts + 1.0, shape)
        return cls(counts, np.minimum(terms, most), coefficients, shape, scale, n_bins)


def alike(expected: FloatArray, shape: FloatArray, scale: FloatArray, *, most: float) -> list[Alike]:
    """Bins (k,) by kind; those in which nothing can lie, of shape 0, are left out."""
    rows, n_bins = np.unique(np.stack([expected, shape, scale], axis=1), axis=0, return_counts=True)
    kinds = ((row, int(n)) for row, n in zip(rows, n_bins, strict=True) if row[1] > 0)
    return [Alike.of(*row.tolist(), n_bins=n, most=most) for row, n in kinds]


class GivenSum(NamedTuple):
    """The value of y, the sum of the expected counts of all bins, or of the counts where ``is_of_counts``."""

    value: float
    is_of_counts: bool

    def log_weights(self, bins: Alike, u: complex) -> npt.NDArray[np.complexfloating | np.floating]:
        """log w(n; u), shape (l,)."""
        weights: npt.NDArray[np.complexfloating | np.floating]
        if self.is_of_counts:
            weights = bins.log_coefficients - (bins.counts + bins.shape) * math.log1p(bins.scale) + u * bins.counts
        else:
            weights = bins.log_coefficients - (bins.counts + bins.shape) * np.log(1.0 + bins.scale - u * bins.scale)
        return weights

    def moments(self, bins: Alike, u: float) -> tuple[FloatArray, FloatArray]:
        """Mean and variance of y of one bin given its n, under weights tilted by u: each (l,)."""
        if self.is_of_counts:
            return bins.counts, np.zeros_like(bins.counts)
        scale = bins.scale / (1.0 + bins.scale - u * bins.scale)
        mean = (bins.counts + bins.shape) * scale
        return mean, mean * scale

    def most(self, bins: list[Alike]) -> float:
        """What u must stay below."""
        return math.inf if self.is_of_counts else 1.0 / max(one.scale for one in bins)


def each(bins: list[Alike], values: list[float]) -> Iterator[tuple[int, float]]:
    """How many bins have which value."""
    return zip((one.n_bins for one in bins), values, strict=True)


def _range(expected: float, shape: float, scale: float, *, most: float) -> tuple[int, int]:
    """The first and the last count that matter: the bulk of the law, and all from which g < most, with what follows."""
    mean = shape * scale
    spread = math.sqrt(mean * (1.0 + scale))
    first, last = mean - _BULK * spread - _MARGIN, mean + _BULK * spread + _MARGIN
    if expected > 0.0 and math.isfinite(most):
        low, high = _where_reached(expected, most)
        first = min(first, low - _BULK * math.sqrt(expected) - _MARGIN)
        last = max(last, high)
    ratio = (last + shape) / (last + 1.0) * scale / (1.0 + scale)  # of the next two probabilities
    return max(0, math.floor(first)), math.ceil(last + min(_BEYOND / -math.log(ratio), 2.0 * _BULK * spread + last))


def _where_reached(expected: float, most: float) -> tuple[float, float]:
    """The n below and above b at which g = most; 0 where none below is."""
    depth = (most / (2.0 * expected) - 1.0) / math.e
    high = expected * math.exp(1.0 + lambertw(depth, 0).real)
    return (expected * math.exp(1.0 + lambertw(depth, -1).real) if depth < 0.0 else 0.0), high
