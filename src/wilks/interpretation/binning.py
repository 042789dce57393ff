"""Bins chosen from the reference: sensible ranges, nothing left out, no empty reference bin."""

from dataclasses import dataclass

import hist
import numpy as np

from wilks.samples import weighted_quantile
from wilks.typing import BoolArray, FloatArray

MAX_BINS = 50
MIN_BINS = 8
MAX_DISCRETE = 30
MIN_ENTRIES = 8.0
"""Effective reference events (sum w)^2 / sum w^2 that a bin must hold: below, it is merged with its neighbor."""

_STEPS = np.array([1.0, 2.0, 2.5, 5.0, 10.0])
_WHOLE_STEPS = np.array([1.0, 2.0, 5.0, 10.0, 20.0])
_FEW = 20.0
_FARTHEST = 1e307


@dataclass(frozen=True, eq=False)
class Binning:
    """Edges (m + 1,) of m bins. Values beyond the edges belong to the first and the last bin.

    ``width`` is the common bin width, None when widths differ; ``is_log`` asks for a logarithmic axis.
    """

    edges: FloatArray
    is_log: bool
    width: float | None

    @property
    def n_bins(self) -> int:
        """Number of bins."""
        return len(self.edges) - 1

    @property
    def centers(self) -> FloatArray:
        """Middles of the bins (m,), geometric on a logarithmic axis."""
        low, high = self.edges[:-1], self.edges[1:]
        return np.sqrt(low * high) if self.is_log else 0.5 * (low + high)

    def fill(self, values: FloatArray, weights: FloatArray | None = None) -> tuple[FloatArray, FloatArray]:
        """Sums of weights (m,) and of squared weights (m,); outliers go to the end bins."""
        histogram = hist.Hist(hist.axis.Variable(self.edges), storage=hist.storage.Weight())
        inside = np.clip(values, self.edges[0], np.nextafter(self.edges[-1], -np.inf))
        histogram.fill(inside, weight=weights)
        view = histogram.view()
        return np.asarray(view["value"]), np.asarray(view["variance"])

    def with_edge(self, edge: float) -> "Binning":
        """The same bins with one more edge, and a bin on either side of it; edges within half a bin make room.

        >>> Binning(np.array([0.0, 1.0, 2.0, 3.0]), False, 1.0).with_edge(1.8).edges.tolist()
        [0.0, 1.0, 1.8, 3.0]
        """
        width = float(np.min(np.diff(self.edges)))
        others = self.edges[np.abs(self.edges - edge) > 0.5 * width]
        below = [] if np.any(others < edge) else [edge - width]
        above = [] if np.any(others > edge) else [edge + width]
        return Binning(np.sort(np.concatenate([others, [edge], below, above])), self.is_log, None)

    def holds_outliers(self, values: FloatArray) -> bool:
        """Whether any value lies beyond the edges."""
        return bool(np.any(values < self.edges[0]) or np.any(values > self.edges[-1]))


def nice_step(raw: float) -> float:
    """The smallest of 1, 2, 2.5, 5 times a power of ten that is at least ``raw``.

    >>> nice_step(0.23), nice_step(3.0)
    (0.25, 5.0)
    """
    power = 10.0 ** np.floor(np.log10(raw))
    return float(power * _STEPS[np.searchsorted(_STEPS, raw / power * (1 - 1e-9))])


def uniform_edges(low: float, high: float, *, n_bins: int) -> FloatArray:
    """Edges at multiples of a round width that cover the range with at most about ``n_bins`` bins.

    >>> [float(edge) for edge in uniform_edges(0.1, 3.9, n_bins=4)]
    [0.0, 1.0, 2.0, 3.0, 4.0]
    """
    step = nice_step((high - low) / n_bins)
    first, last = np.floor(low / step + 1e-9), np.ceil(high / step - 1e-9)
    return np.asarray(step * np.arange(first, max(last, first + 1) + 1), dtype=np.float64)


def automatic_binning(
    reference: FloatArray, weights: FloatArray, *, data: FloatArray, may_be_log: bool = True
) -> Binning:
    """Bins for a column of the reference (n,) with weights (n,) and of the data (m,).

    The range leaves about one expected reference event beyond each end, and is widened, at most
    to twice its width on each side, when more than one data event lies beyond. The axis is
    logarithmic for positive quantities that spread over more than a factor of five and crowd at
    the low end, if it ``may_be_log``. A column of at most 30 different integers gets one bin for each; where values
    come in steps, such as more integers, every bin holds as many steps as its neighbor.
    """
    values = np.unique(reference)
    if len(values) <= MAX_DISCRETE and bool(np.all(values == np.round(values))):
        return _integer_binning(values)
    low, high = _range(reference, weights, data)
    n_bins = int(np.clip(3.0 * np.cbrt(max(weights.sum(), 1.0)), MIN_BINS, MAX_BINS))
    step = _step_of(values)
    is_log = (
        may_be_log and _is_log(reference, weights, low, high) and low * ((high / low) ** (1 / n_bins) - 1) > _FEW * step
    )
    if is_log:
        edges = np.geomspace(low, high, n_bins + 1)
    elif (high - low) / n_bins < _FEW * step:
        edges = _stepped_edges(low, high, n_bins=n_bins, step=step, origin=float(values[0]))
    else:
        edges = uniform_edges(low, high, n_bins=n_bins)
    edges = _ascending(edges)
    merged = _merged(Binning(edges, is_log, None), reference, weights)
    width = None if is_log or len(merged) < len(edges) else float(edges[1] - edges[0])
    return Binning(merged, is_log, width)


