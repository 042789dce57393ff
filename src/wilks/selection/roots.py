"""Where the mean of t meets its target: roots in the logarithm of the clip, from the same toys at two clips."""

import math
from collections.abc import Iterable
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from wilks.typing import FloatArray

_FARTHEST = 1.0


class Point(NamedTuple):
    """t of toys 0 .. n - 1, NaN where one failed, at one clip."""

    clip: float
    t: FloatArray

    @property
    def mean(self) -> float:
        """Of the valid ones."""
        return float(np.nanmean(self.t))

    @property
    def error(self) -> float:
        """Of the mean."""
        valid = self.t[np.isfinite(self.t)]
        return _error_of_mean(valid) if valid.size > 1 else math.inf


class Root(NamedTuple):
    """Where the mean meets its target.

    ``error`` is that of log clip, from the spread of t over the toys; ``mean_error`` that of the mean of t there.
    ``slope`` is what the mean grows by in a unit of log clip, with its error.
    """

    clip: float
    error: float
    mean_error: float
    slope: float
    slope_error: float

    def window(self, *, narrowest: float, widest: float) -> tuple[float, float]:
        """The clip less and plus its error, which counts as at least and at most so much."""
        half = min(max(self.error, narrowest), widest)
        return rounded(self.clip * math.exp(-half)), rounded(self.clip * math.exp(half))


def root_of(low: Point, high: Point, *, target: float) -> Root:
    """Interpolate the mean of t linearly in log clip.

    With a share s of the way, s = (target - mean t_low)/(mean t_high - mean t_low), the error of log clip is that of
    the mean of (1 - s) t_low + s t_high over the toys that both clips have, divided by the slope: noise that is common
    to both clips does not count twice. A mean that does not grow has no root: the error is infinite.

    >>> t = np.random.default_rng(1).chisquare(13, size=400)
    >>> found = root_of(Point(8.0, t - 1.0), Point(10.0, t + 1.0), target=13.0)
    >>> round(found.clip, 2), round(found.error, 3), round(found.mean_error, 2)
    (9.26, 0.027, 0.24)
    """
    both = np.isfinite(low.t) & np.isfinite(high.t)
    first, last = low.t[both], high.t[both]
    rise, width = float(np.mean(last - first)), math.log(high.clip / low.clip)
    if not rise > 0:
        return Root(math.sqrt(low.clip * high.clip), math.inf, math.inf, rise / width, math.inf)
    share = float(np.clip((target - np.mean(first)) / rise, -_FARTHEST, 1.0 + _FARTHEST))
    between = (1.0 - share) * first + share * last
    error, slope = _error_of_mean(between), rise / width
    return Root(low.clip * math.exp(share * width), error / slope, error, slope, _error_of_mean(last - first) / width)


def root_from(point: Point, before: Root, *, target: float) -> Root:
    """The root from more toys at one clip near it, log clip = log c + (target - mean t)/slope, with the slope so far.

    The error joins that of the mean and, times the distance, that of the slope.

    >>> t = np.random.default_rng(1).chisquare(13, size=400)
    >>> slope = Root(9.2, 0.1, 0.8, slope=9.0, slope_error=0.9)
    >>> found = root_from(Point(9.0, t), slope, target=13.0)
    >>> round(found.clip, 2), round(found.error, 3), round(found.mean_error, 2)
    (9.31, 0.027, 0.24)
    """
    distance, error = (target - point.mean) / before.slope, point.error
    distance = min(max(distance, -_FARTHEST), _FARTHEST)
    spread = math.hypot(error, distance * before.slope_error) / before.slope
    return before._replace(clip=point.clip * math.exp(distance), error=spread, mean_error=error)


def _error_of_mean(values: FloatArray) -> float:
    return float(np.std(values, ddof=1)) / math.sqrt(values.size)


def neighbors(points: Iterable[Point], *, target: float) -> tuple[Point, Point]:
    """The two neighboring clips between which the mean crosses the target; the nearest two where none do."""
    ordered = sorted(points, key=lambda point: point.clip)
    pairs = list(pairwise(ordered))
    crossing = [pair for pair in pairs if pair[0].mean <= target <= pair[1].mean]
    if crossing:
        return crossing[0]
    return pairs[0] if ordered[0].mean > target else pairs[-1]


def rounded(clip: float) -> float:
    """To three digits: toys cannot tell more, and a clip that is asked for again is the same.

    >>> rounded(9.0481), rounded(0.123456), rounded(123.4)
    (9.05, 0.123, 123.0)
    """
    return float(f"{clip:.3g}")
