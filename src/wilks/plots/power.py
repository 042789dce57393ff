"""What tests see: power and median Z against the number of signal events, or for single alternatives."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from wilks.plots.numbers import Column, Numbers
from wilks.plots.style import GRAY, mark, new_figure, style
from wilks.power import PowerRow, PowerTable
from wilks.typing import FloatArray

_LEVELS, _MARGIN = ("2", "3", "5"), 0.05
_EXPECTED: dict[str, Any] = {"marker": "x", "ls": ":", "lw": 1.0, "ms": 6, "zorder": 4}
_HOLLOW: dict[str, Any] = {"mfc": "white", "ls": "", "ms": 5, "zorder": 5}


def power_curves(found: PowerTable, *, level: int = 0) -> Figure:
    """Power at 2 sigma (``level`` 1: 3, 2: 5) and median Z of every test; errors are 68 % intervals.

    Crosses are what the asymptotic law says of expected counts, for searches that have one.

    Alternatives that differ in the number of signal events make an axis of it; others stand side by side.

    >>> row = dict(alternative="peak", sees_count=True, z_score=1.0, z_interval=(0.8, 1.2), is_lower_bound=False)
    >>> rows = (PowerRow(test="model", power=((0.3, 0.2, 0.4), None, None), seconds=0.1, **row),)
    >>> figure = power_curves(PowerTable(rows, {"peak": 10.0}, 100, 50))
    >>> [axes.get_ylabel() for axes in figure.axes]
    ['power at 2 sigma', 'median $Z$']
    """
    names = list(found.n_signal)
    numbers = np.array([found.n_signal[name] for name in names])
    is_axis = len(names) > 1 and bool(np.all(np.isfinite(numbers))) and np.unique(numbers).size == numbers.size
    places = numbers if is_axis else np.arange(len(names), dtype=np.float64)
    with style():
        figure = new_figure(8.4, 3.6)
        left, right = figure.subplots(1, 2)
        for number, test in enumerate(found.names):
            rows = found.of(test)
            look = {
                "color": mark(number).color,
                "marker": mark(number).marker,
                "ls": ("-" if found.of(test)[0].sees_count else "--") if is_axis else "",
            }
            moved = places + (0.0 if is_axis else 0.06 * (number - 0.5 * (len(found.names) - 1)))
            _with_errors(left, moved, _powers(rows, level), look, label=test)
            _with_errors(right, moved, _medians(rows), look, label="_")
            bounds = np.array([row.is_lower_bound for row in rows])
            right.plot(moved[bounds], _medians(rows)[bounds, 0], **_HOLLOW, color=look["color"], marker=look["marker"])
            expected = np.array([np.nan if row.asimov_z is None else row.asimov_z for row in rows])
            right.plot(moved, expected, **_EXPECTED, color=look["color"])
        _finish(left, names, places, is_axis=is_axis)
        _finish(right, names, places, is_axis=is_axis)
        left.set_ylim(0.0, 1.02)
        left.set_ylabel(f"power at {_LEVELS[level]} sigma")
        right.set_ylabel("median $Z$")
        right.plot([], [], **_HOLLOW, color=GRAY, marker="o", label="or more")
        if any(row.asimov_z is not None for row in found.rows):
            right.plot([], [], **_EXPECTED, color=GRAY, label="Asimov")
        figure.legend(loc="outside right center")
        figure.keep(power_numbers(found))
    return figure


def power_numbers(found: PowerTable) -> Numbers:
    """Power and median Z of every test and alternative."""
    rows = found.rows
    given = (
        Column("alternative", [row.alternative for row in rows]),
        Column("expected signal events", np.array([found.n_signal[row.alternative] for row in rows])),
        Column("test", [row.test for row in rows]),
    )
    powers = (Column(f"power at {text} sigma", *_columns(_powers(rows, level))) for level, text in enumerate(_LEVELS))
    medians = Column("median Z", *_columns(_medians(rows)))
    bounds = Column("median Z is", ["at least" if row.is_lower_bound else "measured" for row in rows])
    expected = np.array([np.nan if row.asimov_z is None else row.asimov_z for row in rows])
    more = (Column("Asimov Z", expected),) if np.isfinite(expected).any() else ()
    text = f"Power and median Z; {found.n_null} toys of the reference and {found.n_toys} of each alternative."
    return Numbers("power", text, given, (*powers, medians, bounds, *more))


def _columns(shares: FloatArray) -> tuple[FloatArray, str, FloatArray, FloatArray]:
    """Values, no unit, and the ends of their intervals."""
    return shares[:, 0], "", shares[:, 1], shares[:, 2]


def _powers(rows: tuple[PowerRow, ...], level: int) -> FloatArray:
    shares = [row.power[level] or (np.nan, np.nan, np.nan) for row in rows]
    return np.array(shares)


def _medians(rows: tuple[PowerRow, ...]) -> FloatArray:
    return np.array([(row.z_score, *row.z_interval) for row in rows])


def _with_errors(axes: Axes, x: FloatArray, found: FloatArray, look: dict[str, str], *, label: str) -> None:
    """Values with the ends of their intervals, shape (k, 3)."""
    finite = np.where(np.isfinite(found), found, np.nan)
    y, low, high = finite.T
    errors = np.maximum(np.nan_to_num([y - low, high - y]), 0.0)
    axes.errorbar(x, y, yerr=errors, ms=4, lw=1.2, elinewidth=1.0, label=label, **look)  # type: ignore[arg-type]


def _finish(axes: Axes, names: list[str], places: FloatArray, *, is_axis: bool) -> None:
    if is_axis:
        axes.set_xlabel("expected signal events")
        margin = _MARGIN * float(np.ptp(places))
        axes.set_xlim(places.min() - margin, places.max() + margin)
        return
    axes.set_xticks(places, names, rotation=20 if len(names) > 3 else 0)
    axes.minorticks_off()
    axes.set_xlim(places[0] - 0.5, places[-1] + 0.5)
