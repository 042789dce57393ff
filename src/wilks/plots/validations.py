"""What a validation found at every point of the nuisances."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from wilks.errors import InputError
from wilks.plots.numbers import STATISTICAL, Column, Numbers, with_error
from wilks.plots.style import BLACK, BLUE, GRAY, SKY, VERMILLION, mark, new_figure, style
from wilks.typing import FloatArray, require_kind
from wilks.validation import Point, Validation
from wilks.wording import in_figure

_BAND, _MOST_NAMED, _MARGIN = 1.36, 18, 0.1
_PERCENTILES = (5.0, 16.0, 50.0, 84.0, 95.0)


def validation(found: Validation) -> Figure:
    """Mean of t at each point, with errors, beside nu = 0; and p of the toys of each point against uniform.

    The gray band is a band of 95 % for one point alone, from Kolmogorov's law.
    """
    require_kind(found, Validation, name="found")
    has_p = any(one.p.size for one in found.points)
    with style():
        figure = new_figure(8.4 if has_p else 4.6, 2.4 + 0.3 * len(found.points[:_MOST_NAMED]))
        figure.keep(*_validation_numbers(found))
        if not has_p:
            _draw_means(figure.subplots(1, 1), found.points)
            return figure
        left, right = figure.subplots(1, 2)
        _draw_means(left, found.points)
        _draw_p(right, found.points)
        if sum(one.p.size > 0 for one in found.points) <= _MOST_NAMED:
            figure.legend(loc="outside lower center", ncols=2, fontsize=8)
    return figure


def tau_and_t(found: Validation) -> Figure:
    """Percentiles of tau and of t of the toys at each point of the nuisances.

    As figures 15 and 16 of "Learning New Physics from an Imperfect Machine": a shift of a nuisance raises tau, which
    does not know of it, and leaves t = tau - Delta where it was if the response is right. Bars hold the central 68 %,
    thin lines 90 %, points are medians; the gray band is the central 68 % of t at nu = 0.

    Raises:
        InputError: a validation by an earlier version, which kept no tau.
    """
    require_kind(found, Validation, name="found")
    if not found.has_tau:
        raise InputError(
            "tau must have been kept with the validation, but it was made by an earlier version; validate again"
        )
    with style():
        figure = new_figure(6.4, 1.5 + 0.42 * len(found.points))
        axes = figure.subplots()
        rows = np.arange(len(found.points))[::-1].astype(np.float64)
        tables = []
        for name, offset, color, marker in (("t", -0.15, BLUE, "o"), (r"\tau", 0.15, VERMILLION, "s")):
            values = [one.t if name == "t" else one.tau for one in found.points]
            spread = np.array([np.percentile(one, _PERCENTILES) for one in values]).T
            _draw_spread(axes, rows + offset, spread, color=color, marker=marker, label=f"${name}$")
            tables.append(Column(name.strip("\\"), spread[2], "", spread[1], spread[3]))
        axes.axvspan(tables[0].low[0], tables[0].high[0], color=GRAY, alpha=0.15, lw=0, zorder=0)  # type: ignore[index]
        axes.set_yticks(rows, [in_figure(one.name) for one in found.points], fontsize=8)
        axes.yaxis.set_tick_params(which="minor", left=False, right=False)
        axes.set_ylim(-0.6, len(rows) - 0.4)
        axes.margins(x=0.03)
        axes.set_xlabel(r"$t$ and $\tau$ of toys")
        figure.legend(loc="outside upper left", ncols=2)
        given = (Column("nuisances", [one.name for one in found.points]),)
        figure.keep(Numbers("tau and t", "Medians of t and tau of the toys.", given, tuple(tables), "central 68 %"))
    return figure


def _draw_spread(axes: Axes, rows: FloatArray, spread: FloatArray, *, color: str, marker: str, label: str) -> None:
    lowest, low, middle, high, highest = spread
    axes.hlines(rows, lowest, highest, color=color, lw=0.8)
    axes.hlines(rows, low, high, color=color, lw=3.0)
    axes.plot(middle, rows, marker, color=color, mfc="white", ms=5, label=label, zorder=3)


def _validation_numbers(found: Validation) -> list[Numbers]:
    """Means at all points, then p of all toys."""
    means, errors = _means(found.points)
    shares = [one.variance_ratio for one in found.points]
    given = (Column("nuisances", [one.name for one in found.points]),)
    of_t = (with_error("mean of t", means, errors), Column("variance/(2 mean)", np.array(shares)))
    tables = [Numbers("mean of t", "t of the toys at each point of the nuisances.", given, of_t, STATISTICAL)]
    shown = [one for one in found.points if one.p.size]
    if shown:
        names = [one.name for one in shown for _ in range(one.p.size)]
        p = np.concatenate([np.sort(one.p) for one in shown])
        below = np.concatenate([np.arange(1, one.p.size + 1) / one.p.size for one in shown])
        of_toys = Column("nuisances", names), Column("p", p)
        tables.append(Numbers("p", f"p of the toys, {found.law}.", of_toys, (Column("share of toys below", below),)))
    return tables


def _means(points: tuple[Point, ...]) -> tuple[FloatArray, FloatArray]:
    """Of t, with their errors."""
    means = np.array([one.t.mean() for one in points])
    return means, np.array([one.mean_error for one in points])


def _draw_means(axes: Axes, points: tuple[Point, ...]) -> None:
    means, errors = _means(points)
    rows = np.arange(len(points))[::-1]
    axes.axvspan(means[0] - errors[0], means[0] + errors[0], color=SKY, alpha=0.3, lw=0)
    axes.errorbar(means, rows, xerr=errors, fmt="o", color=BLACK)
    axes.set_yticks(rows, [in_figure(one.name) for one in points], fontsize=8)
    axes.minorticks_off()
    axes.set_ylim(-0.7, len(points) - 0.3)
    low, high = float(np.min(means - errors)), float(np.max(means + errors))
    axes.set_xlim(low - _MARGIN * (high - low), high + _MARGIN * (high - low))
    axes.set_xlabel("mean of $t$")


def _draw_p(axes: Axes, points: tuple[Point, ...]) -> None:
    shown = [one for one in points if one.p.size]
    line = np.array([0.0, 1.0])
    width = _BAND / np.sqrt(min(one.p.size for one in shown))
    axes.fill_between(line, line - width, line + width, color=GRAY, alpha=0.2, lw=0)
    for number, one in enumerate(shown):
        p, share = _steps(one.p)
        look = mark(number)
        axes.step(p, share, where="post", lw=1.2, label=in_figure(one.name), color=look.color, ls=look.line)
    axes.set_xlim(0.0, 1.0)
    axes.set_ylim(0.0, 1.0)
    axes.set_xlabel("p")
    axes.set_ylabel("share of toys below")


def _steps(p: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The distribution function of p (n,), from 0 to 1."""
    inner = np.sort(p)
    return np.concatenate([[0.0], inner, [1.0]]), np.concatenate([[0.0], np.arange(1, p.size + 1) / p.size, [1.0]])
