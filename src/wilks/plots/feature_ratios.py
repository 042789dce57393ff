"""Data, reference and learned alternative for one column or for all of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure

from wilks.analysis import Analysis
from wilks.interpretation import common_columns
from wilks.interpretation.projection import (
    Band,
    Projection,
    check_column,
    found_ends,
    learned_weights,
    moved_weights,
    poisson_interval,
    project,
    ratio_to,
    with_bands,
)
from wilks.interpretation.refits import Refits
from wilks.plots.numbers import Column, Numbers, bins, with_error
from wilks.plots.style import (
    BLACK,
    BLUE,
    GRAY,
    GREEN,
    VERMILLION,
    Drawing,
    axis_label,
    binned_scale,
    name_and_unit,
    new_figure,
    plain_log_ticks,
    style,
    unit_of,
)
from wilks.samples import Sample
from wilks.statistics.fits import FitResult
from wilks.typing import FloatArray

NO_LABELS: Mapping[str, str] = MappingProxyType({})

_HEIGHTS = (2.4, 1.0)
_LINEAR_RATIO_MAX = 3.0
_RATIO_MAX = 100.0
_RATIO_MIN = 0.01
_SHADE = 0.15


def ratio(
    analysis: Analysis,
    data: Sample,
    *,
    feature: str,
    fit: FitResult | None = None,
    refits: Refits | None = None,
    labels: Mapping[str, str] = NO_LABELS,
) -> Figure:
    """Data against the reference in one column, with what the fit learned.

    Above: data with 68 % Poisson intervals, the reference with its statistical error, and the
    reference reweighted by exp(f), f the learned log ratio; with nuisances also by r at those of tau,
    and beside it the reference at the nuisances of Delta. Below: the same divided by the reference.
    Values beyond the axis are counted in the end bins. The region that a scan found is shaded.

    ``feature`` is an input of the analysis or a carried column that both samples have;
    ``labels`` maps names to axis labels such as ``"leading muon pT [GeV]"``. The learned curve is
    left out without a converged fit. ``refits`` (`wilks.interpretation.bootstrap_fits`) give it, and the reference at
    Delta, a band of 68 % in place of the error of the reference events; `projected_ratio` has the numbers. Raises
    InputError when a sample lacks the column.

    >>> from wilks.samples import Sample
    >>> from wilks.analysis import Analysis
    >>> from wilks.statistics.network import MLP
    >>> reference = Sample([[0.1], [0.4], [0.7], [0.9]] * 10, features=("x",))
    >>> analysis = Analysis(reference=reference, model=MLP(hidden=(2,)))
    >>> figure = ratio(analysis, Sample([[0.2], [0.8]], features=("x",)), feature="x")
    >>> len(figure.axes)
    2
    """
    check_column(analysis.reference, data, feature)
    return ratio_drawing(analysis, data, fit=fit, refits=refits, labels=labels)(feature)


def projected(projection: Projection, *, labels: Mapping[str, str] = NO_LABELS) -> Figure:
    """The same figure of what `wilks.interpretation.projected_ratio` gave."""
    return _ratio_figure(projection, labels)


def ratios(
    analysis: Analysis,
    data: Sample,
    *,
    columns: Sequence[str] | None = None,
    fit: FitResult | None = None,
    labels: Mapping[str, str] = NO_LABELS,
) -> dict[str, Figure]:
    """The figure of ``ratio`` for each of ``columns``, by default all of ``common_columns``."""
    names = common_columns(analysis, data) if columns is None else columns
    for name in names:
        check_column(analysis.reference, data, name)
    draw = ratio_drawing(analysis, data, fit=fit, labels=labels)
    return {name: draw(name) for name in names}


def ratio_drawing(
    analysis: Analysis,
    data: Sample,
    *,
    fit: FitResult | None = None,
    refits: Refits | None = None,
    labels: Mapping[str, str] = NO_LABELS,
) -> Callable[[str], Figure]:
    """What draws the figure of ``ratio`` of a column: what all columns need is computed once."""
    projection_of = _projecting(analysis, data, fit)

    def draw(name: str) -> Figure:
        check_column(analysis.reference, data, name)
        projection = projection_of(name)
        if refits is not None:
            projection = with_bands(analysis, {name: projection}, refits=refits)[name]
        return _ratio_figure(projection, labels)

    return draw


def _projecting(analysis: Analysis, data: Sample, fit: FitResult | None) -> Callable[[str], Projection]:
    """What bins a column that both samples have, with what a fit learned, if there is one that converged."""
    learned, moved = learned_weights(analysis, fit), moved_weights(analysis, fit)

    def projection_of(name: str) -> Projection:
        found = project(analysis.reference, data, name=name, learned=learned, moved=moved)
        return replace(found, shaded=found_ends(fit, name))

    return projection_of


def overview(
    analysis: Analysis, data: Sample, *, fit: FitResult | None = None, labels: Mapping[str, str] = NO_LABELS
) -> Figure:
    """All columns of ``ratios`` in one figure, three side by side."""
    names, projection_of = common_columns(analysis, data), _projecting(analysis, data, fit)
    n_columns = min(3, len(names))
    n_rows = -(-len(names) // n_columns)
    with style():
        figure = new_figure(5.0 * n_columns, 4.2 * n_rows)
        panels = figure.subfigures(n_rows, n_columns, squeeze=False)
        for name, panel in zip(names, panels.flat, strict=False):
            projection = projection_of(name)
            draw_projection(panel, projection, labels)
            keep_projection(figure, projection, labels)
    return figure


def _ratio_figure(projection: Projection, labels: Mapping[str, str]) -> Figure:
    with style():
        figure = new_figure(5.2, 4.4)
        draw_projection(figure, projection, labels)
        keep_projection(figure, projection, labels)
    return figure


def keep_projection(figure: Drawing, projection: Projection, labels: Mapping[str, str]) -> None:
    """Add the numbers of a projection to those of its figure."""
    name, unit = name_and_unit(axis_label(projection.name, labels))
    figure.keep(projection_numbers(projection, label=name, unit=unit))


def projection_numbers(projection: Projection, *, label: str, unit: str = "") -> Numbers:
    """Counts, expectations and their ratios in the bins, with the bands of refits where there are some."""
    low, high = poisson_interval(projection.n_data)
    ends = [ratio_to(projection, one) for one in (low, high)]
    found = [
        Column("data", projection.n_data, "", low, high),
        with_error("reference", projection.reference, projection.reference_error),
        Column("data over reference", projection.data_ratio, "", *ends),
    ]
    if projection.learned is not None and projection.tau is not None:
        band = projection.tau_band or _own_band(projection) or ()
        found += [Column("learned", projection.learned), Column("learned over reference", projection.tau, "", *band)]
    if projection.moved is not None and projection.delta is not None:
        band = projection.delta_band or ()
        found += [
            Column("reference at Delta", projection.moved),
            Column("reference at Delta over reference", projection.delta, "", *band),
        ]
    beyond = " End bins hold all values beyond." if projection.has_outliers else ""
    text = f"Data, reference and learned alternative in {label}.{beyond}"
    of_learned = "statistical error" if projection.refits is None else f"68 % of {projection.refits.text}"
    intervals = f"68 % Poisson interval of data, statistical error of the reference, {of_learned} of what was learned"
    return Numbers(projection.name, text, (bins(label, projection.edges, unit=unit),), tuple(found), intervals)


def draw_projection(figure: Figure | SubFigure, projection: Projection, labels: Mapping[str, str]) -> None:
    """Counts above, ratios to the reference below, in two new panels of the figure."""
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=_HEIGHTS)
    label, edges = axis_label(projection.name, labels), projection.binning.edges
    _draw_counts(upper, projection)
    _draw_ratio(lower, projection)
    upper.set_ylabel(_counts_label(projection, label))
    lower.set_xlabel(label)
    lower.set_ylabel("ratio to\nreference")
    binned_scale(lower, "x", projection.binning)
    lower.set_xlim(edges[0], edges[-1])
    if projection.shaded is not None:
        for axes in (upper, lower):
            axes.axvspan(
                *np.clip(projection.shaded, edges[0], edges[-1]), color=VERMILLION, alpha=_SHADE, lw=0, zorder=0
            )
    figure.align_ylabels([upper, lower])


def _counts_label(projection: Projection, label: str) -> str:
    width = projection.binning.width
    return "events / bin" if width is None else f"events / {width:g}{unit_of(label)}"


def _draw_counts(axes: Axes, projection: Projection) -> None:
    edges = projection.binning.edges
    _points(axes, projection, projection.n_data, poisson_interval(projection.n_data))
    _band(axes, edges, projection.reference, projection.reference_error)
    axes.stairs(projection.reference, edges, color=BLUE, label=projection.reference_label, baseline=None)
    if projection.learned is not None:
        label = r"learned: reference $\times\ e^f$" if projection.moved is None else r"learned, at $\tau$"
        axes.stairs(projection.learned, edges, color=VERMILLION, ls="--", label=label, baseline=None)
    if projection.moved is not None:
        label = r"reference at $\Delta$"
        axes.stairs(projection.moved, edges, color=GREEN, ls="-.", label=label, baseline=None)
    _scale_counts(axes, projection)
    axes.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=4, handlelength=1.6, columnspacing=1.0)
    notes = ["end bins hold all values beyond"] if projection.has_outliers else []
    if projection.refits is not None:
        notes.append(f"bands below: 68 % of {projection.refits.n_refits} refits")
    if any(projection.n_lacking):
        reference, data = projection.n_lacking
        notes.append(f"without a value: {data:,} data, {reference:,} reference events")
    if notes:
        note = "\n".join(notes)
        axes.annotate(note, (0.965, 0.96), xycoords="axes fraction", ha="right", va="top", fontsize=8, color=GRAY)


def _scale_counts(axes: Axes, projection: Projection) -> None:
    _, high = poisson_interval(projection.n_data)
    top = float(max(high.max(), projection.reference.max()))
    positive = projection.reference[projection.reference > 0]
    if len(positive) and top / positive.min() > 100.0:
        axes.set_yscale("log")
        axes.set_ylim(min(0.5, 0.5 * float(positive.min())), 6.0 * top)
    else:
        axes.set_ylim(min(0.0, 1.1 * float(projection.reference.min())), 1.25 * top)


def _draw_ratio(axes: Axes, projection: Projection) -> None:
    edges = projection.binning.edges
    limits = _ratio_limits(projection)
    _band(axes, edges, np.ones(projection.binning.n_bins), ratio_to(projection, projection.reference_error))
    axes.axhline(1.0, color=BLUE, lw=1.2)
    for curve, band, color, line in (
        (projection.tau, projection.tau_band or _own_band(projection), VERMILLION, "--"),
        (projection.delta, projection.delta_band, GREEN, "-."),
    ):
        if band is not None:
            low, high = map(np.nan_to_num, band)
            axes.stairs(high, edges, baseline=low, fill=True, color=color, alpha=0.25, lw=0)
        if curve is not None:
            axes.stairs(curve, edges, color=color, ls=line, baseline=None)
    low, high = poisson_interval(projection.n_data)
    interval = ratio_to(projection, low), ratio_to(projection, high)
    _points(axes, projection, ratio_to(projection, projection.n_data), interval)
    _arrows(axes, projection, limits)
    if limits[1] > _LINEAR_RATIO_MAX:
        axes.set_yscale("log")
        plain_log_ticks(axes.yaxis, span=limits[1] / limits[0])
    axes.set_ylim(*limits)


def _own_band(projection: Projection) -> Band | None:
    """The learned ratio with the error of the reference events at the fitted parameters."""
    if projection.tau is None or projection.learned_ratio_error is None:
        return None
    error = np.nan_to_num(projection.learned_ratio_error)
    return projection.tau - error, projection.tau + error


def _ratio_limits(projection: Projection) -> tuple[float, float]:
    """Room for the learned ratio, and for the data where the ratio is measured to better than about a half."""
    measured = ratio_to(projection, projection.n_data)[projection.n_data >= 4]
    learned = [] if projection.tau is None else [projection.tau]
    values = np.concatenate([measured, *learned])
    values = values[np.isfinite(values)]
    top = float(values.max(initial=1.0))
    bottom = float(values.min(initial=1.0))
    if 1.15 * top > _LINEAR_RATIO_MAX:
        return max(_RATIO_MIN, min(0.3, 0.6 * bottom)), min(_RATIO_MAX, 2.0 * top)
    reach = max(0.15, 1.3 * (top - 1.0), 1.3 * (1.0 - bottom))
    return max(0.0, 1.0 - reach), min(_LINEAR_RATIO_MAX, 1.0 + reach)


def _band(axes: Axes, edges: FloatArray, middle: FloatArray, error: FloatArray) -> None:
    error = np.nan_to_num(error)
    axes.stairs(middle + error, edges, baseline=middle - error, fill=True, color=BLUE, alpha=0.25, lw=0)


def _points(axes: Axes, projection: Projection, values: FloatArray, interval: tuple[FloatArray, FloatArray]) -> None:
    """Points with error bars; an empty bin shows its upper limit alone."""
    centers, (low, high) = projection.binning.centers, interval
    errors = np.nan_to_num(np.stack([values - low, high - values]))
    axes.errorbar(centers, values, yerr=errors, fmt="none", ecolor=BLACK, elinewidth=1.0, zorder=5)
    shown = np.where(projection.n_data > 0, values, np.nan)
    axes.plot(centers, shown, "o", color=BLACK, ms=3.5, zorder=6, label="data")


def _arrows(axes: Axes, projection: Projection, limits: tuple[float, float]) -> None:
    """A triangle at the edge for each point that lies outside the axis."""
    centers, values = projection.binning.centers, ratio_to(projection, projection.n_data)
    for beyond, marker, place in ((values > limits[1], "^", 0.94), (values < limits[0], "v", 0.06)):
        chosen = beyond & (projection.n_data > 0)
        axes.plot(
            centers[chosen],
            np.full(int(chosen.sum()), place),
            marker,
            color=BLACK,
            ms=4,
            zorder=6,
            transform=axes.get_xaxis_transform(),
        )
