"""How a weight clip was chosen."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from wilks.plots.numbers import STATISTICAL, Column, Numbers, with_error
from wilks.plots.style import BLUE, GRAY, GREEN, SKY, VERMILLION, new_figure, plain_log_ticks, style
from wilks.selection import Trial, WeightClipSelection
from wilks.selection.result import mean_error
from wilks.typing import require_kind

_LOOKS = ((GRAY, "o"), (SKY, "s"), (BLUE, "^"), (GREEN, "v"))
_LEAST_P = 1e-4


def weight_clips(selection: WeightClipSelection) -> Figure:
    """Mean of t against the clip, with errors, and below it the KS p against the chi-square.

    One color a stage. Points of one stage have the same toys, and move together; the fresh toys at the chosen clip are
    apart. The band is the 68 % interval of the clip.
    """
    require_kind(selection, WeightClipSelection, name="selection")
    with style():
        figure = new_figure(5.6, 5.2)
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(2.0, 1.0))
        _draw_means(upper, selection)
        _draw_p_values(lower, selection)
        clips = [trial.weight_clip for trial in selection.table]
        lower.set_xscale("log")
        lower.set_xlim(min(clips) / 1.05, max(clips) * 1.05)
        plain_log_ticks(lower.xaxis, span=max(clips) / min(clips))
        lower.set_xlabel("weight clip")
        figure.legend(*upper.get_legend_handles_labels(), loc="outside upper left", ncols=3, handlelength=1.6)
        figure.keep(_clip_numbers(selection))
    return figure


def _clip_numbers(selection: WeightClipSelection) -> Numbers:
    trials = selection.table
    given = Column("weight clip", np.array([one.weight_clip for one in trials])), Column("stage", _stages(selection))
    means = np.array([one.compatibility.mean for one in trials])
    ratios = [(one.compatibility.variance_ratio, one.compatibility.variance_ratio_error) for one in trials]
    found = (
        with_error("mean of t", means, np.array([mean_error(one) for one in trials])),
        with_error("variance/(2 mean)", *np.array(ratios).T),
        Column("KS p", np.array([one.compatibility.ks_p_value for one in trials])),
        Column("toys", np.array([float(one.compatibility.n_toys) for one in trials])),
    )
    text = f"Toys at each weight clip against a chi-square with {selection.n_parameters} degrees of freedom."
    return Numbers("clips", text, given, found, STATISTICAL)


def _stages(selection: WeightClipSelection) -> list[str]:
    return ["fresh" if one is selection.fresh else one.stage for one in selection.table]


def _draw_means(axes: Axes, selection: WeightClipSelection) -> None:
    low, high = selection.interval
    axes.axhline(selection.n_parameters, color=GRAY, lw=1.0, ls="--")
    if np.isfinite(low) and np.isfinite(high):
        axes.axvspan(low, high, color=SKY, alpha=0.3, lw=0)
    for (color, marker), stage, trials in _by_stage(selection):
        errors = [mean_error(trial) for trial in trials]
        clips, means = [one.weight_clip for one in trials], [one.compatibility.mean for one in trials]
        axes.errorbar(clips, means, yerr=errors, fmt=marker, color=color, label=stage)
    fresh, error = selection.fresh, mean_error(selection.fresh)
    mean = fresh.compatibility.mean
    axes.errorbar([fresh.weight_clip], [mean], yerr=[error], fmt="D", color=VERMILLION, label=_fresh_label(fresh))
    axes.set_ylabel("mean of $t$")


def _draw_p_values(axes: Axes, selection: WeightClipSelection) -> None:
    for (color, marker), _, trials in _by_stage(selection):
        axes.plot([one.weight_clip for one in trials], [_p_value(one) for one in trials], marker, color=color)
    axes.plot([selection.fresh.weight_clip], [_p_value(selection.fresh)], "D", color=VERMILLION)
    axes.set_yscale("log")
    axes.set_ylim(0.5 * _LEAST_P, 2.0)
    axes.set_ylabel(rf"KS $p$, $\chi^2$({selection.n_parameters})")


def _by_stage(selection: WeightClipSelection) -> list[tuple[tuple[str, str], str, list[Trial]]]:
    chosen = [trial for trial in selection.table if trial is not selection.fresh]
    stages = list(dict.fromkeys(trial.stage for trial in chosen))
    looks = [_LOOKS[k % len(_LOOKS)] for k in range(len(stages))]
    return [(look, s, [one for one in chosen if one.stage == s]) for look, s in zip(looks, stages, strict=True)]


def _p_value(trial: Trial) -> float:
    """What is below the axis stands at its end."""
    return max(trial.compatibility.ks_p_value, _LEAST_P)


def _fresh_label(fresh: Trial) -> str:
    return f"{fresh.compatibility.n_toys} fresh toys"
