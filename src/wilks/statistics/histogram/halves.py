"""Sums over all combinations of counts of a few bins, by halves of the bins."""

import math
from collections.abc import Callable
from dataclasses import replace
from functools import reduce
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from wilks.significance import least_tied
from wilks.statistics.histogram.alike import Alike

_NEGLIGIBLE = 1e-12  # of the counts of a bin, beside the others


class Halves(NamedTuple):
    """Bins in two halves: T beyond t is, for each combination of counts of one, a sum from the top of the other.

    Args:
        bins: without counts whose weights are nothing beside the others at the saddle, and less elsewhere.
        first, second: which of them lie in which half, each as often as there are bins of its kind.
    """

    bins: list[Alike]
    first: list[int]
    second: list[int]

    @classmethod
    def of(cls, bins: list[Alike], shares: list[npt.NDArray[Any]]) -> "Halves":
        """As equal as may be, for these shares of the counts at the saddle."""
        kept = [_only(one, share >= _NEGLIGIBLE) for one, share in zip(bins, shares, strict=True)]
        sizes = [0.0, 0.0]
        halves: tuple[list[int], list[int]] = ([], [])
        for k in sorted(range(len(kept)), key=lambda k: -kept[k].counts.size):
            for _ in range(kept[k].n_bins):
                smaller = int(sizes[1] < sizes[0])
                halves[smaller].append(k)
                sizes[smaller] += math.log(kept[k].counts.size)
        return cls(kept, *halves)

    @property
    def n_combinations(self) -> int:
        """Of both halves, one after the other."""
        return sum(math.prod(self.bins[k].counts.size for k in half) for half in (self.first, self.second))

    def counter(self, t: float, *, s: float) -> Callable[[list[npt.NDArray[Any]]], npt.NDArray[Any]]:
        """What sums shares of counts times e^(-s (T - t)) over T >= t, ties included."""
        terms = [one.terms for one in self.bins]
        one, other = _combined(np.add, terms, self.first, 0.0), _combined(np.add, terms, self.second, 0.0)
        order = np.argsort(-other)
        n_beyond = np.searchsorted(-other[order], one - least_tied(t), side="right")
        factors, other_factors = np.exp(-s * (one - 0.5 * t)), np.exp(-s * (other[order] - 0.5 * t))

        def count(shares: list[npt.NDArray[Any]]) -> npt.NDArray[Any]:
            ordered = _combined(np.multiply, shares, self.second, 1.0)[order] * other_factors
            sums = np.concatenate([[0.0], np.cumsum(ordered)])
            each = _combined(np.multiply, shares, self.first, 1.0) * factors
            total: npt.NDArray[Any] = np.sum(each * sums[n_beyond], keepdims=True)
            return total

        return count


def _only(one: Alike, kept: npt.NDArray[np.bool_]) -> Alike:
    parts = (one.counts[kept], one.terms[kept], one.log_coefficients[kept])
    return replace(one, counts=parts[0], terms=parts[1], log_coefficients=parts[2])


def _combined(of: np.ufunc, values: list[npt.NDArray[Any]], which: list[int], neutral: float) -> npt.NDArray[Any]:
    """Sums or products over all combinations of these bins."""
    return reduce(lambda a, b: of.outer(a, b).ravel(), [values[k] for k in which], np.array([neutral]))
