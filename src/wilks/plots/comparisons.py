"""Two samples in one feature, and what the members of their comparison say."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from wilks.comparison import Comparison, Interval
from wilks.interpretation.binning import Binning, automatic_binning
from wilks.plots.numbers import STATISTICAL, Column, Numbers, bins, with_error
from wilks.plots.style import (
    BLACK,
    BLUE,
    GRAY,
    VERMILLION,
    axis_label,
    binned_scale,
    mark,
    name_and_unit,
    new_figure,
    style,
    unit_of,
)
from wilks.samples import Sample
from wilks.significance import z_score_from_log
from wilks.storage import Storable
from wilks.typing import FloatArray

NO_LABELS: Mapping[str, str] = MappingProxyType({})
_HEIGHTS, _SHADE, _LOG_SPAN, _LEAST_REACH = (2.4, 1.0), 0.12, 100.0, 0.1


def two_samples(
    a: Sample,
    b: Sample,
    *,
    feature: str,
    interval: Interval | None = None,
    names: tuple[str, str] = ("first sample", "second sample"),
    labels: Mapping[str, str] = NO_LABELS,
) -> Figure:
    """Both samples in one feature, the first scaled to the size of the second, and the second over the first below.

    Errors are sqrt(sum w^2) of each. Values beyond the axis are counted in the end bins. The interval is shaded.

    >>> figure = two_samples(Sample([0.1, 0.5, 0.9] * 9), Sample([0.2, 0.6] * 9), feature="x0")
    >>> len(figure.axes), figure.axes[1].get_xlabel()
    (2, 'x0')
    """
    pair = sample_pair(a, b, feature=feature, interval=interval, names=names, labels=labels)
    return pair_figure(pair)


@dataclass(frozen=True, eq=False)
class SamplePair:
    """Both samples in bins of one feature: all that their figure needs.

    Attributes:
        feature: its name.
        label: of its axis.
        edges: of the bins (m + 1,).
        is_log: whether the axis is logarithmic.
        width: of all bins, None where widths differ.
        first: the first sample, scaled to the size of the second, and its error (2, m).
        second: the second sample and its error (2, m).
        ends: of the interval that is shaded; None: none is.
        names: of the samples.
    """

    feature: str
    label: str
    edges: FloatArray
    is_log: bool
    width: float | None
    first: FloatArray
    second: FloatArray
    ends: tuple[float, float] | None
    names: tuple[str, str]

    @property
    def binning(self) -> Binning:
        """The bins."""
        return Binning(self.edges, self.is_log, self.width)


@dataclass(frozen=True, eq=False)
class SamplePairs(Storable):
    """The features of a comparison, so that figures can be drawn when the samples are gone."""

    pairs: tuple[SamplePair, ...]
    stored_as: ClassVar[str] = "sample_pairs"

    def to_document(self) -> dict[str, Any]:
        return {
            "pairs": [
                {**vars(one), "ends": None if one.ends is None else list(one.ends), "names": list(one.names)}
                for one in self.pairs
            ]
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "SamplePairs":
        return cls(
            tuple(
                SamplePair(**{**one, "ends": one["ends"] and tuple(one["ends"]), "names": tuple(one["names"])})
                for one in document["pairs"]
            )
        )


def sample_pair(
    a: Sample,
    b: Sample,
    *,
    feature: str,
    interval: Interval | None = None,
    names: tuple[str, str] = ("first sample", "second sample"),
    labels: Mapping[str, str] = NO_LABELS,
) -> SamplePair:
    """Both samples in bins of a feature, as for `two_samples`."""
    values, weights = a.column(feature), a.event_weights * (b.expected_events / a.expected_events)
    binning = automatic_binning(values, np.abs(weights), data=b.column(feature))
    first, second = (_filled(binning, *one) for one in ((values, weights), (b.column(feature), b.event_weights)))
    ends = None if interval is None else (interval.low, interval.high)
    label = axis_label(feature, labels)
    return SamplePair(feature, label, binning.edges, binning.is_log, binning.width, first, second, ends, names)


def pair_figure(pair: SamplePair) -> Figure:
    """The figure of `two_samples`, of samples that were binned before."""
    edges = pair.edges
    with style():
        figure = new_figure(5.2, 4.4)
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=_HEIGHTS)
        _counts(upper, pair)
        _ratio(lower, pair)
        for axes in (upper, lower):
            _shade(axes, pair.ends)
        upper.set_ylabel("events / bin" if pair.width is None else f"events / {pair.width:g}{unit_of(pair.label)}")
        lower.set_ylabel("ratio")
        lower.set_xlabel(pair.label)
        binned_scale(lower, "x", pair.binning)
        lower.set_xlim(edges[0], edges[-1])
        figure.align_ylabels([upper, lower])
        figure.keep(_sample_numbers(pair))
    return figure


def _sample_numbers(pair: SamplePair) -> Numbers:
    (first, error), (second, second_error) = pair.first, pair.second
    safe = np.where(first > 0, first, np.nan)
    found = (
        with_error(f"first, scaled: {pair.names[0]}", first, error),
        with_error(f"second: {pair.names[1]}", second, second_error),
        with_error("second over first", second / safe, second_error / safe),
    )
    name, unit = name_and_unit(pair.label)
    given = (bins(name, pair.edges, unit=unit),)
    return Numbers("counts", "Both samples in bins; end bins hold all values beyond.", given, found, STATISTICAL)


def member_significances(result: Comparison) -> Figure:
    """Local Z of every member, by kind, with the Z of all together.

    >>> from wilks.comparison import compare
    >>> rng = np.random.default_rng(0)
    >>> result = compare(Sample(rng.normal(size=50)), Sample(rng.normal(size=60)), n_permutations=9)
    >>> member_significances(result).axes[0].get_xlabel()
    'local $Z$'
    """
    kinds = list(dict.fromkeys(one.kind for one in result.members))
    with style():
        figure = new_figure(5.2, 1.2 + 0.45 * len(kinds))
        axes = figure.subplots()
        for row, kind in enumerate(kinds):
            z = [z_score_from_log(one.log_p_value) for one in result.members if one.kind == kind]
            axes.plot(z, np.full(len(z), row), mark(row).marker, color=BLUE, ms=5, alpha=0.6, mew=0)
        axes.axvline(result.z_score, color=VERMILLION, lw=1.5, label="all together")
        axes.axvline(0.0, color=GRAY, lw=0.8, ls=":")
        axes.set_yticks(range(len(kinds)), kinds)
        axes.minorticks_off()
        axes.set_ylim(len(kinds) - 0.5, -0.5)
        axes.set_xlabel("local $Z$")
        axes.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0))
        figure.keep(_member_numbers(result))
    return figure


def _member_numbers(result: Comparison) -> Numbers:
    members = result.members
    given = Column("member", [one.name for one in members]), Column("kind", [one.kind for one in members])
    z = np.array([z_score_from_log(one.log_p_value) for one in members])
    found = Column("t", np.array([one.t for one in members])), Column("local Z", z)
    return Numbers("members", f"Local Z of each member; Z of all together is {result.z_score:.6g}.", given, found)


def _filled(binning: Binning, values: FloatArray, weights: FloatArray) -> FloatArray:
    """Contents and their errors (2, m)."""
    total, squares = binning.fill(values, weights)
    return np.stack([total, np.sqrt(squares)])


def _counts(axes: Axes, pair: SamplePair) -> None:
    (total, error), points, binning, names = pair.first, pair.second, pair.binning, pair.names
    axes.stairs(total + error, binning.edges, baseline=total - error, fill=True, color=BLUE, alpha=0.25, lw=0)
    axes.stairs(total, binning.edges, color=BLUE, baseline=None, label=f"{names[0]}, scaled")
    axes.errorbar(
        binning.centers, points[0], yerr=points[1], fmt="o", color=BLACK, ms=3.5, elinewidth=1.0, label=names[1]
    )
    top, positive = float(np.max([points[0], total])), total[total > 0]
    if positive.size and top / float(positive.min()) > _LOG_SPAN:
        axes.set_yscale("log")
        axes.set_ylim(0.5 * float(positive.min()), 4.0 * top)
    else:
        axes.set_ylim(min(0.0, 1.1 * float(np.min([points[0], total]))), 1.25 * top)
    axes.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=2, handlelength=1.6, columnspacing=1.0)


def _ratio(axes: Axes, pair: SamplePair) -> None:
    (total, band), (n, error), binning = pair.first, pair.second, pair.binning
    safe = np.where(total > 0, total, np.nan)
    width = np.nan_to_num(band / safe)
    axes.stairs(1.0 + width, binning.edges, baseline=1.0 - width, fill=True, color=BLUE, alpha=0.25, lw=0)
    axes.axhline(1.0, color=BLUE, lw=1.2)
    axes.errorbar(binning.centers, n / safe, yerr=error / safe, fmt="o", color=BLACK, ms=3.5, elinewidth=1.0)
    known = (n / safe)[np.isfinite(n / safe) & (n > 3.0 * error)]
    reach = max(_LEAST_REACH, 1.5 * float(np.max(np.abs(known - 1.0), initial=0.0)))
    axes.set_ylim(max(0.0, 1.0 - reach), min(3.0, 1.0 + reach))


def _shade(axes: Axes, ends: tuple[float, float] | None) -> None:
    if ends is not None:
        axes.axvspan(*ends, color=VERMILLION, alpha=_SHADE, lw=0, zorder=0)
