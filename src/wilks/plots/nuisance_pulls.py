"""The nuisances of a fit against what their auxiliary measurements say."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from wilks.analysis import Analysis
from wilks.errors import InputError
from wilks.plots.numbers import Column, Numbers, with_error
from wilks.plots.style import BLUE, GRAY, GREEN, VERMILLION, new_figure, style
from wilks.statistics.fits import FitResult, FittedNuisance
from wilks.typing import FloatArray
from wilks.wording import in_figure

_BAND_HEIGHT = 0.42
_BANDS = ((2.0, "#f0e442", r"$\pm 2\sigma$"), (1.0, GREEN, r"auxiliary $\pm 1\sigma$"))
_FITS = ((-0.16, "o", VERMILLION, r"$\tau$, with $f$"), (0.16, "s", BLUE, r"$\Delta$, $f = 0$"))


def pulls(analysis: Analysis, fit: FitResult) -> Figure:
    """Best-fit values of the nuisances in units of sigma with their errors, with f (tau) and without (Delta).

    The bands show what each auxiliary measurement says, one and two sigma around its centre; an unconstrained nuisance
    has none. An error bar much shorter than the band says that the data constrain the nuisance; a point outside the
    bands that they disagree with the auxiliary measurement.

    Raises:
        InputError: a fit without nuisances, or of another analysis.
    """
    if not fit.nuisances or tuple(one.name for one in fit.nuisances) != analysis.nuisances.names:
        raise InputError("the pulls are of a fit with the nuisances of this analysis; give the analysis of the fit")
    sigmas = analysis.nuisances.sigmas
    centres = analysis.nuisances.estimates(np.array(fit.observed)) / sigmas
    n = len(sigmas)
    with style():
        figure = new_figure(6.4, 1.5 + 0.5 * n)
        axes = figure.subplots()
        _draw_bands(axes, analysis, centres)
        for (offset, marker, color, label), fitted in zip(_FITS, (fit.nuisances, fit.delta_nuisances), strict=True):
            _draw_points(axes, fitted, sigmas, offset=offset, marker=marker, color=color, label=label)
        axes.axvline(0.0, color=GRAY, lw=0.8, zorder=1)
        axes.set_yticks(range(n), [in_figure(name) for name in analysis.nuisances.names])
        axes.yaxis.set_tick_params(which="both", left=False, right=False)
        axes.yaxis.set_tick_params(which="minor", left=False, right=False)
        axes.set_ylim(n - 0.4, -0.6)
        axes.set_xlim(*_limits(fit, sigmas, centres))
        axes.set_xlabel(r"$\nu\, /\, \sigma$")
        figure.keep(_pull_numbers(analysis, fit, sigmas, centres=centres))
        handles, _ = axes.get_legend_handles_labels()
        bands = [Patch(color=color, alpha=0.6, lw=0, label=label) for _, color, label in _BANDS[::-1]]
        figure.legend(handles=[*handles, *bands], loc="outside upper left", ncols=4, columnspacing=1.2)
    return figure


def _pull_numbers(analysis: Analysis, fit: FitResult, sigmas: FloatArray, *, centres: FloatArray) -> Numbers:
    of_tau, of_delta = (_in_sigmas(one, sigmas) for one in (fit.nuisances, fit.delta_nuisances))
    spread = np.array([1.0 if one.is_constrained else np.nan for one in analysis.nuisances])
    found = (
        with_error("at tau, with f", *of_tau, unit="sigma"),
        with_error("at Delta, f = 0", *of_delta, unit="sigma"),
        with_error("auxiliary measurement", centres, spread, unit="sigma"),
    )
    given = (Column("nuisance", analysis.nuisances.names),)
    return Numbers("nuisances", "Best-fit nuisances in units of sigma.", given, found, "one standard deviation")


def _draw_bands(axes: Axes, analysis: Analysis, centres: FloatArray) -> None:
    for row, (one, centre) in enumerate(zip(analysis.nuisances, centres, strict=True)):
        for width, color, _ in _BANDS if one.is_constrained else ():
            axes.barh(
                row, 2.0 * width, left=centre - width, height=2.0 * _BAND_HEIGHT, color=color, alpha=0.6, lw=0, zorder=0
            )


def _draw_points(
    axes: Axes,
    fitted: tuple[FittedNuisance, ...],
    sigmas: FloatArray,
    *,
    offset: float,
    marker: str,
    color: str,
    label: str,
) -> None:
    values, errors = _in_sigmas(fitted, sigmas)
    rows = np.arange(len(fitted)) + offset
    axes.errorbar(values, rows, xerr=errors, fmt=marker, color=color, ms=5, elinewidth=1.5, label=label, zorder=3)


def _in_sigmas(fitted: tuple[FittedNuisance, ...], sigmas: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Values and errors (j,); an error that is not known is drawn as none."""
    values = np.array([one.value for one in fitted]) / sigmas
    errors = np.array([one.error for one in fitted]) / sigmas
    return values, np.nan_to_num(errors, nan=0.0, posinf=0.0)


def _limits(fit: FitResult, sigmas: FloatArray, centres: FloatArray) -> tuple[float, float]:
    low, high = min(0.0, float(np.min(centres))) - 2.5, max(0.0, float(np.max(centres))) + 2.5
    for fitted in (fit.nuisances, fit.delta_nuisances):
        values, errors = _in_sigmas(fitted, sigmas)
        low, high = min(low, float(np.min(values - errors)) - 0.3), max(high, float(np.max(values + errors)) + 0.3)
    return low, high
