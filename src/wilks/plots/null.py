"""The null distribution of t: toys, chi-square, and the value observed."""

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.special import betaincinv, gammainccinv, gammaln

from wilks.errors import InputError
from wilks.interpretation.binning import nice_step
from wilks.interpretation.projection import poisson_interval
from wilks.laws import Calibration, GoodnessOfFit, SequentialLaw
from wilks.plots.numbers import ONE_SIGMA_INTERVAL, Column, Numbers, bins, ranks
from wilks.plots.style import BLUE, GREEN, SKY, VERMILLION, Drawing, new_figure, style
from wilks.typing import FloatArray, require_kind

BAND_LEVEL = 0.95
MANY_TOYS = 2000
_LOG_TEN = math.log(10.0)


def null_distribution(result: GoodnessOfFit | Calibration, t: float | None = None) -> Figure:
    """Histogram of the toys' t with 68 % Poisson errors, the chi-square if there is one, and the observed t.

    The observed t is that of ``result``, or ``t`` for a calibration alone; without either the
    figure has no line. Failed toys have no t: they are counted in the legend.

    >>> from wilks.laws import calibrate
    >>> figure = null_distribution(calibrate(np.linspace(5.0, 25.0, 50), degrees_of_freedom=13))
    >>> figure.axes[0].get_xlabel()
    'test statistic $t$'
    """
    calibration = _calibration(result)
    given = result.t if t is None and isinstance(result, GoodnessOfFit) else t
    observed = given if given is not None and math.isfinite(given) else None
    with style():
        figure = new_figure(5.8, 4.0)
        axes = figure.subplots()
        edges = _toy_edges(calibration.t)
        _draw_toys(axes, calibration, edges)
        figure.keep(_toy_numbers(calibration, edges))
        if calibration.compatibility is not None:
            _draw_chi2(figure, axes, calibration, edges=edges)
        if observed is not None:
            _draw_observed(axes, observed, _observed_label(result, observed))
            figure.keep(observed_numbers(result, observed))
        axes.set_xlabel("test statistic $t$")
        axes.set_ylabel(f"toys / {edges[1] - edges[0]:g}")
        axes.set_ylim(bottom=0.0)
        figure.legend(loc="outside upper left", ncols=1, handlelength=1.8)
    return figure


def qq(result: GoodnessOfFit | Calibration) -> Figure:
    """Quantiles of the toys against those of the chi-square, with a pointwise 95 % band.

    The i-th of n sorted values stands at the chi-square quantile of probability (i - 1/2)/n. The
    band holds the i-th of n chi-square values with 95 % probability: quantiles of
    Beta(i, n + 1 - i), mapped through the chi-square quantile.

    Raises:
        InputError: an answer that was not counted among toys; toys that are compared with no chi-square.
    """
    calibration = _calibration(result)
    dof = calibration.degrees_of_freedom
    if dof is None:
        raise InputError(
            "quantiles are compared with a chi-square, but these toys are not: t is made of several statistics, or "
            "toys stopped by the t of the data; draw plots.null_distribution"
        )
    with style():
        figure = new_figure(4.2, 3.9)
        axes = figure.subplots()
        _draw_qq(figure, axes, calibration.t, dof=dof)
        axes.set_xlabel(f"quantile of {_chi2_name(dof)}")
        axes.set_ylabel("quantile of the toys' $t$")
        axes.legend(loc="upper left", handlelength=1.6)
    return figure


def _calibration(result: GoodnessOfFit | Calibration) -> Calibration:
    require_kind(result, GoodnessOfFit, Calibration, name="result")
    if isinstance(result, Calibration):
        return result
    if isinstance(result.law, SequentialLaw):
        return result.law.distribution
    calibration = result.calibration
    if not isinstance(calibration, Calibration):
        raise InputError(
            "an answer must be counted among toys for their distribution to be drawn, but this one was not; draw "
            "plots.survival for an analytic one"
        )
    return calibration


def _chi2_name(dof: float) -> str:
    return rf"$\chi^2$({dof:.4g})"


def _toy_edges(t: FloatArray) -> FloatArray:
    """Round bins, about 1.5 sqrt(n) of them, that cover the toys from zero or their smallest value on."""
    low, high = float(t[0]), float(t[-1])
    span = max(high - low, 0.05 * abs(high), 1e-6)
    step = nice_step(span / float(np.clip(1.5 * np.sqrt(len(t)), 8, 40)))
    first = math.floor(low / step)
    return np.asarray(step * np.arange(first, math.floor((low + span) / step) + 2), dtype=np.float64)


def _draw_toys(axes: Axes, calibration: Calibration, edges: FloatArray) -> None:
    counts = np.histogram(calibration.t, edges)[0].astype(np.float64)
    low, high = poisson_interval(counts)
    shown = np.flatnonzero(counts)
    centers = 0.5 * (edges[1:] + edges[:-1])
    errors = np.stack([counts - low, high - counts])[:, shown]
    axes.stairs(counts, edges, fill=True, color=SKY, alpha=0.35, lw=0)
    axes.stairs(counts, edges, color=BLUE, label=_toys_label(calibration))
    axes.errorbar(centers[shown], counts[shown], yerr=errors, fmt="none", ecolor=BLUE, elinewidth=1.0)


def _toys_label(calibration: Calibration) -> str:
    failed = calibration.n_failed
    note = f" ({failed} failed: not drawn, counted as exceeding in $p$)" if failed else ""
    return f"{calibration.n_toys} toys of the null hypothesis{note}"


