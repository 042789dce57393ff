"""How far out an event of a reference usually lies among the others, and how often one lies farther."""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from wilks.typing import FloatArray

_FEWEST = 10
_CAUTION = 1.0  # standard deviations added to the shape of the tail


@dataclass(frozen=True, eq=False)
class Usual:
    """Scores of reference events, each taken among the others: the largest first, with summed weights.

    Attributes:
        scores: shape (n,), falling; the larger, the farther out.
        weights: shape (n,), sums of the absolute weights up to each.
    """

    scores: FloatArray
    weights: FloatArray

    @classmethod
    def of(cls, scores: FloatArray, weights: FloatArray) -> "Usual":
        """From scores (n,) in any order and their absolute weights (n,)."""
        order = np.argsort(-scores, kind="stable")
        return cls(scores[order], np.cumsum(weights[order]))

    @property
    def largest(self) -> float:
        """The largest score."""
        return float(self.scores[0])

    def chance(self, scores: FloatArray, weights: FloatArray) -> FloatArray:
        """Chance that an event of the reference scores at least as much, shape (m,).

        It is the rank p = (w + sum_{j: s_j >= s} w_j) / (w + sum_j w_j), w the weight of reference events nearby: an
        event that is drawn like those of the reference can be exchanged with them, so that P(p <= a) <= a. Beyond the
        largest score p ends; the 2 sqrt(n) largest scores say how the tail goes on (`ParetoTail`).
        """
        n_above = np.searchsorted(-self.scores, -scores, side="right")
        above = np.where(n_above > 0, self.weights[np.maximum(n_above, 1) - 1], 0.0)
        rank: FloatArray = (above + weights) / (self.weights[-1] + weights)
        if self._tail is None or np.all(n_above):
            return rank
        return np.where(n_above > 0, rank, np.minimum(rank, self._tail.chance(scores)))

    def usual_up_to(self, limit: float) -> float:
        """A score up to which all chances exceed ``limit``, whatever the weights; minus infinity if there is none."""
        within = int(np.searchsorted(self.weights, limit * self.weights[-1], side="right"))
        return float(self.scores[within]) if within < self.scores.size else -math.inf

    @property
    def has_tail(self) -> bool:
        """Whether there are enough distinct scores to say how they go on."""
        return self._tail is not None

    @cached_property
    def _tail(self) -> "ParetoTail | None":
        m = min(round(2.0 * np.sqrt(self.scores.size)), self.scores.size - 1)
        excesses = self.scores[:m] - self.scores[m]
        own = np.diff(self.weights[:m], prepend=0.0)
        above = excesses > 0
        if np.unique(excesses[above]).size < _FEWEST:
            return None
        share = float(np.sum(own[above]) / self.weights[-1])
        return ParetoTail.of(excesses[above], own[above], threshold=float(self.scores[m]), share=share)


@dataclass(frozen=True)
class ParetoTail:
    """P(score > s) = share (1 + shape (s - threshold) / scale)^(-1 / shape): the generalized Pareto law of all tails.

    >>> round(float(ParetoTail(1.0, 0.01, 2.0, 0.5).chance(np.array([5.0]))[0]), 6)
    0.0025
    """

    threshold: float
    share: float
    scale: float
    shape: float

    @classmethod
    def of(cls, excesses: FloatArray, weights: FloatArray, *, threshold: float, share: float) -> "ParetoTail":
        """From the excesses (m,) over the threshold, positive, with their weights (m,).

        Shape and scale are those of Zhang and Stephens, Technometrics 51 (2009) 316. The standard deviation
        (1 + shape) / sqrt(m) is added to the shape, and it is at least 0: the chance is rather too large.
        """
        order = np.argsort(excesses)
        y, share_of = excesses[order], weights[order] / np.sum(weights)
        m = float(1.0 / np.sum(share_of**2))
        n_points = 30 + int(np.sqrt(m))
        quartile = y[min(int(np.searchsorted(np.cumsum(share_of), 0.25)), y.size - 1)]
        steps = 1.0 - np.sqrt(n_points / (np.arange(n_points) + 0.5))
        rates = 1.0 / y[-1] + steps / (3.0 * quartile)
        rates = rates[rates != 0]
        shapes = np.log1p(-rates[:, None] * y) @ share_of
        likelihood = m * (np.log(-rates / shapes) - shapes - 1.0)
        belief = np.exp(likelihood - np.max(likelihood))
        rate = float(np.sum(belief * rates) / np.sum(belief))
        shape = float(np.log1p(-rate * y) @ share_of)
        cautious = max(shape + _CAUTION * (1.0 + shape) / np.sqrt(m), 1e-3)
        return cls(threshold, share, -shape / rate, cautious)

    def chance(self, scores: FloatArray) -> FloatArray:
        """P(score > s) for scores (m,); the share at the threshold and below."""
        excess = np.maximum(scores - self.threshold, 0.0)
        result: FloatArray = self.share * np.exp(-np.log1p(self.shape * excess / self.scale) / self.shape)
        return result
