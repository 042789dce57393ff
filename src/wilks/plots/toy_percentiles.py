"""Percentiles of t against how many toys there are, or against what the toys differ in."""

from collections.abc import Mapping

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.special import gammainccinv

from wilks.errors import InputError
from wilks.plots.numbers import Column, Numbers
from wilks.plots.style import GRAY, Drawing, mark, new_figure, style
from wilks.typing import FloatArray

LEVELS = (5.0, 25.0, 50.0, 75.0, 95.0)
_FEWEST, _MOST_POINTS = 10, 400


def percentiles(t: FloatArray, *, n_parameters: float | None = None) -> Figure:
    """Percentiles of t of the first k toys that have one, against k, beside those of a chi-square.

    The lines of figures 1 and 9 of "Learning New Physics from an Imperfect Machine", which follow a training, here
    follow a campaign: they settle where there are toys enough for what is read from them.

    Args:
        t: of the toys by their index (n,), NaN where a fit failed.
        n_parameters: degrees of freedom of the chi-square; None: there is none to compare with.

    Raises:
        InputError: fewer than 10 toys have a t.

    >>> t = np.random.default_rng(1).chisquare(13, size=60)
    >>> percentiles(t, n_parameters=13).axes[0].get_xlabel()
    'toys'
    """
    values = t[np.isfinite(t)]
    if values.size < _FEWEST:
        raise InputError(
            f"percentiles need {_FEWEST} toys with a valid t, but {values.size} came; make more toys, or draw "
            "plots.running_mean"
        )
    n_shown = min(values.size - _FEWEST + 1, _MOST_POINTS)
    counts = np.unique(np.linspace(_FEWEST, values.size, n_shown).astype(np.int64))
    return _figure({float(n): values[:n] for n in counts}, axis="toys", n_parameters=n_parameters, is_dense=True)


def percentiles_by(sets: Mapping[float, FloatArray], *, axis: str, n_parameters: float | None = None) -> Figure:
    """Percentiles of t of several sets of toys, against what they differ in, such as the expected number of events.

    Args:
        sets: t of each set (n,), NaN where a fit failed, by a number.
        axis: what that number is.
        n_parameters: as for `percentiles`.

    Raises:
        InputError: no set, or one without a valid t.

    >>> rng = np.random.default_rng(1)
    >>> sets = {n: rng.chisquare(13, size=100) for n in (500.0, 1000.0, 2000.0)}
    >>> percentiles_by(sets, axis="expected events", n_parameters=13).axes[0].get_xlabel()
    'expected events'
    """
    valid = {float(at): t[np.isfinite(t)] for at, t in sorted(sets.items())}
    empty = [f"{at:g}" for at, t in valid.items() if not t.size]
    if empty or not valid:
        raise InputError(f"every set of toys must have a valid t, but there is none of {', '.join(empty) or 'any set'}")
    return _figure(valid, axis=axis, n_parameters=n_parameters, is_dense=False)


def _figure(sets: Mapping[float, FloatArray], *, axis: str, n_parameters: float | None, is_dense: bool) -> Figure:
    at = np.array(list(sets))
    found = np.array([np.percentile(t, LEVELS) for t in sets.values()]).T
    with style():
        figure = new_figure(5.8, 3.8)
        axes = figure.subplots()
        for i, (level, line) in enumerate(zip(LEVELS, found, strict=True)):
            color, marker, dash = mark(i)
            shown = "None" if is_dense else marker
            axes.plot(at, line, color=color, ls=dash, marker=shown, ms=4, label=f"{level:g} %")
        if n_parameters is not None:
            _draw_expected(axes, n_parameters)
        axes.set_xlim(*_limits(at, is_dense=is_dense))
        axes.set_xlabel(axis)
        axes.set_ylabel("percentiles of $t$")
        figure.legend(*_legend(axes), loc="outside right center", title="percentile")
        _keep(figure, at, found, axis=axis, n_parameters=n_parameters)
    return figure


def _draw_expected(axes: Axes, n_parameters: float) -> None:
    for level, expected in zip(LEVELS, _chi_square(n_parameters), strict=True):
        label = rf"$\chi^2$({n_parameters:.4g})" if level == LEVELS[0] else None
        axes.axhline(expected, color=GRAY, lw=0.8, zorder=1, label=label)


def _legend(axes: Axes) -> tuple[list[Artist], list[str]]:
    """The highest line first, and what is expected last."""
    handles, labels = axes.get_legend_handles_labels()
    order = [*range(len(LEVELS))[::-1], *range(len(LEVELS), len(labels))]
    return [handles[i] for i in order], [labels[i] for i in order]


def _limits(at: FloatArray, *, is_dense: bool) -> tuple[float, float]:
    margin = 0.0 if is_dense and at.size > 1 else 0.05 * float(np.ptp(at)) or 0.5
    return float(at[0]) - margin, float(at[-1]) + margin


def _chi_square(n_parameters: float) -> FloatArray:
    return np.asarray(2.0 * gammainccinv(0.5 * n_parameters, 1.0 - np.array(LEVELS) / 100.0), dtype=np.float64)


def _keep(figure: Drawing, at: FloatArray, found: FloatArray, *, axis: str, n_parameters: float | None) -> None:
    columns = [Column(f"{level:g} %", line) for level, line in zip(LEVELS, found, strict=True)]
    if n_parameters is not None:
        columns += [
            Column(f"{level:g} % of chi-square({n_parameters:.4g})", np.full(at.size, expected))
            for level, expected in zip(LEVELS, _chi_square(n_parameters), strict=True)
        ]
    figure.keep(Numbers("percentiles", f"Percentiles of t against {axis}.", (Column(axis, at),), tuple(columns)))