def _toy_numbers(calibration: Calibration, edges: FloatArray) -> Numbers:
    counts = np.histogram(calibration.t, edges)[0].astype(np.float64)
    text = f"t of {calibration.n_toys} toys of the null hypothesis, of which {calibration.n_failed} failed."
    found = Column("toys", counts, "", *poisson_interval(counts))
    return Numbers("toys", text, (bins("t", edges),), (found,), "68 % Poisson interval")


def observed_numbers(result: GoodnessOfFit | Calibration, t: float) -> Numbers:
    """The observed t with its p and its Z."""
    if isinstance(result, GoodnessOfFit) and t == result.t:
        method, label = result.method, result.law.interval_name if result.law else ONE_SIGMA_INTERVAL
        p = _with_ends("p", result.p_value or math.nan, result.interval)  # none where it is below the smallest number
        found = [p, Column("log10 p", _one(result.log_p_value / _LOG_TEN))]
        found.append(_with_ends("Z", result.z_score, result.z_interval))
    else:
        method, label = "empirical", ONE_SIGMA_INTERVAL
        found = [Column("p", _one(_calibration(result).p_value(t)))]
    return Numbers("observed", f"The observed t and its p ({method}).", (Column("t", _one(t)),), tuple(found), label)


def _with_ends(name: str, value: float, ends: tuple[float, float]) -> Column:
    low, high = (_one(end) for end in ends)
    return Column(name, _one(value), "", low, high)


def _one(value: float) -> FloatArray:
    return np.array([value])


def _draw_chi2(figure: Drawing, axes: Axes, calibration: Calibration, *, edges: FloatArray) -> None:
    assert calibration.degrees_of_freedom is not None
    dof = calibration.degrees_of_freedom
    far = float(_chi2_quantile(np.array([1e-4]), dof)[0])
    start, end = min(0.0, float(edges[0])), max(float(edges[-1]), far)
    t = np.linspace(max(start, 1e-3 * end), end, 600)
    scale = len(calibration.t) * (edges[1] - edges[0])
    label = f"{_chi2_name(dof)}: {_verdict(calibration)}"
    density = _chi2_density(t, dof)
    axes.plot(t, scale * density, color=GREEN, ls="--", label=label)
    text = f"Density of the chi-square with {dof:.4g} degrees of freedom, and as toys of a bin of the histogram."
    found = (Column("density", density), Column("toys per bin", scale * density))
    figure.keep(Numbers("chi-square", text, (Column("t", t),), found))
    axes.set_xlim(start, end)


def _verdict(calibration: Calibration) -> str:
    agreement = "compatible with the toys" if calibration.compatible else "not shown to be compatible with the toys"
    return f"{agreement} (degrees of freedom: their mean)" if calibration.is_estimated_dof else agreement


def _draw_observed(axes: Axes, t: float, label: str) -> None:
    axes.axvline(t, color=VERMILLION, lw=2.0, label=label)
    left, right = axes.get_xlim()
    axes.set_xlim(left, max(right, t + 0.05 * (t - left)))


def _observed_label(result: GoodnessOfFit | Calibration, t: float) -> str:
    """Observed t with p and Z and their method."""
    if isinstance(result, GoodnessOfFit) and t == result.t:
        z = f"$Z$ = {result.z_score:.2f}" if math.isfinite(result.z_score) else "no positive $Z$"
        return f"observed $t$ = {t:.2f}: {result.p_text}, {z} ({result.method})"
    p = _calibration(result).p_value(t)
    return f"$t$ = {t:.2f}: $p$ = {p:.2g} (empirical)"


def _draw_qq(figure: Drawing, axes: Axes, t: FloatArray, *, dof: float) -> None:
    n = len(t)
    rank = ranks(n)
    expected = _chi2_quantile(1.0 - (rank - 0.5) / n, dof)
    tail = 0.5 * (1.0 - BAND_LEVEL)
    low = _chi2_quantile(_beta_quantile(n + 1 - rank, rank, 1.0 - tail), dof)
    high = _chi2_quantile(_beta_quantile(n + 1 - rank, rank, tail), dof)
    axes.fill_between(expected, low, high, color=GREEN, alpha=0.25, lw=0, label="95 % of toys, each quantile")
    axes.plot(expected, expected, color=GREEN, lw=1.2)
    axes.plot(expected, t, "o", color=BLUE, ms=3, label=f"{n} toys", rasterized=n > MANY_TOYS)
    axes.margins(0.04)
    found = Column("quantile of the toys", t), Column("quantile of the chi-square", expected, "", low, high)
    text = f"Quantiles of the toys and of the chi-square with {dof:.4g} degrees of freedom."
    figure.keep(Numbers("quantiles", text, (Column("rank", rank),), found, f"{BAND_LEVEL:.0%} of toys, each quantile"))


def _beta_quantile(a: FloatArray, b: FloatArray, probability: float) -> FloatArray:
    return np.asarray(betaincinv(a, b, probability), dtype=np.float64)


def _chi2_quantile(upper_tail: FloatArray, dof: float) -> FloatArray:
    return np.asarray(2.0 * gammainccinv(0.5 * dof, upper_tail), dtype=np.float64)


def _chi2_density(t: FloatArray, dof: float) -> FloatArray:
    half = 0.5 * dof
    return np.asarray(np.exp((half - 1.0) * np.log(t) - 0.5 * t - half * math.log(2.0) - gammaln(half)))
