"""Where the parts of a figure stand, in pixels; templates turn them into SVG, and escape what is in it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from wilks.monitor.page.totals import STATES
from wilks.significance import z_score
from wilks.significance.printing import plain, z_of_plain
from wilks.wording import visible

_LOWEST_Z, _HIGHEST_Z, _USUAL_Z = -3.0, 10.0, 5.0
_LEFT, _TOP = 44.0, 20.0
_MOST_RATIO, _USUAL_RATIO = 4.0, 2.0
# A state by its form as well as by its color.
FORMS = dict(zip(STATES, ("circle", "triangle", "square", "cross"), strict=True))
CLASSES = dict(zip(STATES, ("good", "medium", "bad", "unevaluated"), strict=True))


@dataclass(frozen=True)
class Size:
    """Of a figure, in pixels, with what is kept free at the right and below."""

    width: float
    height: float
    right: float = 10.0
    bottom: float = 26.0

    @property
    def inner(self) -> tuple[float, float]:
        """Of the frame inside."""
        return self.width - _LEFT - self.right, self.height - _TOP - self.bottom


@dataclass(frozen=True)
class Mark:
    """A batch in the timeline; Z of one that is above or below it lies beyond its end, or p is 1, which has no Z."""

    x: float
    y: float
    index: int
    form: str
    state: str
    title: str
    is_above: bool
    is_below: bool


@dataclass(frozen=True)
class Line:
    """A tick, or a threshold, with its text."""

    at: float
    text: str


@dataclass(frozen=True)
class Timeline:
    """Z of the last batches, with thresholds, states and alarms."""

    size: Size
    frame: tuple[float, float, float, float]
    marks: tuple[Mark, ...]
    thresholds: tuple[Line, ...]
    alarms: tuple[Mark, ...]
    ticks: tuple[Line, ...]
    labels: tuple[Line, ...]
    bottom: float


def timeline(entries: Sequence[Mapping[str, Any]], *, decisions: Mapping[str, Any], size: Size) -> Timeline:
    """The figure of lines of the log, in their order."""
    verdicts = [one["verdict"] for one in entries]
    known = [one["z_score"] for one in verdicts if one["z_score"] is not None]
    top: float = min(max([_USUAL_Z, *(z + 0.5 for z in known)]), _HIGHEST_Z)
    width, height = size.inner
    step = width / max(len(verdicts), 1)

    def y_of(z: float) -> float:
        return _TOP + height * (top - min(max(z, _LOWEST_Z), top)) / (top - _LOWEST_Z)

    marks = []
    for place, verdict in enumerate(verdicts):
        z = z_of_plain(verdict)
        x, y = _LEFT + (place + 0.5) * step, _TOP + height if z is None else y_of(z)
        state = verdict["state"]
        is_above = z is not None and z > top
        is_below = z is not None and z < _LOWEST_Z
        title = title_of(verdict)
        marks.append(Mark(x, y, verdict["index"], FORMS[state], CLASSES[state], title, is_above, is_below))
    alarms = tuple(mark for mark, verdict in zip(marks, verdicts, strict=True) if verdict["alarms"])
    levels = tuple(
        Line(y_of(z_score(decisions[name])), name.upper()) for name in ("bad", "medium") if name in decisions
    )
    ticks = tuple(Line(y_of(float(z)), str(z)) for z in range(math.ceil(_LOWEST_Z), int(top) + 1, 2 if top > 7 else 1))
    frame = (_LEFT, _TOP, width, height)
    return Timeline(size, frame, tuple(marks), levels, alarms, ticks, _labels(marks, size), _TOP + height)


def title_of(verdict: Mapping[str, Any]) -> str:
    """A batch in one line."""
    name = visible(verdict["name"]) or f"batch {verdict['index']}"
    z = ", p = 1" if verdict["p_value"] == 1.0 else ""
    z = z if verdict["z_score"] is None else f", Z = {verdict['z_score']:.2f}"
    alarms = f"; alarms: {', '.join(verdict['alarms'])}" if verdict["alarms"] else ""
    return f"{name}: {verdict['state']}{z}{alarms}"


def _labels(marks: Sequence[Mark], size: Size) -> tuple[Line, ...]:
    """Numbers of batches below the axis, some of them."""
    n_most = max(int(size.inner[0] // 70), 1)
    step = max(math.ceil(len(marks) / n_most), 1)
    return tuple(Line(one.x, str(one.index)) for one in marks[::step])


@dataclass(frozen=True)
class Bar:
    """An interval of a feature: the ratio of observed to expected, one standard deviation of the expected, and the
    ratio that was learned, where one was.
    """

    x: float
    width: float
    y: float
    height: float
    low: float
    high: float
    is_worst: bool
    learned: float | None
    title: str


@dataclass(frozen=True)
class FeatureFigure:
    """Counts of a batch in the intervals of a feature against the reference."""

    feature: str
    size: Size
    frame: tuple[float, float, float, float]
    bars: tuple[Bar, ...]
    one: float
    ticks: tuple[Line, ...]
    labels: tuple[Line, ...]
    bottom: float


def feature_figure(
    place: Mapping[str, Any], profile: Mapping[str, Any], *, learned: Sequence[float], size: Size
) -> FeatureFigure:
    """The figure of a feature: ``place`` is what the verdict says of it, ``profile`` that of the reference; ``learned``
    ratios are empty where there are none.
    """
    counts, shares, edges = place["counts"], profile["shares"], profile["edges"]
    n_events, (width, height) = sum(counts), size.inner
    expected = [n_events * share for share in shares]
    ratios = [n / one if one > 0.0 else 0.0 for n, one in zip(counts, expected, strict=True)]
    top: float = min(max([_USUAL_RATIO, *(1.05 * one for one in ratios)]), _MOST_RATIO)

    def y_of(ratio: float) -> float:
        return _TOP + height * (1.0 - min(max(ratio, 0.0), top) / top)

    step, bars = width / len(counts), []
    ends = [-math.inf, *edges, math.inf]
    for k, (n, one, ratio) in enumerate(zip(counts, expected, ratios, strict=True)):
        spread = math.sqrt(max(one * (1.0 - shares[k]), 0.0)) / one if one > 0.0 else 0.0
        text = f"{_interval(ends[k], ends[k + 1])}: {n:,} events, {one:.4g} expected"
        is_worst = _is_inside(ends[k], ends[k + 1], place)
        text += f", learned ratio {learned[k]:.3g}" if learned else ""
        y, band = y_of(ratio), (y_of(1.0 - spread), y_of(1.0 + spread))
        told = y_of(learned[k]) if learned else None
        bars.append(Bar(_LEFT + k * step, step, y, _TOP + height - y, *band, is_worst, told, text))
    ticks = tuple(Line(y_of(float(i)), str(i)) for i in range(int(top) + 1))
    labels = tuple(
        Line(_LEFT + (k + 1) * step, plain(edges[k])) for k in _spread_out(len(edges), most=int(width // 75))
    )
    return FeatureFigure(
        place["feature"], size, (_LEFT, _TOP, width, height), tuple(bars), y_of(1.0), ticks, labels, _TOP + height
    )


def _interval(low: float, high: float) -> str:
    if math.isinf(low) and math.isinf(high):
        return "all values"
    if math.isinf(low):
        return f"below {plain(high)}"
    return f"from {plain(low)}" if math.isinf(high) else f"{plain(low)} to {plain(high)}"


def _is_inside(low: float, high: float, place: Mapping[str, Any]) -> bool:
    first = -math.inf if place["low"] is None else place["low"]
    last = math.inf if place["high"] is None else place["high"]
    return bool(first <= low and high <= last)


def _spread_out(n: int, *, most: int) -> range:
    """Some of n places, evenly."""
    step = max(math.ceil(n / max(most, 1)), 1)
    return range((n - 1) % step // 2, n, step)
