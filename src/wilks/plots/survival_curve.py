"""p against t by a null law that is computed from the reference."""

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.special import log_ndtr

from wilks.errors import InputError
from wilks.laws import AnalyticCurve, AnalyticLaw, GoodnessOfFit
from wilks.plots.null import observed_numbers
from wilks.plots.numbers import Column, Numbers
from wilks.plots.style import BLUE, GRAY, GREEN, SKY, VERMILLION, Drawing, new_figure, style
from wilks.significance import p_value
from wilks.statistics.analytic import neglected_factor
from wilks.statistics.words import LawWords
from wilks.typing import require_kind

_N_DRAWN = 400
_LEAST = 1e-300


def survival(result: GoodnessOfFit) -> Figure:
    """p against t by the analytic null, its Gaussian limit, and the observed t.

    A p of the law takes a second and more for many features: it is computed at the observed t and at 4 others, and what
    it takes off the Z of the Gaussian limit, which costs little, is a spline between them. The band is that of
    ``interval``.

    Raises:
        InputError: the answer has no analytic law, as it was counted among toys or the fit of the data failed.
    """
    require_kind(result, GoodnessOfFit, name="result")
    if not isinstance(result.law, AnalyticLaw):
        why = "it was counted among toys; draw plots.null_distribution" if result.law else "the fit of the data failed"
        raise InputError(f"a curve of p needs an answer by an analytic null, but {why}; see result.warnings")
    with style():
        figure = new_figure(5.8, 4.0)
        axes = figure.subplots()
        _draw_law(figure, axes, result.law.curve(result.t), words=result.law.words)
        _draw_observed(axes, result)
        figure.keep(observed_numbers(result, result.t))
        axes.set_xlabel("test statistic $t$")
        axes.set_ylabel("$p$-value")
        _draw_z_axis(axes)
        figure.legend(loc="outside upper left", ncols=1, handlelength=1.8)
    return figure


def _draw_law(figure: Drawing, axes: Axes, curve: AnalyticCurve, *, words: LawWords) -> None:
    first, last = (float(np.cbrt(end)) for end in curve.ends)
    roots = np.linspace(first, last, _N_DRAWN)
    log_p, log_limit = log_ndtr(-curve.z_scores(roots)), log_ndtr(-curve.limit_z_scores(roots))
    t, p, limit = roots**3, *(np.maximum(np.exp(one), _LEAST) for one in (log_p, log_limit))
    axes.plot(t, p, color=BLUE, zorder=2.5, label=f"{words.curve}, excess variance {curve.figures.excess:.3f}")
    if words.band:
        spread = neglected_factor(log_p, log_limit)
        axes.fill_between(t, p / spread, np.minimum(1.0, p * spread), color=SKY, alpha=0.4, lw=0, label=words.band)
    axes.plot(t, limit, color=GREEN, ls="--", lw=1.2, label=f"its {words.limit}")
    found = Column("p", p), Column(f"p, {words.limit}", limit), Column("Z", curve.z_scores(roots))
    figure.keep(Numbers("curve", f"p against t by the {words.curve}.", (Column("t", t),), found))
    axes.set_yscale("log")
    axes.set_xlim(t[0], t[-1])
    axes.set_ylim(float(min(p[-1], limit[-1])), 1.5)


def _draw_observed(axes: Axes, result: GoodnessOfFit) -> None:
    observed = f"observed $t$ = {result.t:.2f}"
    if not result.p_value > _LEAST:
        axes.plot([], [], "o", color=VERMILLION, ms=6, label=f"{observed}, far to the right: {result.p_text}")
        return
    axes.axvline(result.t, color=VERMILLION, lw=1.2)
    label = f"{observed}: {result.p_text}, $Z$ = {result.z_score:.2f}"
    axes.plot([result.t], [result.p_value], "o", color=VERMILLION, ms=6, label=label)


def _draw_z_axis(axes: Axes) -> None:
    """Z at the right-hand side, at round values."""
    least = axes.get_ylim()[0]
    whole = [z for z in range(38) if p_value(float(z)) > least]
    shown = whole[:: max(1, math.ceil(len(whole) / 8))]
    axes.tick_params(axis="y", which="both", right=False)
    right = axes.secondary_yaxis("right")
    right.set_yticks([p_value(float(z)) for z in shown], [str(z) for z in shown])
    right.set_yticks([], minor=True)
    right.set_ylabel("$Z$", rotation=0)
    axes.grid(axis="y", color=GRAY, alpha=0.2, lw=0.5)
