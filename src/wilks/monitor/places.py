"""Where a batch deviates: the feature, and the interval of it, with the largest excess or deficit."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from wilks.samples import Sample, weighted_quantile
from wilks.significance.printing import plain
from wilks.typing import FloatArray, IntArray

_N_BINS = 20


@dataclass(frozen=True)
class Place:
    """An interval of one feature.

    Attributes:
        feature: its name.
        low, high: its ends, in the units of the feature; infinite where it is open.
        n_observed, n_expected: events of the batch in it, and those that the reference expects for its size.
        z_score: of the difference, with the fluctuations of the reference; here alone, without the other intervals.
        counts: of the batch in all intervals of the `Profile` of the feature.
    """

    feature: str
    low: float
    high: float
    n_observed: int
    n_expected: float
    z_score: float
    counts: tuple[int, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; infinite ends become None."""
        ends = {name: x if math.isfinite(x) else None for name, x in (("low", self.low), ("high", self.high))}
        return {**vars(self), **ends, "counts": list(self.counts)}

    def __str__(self) -> str:
        return (
            f"{self._interval}: {self.n_observed:,} events, {self.n_expected:.4g} expected, local Z {self.z_score:+.1f}"
        )

    @property
    def _interval(self) -> str:
        if math.isinf(self.high):
            return self.feature if math.isinf(self.low) else f"{self.feature} >= {plain(self.low)}"
        low = "" if math.isinf(self.low) else f"{plain(self.low)} <= "
        return f"{low}{self.feature} < {plain(self.high)}"


@dataclass(frozen=True, eq=False)
class Profile:
    """One feature of the reference in intervals of equal weight, as far as its values allow.

    Args:
        feature: its name.
        edges: between the intervals, ascending, shape (k - 1,); the outer ones are open.
        shares: of the events of the reference, shape (k,).
    """

    feature: str
    edges: FloatArray
    shares: FloatArray

    @classmethod
    def of(cls, reference: Sample, feature: str) -> "Profile":
        """That of a reference."""
        values, weights = reference.column(feature), reference.event_weights
        shares = np.arange(1, _N_BINS) / _N_BINS
        quantiles = np.array([weighted_quantile(values, weights, share) for share in shares.tolist()])
        edges = np.unique(quantiles[quantiles > np.min(values)])
        sums = np.bincount(np.searchsorted(edges, values, side="right"), weights, minlength=edges.size + 1)
        return cls(feature, edges, sums / np.sum(sums))

    def intervals(self, values: FloatArray) -> IntArray:
        """Which interval each of values (n,) lies in."""
        return np.searchsorted(self.edges, values, side="right")

    def worst(self, values: FloatArray, *, n_reference: float) -> Place:
        """The interval of values (n,) with the largest |Z|, which says how far n_k is from n f_k in units of
        sqrt(n f (1 - f)(1 + n/N_R)). What an interval at one end lacks its complement, at the other end, has too much,
        with the same |Z|: of the two the one with the smaller share is looked at.
        """
        n, k = values.size, self.shares.size
        counts = np.bincount(self.intervals(values), minlength=k)
        first, last = np.triu_indices(k)
        observed, shares = (_of_intervals(one)[first, last] for one in (counts.astype(np.float64), self.shares))
        spread = np.sqrt(np.maximum(n * shares * (1.0 - shares), 0.0) * (1.0 + n / n_reference))
        z = np.divide(observed - n * shares, spread, out=np.zeros_like(spread), where=spread > 1e-9)
        is_smaller = (shares <= 0.5) | ((first > 0) & (last < k - 1))
        best = int(np.argmax(np.where(is_smaller, np.abs(z), -1.0)))
        ends = np.concatenate([[-np.inf], self.edges, [np.inf]])
        low, high = float(ends[first[best]]), float(ends[last[best] + 1])
        found = int(observed[best]), float(n * shares[best]), float(z[best])
        return Place(self.feature, low, high, *found, tuple(counts.tolist()))

    def to_document(self) -> dict[str, Any]:
        """Plain values and arrays."""
        return dict(vars(self))

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {"feature": self.feature, "edges": self.edges.tolist(), "shares": self.shares.tolist()}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "Profile":
        """The inverse of `to_document`."""
        return cls(**document)


def _of_intervals(values: FloatArray) -> FloatArray:
    """Sums over values i to j, shape (k, k)."""
    ends = np.append(0.0, np.cumsum(values))
    sums: FloatArray = ends[None, 1:] - ends[:-1, None]
    return sums


def places(profiles: tuple[Profile, ...], events: FloatArray, *, n_reference: float) -> tuple[Place, ...]:
    """The worst interval of each feature, for raw events (n, d) in the order of the profiles."""
    return tuple(one.worst(events[:, j], n_reference=n_reference) for j, one in enumerate(profiles))


def worst_place(found: Sequence[Place]) -> Place:
    """That with the largest |Z|."""
    return max(found, key=lambda one: abs(one.z_score))
