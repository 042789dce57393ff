"""Values far outside all others: the -9999 or 1e30 that stands for a quantity that an event does not have."""

from collections.abc import Iterator

import numpy as np
from scipy import special

from wilks.samples.usual_distance import Usual
from wilks.typing import BoolArray, FloatArray

FEWEST = 100
_MOST_VALUES = 3  # of them on one side
_GAP = 10.0  # in core widths
_DISTANCE = 5.0  # in distances of the farthest other one
_REPEATS = 10  # events at one value, which need no such distance
_GAP_WITHOUT_TAIL = 30.0  # in ranges of the others
_CHANCE = 1e-8
_LEVELS = (float(special.ndtr(-1.0)), 0.025, 0.005)
_CORE_SHARES, _MOST_STARTS = (0.5, 0.95, 0.99), 1_000
_ENOUGH, _FEW = 5_000, 64


def far_values(values: FloatArray, weights: FloatArray) -> BoolArray:
    """Which of the values (n,), with absolute weights (n,), lie far outside all others; of fewer than 100 none.

    On either side they are at most three distinct values, in any number of events short of half of them, the nearest
    of which meets:

    - A gap of more than ten core widths lies before it. The core is the shortest interval that holds half of the
      weight, its width counted in standard deviations of the normal law of such a core.
    - It is more than five times as far from the median as any other before it, or ten events or more have it.
    - With q the chance that the tail of the others, extrapolated (`Usual`), gives one event as far out, as many events
      as have it, or more, are expected with a probability below 1e-8, by Poisson's law of mean n q. Others of few
      distinct values have no tail to be extrapolated: there the gap must be thirty times their range.

    >>> tail = np.random.default_rng(0).exponential(size=1000)
    >>> values = np.append(tail, [-9999.0, -9999.0])
    >>> int(far_values(values, np.ones(1002)).sum()), int(far_values(tail, np.ones(1000)).sum())
    (2, 0)
    """
    found = np.zeros(values.size, dtype=bool)
    if values.size < FEWEST or not _may_end_in_a_gap(values, weights):
        return found
    order = np.argsort(values, kind="stable")
    ordered, sums = values[order], weights[order]
    width = _core_width(ordered, np.cumsum(sums))
    if width > 0:
        n_below, n_above = _n_far(-ordered[::-1], sums[::-1], width), _n_far(ordered, sums, width)
        found[order[:n_below]] = True
        found[order[values.size - n_above :]] = True
    return found


def far_events(events: FloatArray, weights: FloatArray) -> BoolArray:
    """Which events (n, d) lie far outside all others in any feature, shape (n,)."""
    found: BoolArray = np.any([far_values(column, weights) for column in events.T], axis=0)
    return found


def central_interval(values: FloatArray, weights: FloatArray) -> tuple[float, float]:
    """Median and half the central interval of values (n,) with absolute weights (n,).

    The half interval is [ x(1 - p) - x(p) ] / (2 z) with x the quantiles, p = P(Z < -z) of a normal Z and z = 1, which
    gives the standard deviation of a normal law. Where that is 0, as so many values are equal, p is .025, then .005.

    >>> x = np.random.default_rng(0).normal(3.0, 2.0, size=100_000)
    >>> [round(number, 1) for number in central_interval(x, np.ones(x.size))]
    [3.0, 2.0]
    """
    order = np.argsort(values, kind="stable")
    ordered, shares = values[order], np.cumsum(weights[order])

    def quantile(level: float) -> float:
        return float(ordered[min(int(np.searchsorted(shares, level * shares[-1])), ordered.size - 1)])

    half = 0.0
    for level in _LEVELS:
        with np.errstate(over="ignore"):
            half = half or (quantile(1.0 - level) - quantile(level)) / (-2.0 * float(special.ndtri(level)))
    return quantile(0.5), half


def _may_end_in_a_gap(values: FloatArray, weights: FloatArray) -> bool:
    """Whether one of the outermost values may lie beyond a gap wide enough, from the core of some thousand values.

    It saves the sorting of nearly all columns.
    """
    some = slice(None, None, 1 + values.size // _ENOUGH)
    order = np.argsort(values[some], kind="stable")
    width = _core_width(values[some][order], np.cumsum(weights[some][order]))
    return any(_largest_gap(one) > 0.5 * _GAP * width for one in (values, -values))


def _largest_gap(values: FloatArray) -> float:
    """That below any of the three largest different values."""
    n_some = min(_FEW, values.size)
    last = np.unique(np.partition(values, -n_some)[-n_some:])
    if last.size <= _MOST_VALUES:
        last = np.unique(values)
    with np.errstate(over="ignore"):
        return float(np.max(np.diff(last[-_MOST_VALUES - 1 :]), initial=0.0))


def _core_width(ordered: FloatArray, sums: FloatArray) -> float:
    """That of the shortest interval with half of the weight, or with more where so many are equal; 0 if nearly all."""
    starts = np.linspace(0, ordered.size - 1, min(ordered.size, _MOST_STARTS)).astype(np.int64)
    before = np.where(starts > 0, sums[starts - 1], 0.0)
    for share in _CORE_SHARES:
        ends = np.searchsorted(sums, before + share * sums[-1])
        is_inside = ends < ordered.size
        with np.errstate(over="ignore"):
            width = float(np.min(ordered[ends[is_inside]] - ordered[starts[is_inside]]))
        if width > 0:
            return width / (2.0 * float(special.ndtri(0.5 + 0.5 * share)))
    return 0.0


def _n_far(ordered: FloatArray, weights: FloatArray, width: float) -> int:
    """How many of the largest values are far."""
    for n_others in _ends(ordered, width):
        n_equal = int(np.searchsorted(ordered, ordered[n_others], side="right")) - n_others
        is_distant = _distance(ordered, n_others) > _DISTANCE * _distance(ordered, n_others - 1)
        if (is_distant or n_equal >= _REPEATS) and _is_beyond(ordered, weights, n_others, n_equal=n_equal):
            return int(ordered.size - n_others)
    return 0


def _ends(ordered: FloatArray, width: float) -> Iterator[int]:
    """Numbers of the smaller values before each gap that few distinct values follow, the innermost gap first."""
    middle = ordered.size // 2
    with np.errstate(over="ignore"):
        gaps = np.diff(ordered[middle:])
    n_values = np.cumsum(gaps[::-1] > 0)[::-1]
    yield from (middle + 1 + np.flatnonzero((gaps > _GAP * width) & (n_values <= _MOST_VALUES))).tolist()


def _distance(ordered: FloatArray, row: int) -> float:
    """From the median."""
    with np.errstate(over="ignore"):
        return float(ordered[row] - ordered[ordered.size // 2])


def _is_beyond(ordered: FloatArray, weights: FloatArray, n_others: int, *, n_equal: int) -> bool:
    """Whether the tail of the others does not reach as far as the next value in as many events as have it."""
    others, first = ordered[:n_others], ordered[n_others]
    usual = Usual.of(others, weights[:n_others])
    if not usual.has_tail:
        return bool(first - others[-1] > _GAP_WITHOUT_TAIL * (others[-1] - others[0]) > 0)
    chance = float(usual.chance(np.array([first]), np.array([np.mean(weights)]))[0])
    return bool(special.pdtrc(n_equal - 1, n_others * chance) < _CHANCE)
