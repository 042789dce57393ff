"""A region of the features as cuts on single columns.

The learned f may bend a region A into any form. Of all rectangles B, products of intervals of single columns, one is
looked for that holds as much of the region and as little else as it can: it maximizes

    F = 2 m(B and A) / [ m(A) + m(B) ],

the harmonic mean of m(B and A)/m(B) and m(B and A)/m(A). A reference event of the region has the mass that it is
expected to add to t, v h(g); one outside, v times the threshold of h, as if it stood on the edge of the region. Columns
are added one by one, each time that which raises F most, with its best interval, and the intervals of all are then
found anew in turn. Other than in PRIM (J. Friedman and N. Fisher, Statistics and Computing 9 (1999) 123), which peels a
few percent of the events from one side at a time, each interval is the best there is for the others: for a given F the
interval that maximizes 2 m(B and A) - F m(B) is the run of largest sum among the events in order, found in one pass,
and F rises with it until it stays (W. Dinkelbach, Management Science 13 (1967) 492).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from wilks.interpretation.counting import Counted, count_inside
from wilks.samples import Sample
from wilks.samples.quoted_names import quoted
from wilks.samples.syntax import is_plain_name
from wilks.typing import BoolArray, FloatArray
from wilks.wording import visible

MOST_CUTS = 4
_LEAST_GAIN = 0.02
_LOST = 0.005
_DIGITS = (1, 2, 3, 4, 6, 9, 17)


@dataclass(frozen=True)
class Cut:
    """low < x < high in one column; ``is_absolute``: of its absolute value. Either end may be infinite."""

    column: str
    low: float
    high: float
    is_absolute: bool = False

    def holds(self, values: FloatArray) -> BoolArray:
        """Which values (n,) pass; one that is no number does not."""
        x = np.abs(values) if self.is_absolute else values
        return np.asarray((x > self.low) & (x < self.high))

    @property
    def text(self) -> str:
        """As a selection has it, such as ``pt1 > 140`` or ``abs(eta1) < 1.3``."""
        name = self.column if is_plain_name(self.column) else quoted(visible(self.column))
        name = f"abs({name})" if self.is_absolute else name
        ends = ((">", self.low), ("<", self.high))
        return " and ".join(f"{name} {sign} {_short(end)}" for sign, end in ends if np.isfinite(end)) or "everything"


@dataclass(frozen=True)
class CutRule:
    """A rectangle that holds most of a region and little else.

    Attributes:
        cuts: on single columns, all of which an event passes.
        counted: what is observed and expected in the rectangle.
        purity: the share of the events that the learned alternative expects in the rectangle which lie in the region;
            of a deficit, of those that the reference expects.
        coverage: the share of what the region is expected to add to t that comes from the rectangle.
    """

    cuts: tuple[Cut, ...]
    counted: Counted
    purity: float
    coverage: float

    @property
    def text(self) -> str:
        """All cuts, as a selection (``where``) has them.

        >>> cuts = Cut("pt1", 140.0, np.inf), Cut("eta1", -np.inf, 1.3, is_absolute=True)
        >>> CutRule(cuts, Counted(1, 1.0, 1.0, 0.0), 1.0, 1.0).text
        'pt1 > 140 and abs(eta1) < 1.3'
        """
        return " and ".join(one.text for one in self.cuts) or "everything"

    def contains(self, sample: Sample) -> BoolArray:
        """Which events of a sample pass all cuts, shape (n,).

        Raises:
            SampleError: a column is missing.
        """
        return _passed(self.cuts, {one.column: sample.column(one.column) for one in self.cuts}, sample.n_events)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; an end that is infinite becomes None."""
        cuts = [{**vars(one), "low": _plain(one.low), "high": _plain(one.high)} for one in self.cuts]
        counts = self.counted.to_dict()
        return {"text": self.text, "cuts": cuts, **counts, "purity": self.purity, "coverage": self.coverage}

    def __str__(self) -> str:
        return (
            f"as cuts:   {self.text}\n"
            f"           {self.counted}; {self.coverage:.0%} of what the region adds comes from there, "
            f"{self.purity:.0%} of the events there are of the region"
        )


class _Target(NamedTuple):
    """Columns by name, each (m,), mass of all events and of those of the region (m,)."""

    columns: Mapping[str, FloatArray]
    mass: FloatArray
    wanted: FloatArray

    def score(self, cuts: Sequence[Cut]) -> float:
        """F."""
        inside = _passed(cuts, self.columns, self.mass.size)
        both, held = float(np.sum(self.wanted[inside])), float(np.sum(self.mass[inside]))
        return 2.0 * both / (float(np.sum(self.wanted)) + held)


class Place(NamedTuple):
    """A region as the events of a reference show it, each array (m,).

    Attributes:
        inside: which lie in it.
        mass: m of each.
        learned: how many events the learned alternative expects for each; of a deficit, the reference.
        weights: how many the reference expects.
    """

    inside: BoolArray
    mass: FloatArray
    learned: FloatArray
    weights: FloatArray


def cut_rule(
    reference: Sample, data: Sample, *, place: Place, columns: Sequence[str], most_cuts: int = MOST_CUTS
) -> CutRule:
    """The rectangle for a region of the reference events, with what is observed and expected there.

    Args:
        reference: events (m,).
        data: with the same columns.
        place: the region; negative masses count as none.
        columns: on which there may be cuts, features or carried ones.
        most_cuts: columns that are cut on, at most.
    """
    mass = np.maximum(place.mass, 0.0)
    target = _Target({name: reference.column(name) for name in columns}, mass, np.where(place.inside, mass, 0.0))
    wanted = float(np.sum(target.wanted))
    cuts = _simplified(target, _chosen(target, most_cuts)) if wanted > 0 else []
    of_data, of_reference = (
        _passed(cuts, {name: one.column(name) for name in columns}, one.n_events) for one in (data, reference)
    )
    held = float(np.sum(place.learned[of_reference]))
    both = float(np.sum(place.learned[of_reference & place.inside]))
    return CutRule(
        cuts=tuple(cuts),
        counted=count_inside(of_data, of_reference, place.weights),
        purity=both / held if held > 0 else 0.0,
        coverage=float(np.sum(target.wanted[of_reference])) / wanted if wanted > 0 else 0.0,
    )


