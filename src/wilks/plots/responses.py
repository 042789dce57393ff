"""Responses to nuisances: the binned study, and the learned response against varied samples."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TypeVar

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from wilks.errors import InputError
from wilks.plots.numbers import STATISTICAL, Column, Numbers, bins, with_error
from wilks.plots.style import BLACK, BLUE, GRAY, GREEN, SKY, VERMILLION, axis_label, new_figure, plain_log_ticks, style
from wilks.responses import Closure, ClosureColumn, ClosureRow, NuisanceStudy, ResponseStudy, StudyColumn
from wilks.typing import FloatArray, IntArray

NO_LABELS: Mapping[str, str] = MappingProxyType({})

Named = TypeVar("Named", NuisanceStudy, StudyColumn, ClosureColumn)

_COLORS = (BLUE, VERMILLION, GREEN, SKY, BLACK, "#cc79a7", "#e69f00", GRAY)
_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
_MOST_BINS = 6
_MOST_ROWS = 8
_HEIGHTS = (2.2, 1.0)
_LOG_RANGE = (20.0, 1000.0)


def response_study(
    study: ResponseStudy,
    *,
    name: str | None = None,
    column: str | None = None,
    labels: Mapping[str, str] = NO_LABELS,
) -> Figure:
    """log[ N_b(nu) / N_b(0) ] against nu in some bins of a column, with the polynomials that were fitted.

    As figures 2 and 13 of "Learning New Physics from an Imperfect Machine". The proposed training points are marked
    on the axis.

    Args:
        study: of `study_responses`.
        name: the nuisance; the first one if not given.
        column: the column; that with the largest effect if not given.
        labels: axis labels by column or nuisance.

    Raises:
        InputError: there is no such nuisance or column.
    """
    one = _named(study.nuisances, name, "nuisance")
    shown = _named(one.columns, column, "column") if column is not None else max(one.columns, key=_largest_effect)
    with style():
        figure = new_figure(6.4, 4.2)
        axes = figure.subplots()
        _draw_study(axes, one, shown)
        _mark_training(axes, one)
        axes.set_xlabel(axis_label(one.name, labels))
        axes.set_ylabel(r"$\log\, N_b(\nu) / N_b(0)$")
        handles = sorted(
            zip(*axes.get_legend_handles_labels(), strict=True), key=lambda one: isinstance(one[0], Line2D)
        )
        figure.keep(*(_study_numbers(shown, one, b) for b in _shown_bins(shown)))
        figure.legend(
            *zip(*handles, strict=True), loc="outside right upper", title=f"bins of {axis_label(shown.name, labels)}"
        )
    return figure


def response_closure(closure: Closure, *, column: str | None = None, labels: Mapping[str, str] = NO_LABELS) -> Figure:
    """The learned log r in bins of a column against that of the varied samples, and their difference in its errors.

    As figures 3 and 14 of "Learning New Physics from an Imperfect Machine". The points are the varied samples with the
    errors of both samples, the lines the reference times r. Below stand the differences in units of their errors. Of
    many variations the nearest eight are drawn.

    Args:
        closure: of `check_responses`.
        column: the column; that with the largest shift of t if not given.
        labels: axis labels by column.

    Raises:
        InputError: there is no such column.
    """
    rows = _chosen_rows(closure)
    if column is None:
        column = max((row.worst for row in rows), key=lambda one: one.shift_in_t).name
    shown = [_named(row.columns, column, "column") for row in rows]
    with style():
        figure = new_figure(6.8, 4.8)
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=_HEIGHTS)
        for i, (row, one) in enumerate(zip(rows, shown, strict=True)):
            _draw_closure(upper, lower, one, _label(row), i)
        lower.axhline(0.0, color=GRAY, lw=0.8)
        lower.axhspan(-1.0, 1.0, color=GRAY, alpha=0.15, lw=0)
        _finish_axes(upper, lower, shown[0], axis_label(column, labels))
        most = max(3.5, 1.1 * max(float(np.max(np.abs(_pulls(one)))) for one in shown))
        lower.set_ylim(-most, most)
        figure.keep(*(_closure_numbers(one, _label(row)) for row, one in zip(rows, shown, strict=True)))
        figure.legend(loc="outside right upper", title="varied samples (points)\nand response (lines)")
    return figure


def _named(items: Sequence[Named], name: str | None, what: str) -> Named:
    if name is None:
        return items[0]
    found = [one for one in items if one.name == name]
    if not found:
        raise InputError(f"there is no {what} {name!r}; there are {', '.join(one.name for one in items)}")
    return found[0]


def _largest_effect(column: StudyColumn) -> float:
    return float(np.abs(column.log_ratios).max())


def _draw_study(axes: Axes, study: NuisanceStudy, column: StudyColumn) -> None:
    span = np.max(np.abs(study.points))
    nu = np.linspace(min(0.0, study.points.min()) - 0.05 * span, max(0.0, study.points.max()) + 0.05 * span, 200)
    shown = sorted({1, 2, study.order} & set(range(1, len(column.fits) + 1)))
    for i, b in enumerate(_shown_bins(column)):
        color, marker = _COLORS[i], _MARKERS[i]
        for order in shown:
            axes.plot(nu, column.curve(order, nu)[:, b], color=color, ls=_order_line(order, study.order), lw=1.1)
        axes.errorbar(
            study.points,
            column.log_ratios[:, b],
            column.errors[:, b],
            fmt=marker,
            color=color,
            label=_bin_text(column.edges, b),
        )
    for order in shown:
        axes.plot([], [], color=GRAY, ls=_order_line(order, study.order), label=_order_text(order, study.order))


def _shown_bins(column: StudyColumn) -> IntArray:
    """Some bins from the first to the last."""
    n_bins = len(column.edges) - 1
    return np.unique(np.linspace(0, n_bins - 1, min(_MOST_BINS, n_bins)).round().astype(np.int64))


def _study_numbers(column: StudyColumn, study: NuisanceStudy, b: int) -> Numbers:
    points = study.points
    found = [with_error("log N(nu)/N(0)", column.log_ratios[:, b], column.errors[:, b])]
    orders = sorted({1, 2, study.order} & set(range(1, len(column.fits) + 1)))
    found += [Column(f"polynomial of order {order}", column.curve(order, points)[:, b]) for order in orders]
    text = f"Content of the bin {_bin_text(column.edges, b)} of {column.name} in varied samples."
    return Numbers(_bin_text(column.edges, b), text, (Column(study.name, points),), tuple(found), STATISTICAL)


def _closure_numbers(column: ClosureColumn, name: str) -> Numbers:
    with np.errstate(divide="ignore", invalid="ignore"):
        found = (
            with_error("varied sample", column.varied, column.difference_errors),
            Column("reference times r", column.reweighted),
            Column("reference", column.central),
            Column("pull", (column.reweighted - column.varied) / column.difference_errors),
        )
    text = f"The varied sample at {name} and the response, in bins of {column.name}."
    return Numbers(name, text, (bins(column.name, column.edges),), found, "error of the difference")


def _order_line(order: int, proposed: int) -> str:
    if order == proposed:
        return "-"
    return "--" if order == 1 else ":"


def _order_text(order: int, proposed: int) -> str:
    return f"order {order}, proposed" if order == proposed else f"order {order}"


def _bin_text(edges: FloatArray, b: int) -> str:
    low, high = _edge_texts(edges)[b : b + 2]
    if b == 0:
        return f"below {high}"
    return f"above {low}" if b == len(edges) - 2 else f"{low} to {high}"


def _edge_texts(edges: FloatArray) -> list[str]:
    """With as few digits as tell them apart."""
    texts = [[f"{x:.{digits}g}" for x in edges] for digits in range(3, 18)]
    return next((some for some in texts if len(set(some)) == len(some)), texts[-1])


def _mark_training(axes: Axes, study: NuisanceStudy) -> None:
    points = np.array(study.training_points)
    at_bottom = axes.get_xaxis_transform()
    axes.plot(points, np.full(points.size, 0.025), "^", color=BLACK, ms=7, transform=at_bottom, label="train here")


def _chosen_rows(closure: Closure) -> list[ClosureRow]:
    """At most so many variations as can be told apart, the nearest ones."""
    nearest = sorted(range(len(closure.rows)), key=lambda i: closure.rows[i].distance)[:_MOST_ROWS]
    return [closure.rows[i] for i in sorted(nearest)]


def _label(row: ClosureRow) -> str:
    return ", ".join(f"{name} = {value:g}" for name, value in row.values.items())


def _draw_closure(upper: Axes, lower: Axes, column: ClosureColumn, label: str, i: int) -> None:
    color, marker = _COLORS[i], _MARKERS[i]
    kept = column.is_counted & (column.central > 0) & (column.reweighted > 0)
    centers = 0.5 * (column.edges[1:] + column.edges[:-1])
    with np.errstate(divide="ignore", invalid="ignore"):
        truth = np.log(column.varied / column.central)
        response = np.log(column.reweighted / column.central)
        errors = column.difference_errors / column.varied
    upper.stairs(np.where(kept, response, np.nan), column.edges, baseline=None, color=color, lw=1.1)
    upper.errorbar(centers[kept], truth[kept], errors[kept], fmt=marker, color=color, ms=3.5, label=label)
    lower.plot(centers[column.is_counted], _pulls(column), marker, color=color, ms=3.5)


def _pulls(column: ClosureColumn) -> FloatArray:
    kept = column.is_counted
    return np.asarray((column.reweighted - column.varied)[kept] / column.difference_errors[kept])


def _finish_axes(upper: Axes, lower: Axes, column: ClosureColumn, label: str) -> None:
    upper.axhline(0.0, color=GRAY, lw=0.8)
    upper.set_ylabel(r"$\log\, N_b(\nu) / N_b(0)$")
    lower.set_ylabel("pull")
    lower.set_xlabel(label)
    low, high = column.edges[0], column.edges[-1]
    if low > 0 and _LOG_RANGE[0] < high / low < _LOG_RANGE[1]:
        lower.set_xscale("log")
        plain_log_ticks(lower.xaxis, span=high / low)
    lower.set_xlim(low, high)
