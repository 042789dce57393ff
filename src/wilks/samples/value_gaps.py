"""Gaps between the values of one feature."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from wilks.samples.usual_distance import Usual
from wilks.typing import BoolArray, FloatArray, IntArray

N_GAPS = 30
"""Gaps on either side that say how dense the reference is there."""
_ROUNDING = 1e-9


@dataclass(frozen=True, eq=False)
class Gaps:
    """The distinct values of one feature of a reference in order, and how lonely its events usually are.

    The score of an event is its distance to the nearer of the two values beside it, in units of the mean gap of the 30
    values below or above these, whichever is larger.

    Attributes:
        values: shape (k,), rising.
        weights: shape (k,), mean absolute weight of an event at each.
        usual: the scores of reference events.
    """

    values: FloatArray
    weights: FloatArray
    usual: Usual

    @classmethod
    def of(cls, values: FloatArray, weights: FloatArray) -> "Gaps":
        """From the values (n,) of all events and their absolute weights (n,)."""
        distinct, where, counts = np.unique(values, return_inverse=True, return_counts=True)
        summed: FloatArray = np.bincount(where, weights).astype(np.float64)
        inner = np.arange(N_GAPS + 1, distinct.size - N_GAPS - 1)
        scores = np.zeros(distinct.size)
        lonely = _score(distinct[inner], distinct, inner - 1, inner + 1)
        scores[inner] = np.where(counts[inner] == 1, lonely, 0.0)
        return cls(distinct, summed / counts, Usual.of(scores, summed))

    def chance(self, x: FloatArray, *, limit: float = 1.0) -> FloatArray:
        """Chance of an event as lonely, shape (m,); 1 at a value of the reference and beyond all but 30 of them.

        Chances above ``limit`` may come out as 1: they are not asked where every score is so usual.
        """
        chance, wide = np.ones(x.size), np.flatnonzero(self._highest > self.usual.usual_up_to(limit)) + N_GAPS
        lonely = np.flatnonzero(_is_between(x, self.values[wide], self.values[wide + 1])) if wide.size else wide
        if lonely.size:
            right = np.searchsorted(self.values, x[lonely], side="right").astype(np.int64)
            weights = 0.5 * (self.weights[right - 1] + self.weights[right])
            scores = _score(x[lonely], self.values, right - 1, right)
            chance[lonely] = self.usual.chance(scores, weights)
        return chance

    @cached_property
    def _highest(self) -> FloatArray:
        """The score in the middle of each gap that has 30 others on either side, rounded up, shape (k - 61,)."""
        left = np.arange(N_GAPS, max(N_GAPS, self.values.size - N_GAPS - 1))
        middles = 0.5 * (self.values[left] + self.values[left + 1])
        return _score(middles, self.values, left, left + 1) * (1.0 + _ROUNDING)

    def ends(self, x: float) -> tuple[float, float]:
        """The reference values on both sides of x, which lies between two of them."""
        right = int(np.searchsorted(self.values, x, side="right"))
        return float(self.values[right - 1]), float(self.values[right])


def _is_between(x: FloatArray, left: FloatArray, right: FloatArray) -> BoolArray:
    """Which x (m,) lie inside one of the intervals (k,), which rise and do not overlap."""
    place = np.searchsorted(left, x, side="left") - 1
    inside: BoolArray = (place >= 0) & (x < right[place])
    return inside


def _score(x: FloatArray, values: FloatArray, left: IntArray, right: IntArray) -> FloatArray:
    """Distance from x to the nearer of values[left] and values[right], in the mean gap beside them."""
    below = (values[left] - values[left - N_GAPS]) / N_GAPS
    above = (values[right + N_GAPS] - values[right]) / N_GAPS
    nearer: FloatArray = np.minimum(x - values[left], values[right] - x) / np.maximum(below, above)
    return nearer