def _chosen(target: _Target, most_cuts: int) -> list[Cut]:
    """Columns one by one, as long as F rises, and the intervals of all of them anew after each."""
    cuts: list[Cut] = []
    score = target.score(cuts)
    while len(cuts) < min(most_cuts, len(target.columns)):
        names = [name for name in target.columns if name not in {one.column for one in cuts}]
        found = [_interval(target, name, cuts) for name in names]
        best = max(found, key=lambda one: target.score([*cuts, one]))
        trial = _again(target, [*cuts, best])
        reached = target.score(trial)
        if reached < score + _LEAST_GAIN:
            break
        cuts, score = trial, reached
    return cuts


def _again(target: _Target, cuts: list[Cut]) -> list[Cut]:
    """The interval of each column for those of the others, in turn, until F stays."""
    score = target.score(cuts)
    for _ in range(10 if len(cuts) > 1 else 0):
        for place, one in enumerate(cuts):
            others = [*cuts[:place], *cuts[place + 1 :]]
            cuts = [*cuts[:place], _interval(target, one.column, others), *cuts[place + 1 :]]
        reached = target.score(cuts)
        if reached < score + 1e-4:
            break
        score = reached
    return cuts


def _interval(target: _Target, name: str, others: Sequence[Cut]) -> Cut:
    """The interval of a column with the largest F, for the cuts on others."""
    values = target.columns[name]
    rows = np.flatnonzero(_passed(others, target.columns, values.size) & np.isfinite(values))
    rows = rows[np.argsort(values[rows], kind="stable")]
    x = values[rows]
    if not x.size:
        return Cut(name, -np.inf, np.inf)
    starts = np.flatnonzero(np.append(True, np.diff(x) > 0))  # values that are equal are not divided
    held, both = (
        np.append(0.0, np.cumsum(one[rows]))[np.append(starts, x.size)] for one in (target.mass, target.wanted)
    )
    first, last, level = 0, starts.size, 0.0
    for _ in range(50):
        reached = 2.0 * (both[last] - both[first]) / (float(np.sum(target.wanted)) + held[last] - held[first])
        if reached <= level * (1.0 + 1e-12):
            break
        level = reached
        first, last = _largest_rise(2.0 * both - level * held)
    places = x[starts]
    low = -np.inf if first == 0 else 0.5 * float(places[first - 1] + places[first])
    high = np.inf if last == starts.size else 0.5 * float(places[last - 1] + places[last])
    return Cut(name, low, high)


def _largest_rise(sums: FloatArray) -> tuple[int, int]:
    """Where a sequence (k,) rises most, from which place to which."""
    lowest = np.minimum.accumulate(sums)
    last = int(np.argmax(sums - lowest))
    first = int(np.argmin(sums[: last + 1]))
    return first, last


def _simplified(target: _Target, cuts: list[Cut]) -> list[Cut]:
    """Without ends that matter little, symmetric about 0 and round where that costs next to nothing of F."""
    for place in range(len(cuts)):
        cuts = _unless_worse(target, cuts, place, replace(cuts[place], low=-np.inf))
        cuts = _unless_worse(target, cuts, place, replace(cuts[place], high=np.inf))
        one = cuts[place]
        if np.isfinite(one.low) and np.isfinite(one.high) and one.low < 0 < one.high:
            reach = 0.5 * (one.high - one.low)
            cuts = _unless_worse(target, cuts, place, Cut(one.column, -np.inf, reach, is_absolute=True))
    cuts = [one for one in cuts if np.isfinite(one.low) or np.isfinite(one.high)]
    for place in range(len(cuts)):
        for end in ("low", "high"):
            cuts = _rounded(target, cuts, place, end)
    return cuts


def _rounded(target: _Target, cuts: list[Cut], place: int, end: str) -> list[Cut]:
    """One end with the fewest digits that F allows."""
    value = getattr(cuts[place], end)
    for digits in _DIGITS if np.isfinite(value) else ():
        short: Any = {end: float(f"{value:.{digits}g}")}
        trial = _unless_worse(target, cuts, place, replace(cuts[place], **short))
        if trial is not cuts:
            return trial
    return cuts


def _unless_worse(target: _Target, cuts: list[Cut], place: int, one: Cut) -> list[Cut]:
    """The cuts with another one in a place, if F stays about as it is; else the same."""
    trial = [*cuts[:place], one, *cuts[place + 1 :]]
    return trial if target.score(trial) >= target.score(cuts) - _LOST else cuts


def _passed(cuts: Sequence[Cut], columns: Mapping[str, FloatArray], n_events: int) -> BoolArray:
    inside = np.ones(n_events, dtype=np.bool_)
    for one in cuts:
        inside &= one.holds(columns[one.column])
    return inside


def _short(end: float) -> str:
    """As few digits as tell it.

    >>> _short(140.0), _short(0.1 + 0.2)
    ('140', '0.30000000000000004')
    """
    text = f"{end:g}"
    return text if float(text) == end else repr(end)


def _plain(end: float) -> float | None:
    return end if np.isfinite(end) else None
