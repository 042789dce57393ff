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
        return float(np.std(valid, ddof=1) / math.sqrt(valid.size)) if valid.size > 1 else math.inf


class Root(NamedTuple):
    """Where the mean meets its target.

    ``error`` is that of log clip, from the spread of t over the toys; ``mean_error`` that of the mean of t there.
    """

    clip: float
    error: float
    mean_error: float

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
        return Root(math.sqrt(low.clip * high.clip), math.inf, math.inf)
    share = float(np.clip((target - np.mean(first)) / rise, -_FARTHEST, 1.0 + _FARTHEST))
    between = (1.0 - share) * first + share * last
    error = float(np.std(between, ddof=1)) / math.sqrt(between.size)
    return Root(low.clip * math.exp(share * width), error * width / rise, error)


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
