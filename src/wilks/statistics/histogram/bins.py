"""In which bin an event lies: a grid of given edges, or a tree of cuts.

Edges are thought of in the units of the user, and compared with events as a model sees them, standardized: the same
arithmetic takes both there, so that an event on an edge stays on it. An event closer to an edge than rounding can tell
may count as being on it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from wilks.errors import InputError
from wilks.problem import Problem
from wilks.samples import Standardization
from wilks.samples.stored_precision import beginnings, single_of
from wilks.statistics.histogram.edges import plain_numbers
from wilks.typing import FloatArray, IntArray

OUTSIDE = -1
MOST_BINS = 1_000_000


class Bins(Protocol):
    """Bins 0 to n_bins - 1 of standardized events."""

    @property
    def n_bins(self) -> int:
        """How many there are."""

    @property
    def are_given(self) -> bool:
        """Whether their edges were given, and did not come from the reference."""

    def find(self, events: FloatArray) -> IntArray:
        """The bin of each standardized event (n, d), shape (n,); `OUTSIDE` where it lies in none."""

    def text(self, index: int, features: Sequence[str]) -> str:
        """Where a bin lies, in the units of the user."""

    def portable(self) -> dict[str, Any]:
        """Plain values for programs without this package."""


@dataclass(frozen=True, eq=False)
class Grid:
    """The products of intervals between edges of each feature; the last feature runs fastest.

    An interval holds its lower edge, and the last of each feature its upper one too. What an edge is in single
    precision, .699999988 for .7, lies on it.

    Args:
        given: ascending edges of each feature in the units of the user; the outermost may be infinite.
        edges: where intervals begin, and the last one ends, standardized.

    >>> grid = Grid.of(((0.0, 1.0, 2.0),), Standardization([1.0], [2.0]), ("x",))
    >>> grid.find(np.array([[-0.5], [0.0], [0.5], [0.6]])).tolist(), grid.text(1, ("x",))
    ([0, 1, 1, -1], '1 <= x <= 2')
    """

    given: tuple[tuple[float, ...], ...]
    edges: tuple[FloatArray, ...]

    @classmethod
    def of(
        cls,
        edges: tuple[tuple[float, ...], ...],
        standardization: Standardization,
        features: Sequence[str],
        *,
        are_made: bool = False,
    ) -> "Grid":
        """The grid of these edges; those that are made lie where they lie.

        Raises:
            InputError: not as many arrays as features; more than a million bins; edges that standardization does not
                tell apart.
        """
        if len(edges) != len(features):
            raise InputError(
                f"edges must be one array for each of the {len(features)} features, {', '.join(features)}, "
                f"but there are {len(edges)}"
            )
        n_bins = math.prod(len(one) - 1 for one in edges)
        if n_bins > MOST_BINS:
            raise InputError(
                f"a histogram must have at most {MOST_BINS:,} bins, but these edges make {n_bins:,}; give fewer of "
                "them, or n_bins, which is the number of bins in all"
            )
        ends = [np.array(one) if are_made else _with_single(one) for one in edges]
        moved = tuple(_standardized(one, j, standardization) for j, one in enumerate(ends))
        for name, one in zip(features, moved, strict=True):
            if not np.all(np.diff(one) > 0):
                raise InputError(
                    f"standardized edges of {name} must differ, but some of them coincide: they lie closer than "
                    "rounding, or farther out than a million scales; leave them out, or give standardize=False"
                )
        return cls(edges, moved)

    @property
    def n_bins(self) -> int:
        return math.prod(self.shape)

    @property
    def are_given(self) -> bool:
        return True

    @property
    def shape(self) -> tuple[int, ...]:
        """Intervals of each feature."""
        return tuple(one.size - 1 for one in self.edges)

    def find(self, events: FloatArray) -> IntArray:
        found = np.zeros(events.shape[0], dtype=np.int64)
        is_inside = np.ones(events.shape[0], dtype=bool)
        for x, edges in zip(events.T, self.edges, strict=True):
            is_inside &= (x >= edges[0]) & (x <= edges[-1])
            place = np.searchsorted(edges, x, side="right") - 1
            found = found * (edges.size - 1) + np.clip(place, 0, edges.size - 2)
        return np.where(is_inside, found, OUTSIDE)

    def portable(self) -> dict[str, Any]:
        return {"form": "grid", "edges": [plain_numbers(one) for one in self.edges]}

    def text(self, index: int, features: Sequence[str]) -> str:
        places = np.unravel_index(index, self.shape)
        parts = []
        for name, edges, place in zip(features, self.given, places, strict=True):
            is_last = place == len(edges) - 2
            parts.append(interval(name, edges[place], edges[place + 1], is_closed=is_last))
        return ", ".join(part for part in parts if part)


@dataclass(frozen=True, eq=False)
class Tree:
    """Bins between cuts, each of which divides what the one above it left: x_j < cut to the one side, else the other.

    Args:
        feature: j of each cut, shape (c,).
        cut: its place, standardized, shape (c,).
        below, above: what lies there, shape (c,): the index of another cut, or -1 - k for bin k.
        n_bins: how many bins there are.
        standardization: for the units of the user.
    """

    feature: IntArray
    cut: FloatArray
    below: IntArray
    above: IntArray
    n_bins: int
    standardization: Standardization

    @property
    def are_given(self) -> bool:
        return False

    def find(self, events: FloatArray) -> IntArray:
        place = np.full(events.shape[0], 0 if self.cut.size else -1, dtype=np.int64)
        rows = np.flatnonzero(place >= 0)
        while rows.size:
            at = place[rows]
            is_above = events[rows, self.feature[at]] >= self.cut[at]
            place[rows] = np.where(is_above, self.above[at], self.below[at])
            rows = rows[place[rows] >= 0]
        return -1 - place

    def portable(self) -> dict[str, Any]:
        cuts = {"feature": self.feature, "cut": self.cut, "below": self.below, "above": self.above}
        return {"form": "tree", **{name: one.tolist() for name, one in cuts.items()}}

    def text(self, index: int, features: Sequence[str]) -> str:
        lower, upper = self._box(index)
        scale, shift = self.standardization.scale, self.standardization.shift
        ends = zip(features, lower * scale + shift, upper * scale + shift, strict=True)
        return ", ".join(filter(None, (interval(name, low, high) for name, low, high in ends))) or "everything"

    def _box(self, index: int) -> tuple[FloatArray, FloatArray]:
        """The ends of a bin, standardized, each (d,)."""
        lower = np.full(self.standardization.n_features, -np.inf)
        upper, place = -lower, -1 - index
        while True:
            parent = np.flatnonzero((self.below == place) | (self.above == place))
            if not parent.size:
                return lower, upper
            above, j, cut = self.above[parent[0]] == place, self.feature[parent[0]], self.cut[parent[0]]
            if above:
                lower[j] = max(lower[j], cut)
            else:
                upper[j] = min(upper[j], cut)
            place = int(parent[0])


def interval(name: str, low: float, high: float, *, is_closed: bool = False) -> str:
    """An interval in words; empty where it holds everything.

    >>> interval("x", -np.inf, 2.0), interval("x", 1.0, 2.0, is_closed=True)
    ('x < 2', '1 <= x <= 2')
    """
    end = f"<= {high:.6g}" if is_closed else f"< {high:.6g}"
    if math.isinf(low):
        return "" if math.isinf(high) else f"{name} {end}"
    return f"{name} >= {low:.6g}" if math.isinf(high) else f"{low:.6g} <= {name} {end}"


def found_in(bins: Bins, problem: Problem, events: FloatArray) -> IntArray:
    """The bin of each raw event (n, d), and ``n_bins`` where it lies in none: shape (n,)."""
    found = bins.find(problem.standardization.apply(events))
    return np.where(found == OUTSIDE, bins.n_bins, found)


def _with_single(edges: Sequence[float]) -> FloatArray:
    """Of an edge and what it is in single precision the lower where an interval begins, the higher where all end."""
    return np.append(beginnings(edges)[:-1], max(edges[-1], single_of(edges[-1])))


def _standardized(edges: FloatArray, feature: int, standardization: Standardization) -> FloatArray:
    """Edges of one feature as events of it are standardized; infinite ones stay."""
    events = np.zeros((edges.size, standardization.n_features))
    events[:, feature] = edges
    moved: FloatArray = np.where(np.isinf(edges), edges, standardization.apply(events)[:, feature])
    return moved
