"""What `engine.py` shows of its document: printed lines and figures."""

from pathlib import Path
from typing import Any

from matplotlib.axes import Axes

from wilks.plots.style import BLUE, GREEN, SKY, VERMILLION, new_figure, plain_log_ticks, style, to_png

STAGES = {"exploration": BLUE, "finish": VERMILLION, "rest": SKY}
PANELS = {
    "n_reference": ("n_reference", "events of the reference"),
    "expected": ("expected", "expected events of the data"),
    "n_hidden": ("n_parameters", "parameters"),
}


QUIET = ("n_padding", "flops_needed", "n_tanh", "n_expm1")


def say(name: str, entry: dict[str, Any]) -> None:
    """One line: medians and numbers, not the lists."""
    parts = [f"{name:<36}"]
    for key, value in entry.items():
        number = value["median"] if isinstance(value, dict) and "median" in value else value
        if isinstance(number, dict):
            parts += [f"{inner} {x:.4g}" for inner, x in number.items()]
        elif isinstance(number, int | float) and key not in QUIET:
            parts.append(f"{key} {number:.4g}")
    print("  ".join(parts), flush=True)


def draw(document: dict[str, Any], folder: Path) -> None:
    """Write stages.png and scaling.png, as far as they have been measured."""
    if document["rows"]:
        (folder / "stages.png").write_bytes(stages(document["rows"]))
    if {*PANELS, "toys"} <= set(document["scaling"]):
        (folder / "scaling.png").write_bytes(scaling(document["scaling"]))


def stages(rows: dict[str, Any]) -> bytes:
    """A bar for each row: the share of its time in each stage."""
    with style():
        figure = new_figure(7.5, 1.6 + 0.5 * len(rows))
        axes = figure.subplots()
        labels = [f"{name}\n{_seconds(row['seconds']['median'])}" for name, row in rows.items()]
        left = [0.0] * len(rows)
        for stage, color in STAGES.items():
            shares = [100 * row["stages"][stage] / sum(row["stages"].values()) for row in rows.values()]
            axes.barh(labels, shares, left=left, color=color, label=stage, height=0.6)
            left = [a + b for a, b in zip(left, shares, strict=True)]
        axes.set_xlim(0, 100)
        axes.set_xlabel("share of the time of a fit [%]")
        axes.invert_yaxis()
        axes.tick_params(axis="y", which="both", length=0)
        figure.legend(loc="outside upper center", ncols=len(STAGES))
    return to_png(figure)


def _seconds(value: float) -> str:
    return f"{value:.2g} s" if value < 10 else f"{value:.0f} s"


def scaling(document: dict[str, Any]) -> bytes:
    """Time against each size of the problem."""
    n_columns = 3 if "dimuon_pass" in document else 2
    with style():
        figure = new_figure(3.9 * n_columns, 6.8)
        panels = list(figure.subplots(2, n_columns).flat)
        for axes, (name, (key, label)) in zip(panels, PANELS.items(), strict=False):
            _times(axes, document[name], key=key, label=label, ylabel="time of a fit [s]")
        if "dimuon_pass" in document:
            label = "events of the reference, muon pairs"
            _times(panels[3], document["dimuon_pass"], key="n_reference", label=label, ylabel="time of a pass [s]")
        _toys(panels[n_columns + 1], document["toys"])
        for unused in panels[n_columns + 2 :]:
            unused.remove()
    return to_png(figure)


def _times(axes: Axes, entries: list[dict[str, Any]], *, key: str, label: str, ylabel: str) -> None:
    """Medians with the range of the measurements."""
    sizes, times = [entry[key] for entry in entries], [entry["seconds"] for entry in entries]
    medians = [time["median"] for time in times]
    below = [time["median"] - time["least"] for time in times]
    above = [time["greatest"] - time["median"] for time in times]
    axes.errorbar(sizes, medians, yerr=[below, above], marker="o", color=BLUE, capsize=3)
    axes.set(xscale="log", yscale="log", xlabel=label, ylabel=ylabel)
    least, greatest = min(t["least"] for t in times), max(t["greatest"] for t in times)
    axes.set_xlim(min(sizes) / 1.3, 1.3 * max(sizes))
    axes.set_ylim(least / 2, greatest * 2)
    plain_log_ticks(axes.yaxis, span=4 * greatest / least)
    if max(sizes) < 1_000:
        plain_log_ticks(axes.xaxis, span=1.7 * max(sizes) / min(sizes))


def _toys(axes: Axes, entries: list[dict[str, Any]]) -> None:
    """Wall time for each toy, a line for each number of processes."""
    for n_cores, color, marker in zip(
        sorted({entry["n_cores"] for entry in entries}), (BLUE, GREEN), "os", strict=False
    ):
        mine = [entry for entry in entries if entry["n_cores"] == n_cores]
        label = f"{n_cores} core" + "s" * (n_cores > 1)
        times = [entry["wall_seconds_per_toy"] for entry in mine]
        axes.plot([entry["n_toys"] for entry in mine], times, marker=marker, color=color, label=label)
    sizes = [entry["n_toys"] for entry in entries]
    every = [entry["wall_seconds_per_toy"] for entry in entries]
    axes.set(xscale="log", yscale="log", xlabel="toys", ylabel="wall time for each toy [s]")
    axes.set_xlim(min(sizes) / 1.3, 1.3 * max(sizes))
    axes.set_ylim(min(every) / 2, 2 * max(every))
    plain_log_ticks(axes.xaxis, span=1.7 * max(sizes) / min(sizes))
    plain_log_ticks(axes.yaxis, span=4 * max(every) / min(every))
    axes.legend()
