"""The null distribution of the statistic of a batch, given the reference, at a grid of batch sizes.

A batch is compared with this reference and no other: its null is that of toys from held-out events against the same
reference. A law over references would be off by about n/N_R in Z. Held-out events leave an error that all toys share,
sqrt(f^2 + 2 f rho) in Z with f = n/N_P and rho = n/N_R, which is kept beside the law.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from wilks.errors import InputError
from wilks.significance import COMBINATIONS, gamma_log_sf, z_score_from_log
from wilks.typing import FloatArray

EXTRAPOLATED = "extrapolated"
_LEAST_TOYS = 20
_TIE, _NEARLY_SURE, _LEAST = 1e-9, -1e-12, 1e-12


class NullP(NamedTuple):
    """p of a statistic under the null law of its batch size.

    Attributes:
        log_p_value: its natural logarithm.
        method: ``empirical`` within the reach of the toys, ``extrapolated`` beyond it.
    """

    log_p_value: float
    method: str

    @property
    def p_value(self) -> float:
        """p; 0 where it underflows."""
        return math.exp(self.log_p_value)

    @property
    def z_score(self) -> float:
        """Z."""
        return z_score_from_log(self.log_p_value)


@dataclass(frozen=True, eq=False)
class SizeLaw:
    """The null of batches of one size.

    Args:
        n_events: of a batch.
        mean, variance: of the members' statistics, shape (members,).
        t: of the toys, ascending; infinite for a toy whose fit failed, which counts as exceeding.
        pool_z_error: the error on Z that all its toys share; None where they come from a generator.
    """

    n_events: int
    mean: FloatArray
    variance: FloatArray
    t: FloatArray
    pool_z_error: float | None

    def p(self, t: float) -> NullP:
        """(k + 1)/(n + 1) for k of n toys that reach t, with ties equal up to rounding; beyond the last toy the tail of
        a gamma law with the mean and variance of the toys takes it on, labelled ``extrapolated``.
        """
        n = self.t.size
        k = n - int(np.searchsorted(self.t, t * (1.0 - _TIE), side="left"))
        if k:
            return NullP(math.log((k + 1) / (n + 1)), "empirical")
        return NullP(-math.log(n + 1) + self._beyond(t), EXTRAPOLATED)

    def z(self, t: float) -> float:
        """Z of a p that is continuous in t: between toys log p is linear in t. It ranks batches of all sizes."""
        points, log_p = self._points
        inside = float(np.interp(t, points, log_p))
        return z_score_from_log(min(inside + (self._beyond(t) if t > points[-1] else 0.0), _NEARLY_SURE))

    def is_beyond_doubt(self, t: float) -> bool:
        """Whether t lies twice as far above the median of the toys as the last of them.

        Where the tail of t falls as an exponential, or faster, a good batch does so less often than with the square of
        the p that the toys reach.
        """
        return t > 2.0 * float(self._finite[-1]) - float(np.median(self._finite))

    @cached_property
    def _finite(self) -> FloatArray:
        return self.t[np.isfinite(self.t)]

    @cached_property
    def _points(self) -> tuple[FloatArray, FloatArray]:
        """Each t of the toys, after 0, and log of the share of toys at or above it."""
        points, first = np.unique(self._finite, return_index=True)
        below = min(0.0, float(points[0]) - _TIE)  # no batch has a smaller t
        log_p = np.log((self.t.size - first) / (self.t.size + 1.0))
        return np.append(below, points), np.append(0.0, log_p)

    def _beyond(self, t: float) -> float:
        """log of P(T >= t) over P(T >= the largest toy) of the gamma law."""
        mean, variance = (np.array(max(float(one), _LEAST)) for one in (np.mean(self._finite), np.var(self._finite)))
        ends = gamma_log_sf(np.array([t, max(self._finite[-1], 0.0)]), mean=mean, variance=variance)
        return min(0.0, float(ends[0] - ends[1]))

    def to_document(self) -> dict[str, Any]:
        """Plain values and arrays."""
        return {name: getattr(self, name) for name in ("n_events", "mean", "variance", "t", "pool_z_error")}


@dataclass(frozen=True, eq=False)
class NullLaws:
    """Laws of a grid of sizes, and of the sizes between them.

    Args:
        laws: ascending in size.
        combination: how the members' p-values make one t; None: there is one member, whose statistic is t.
    """

    laws: tuple[SizeLaw, ...]
    combination: str | None

    @cached_property
    def sizes(self) -> FloatArray:
        """Of the grid."""
        return np.array([one.n_events for one in self.laws], dtype=np.float64)

    def t(self, scores: FloatArray, n_events: int) -> float:
        """t of a batch from the statistics of its members (members,)."""
        if self.combination is None:
            return float(scores[0])
        mean, variance = self.moments(n_events)
        return float(combined(self.combination, scores, mean=mean, variance=variance))

    def strongest(self, scores: FloatArray, n_events: int) -> int:
        """Which member (members,) has the least p, each by its gamma law."""
        mean, variance = self.moments(n_events)
        return int(np.argmin(gamma_log_sf(scores, mean=mean, variance=variance)))

    def moments(self, n_events: int) -> tuple[FloatArray, FloatArray]:
        """Mean and variance of the members' statistics for batches of n events, each (members,)."""
        low, high, share = self._around(n_events)
        pairs = ((low.mean, high.mean), (low.variance, high.variance))
        mean, variance = (np.exp((1.0 - share) * np.log(a) + share * np.log(b)) for a, b in pairs)
        return mean, variance

    def p(self, t: float, n_events: int) -> NullP:
        """p of t for a batch of n events; between two sizes log p is linear in log n."""
        low, high, share = self._around(n_events)
        one, other = low.p(t), high.p(t)
        methods = {one.method, other.method}
        method = EXTRAPOLATED if EXTRAPOLATED in methods else one.method
        return NullP((1.0 - share) * one.log_p_value + share * other.log_p_value, method)

    def z(self, t: float, n_events: int) -> float:
        """`SizeLaw.z` for a batch of n events."""
        low, high, share = self._around(n_events)
        return (1.0 - share) * low.z(t) + share * high.z(t)

    def is_beyond_doubt(self, t: float, n_events: int) -> bool:
        """`SizeLaw.is_beyond_doubt` by the laws of both sizes about n."""
        low, high, _ = self._around(n_events)
        return low.is_beyond_doubt(t) and high.is_beyond_doubt(t)

    def nearest(self, n_events: int) -> int:
        """Which law of the grid is that of the nearest size, by the ratio of the sizes."""
        return int(np.argmin(np.abs(np.log(self.sizes / n_events))))

    def _around(self, n_events: int) -> tuple[SizeLaw, SizeLaw, float]:
        """The laws of the sizes below and above, and how far n lies between them, in log n; the end of the grid for a
        size beyond it.
        """
        sizes, n = self.sizes, min(max(float(n_events), self.sizes[0]), self.sizes[-1])
        above = int(np.searchsorted(sizes, n, side="left"))
        if sizes[above] == n:
            return self.laws[above], self.laws[above], 0.0
        low, high = self.laws[above - 1], self.laws[above]
        return low, high, math.log(n / low.n_events) / math.log(high.n_events / low.n_events)

    def to_document(self) -> dict[str, Any]:
        """Plain values and arrays."""
        return {"laws": [one.to_document() for one in self.laws], "combination": self.combination}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "NullLaws":
        """The inverse of `to_document`."""
        return cls(tuple(SizeLaw(**one) for one in document["laws"]), document["combination"])


