"""Responses to nuisances: the binned study, and the learned response against varied samples."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from wilks.errors import InputError
from wilks.plots.style import BLACK, BLUE, GRAY, GREEN, SKY, VERMILLION, axis_label, new_figure, style
from wilks.responses import Closure, ClosureColumn, ClosureRow, NuisanceStudy, ResponseStudy, StudyColumn
from wilks.typing import FloatArray

NO_LABELS: Mapping[str, str] = MappingProxyType({})

_COLORS = (BLUE, VERMILLION, GREEN, SKY, BLACK, "#cc79a7", "#e69f00", GRAY)
_LINES = ("--", "-", "-.", ":")
_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
_MOST_BINS = 6
_MOST_ROWS = 8
_HEIGHTS = (2.2, 1.0)


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
        # A title of two lines: a legend beside it would leave no room for the axes.
        axes.set_title(f"bins of {axis_label(shown.name, labels)}; {_orders_text(one)}", loc="left")
        figure.legend(loc="outside right upper", title="bin")
    return figure


def response_closure(closure: Closure, *, column: str | None = None, labels: Mapping[str, str] = NO_LABELS) -> Figure:
    """The learned log r in bins of a column against that of the varied samples, and their difference in its errors.

    As figures 3 and 14 of the paper. The points are the varied samples, the lines the reference times r. Variations that
    decide nothing are drawn in the same way.

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
        figure.legend(loc="outside right upper", title="varied samples (points)\nand response (lines)")
    return figure


def _named[T: NuisanceStudy | StudyColumn | ClosureColumn](items: Sequence[T], name: str | None, what: str) -> T:
    if name is None:
        return items[0]
    found = [one for one in items if one.name == name]
    if not found:
        raise InputError(f"there is no {what} {name!r}; there are {', '.join(one.name for one in items)}")
    return found[0]
