"""Bins that a rule takes from a reference, by cutting it in two again and again.

A cut must leave enough of the reference on either side: a positive sum of weights, and ten effective events,
(sum w)^2 / sum w^2. What cannot be cut any more is a bin. Bins are a function of the set of events.

- Values far outside all others (`wilks.samples.far_events`), such as a -9999 that stands for a missing one, are cut
  off first, so that they share no bin with others where they are enough.
- *Quantiles*: a part that is to become k bins is cut where its share of the expected events is nearest to
  (k // 2) / k, and each side gets as many of the k bins as its share says. It is cut in the feature in which it is
  widest beside the whole reference: by half the interval that holds the central 68 % of the weight.
- *Regular*: the range of each feature, without what lies far outside, is divided into m_j equal steps, the m_j as
  equal as n_bins allows. A part is cut at the step nearest to its middle, in the feature in which it has most steps.
  Where the reference is rich, bins are single steps; where it is poor, several of them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

from wilks.problem import Problem
from wilks.samples import central_interval, far_values, in_order
from wilks.statistics.histogram.bins import Tree
from wilks.typing import BoolArray, FloatArray, IntArray

ENOUGH = 10.0


class Points(NamedTuple):
    """Standardized events (n, d) with their weights (n,)."""

    events: FloatArray
    weights: FloatArray

    def where(self, chosen: BoolArray) -> "Points":
        """Those of them."""
        return Points(self.events[chosen], self.weights[chosen])

    @property
    def are_enough(self) -> bool:
        """Whether they make a bin."""
        total = float(np.sum(self.weights))
        return total > 0 and total**2 >= ENOUGH * float(np.sum(self.weights**2))

    @property
    def most_bins(self) -> int:
        """How many bins they can become at most."""
        if np.all(self.events == self.events[:1]):
            return 1
        return max(1, int(np.sum(self.weights) ** 2 / np.sum(self.weights**2) / ENOUGH))


class Cut(NamedTuple):
    """x_feature < place to the one side."""

    feature: int
    place: float

    def is_below(self, points: Points) -> BoolArray:
        """Which points lie there."""
        below: BoolArray = points.events[:, self.feature] < self.place
        return below


class Part(Protocol):
    """What is to be cut."""

    @property
    def points(self) -> Points:
        """The events in it."""

    def halves(self) -> "tuple[Cut, Part, Part] | None":
        """The cut of it with what lies below and above; None where it is a bin."""


def quantile_tree(problem: Problem, *, n_bins: int) -> Tree:
    """Bins of equal expected events, ``n_bins`` at most."""
    points = Points(*in_order(problem.standardized[:], problem.reference.event_weights))
    widths = np.array([_half_width(x, points.weights) for x in points.events.T])
    return _tree(Quantiles(points, n_bins, widths, tuple(_far_cuts(points))), problem)


def regular_tree(problem: Problem, *, n_bins: int) -> Tree:
    """Bins of equal size, ``n_bins`` at most."""
    points = Points(*in_order(problem.standardized[:], problem.reference.event_weights))
    near = points.where(~_far(points))
    n_steps = steps_of(n_bins, points.events.shape[1])
    lower, upper = np.min(near.events, axis=0), np.max(near.events, axis=0)
    lines = tuple(np.linspace(low, high, n + 1) for low, high, n in zip(lower, upper, n_steps, strict=True))
    whole = tuple((0, n) for n in n_steps)
    return _tree(Steps(points, lines, whole, tuple(_far_cuts(points))), problem)


def steps_of(n_bins: int, n_features: int) -> tuple[int, ...]:
    """As many steps of each feature, their product ``n_bins`` at most: as equal, and then as many, as can be.

    >>> steps_of(20, 2), steps_of(20, 3), steps_of(20, 1)
    ((5, 4), (3, 3, 2), (20,))
    """
    steps = [1] * n_features
    while True:
        j = int(np.argmin(steps))
        if int(np.prod(steps)) // steps[j] * (steps[j] + 1) > n_bins:
            return tuple(steps)
        steps[j] += 1


@dataclass(frozen=True, eq=False)
class Quantiles:
    """Points that are to become ``n_bins`` bins.

    Args:
        points, n_bins: of this part.
        widths: half the central interval of the whole reference in each feature, shape (d,).
        far: cuts between what lies far outside all others and these others.
    """

    points: Points
    n_bins: int
    widths: FloatArray
    far: tuple[Cut, ...]

    def halves(self) -> "tuple[Cut, Quantiles, Quantiles] | None":
        if self.n_bins < 2:
            return None
        for cut in self._cuts():
            is_below = cut.is_below(self.points)
            below, above = self.points.where(is_below), self.points.where(~is_below)
            if below.are_enough and above.are_enough:
                few, rest = self._shared(below, above)
                return cut, self._with(below, few), self._with(above, rest)
        return None

    def _with(self, points: Points, n_bins: int) -> "Quantiles":
        return Quantiles(points, n_bins, self.widths, self.far)

    def _shared(self, below: Points, above: Points) -> tuple[int, int]:
        """The bins of either side, by expected events, as far as it can become so many."""
        share = float(np.sum(below.weights) / np.sum(self.points.weights))
        first = max(self.n_bins - above.most_bins, min(round(self.n_bins * share), below.most_bins))
        first = min(max(first, 1), self.n_bins - 1)
        return first, self.n_bins - first

    def _cuts(self) -> Iterator[Cut]:
        """Places to cut at, the best first."""
        yield from self.far
        own = np.array([_half_width(x, self.points.weights) for x in self.points.events.T])
        shares = np.divide(own, self.widths, out=np.zeros_like(own), where=self.widths > 0)
        for j in np.argsort(-shares, kind="stable").tolist():
            yield from self._nearest(j)

    def _nearest(self, feature: int) -> Iterator[Cut]:
        """The cut in one feature that leaves enough on both sides with the share nearest to what is wanted."""
        x = self.points.events[:, feature]
        order = np.argsort(x, kind="stable")
        x, weights = x[order], self.points.weights[order]
        ends = np.flatnonzero(np.diff(x) > 0)
        sums, squares = np.cumsum(weights), np.cumsum(weights**2)
        is_enough = _are_enough(sums[ends], squares[ends])
        is_enough &= _are_enough(sums[-1] - sums[ends], squares[-1] - squares[ends])
        ends = ends[is_enough]
        if ends.size:
            wanted = sums[-1] * (self.n_bins // 2) / self.n_bins
            end = int(ends[np.argmin(np.abs(sums[ends] - wanted))])
            yield Cut(feature, _between(float(x[end]), float(x[end + 1])))


@dataclass(frozen=True, eq=False)
class Steps:
    """Points on a grid of equal steps.

    Args:
        points: of this part.
        lines: of the grid, for each feature.
        ends: first and last line of this part in each feature.
        far: as of `Quantiles`.
    """

    points: Points
    lines: tuple[FloatArray, ...]
    ends: tuple[tuple[int, int], ...]
    far: tuple[Cut, ...]

    def halves(self) -> "tuple[Cut, Steps, Steps] | None":
        for cut, ends_below, ends_above in self._cuts():
            is_below = cut.is_below(self.points)
            below, above = self.points.where(is_below), self.points.where(~is_below)
            if below.are_enough and above.are_enough:
                return cut, self._with(below, ends_below), self._with(above, ends_above)
        return None

    def _with(self, points: Points, ends: tuple[tuple[int, int], ...]) -> "Steps":
        return Steps(points, self.lines, ends, self.far)

    def _cuts(self) -> Iterator[tuple[Cut, tuple[tuple[int, int], ...], tuple[tuple[int, int], ...]]]:
        """Places to cut at, the best first, with the ends of either side."""
        yield from ((cut, self.ends, self.ends) for cut in self.far)
        n_steps = np.array([last - first for first, last in self.ends])
        for j in np.argsort(-n_steps, kind="stable").tolist():
            first, last = self.ends[j]
            inner = np.arange(first + 1, last)
            for line in inner[np.argsort(np.abs(inner - 0.5 * (first + last)), kind="stable")].tolist():
                below, above = (self._replaced(j, ends) for ends in ((first, line), (line, last)))
                yield Cut(j, float(self.lines[j][line])), below, above

    def _replaced(self, feature: int, ends: tuple[int, int]) -> tuple[tuple[int, int], ...]:
        return tuple(ends if j == feature else given for j, given in enumerate(self.ends))


def _tree(whole: Part, problem: Problem) -> Tree:
    """Cut until nothing can be cut any more; bins in the order of depth first, below before above."""
    rows: list[list[float]] = []
    n_bins = 0

    def grown(part: Part) -> int:
        nonlocal n_bins
        found = part.halves()
        if found is None:
            n_bins += 1
            return -n_bins
        (feature, place), *sides = found
        row: list[float] = [feature, place]
        rows.append(row)
        index = len(rows) - 1
        row += [grown(side) for side in sides]
        return index

    grown(whole)
    feature, cut, below, above = np.array(rows).reshape(len(rows), 4).T
    indices: Sequence[IntArray] = [one.astype(np.int64) for one in (feature, below, above)]
    return Tree(indices[0], cut, indices[1], indices[2], n_bins, problem.standardization)


def _are_enough(sums: FloatArray, squares: FloatArray) -> BoolArray:
    """`Points.are_enough` for sums of weights (n,) and of their squares (n,)."""
    enough: BoolArray = (sums > 0) & (sums**2 >= ENOUGH * squares)
    return enough


def _between(low: float, high: float) -> float:
    """Halfway, above the lower value also where rounding leaves nothing between."""
    middle = low + 0.5 * (high - low)
    return middle if middle > low else high


def _half_width(values: FloatArray, weights: FloatArray) -> float:
    return central_interval(values, np.abs(weights))[1]


def _far(points: Points) -> BoolArray:
    """Which lie far outside all others in any feature, shape (n,)."""
    sizes = np.abs(points.weights)
    far: BoolArray = np.any([far_values(x, sizes) for x in points.events.T], axis=0)
    return far


def _far_cuts(points: Points) -> Iterator[Cut]:
    """Between the values far outside all others and these, on either side of each feature."""
    for j, x in enumerate(points.events.T):
        is_far = far_values(x, np.abs(points.weights))
        others = x[~is_far]
        below, above = x[is_far & (x < others.min())], x[is_far & (x > others.max())]
        if below.size:
            yield Cut(j, _between(float(below.max()), float(others.min())))
        if above.size:
            yield Cut(j, _between(float(others.max()), float(above.min())))
