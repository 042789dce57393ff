"""Data events where the reference has none: found, counted and named."""

import abc
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy.spatial import cKDTree

from wilks.errors import SampleError
from wilks.samples.checked_arrays import effective_number
from wilks.samples.outliers import far_values
from wilks.samples.sample import Sample
from wilks.samples.standardization import Standardization, require_varying
from wilks.samples.usual_distance import Usual
from wilks.samples.value_gaps import Gaps
from wilks.typing import FloatArray, IntArray, is_number
from wilks.wording import visible

_FEWEST = 100
_N_OUTERMOST = 5
_NAMED = 5
_SMALLEST = 1e-300
_ROUNDING = 1e-9
_FEW, _TOLERANCE = 512, 3.0


@dataclass(frozen=True)
class Outsider:
    """One data event outside the support.

    Attributes:
        index: its row in the data.
        values: its features, raw.
        distance: to the nearest reference event, in standard deviations of the reference.
        expected: how many data events as far out are expected in the whole data set, looks included; below ``size``.
        reason: in words.
    """

    index: int
    values: tuple[float, ...]
    distance: float
    expected: float
    reason: str


@dataclass(frozen=True)
class Support:
    """The data events that lie where the reference has none.

    Attributes:
        features: names of the features.
        n_events: number of data events that were looked at.
        size: the share of data sets drawn from the reference in which an event is named.
        outsiders: the events, the farthest out first.
    """

    features: tuple[str, ...]
    n_events: int
    size: float
    outsiders: tuple[Outsider, ...]

    @property
    def n_outside(self) -> int:
        """Number of events outside."""
        return len(self.outsiders)

    @property
    def indices(self) -> tuple[int, ...]:
        """Their rows in the data."""
        return tuple(one.index for one in self.outsiders)

    def __str__(self) -> str:
        if not self.outsiders:
            return f"the reference covers all {self.n_events:,} data events"
        is_one = self.n_outside == 1
        lines = [
            f"{self.n_outside:,} of {self.n_events:,} data events {'lies' if is_one else 'lie'} where the reference "
            f"has none; by chance one does in {self.size:.2g} of data sets:"
        ]
        for one in self.outsiders[:_NAMED]:
            values = ", ".join(
                f"{visible(name)} = {value:.6g}" for name, value in zip(self.features, one.values, strict=True)
            )
            lines.append(f"  event {one.index:,}: {values}: {one.reason}")
        lines += [f"  and {self.n_outside - _NAMED:,} more"] if self.n_outside > _NAMED else []
        lines.append(
            f"Nothing holds the learned ratio down there, so that t may come from {'it' if is_one else 'them'} alone: "
            f"look at what {'it is' if is_one else 'they are'}; then restrict data, reference and toys to the region "
            "that the reference covers (where=...), or add simulated events there (wilks.samples.enrich)."
        )
        return "\n".join(lines)


class _Look(abc.ABC):
    """One way in which an event can lie outside."""

    @abc.abstractmethod
    def chance(self, events: FloatArray, *, limit: float) -> FloatArray:
        """For raw events (m, d): the chance that one event of the reference lies as far out, shape (m,).

        Chances above ``limit`` may come out as 1: most events lie where others do, and that is soon seen.
        """

    @abc.abstractmethod
    def reason(self, event: FloatArray) -> str:
        """In words, for one event (d,)."""


@dataclass(frozen=True, eq=False)
class _Edge(_Look):
    """Beyond the last value of one feature, or before the first: ``sign`` is 1 or -1."""

    name: str
    column: int
    sign: float
    usual: Usual
    gap: float

    @classmethod
    def of(cls, name: str, column: int, sign: float, events: FloatArray, weights: FloatArray) -> "_Edge":
        outermost = np.unique(sign * events[:, column])[-_N_OUTERMOST - 1 :]
        return cls(name, column, sign, Usual.of(sign * events[:, column], weights), float(np.max(np.diff(outermost))))

    def chance(self, events: FloatArray, *, limit: float) -> FloatArray:
        """That of the tail, or if less, that to lie beyond at all times 1 / (1 + u).

        The latter is the chance that a gap is more than u times another one of the same law; the largest of the five
        outermost gaps is taken. It tells a sharp edge.
        """
        distances = self.sign * events[:, self.column] - self.usual.largest
        chances, is_beyond = np.ones(distances.size), np.flatnonzero(distances > 0)
        if not is_beyond.size:
            return chances
        distance = distances[is_beyond]
        weight = self.usual.weights[_N_OUTERMOST - 1] / _N_OUTERMOST
        beyond = weight / (weight + self.usual.weights[-1])
        tail = self.usual.chance(self.usual.largest + distance, np.full(distance.size, weight))
        chances[is_beyond] = np.minimum(tail, beyond / (1.0 + distance / self.gap))
        return chances

    def reason(self, event: FloatArray) -> str:
        last = self.sign * self.usual.largest
        place = "beyond the last" if self.sign > 0 else "before the first"
        return f"{self.name} lies {abs(event[self.column] - last):.3g} {place} reference event, at {last:.6g}"