def combined(combination: str, scores: FloatArray, *, mean: FloatArray, variance: FloatArray) -> FloatArray:
    """t of members with these statistics (..., members), each on the scale of its gamma law."""
    return COMBINATIONS[combination](gamma_log_sf(scores, mean=mean, variance=variance)) + 0.0


def size_law(scores: FloatArray, n_events: int, *, combination: str | None, pool_z_error: float | None) -> SizeLaw:
    """The law of batches of n events from the statistics of toys, shape (toys, members); NaN of fits that failed.

    Raises:
        InputError: too few toys, or more than half of them failed.
    """
    failed = ~np.all(np.isfinite(scores), axis=1)
    if scores.shape[0] < _LEAST_TOYS or np.mean(failed) > 0.5:
        raise InputError(
            f"the null of batches needs at least {_LEAST_TOYS} toys, most of them with a fit that converges, but "
            f"{scores.shape[0]} came, of which {np.sum(failed)} failed; raise n_toys, or give the search more effort"
        )
    mean, variance = np.mean(scores[~failed], axis=0), np.var(scores[~failed], axis=0)
    mean, variance = np.maximum(mean, _LEAST), np.maximum(variance, _LEAST)
    t = scores[:, 0] if combination is None else combined(combination, scores, mean=mean, variance=variance)
    return SizeLaw(n_events, mean, variance, np.sort(np.where(failed, np.inf, t)), pool_z_error)
