"""p against t by the analytic null of a score statistic."""

import math
from collections.abc import Callable

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.interpolate import CubicSpline
from scipy.special import ndtr

from wilks.errors import InputError
from wilks.laws import AnalyticGoodnessOfFit, ScoreNull
from wilks.laws.score import neglected_factor
from wilks.plots.style import BLUE, GRAY, GREEN, SKY, VERMILLION, new_figure, style
from wilks.significance import p_value, weighted_isf, z_score
from wilks.typing import FloatArray

_N_POINTS, _N_OF_LIMIT, _N_DRAWN, _NEAR = 4, 25, 400, 0.05
_FIRST_P, _LAST_Z, _BEYOND = 0.999, 4.5, 1.3
_LEAST = 1e-300


def survival(result: AnalyticGoodnessOfFit) -> Figure:
    """p against t by the analytic null, its Gaussian limit, and the observed t.

    A p of the law takes a second and more for many features: it is computed at the observed t and at 4 others, and what
    it takes off the Z of the Gaussian limit, which costs little, is a spline between them. The band is that of
    ``interval``.

    Raises:
        InputError: the fit of the data failed, so that there is no null.
    """
    if result.null is None:
        raise InputError("a curve of p needs an answer, but the fit of the data failed; see result.warnings")
    with style():
        figure = new_figure(5.8, 4.0)
        axes = figure.subplots()
        _draw_law(axes, result.null, _points(result, result.null))
        _draw_observed(axes, result)
        axes.set_xlabel("test statistic $t$")
        axes.set_ylabel("$p$-value")
        _draw_z_axis(axes)
        figure.legend(loc="outside upper left", ncols=1, handlelength=1.8)
    return figure


def _points(result: AnalyticGoodnessOfFit, null: ScoreNull) -> FloatArray:
    """Cube roots of t, from the bulk of the null to Z = 4.5 or to the observed t, which is one of them."""
    moved = null.mean - float(np.sum(null.weights))
    first, last = (moved + weighted_isf(p, null.weights) for p in (_FIRST_P, p_value(_LAST_Z)))
    if not _is_drawable(result):
        return np.linspace(first, last, _N_POINTS) ** (1 / 3)
    observed = max(result.t, first) ** (1 / 3)
    points = np.linspace(first ** (1 / 3), max(last, _BEYOND * result.t) ** (1 / 3), _N_POINTS)
    is_far = np.abs(points - observed) > _NEAR * (points[-1] - points[0])
    return np.sort(np.append(points[is_far], observed))


def _is_drawable(result: AnalyticGoodnessOfFit) -> bool:
    """Whether p is a number above the least of the axis."""
    return result.p_value > _LEAST


def _draw_law(axes: Axes, null: ScoreNull, points: FloatArray) -> None:
    roots = np.linspace(points[0], points[-1], _N_DRAWN)
    steps = np.linspace(points[0], points[-1], _N_OF_LIMIT)
    z_limit = CubicSpline(steps, _z_scores(null.gaussian_p_value, steps))
    less = CubicSpline(points, _z_scores(null.unconfirmed_p_value, points) - z_limit(points))
    t, p, limit = roots**3, *(np.maximum(ndtr(-z), _LEAST) for z in (z_limit(roots) + less(roots), z_limit(roots)))
    spread = neglected_factor(p, limit)
    label = "what the neglected terms are worth"
    axes.plot(t, p, color=BLUE, zorder=2.5, label=f"analytic null, excess variance {null.excess:.3f}")
    axes.fill_between(t, p / spread, np.minimum(1.0, p * spread), color=SKY, alpha=0.4, lw=0, label=label)
    axes.plot(t, limit, color=GREEN, ls="--", lw=1.2, label="its Gaussian limit")
    axes.set_yscale("log")
    axes.set_xlim(t[0], t[-1])
    axes.set_ylim(float(limit[-1]), 1.5)


def _z_scores(law: Callable[[float], float], roots: FloatArray) -> FloatArray:
    """Z at cube roots of t (n,), in which it is nearly linear."""
    return np.array([z_score(max(law(float(root) ** 3), _LEAST)) for root in roots])


def _draw_observed(axes: Axes, result: AnalyticGoodnessOfFit) -> None:
    observed = f"observed $t$ = {result.t:.2f}"
    if not _is_drawable(result):
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