def _integer_binning(values: FloatArray) -> Binning:
    middles = 0.5 * (values[1:] + values[:-1])
    edges = _ascending(np.concatenate([[values[0] - 0.5], middles, [values[-1] + 0.5]]))
    return Binning(edges, False, 1.0 if bool(np.all(np.diff(values) == 1)) else None)


def _step_of(values: FloatArray) -> float:
    """The step in which sorted values come, each once; 0 for values of a continuum.

    >>> _step_of(np.array([0.01, 0.02, 0.05])), _step_of(np.array([0.0, 1.0, 1.3]))
    (0.01, 0.0)
    >>> _step_of((np.arange(31) / 100).astype(np.float32).astype(np.float64))
    0.01
    """
    if len(values) < 2:
        return 0.0
    step = float(np.diff(values).min())
    with np.errstate(over="ignore", invalid="ignore"):
        n_steps = (values - values[0]) / step
        is_whole = bool(np.all(np.abs(n_steps - np.round(n_steps)) < 1e-6 * np.maximum(n_steps, 1.0)))
    # A continuum in few digits comes in steps, too, but of such a size that every number of them is whole.
    if not (is_whole and float(n_steps[-1]) < 1e6):
        return 0.0
    mean = float(values[-1] - values[0]) / round(float(n_steps[-1]))
    short = float(f"{mean:.6g}")  # of .01 in single precision, one difference is .00999999
    return short if abs(short - mean) * float(n_steps[-1]) < 1e-3 * mean else mean


def _stepped_edges(low: float, high: float, *, n_bins: int, step: float, origin: float) -> FloatArray:
    """Edges halfway between the values that come in steps, and as many steps in each bin."""
    raw = max((high - low) / (n_bins * step), 1.0)
    width = step * float(_WHOLE_STEPS[np.searchsorted(_WHOLE_STEPS, raw * (1 - 1e-9))])
    start = origin - step * np.round(origin / step) - 0.5 * step
    first, last = np.floor((low - start) / width + 1e-9), np.floor((high - start) / width + 1e-9)
    return np.asarray(start + width * np.arange(first, max(last, first) + 2), dtype=np.float64)


def _ascending(edges: FloatArray) -> FloatArray:
    """Edges of which each lies above the one before, at least two: half of 1 is no step beyond 2^53."""
    found = np.unique(edges)
    return found if len(found) > 1 else np.asarray([np.nextafter(found[0], -np.inf), np.nextafter(found[0], np.inf)])


def _range(reference: FloatArray, weights: FloatArray, data: FloatArray) -> tuple[float, float]:
    share = min(0.01, 1.0 / max(float(weights.sum()), 1.0))
    low = weighted_quantile(reference, weights, share)
    high = weighted_quantile(reference, weights, 1.0 - share)
    if not high > low:
        low, high = float(reference.min()), float(reference.max())
    low, high = max(low, -_FARTHEST), min(high, _FARTHEST)
    span = max(high - low, 1e-9 * max(abs(high), 1.0))
    ordered = np.sort(data)
    if len(ordered) >= 3:
        low = max(min(low, float(ordered[1])), low - span)
        high = min(max(high, float(ordered[-2])), high + span)
    return low, max(high, low + span)


def _is_log(reference: FloatArray, weights: FloatArray, low: float, high: float) -> bool:
    if low <= 0 or not 5.0 < high / low < 1e3:
        return False
    return (weighted_quantile(reference, weights, 0.5) - low) / (high - low) < 0.2


def _merged(binning: Binning, reference: FloatArray, weights: FloatArray) -> FloatArray:
    """Edges without those that bound a bin of too few reference events, from both ends inward."""
    total, squared = binning.fill(reference, weights)
    keep = np.ones(len(binning.edges), dtype=np.bool_)
    middle = int(np.argmax(total))
    _merge_tail(keep[middle + 1 :], total[middle:], squared[middle:])
    _merge_tail(keep[: middle + 1][::-1], total[: middle + 1][::-1], squared[: middle + 1][::-1])
    return binning.edges[keep]


def _merge_tail(keep: BoolArray, total: FloatArray, squared: FloatArray) -> None:
    """Clear in place the flags of edges; ``keep[i]`` is the outer edge of bin i, the outermost stays."""
    sum_w = sum_w2 = 0.0
    for i in range(len(keep) - 1, 0, -1):
        sum_w, sum_w2 = sum_w + total[i], sum_w2 + squared[i]
        if sum_w > 0 and sum_w**2 >= MIN_ENTRIES * sum_w2:
            sum_w = sum_w2 = 0.0
        else:
            keep[i - 1] = False
