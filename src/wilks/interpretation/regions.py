"""The region of the features where data and reference disagree most."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from wilks.analysis import Analysis
from wilks.interpretation.counting import with_error
from wilks.interpretation.cuts import cuts_of, local_z_scores
from wilks.interpretation.learned import LearnedRatio, common_columns, learned_ratio
from wilks.samples import Sample, weighted_quantile
from wilks.significance.printing import finite_or_none
from wilks.statistics.fits import FitResult
from wilks.typing import BoolArray, FloatArray, require_kind
from wilks.wording import Printed, visible

LEVEL = 0.68
NOT_A_P_VALUE = (
    "Z is local: f was fitted to these data and the region chosen among them, so that large values\n"
    "come without any discrepancy. It describes; the p-value is that of t."
)


@dataclass(frozen=True)
class ColumnRange:
    """Where the events of a region lie in one column.

    Attributes:
        name: of a feature, or of a carried column that reference and data have.
        inside: the 16 % and 84 % quantiles of the events in the region.
        overall: the same of all of them.
        at_extreme: of the one event with the largest f in an excess, the smallest in a deficit; NaN if it has no value.
    """

    name: str
    inside: tuple[float, float]
    overall: tuple[float, float]
    at_extreme: float

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        ranges = {"inside": list(self.inside), "overall": list(self.overall)}
        return {"name": self.name, **ranges, "at_extreme": self.at_extreme}


@dataclass(frozen=True, eq=False)
class Region(Printed):
    """The events with f >= threshold (excess) or f <= threshold (deficit), f the learned log ratio.

    Attributes:
        is_excess: more data than expected.
        threshold: c; it lies halfway between two neighbouring values of f, so that rounding moves no event across.
        n_observed: data events in the region.
        n_expected, n_expected_error: sum of the reference weights in it, at the nuisances of tau, and its statistical
            error sqrt(sum w^2).
        local_z_score: Z of that count for that expectation and its error, negative for a deficit. It is local, and
            describes: f was fitted to these data and c chosen among them. Where data and reference agree, abs(Z) was 3
            to 4.5 in the median for networks and kernels fitted to 2,000 events. The p-value of the data is that of t.
        log_ratio_range: the smallest and the largest f of all data and reference events in the region.
        columns: where its events lie in each feature and common carried column: those of the data in an excess, those
            of the reference, which the data lack, in a deficit.
        learned: f at all events.
        opposite: the most discrepant region of the other sign, which has no opposite itself; None where no threshold
            gives one.
    """

    is_excess: bool
    threshold: float
    n_observed: int
    n_expected: float
    n_expected_error: float
    local_z_score: float
    log_ratio_range: tuple[float, float]
    columns: tuple[ColumnRange, ...]
    learned: LearnedRatio = field(repr=False)
    opposite: "Region | None" = field(default=None, repr=False)

    @property
    def excess(self) -> "Region | None":
        """This region or its opposite, whichever holds more data than expected; None where there is none."""
        return self if self.is_excess else self.opposite

    @property
    def deficit(self) -> "Region | None":
        """This region or its opposite, whichever holds fewer data than expected; None where there is none."""
        return self.opposite if self.is_excess else self

    @property
    def condition(self) -> str:
        """What an event of the region fulfils, such as ``f >= 0.834``."""
        return f"f {'>=' if self.is_excess else '<='} {self.threshold:.3g}"

    def contains(self, sample: Sample) -> BoolArray:
        """Which events of a sample lie in the region, shape (n,).

        ``data.take(region.contains(data))`` are the data events in it. The sample must have the features of the
        analysis among its columns, in any order.

        Raises:
            SampleError: a feature is missing.
        """
        return self.holds(self.learned.log_ratio(sample))

    def holds(self, log_ratio: FloatArray) -> BoolArray:
        """Which values of f (n,) lie in the region."""
        return _is_inside(log_ratio, self.threshold, is_excess=self.is_excess)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "is_excess": self.is_excess,
            "threshold": self.threshold,
            "n_observed": self.n_observed,
            "n_expected": self.n_expected,
            "n_expected_error": self.n_expected_error,
            "local_z_score": self.local_z_score,
            "log_ratio_range": [finite_or_none(f) for f in self.log_ratio_range],
            "n_data": self.learned.data.size,
            "n_expected_overall": self.learned.expected_events,
            "columns": [one.to_dict() for one in self.columns],
            "opposite": None if self.opposite is None else self.opposite.to_dict(),
        }

    def __str__(self) -> str:
        return "\n".join(_lines(self))


def most_discrepant_region(analysis: Analysis, data: Sample | npt.ArrayLike, *, fit: FitResult) -> Region:
    """The region of the features where data and reference disagree most, by the learned log ratio f.

    For every c the events with f >= c, and those with f <= c, are a region A with

        n = #{x in D: x in A},   b = sum_{R in A} w r(x; nu),   s^2 = sum_{R in A} (w r)^2,

    nu the nuisances of tau, which f was fitted with. Its local Z is that of n for b +- s, s the error of the finite
    reference: `significance.on_off_z_score` with n_off = b^2/s^2 and tau = b/s^2. The region returned has the largest
    abs(Z), and its ``opposite`` the largest of the other sign. Where A has fewer than 10 effective reference events,
    (b/s)^2 < 10, each stands for at least the mean weight m = sum_R (w r)^2 / sum_R w r of the whole reference: also
    without any Z is finite then, sqrt(2 n log(1 + 1/m)). Regions whose net weight is not positive are left out.

    By the lemma of Neyman and Pearson regions f >= c are the best for the alternative e^f. f was fitted to the same
    data: Z describes, and is no p-value. The f of a `KernelSet` is the mean of its members' f. All thresholds take one
    sort of the n events, O(n log n).

    Args:
        analysis: what the fit was made with.
        data: raw events, as for `fit`; carried columns that the reference has too are described as well.
        fit: of these data, converged.

    Raises:
        InputError: a fit that failed, or of another analysis or other data; data that the analysis cannot use.

    >>> from wilks.fitting import fit
    >>> from wilks.statistics.linear import Kernel
    >>> x = np.linspace(0.0005, 0.9995, 1000)
    >>> analysis = Analysis(reference=Sample(x, features=["x"]), model=Kernel(n_centers=20, width=0.3),
    ...                     expected_events=100)
    >>> data = np.concatenate([x[::10], np.linspace(0.68, 0.72, 20)])
    >>> region = most_discrepant_region(analysis, data, fit=fit(analysis, data))
    >>> region.n_observed, round(region.n_expected, 1), round(region.local_z_score, 1)
    (25, 4.7, 6.0)
    """
    require_kind(analysis, Analysis, name="analysis")
    sample = analysis.checked(data)
    learned = learned_ratio(analysis, sample, fit=fit)
    found = [_extreme(learned, sample, is_excess=is_excess) for is_excess in (True, False)]
    regions = sorted((one for one in found if one is not None), key=lambda one: -abs(one.local_z_score))
    return replace(regions[0], opposite=regions[1] if len(regions) > 1 else None)


def _extreme(learned: LearnedRatio, data: Sample, *, is_excess: bool) -> Region | None:
    """The region of one sign with the largest |Z|."""
    sign, weights = (1.0 if is_excess else -1.0), learned.reference_weights
    of_data, of_reference = learned.bounded
    cuts = cuts_of(sign * of_data, sign * of_reference, weights)
    z = local_z_scores(cuts, weights)
    is_allowed = ((cuts.n_observed >= cuts.n_expected) == is_excess) & np.isfinite(z)
    is_allowed &= (cuts.n_observed > 0) | (cuts.n_expected > 0)
    if not np.any(is_allowed):
        return None
    best = int(np.argmax(np.where(is_allowed, np.abs(z), -1.0)))
    threshold = float(sign * cuts.thresholds[best])
    return Region(
        is_excess=is_excess,
        threshold=threshold,
        n_observed=int(cuts.n_observed[best]),
        n_expected=float(cuts.n_expected[best]),
        n_expected_error=float(np.sqrt(cuts.variance[best])),
        local_z_score=float(z[best]),
        log_ratio_range=_values_inside(learned, threshold, is_excess=is_excess),
        columns=tuple(_columns(learned, data, threshold, is_excess=is_excess)),
        learned=learned,
    )


def _is_inside(log_ratio: FloatArray, threshold: float, *, is_excess: bool) -> BoolArray:
    return np.asarray(log_ratio >= threshold if is_excess else log_ratio <= threshold)


def _values_inside(learned: LearnedRatio, threshold: float, *, is_excess: bool) -> tuple[float, float]:
    values = np.concatenate([learned.data, learned.reference])
    inside = values[_is_inside(values, threshold, is_excess=is_excess)]
    return float(np.min(inside)), float(np.max(inside))


def _columns(learned: LearnedRatio, data: Sample, threshold: float, *, is_excess: bool) -> Iterator[ColumnRange]:
    """The data of an excess, the weighted reference of a deficit."""
    reference = learned.analysis.reference
    events, weights, log_ratio = (
        (data, data.event_weights, learned.data)
        if is_excess
        else (reference, learned.reference_weights, learned.reference)
    )
    inside = _is_inside(log_ratio, threshold, is_excess=is_excess)
    extreme = int(np.argmax(log_ratio) if is_excess else np.argmin(log_ratio))
    for name in common_columns(learned.analysis, data):
        values = events.column(name)
        there = np.isfinite(values)  # a carried column may lack some
        ranges = _central(values[inside & there], weights[inside & there]), _central(values[there], weights[there])
        yield ColumnRange(name, *ranges, float(values[extreme]))


def _central(values: FloatArray, weights: FloatArray) -> tuple[float, float]:
    if not values.size:
        return float("nan"), float("nan")
    tail = 0.5 * (1.0 - LEVEL)
    return weighted_quantile(values, weights, tail), weighted_quantile(values, weights, 1.0 - tail)


def _lines(region: Region) -> Iterator[str]:
    counts, columns = _count_rows(region), column_rows(region)
    widths = [max(map(len, cells)) for cells in zip(*columns, strict=True)]
    widths[0] = max(widths[0], *(len(name) for name, _ in counts))
    yield f"Most discrepant region: {_kind(region)}, {region.condition}"
    yield from (f"  {name:<{widths[0]}}  {text}" for name, text in counts)
    yield ""
    for row in columns:
        yield "  " + "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
    yield ""
    yield f"The ranges hold the central 68 % of {source_text(region)}."
    yield NOT_A_P_VALUE
    if region.opposite is not None:
        yield f"Largest {_kind(region.opposite)}: {summary(region.opposite)}."


def _count_rows(region: Region) -> tuple[tuple[str, str], ...]:
    learned, (low, high) = region.learned, region.log_ratio_range
    at = " at the nuisances of tau" if learned.analysis.nuisances else ""
    return (
        ("observed", f"{region.n_observed:,} of {learned.data.size:,} data events"),
        ("expected", f"{expected_text(region)} of {learned.expected_events:,.6g}{at}"),
        ("local Z", f"{region.local_z_score:.2f}"),
        ("f", f"{low:.3g} to {high:.3g}"),
    )


def summary(region: Region) -> str:
    """Condition, counts and local Z in one line."""
    return (
        f"{region.condition}, {region.n_observed:,} observed, {expected_text(region)} expected, "
        f"local Z {region.local_z_score:.2f}"
    )


def expected_text(region: Region) -> str:
    """b +- s, with the digits that s allows; 0 where no reference event lies."""
    return with_error(region.n_expected, region.n_expected_error)


def source_text(region: Region) -> str:
    """Whose ranges the columns of a region show."""
    return "the data events" if region.is_excess else "the reference events, by weight"


def column_rows(region: Region) -> tuple[tuple[str, ...], ...]:
    """Name, value at the extreme f, range in the region and overall range of each column, below a header."""
    whose, extreme = ("data", "largest f") if region.is_excess else ("reference", "smallest f")
    rows = (
        (visible(one.name), _number(one.at_extreme), _interval(one.inside), _interval(one.overall))
        for one in region.columns
    )
    return (("column", extreme, f"{whose} in the region", f"all {whose}"), *rows)


def _number(value: float) -> str:
    return f"{value:.4g}" if np.isfinite(value) else "no value"


def _interval(ends: tuple[float, float]) -> str:
    return f"{ends[0]:.4g} to {ends[1]:.4g}" if np.isfinite(ends[0]) else "no value"


def _kind(region: Region) -> str:
    return "excess" if region.is_excess else "deficit"
