"""What a monitor said of batch after batch."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from wilks.errors import InputError
from wilks.plots.numbers import Column, Numbers
from wilks.plots.style import BLACK, BLUE, GRAY, VERMILLION, new_figure, style
from wilks.significance import z_score
from wilks.significance.printing import z_of_plain
from wilks.typing import FloatArray
from wilks.wording import visible

NO_DECISIONS: Mapping[str, Any] = MappingProxyType({})
_ORANGE = "#e69f00"
# A state by its form as well as by its color.
_LOOKS = {
    "GOOD": (BLUE, "o", 3.5),
    "MEDIUM": (_ORANGE, "^", 6.0),
    "BAD": (VERMILLION, "s", 6.0),
    "NOT EVALUATED": (GRAY, "x", 5.0),
}
_LOWEST_Z, _HIGHEST_Z, _USUAL_Z = -3.0, 10.0, 5.0
_MANY = 2_000


def timeline(verdicts: Sequence[Mapping[str, Any]], *, decisions: Mapping[str, Any] = NO_DECISIONS) -> Figure:
    """Z of batch after batch, with states, thresholds and the alarms that stood.

    Z above 10 is drawn at 10, below -3 at -3, with an arrow; p = 1, of a batch below all toys, has no Z and lies below.
    A batch that was not evaluated has none, either, and is drawn at the bottom without an arrow.

    Args:
        verdicts: as `wilks.Verdict.to_dict` gives them, and the audit log keeps them under ``verdict``, in order.
        decisions: of the reference (`Decisions.to_dict`): adds the thresholds of MEDIUM and BAD.

    Raises:
        InputError: there is no batch.

    >>> verdict = {"name": "run 1", "state": "GOOD", "z_score": 0.3, "p_value": 0.38, "alarms": []}
    >>> timeline([verdict]).axes[0].get_ylabel()
    '$Z$'
    """
    if not verdicts:
        raise InputError("a timeline needs a batch, but the log has none yet; let `wilks monitor` judge one")
    alarms = list(dict.fromkeys(name for one in verdicts for name in one["alarms"]))
    with style():
        figure = new_figure(8.4, 3.4 + (0.4 + 0.25 * len(alarms) if alarms else 0.0))
        if alarms:
            upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3.0, 0.5 + 0.3 * len(alarms)))
            _draw_alarms(lower, verdicts, alarms)
        else:
            upper = lower = figure.subplots()
        _draw_batches(upper, verdicts)
        _draw_thresholds(upper, decisions)
        upper.set_ylabel("$Z$")
        lower.set_xlabel("batch")
        lower.xaxis.set_major_locator(MaxNLocator(integer=True))
        lower.set_xlim(-0.02 * len(verdicts) - 0.5, 1.02 * len(verdicts) - 0.5)
        figure.legend(*upper.get_legend_handles_labels(), loc="outside upper left", ncols=4, handletextpad=0.2)
        figure.keep(_numbers(verdicts))
    return figure


def _draw_batches(axes: Axes, verdicts: Sequence[Mapping[str, Any]]) -> None:
    z = np.array([_drawn_z(one) for one in verdicts])
    top = min(max(_USUAL_Z, float(z.max()) + 0.5), _HIGHEST_Z)
    shown, states = np.clip(z, _LOWEST_Z, top), np.array([str(one["state"]) for one in verdicts])
    joined = np.where([one["p_value"] is None for one in verdicts], np.nan, shown)
    axes.plot(np.arange(z.size), joined, color=GRAY, lw=0.5, alpha=0.5, zorder=1, rasterized=z.size > _MANY)
    for state, (color, marker, size) in _LOOKS.items():
        at = np.flatnonzero(states == state)
        if at.size:
            label = f"{state} ({at.size:,})"
            axes.plot(at, shown[at], marker, color=color, ms=size, label=label, rasterized=z.size > _MANY)
    for beyond, end, marker in ((z > top, top, "^"), (z < _LOWEST_Z, _LOWEST_Z, "v")):
        at = np.flatnonzero(beyond)
        if at.size:  # what is not clipped has its place in the layout, also where it is empty
            axes.plot(at, np.full(at.size, end), marker, color=BLACK, ms=3, mfc="white", clip_on=False)
    axes.set_ylim(_LOWEST_Z - 0.3, top + 0.3)


def _drawn_z(verdict: Mapping[str, Any]) -> float:
    """Z; the lower end where there is no p."""
    z = z_of_plain(verdict)
    return _LOWEST_Z if z is None else z


def _draw_thresholds(axes: Axes, decisions: Mapping[str, Any]) -> None:
    for name, color, dash in (("medium", _ORANGE, "--"), ("bad", VERMILLION, "-.")):
        if name in decisions:
            axes.axhline(z_score(float(decisions[name])), color=color, ls=dash, lw=1.0, zorder=0.5)


def _draw_alarms(axes: Axes, verdicts: Sequence[Mapping[str, Any]], names: list[str]) -> None:
    for row, name in enumerate(names):
        at = [k for k, one in enumerate(verdicts) if name in one["alarms"]]
        axes.plot(at, np.full(len(at), row), "|", color=VERMILLION, ms=8, mew=1.2)
    axes.set_yticks(range(len(names)), names, fontsize=8)
    axes.yaxis.set_tick_params(which="minor", left=False, right=False)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_title("alarms that stand", loc="left", fontsize=9)


def _numbers(verdicts: Sequence[Mapping[str, Any]]) -> Numbers:
    given = (
        Column("batch", np.arange(len(verdicts), dtype=np.float64)),
        Column("name", [visible(str(one["name"])) for one in verdicts]),
    )
    found = (
        Column("Z", _known(verdicts, "z_score")),
        Column("p", _known(verdicts, "p_value")),
        Column("state", [str(one["state"]) for one in verdicts]),
        Column("alarms", ["; ".join(one["alarms"]) for one in verdicts]),
    )
    return Numbers("batches", "Batches in the order in which they were judged.", given, found)


def _known(verdicts: Sequence[Mapping[str, Any]], name: str) -> FloatArray:
    return np.array([np.nan if one[name] is None else one[name] for one in verdicts], dtype=np.float64)