@dataclass(frozen=True, eq=False)
class _Gap(_Look):
    """Between two values of one feature that lie far apart."""

    name: str
    column: int
    gaps: Gaps

    def chance(self, events: FloatArray, *, limit: float) -> FloatArray:
        return self.gaps.chance(events[:, self.column], limit=limit)

    def reason(self, event: FloatArray) -> str:
        left, right = self.gaps.ends(float(event[self.column]))
        return f"{self.name} lies in a gap of the reference, from {left:.6g} to {right:.6g}"


@dataclass(frozen=True, eq=False)
class _Distance(_Look):
    """Far from the nearest reference event, all features together."""

    standardization: Standardization
    tree: Any
    few: Any
    weights: FloatArray
    usual: Usual

    @classmethod
    def of(
        cls, events: FloatArray, weights: FloatArray, standardization: Standardization, far: Sequence[FloatArray]
    ) -> "_Distance":
        points = standardization.apply(events)
        tree = cKDTree(points)
        near = ~np.any([np.isin(column, values) for column, values in zip(events.T, far, strict=True)], axis=0)
        among_others = np.asarray(tree.query(points[near], k=2)[0])[:, 1]
        few = cKDTree(points[:: max(1, len(points) // _FEW)])
        return cls(standardization, tree, few, weights, Usual.of(among_others, weights[near]))

    def nearest(self, events: FloatArray) -> tuple[FloatArray, IntArray]:
        """Distances (m,) in standard deviations to the nearest reference events, and their rows."""
        distances, rows = self.tree.query(self.standardization.apply(events))
        return np.asarray(distances), np.asarray(rows)

    def chance(self, events: FloatArray, *, limit: float) -> FloatArray:
        """Most events lie near enough to one of few reference events, wherever the nearest is."""
        near, _ = self.few.query(self.standardization.apply(events), eps=_TOLERANCE)
        chances, is_far = np.ones(len(events)), np.asarray(near) > self.usual.usual_up_to(limit)
        if np.any(is_far):
            distances, rows = self.nearest(events[is_far])
            chances[is_far] = self.usual.chance(distances, self.weights[rows])
        return chances

    def reason(self, event: FloatArray) -> str:
        distance = float(self.nearest(event[None])[0][0])
        return (
            f"the nearest reference event is {distance:.3g} standard deviations away; among themselves none is farther "
            f"than {self.usual.largest:.3g} from its nearest"
        )


@dataclass(frozen=True, eq=False)
class ReferenceSupport:
    """Where a reference has events: made once, asked for each data set.

    Raises:
        SampleError: fewer than 100 events with a weight, or a feature that does not vary.

    >>> reference = Sample(np.random.default_rng(0).exponential(size=20_000), features=("x",))
    >>> found = ReferenceSupport(reference).outside(Sample([0.5, 1.0, 30.0], features=("x",)))
    >>> for line in str(found).splitlines()[:2]:
    ...     print(line)
    1 of 3 data events lies where the reference has none; by chance one does in 0.01 of data sets:
      event 2: x = 30: x lies 20.6 beyond the last reference event, at 9.36345
    """

    reference: Sample

    def __post_init__(self) -> None:
        n_counted = int(np.count_nonzero(self.reference.event_weights))
        if n_counted < _FEWEST:
            raise SampleError(
                f"where a reference has events is told by at least {_FEWEST} of them, but {n_counted} with a weight "
                "came"
            )
        require_varying(self.reference)

    def outside(self, data: Sample, *, size: float = 0.01) -> Support:
        """The events of ``data`` that lie where the reference has none.

        Each event is looked at in each feature alone, whether it lies before the first reference event, beyond the
        last, or in a gap between two of them, and, where there are several features, for its distance to the nearest
        one. Each look gives the chance p that one event of the reference lies as far out (`Usual.chance`). With n data
        events and k looks an event is named if k n p <= ``size``; j of them that are all farther out than the
        reference tells, p <= q = 1 / (1 + effective number of its events), are named if
        k j^2 n p (n q)^(j - 1) <= ``size``, p that of the innermost. Then an event is named in about a share ``size``
        of data sets that are drawn from the reference, or in fewer; in twice that for tails as heavy as 1 / x^2.

        Args:
            data: with the features of the reference; weights are not looked at.
            size: false-alarm rate for the whole data set.

        Raises:
            SampleError: other features, or a size that is no share.
        """
        self._check(data, size)
        if not data.n_events:
            return Support(data.features, 0, float(size), ())
        # An event that is likelier in each of the looks is not named, and does not count for others.
        least = self._least_chance * (1.0 + _ROUNDING)
        limit = (1.0 + _ROUNDING) * max(size / (len(self._looks) * data.n_events), least)
        chances = np.stack([self._chances(look, data.events, limit=limit) for look in self._looks])
        expected = np.stack([self._expected(one, limit=limit) for one in chances])
        best = np.argmin(expected, axis=0)
        least = expected[best, np.arange(data.n_events)]
        named = np.flatnonzero(least <= size)
        outsiders = [
            Outsider(
                index=int(i),
                values=tuple(data.events[i].tolist()),
                distance=float(self._distance.nearest(data.events[i : i + 1])[0][0]),
                expected=float(least[i]),
                reason=self._looks[best[i]].reason(data.events[i]),
            )
            for i in named[np.lexsort((chances[best[named], named], least[named]))]
        ]
        return Support(data.features, data.n_events, float(size), tuple(outsiders))

    def _check(self, data: Sample, size: float) -> None:
        if data.features != self.reference.features:
            raise SampleError(
                f"the data must have the features of the reference, {', '.join(self.reference.features)}, in this "
                f"order, but they have {', '.join(data.features)}"
            )
        if not (is_number(size) and 0 < size < 1):
            raise SampleError(f"the false-alarm rate must lie between 0 and 1, but {size!r} came")

    @cached_property
    def _looks(self) -> tuple[_Look, ...]:
        events, weights = self._counted
        alone: list[_Look] = []
        for j, name in enumerate(self.reference.features):
            near = ~np.isin(events[:, j], self._far[j])
            alone += [_Edge.of(name, j, sign, events[near], weights[near]) for sign in (1.0, -1.0)]
            alone.append(_Gap(name, j, Gaps.of(events[near, j], weights[near])))
        return (*alone, *([self._distance] if events.shape[1] > 1 else []))

    @cached_property
    def _far(self) -> tuple[FloatArray, ...]:
        """The values of each feature far outside all others, which say nothing of where its distribution ends."""
        events, weights = self._counted
        return tuple(np.unique(column[far_values(column, weights)]) for column in events.T)

    def _chances(self, look: _Look, events: FloatArray, *, limit: float) -> FloatArray:
        """Those of the look, shape (m,); 1 for an event with a far value that the reference has."""
        columns = (look.column,) if isinstance(look, _Edge | _Gap) else range(events.shape[1])
        far = [np.isin(events[:, j], self._far[j]) for j in columns if self._far[j].size]
        is_new = ~np.any(far, axis=0) if far else slice(None)
        chances = np.ones(events.shape[0])
        with np.errstate(over="ignore"):
            chances[is_new] = np.maximum(look.chance(events[is_new], limit=limit), _SMALLEST)
        return chances

    def _expected(self, chances: FloatArray, *, limit: float) -> FloatArray:
        """How many events as far out are expected, looks included, shape (m,); infinite where that is not asked."""
        expected, counted = np.full(chances.size, np.inf), np.flatnonzero(chances <= limit)
        if counted.size:
            found = _expected(chances[counted], n=chances.size, least=self._least_chance)
            expected[counted] = len(self._looks) * found
        return expected

    @cached_property
    def _least_chance(self) -> float:
        """1 / (n + 1) with the effective number of events n: what the reference can tell without extrapolation."""
        weights = self._counted[1]
        return 1.0 / (1.0 + effective_number(weights))

    @cached_property
    def _distance(self) -> _Distance:
        return _Distance.of(*self._counted, Standardization.of(self.reference), self._far)

    @property
    def _counted(self) -> tuple[FloatArray, FloatArray]:
        """Events that have a weight, with its absolute value: where it is negative the reference has events, too."""
        counted = self.reference.event_weights != 0
        return self.reference.events[counted], np.abs(self.reference.event_weights[counted])


def _expected(chance: FloatArray, *, n: int, least: float) -> FloatArray:
    """n p of events (m,) of n; j^2 n p (n least)^(j - 1) for the j-th outermost of those with p <= least.

    An event farther out than another one has no larger number than that.
    """
    order = np.argsort(-chance, kind="stable")
    p = chance[order]
    j = p.size - np.searchsorted(-p, -p, side="left")
    together = np.where(p <= least * (1.0 + _ROUNDING), 2.0 * np.log(j) + (j - 1) * np.log(n * least), 0.0)
    result = np.empty(p.size)
    result[order] = np.exp(np.minimum.accumulate(np.minimum(np.log(n * p) + together, 0.0)))
    return result
