"""How far a test is from one that knows the signal: Z against the Z of a dedicated search."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from wilks.errors import InputError
from wilks.plots.numbers import Column, Numbers
from wilks.plots.style import BLUE, GRAY, VERMILLION, new_figure, style
from wilks.power import PowerRow, PowerTable
from wilks.typing import FloatArray, require_kind
from wilks.wording import in_figure

MODEL = "model"
_DEDICATED, _MARGIN = "q0", 0.05


@dataclass(frozen=True, eq=False)
class _Pair:
    """Median Z with its interval (k, 3) of a test and of the search for the signal, at k alternatives."""

    names: tuple[str, ...]
    n_signal: FloatArray
    test: FloatArray
    reference: FloatArray
    is_bound: tuple[bool, ...]

    @property
    def ratio(self) -> FloatArray:
        """Z over that of the reference with the ends of its interval (k, 3); the two errors are taken as independent.

        NaN where the reference sees nothing.
        """
        z, z_ref = self.test[:, 0], self.reference[:, 0]
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = np.where(z_ref > 0, z / z_ref, np.nan)
            sizes = [np.hypot(_side(self.test, i) / z, _side(self.reference, 3 - i) / z_ref) for i in (1, 2)]
        low, high = (np.abs(ratio) * one for one in sizes)
        return np.stack([ratio, ratio - low, ratio + high], axis=1)


def _side(found: FloatArray, end: int) -> FloatArray:
    """Distance of the median from an end of its interval."""
    return np.abs(found[:, end] - found[:, 0])


def sensitivity(found: PowerTable, *, test: str = MODEL, reference: str | None = None) -> Figure:
    """Median Z of a test and of a search that knows the signal, against the signal; and one against the other.

    As figures 8, 23 to 25 of "Learning New Physics from an Imperfect Machine": the ratio Z / Z_ref says what is paid
    for not knowing what to look for, Z_ref how hard the signal is to see at all. Errors are 68 % intervals, of the
    ratio those of both medians together; open points are lower bounds, as no toy of the reference is as extreme.

    Args:
        found: of `wilks.power.power_table` or ``wilks power``, with q_0 of a known signal (``signal``) or of a binned
            search (``--binned``).
        test: the test that does not know the signal.
        reference: the search that does; None: the first of the table whose name ends on q0.

    Raises:
        InputError: the table has no such test.
    """
    require_kind(found, PowerTable, name="found")
    pair = _pair(found, test, reference or dedicated_search(found))
    with style():
        figure = new_figure(8.4, 3.8)
        left, right = figure.subplots(1, 2)
        names = in_figure(test), in_figure(reference or dedicated_search(found))
        _draw_medians(left, pair, names)
        _draw_ratios(right, pair)
        figure.legend(*left.get_legend_handles_labels(), loc="outside upper left", ncols=2)
        figure.keep(_numbers(pair, test=test, reference=reference or dedicated_search(found)))
    return figure


def has_dedicated_search(found: PowerTable) -> bool:
    """Whether there is a search to compare with."""
    return any(name.endswith(_DEDICATED) for name in found.names)


def dedicated_search(found: PowerTable) -> str:
    """The name of the first q_0.

    Raises:
        InputError: there is none.
    """
    names = [name for name in found.names if name.endswith(_DEDICATED)]
    if not names:
        raise InputError(
            "a sensitivity is drawn beside a search for the signal, but this table has none: its tests are "
            f"{', '.join(found.names)}; give reference=, power_table(signal=...), or `wilks power --binned`"
        )
    return names[0]


def _pair(found: PowerTable, test: str, reference: str) -> _Pair:
    for name in (test, reference):
        if name not in found.names:
            raise InputError(f"the table must have the test {name!r}, but its tests are {', '.join(found.names)}")
    own, other = found.of(test), {row.alternative: row for row in found.of(reference)}
    rows = [row for row in own if row.alternative in other]
    values, against = (_finite(some) for some in (rows, [other[row.alternative] for row in rows]))
    names = tuple(row.alternative for row in rows)
    is_bound = tuple(row.is_lower_bound or other[row.alternative].is_lower_bound for row in rows)
    return _Pair(names, np.array([found.n_signal[name] for name in names]), values, against, is_bound)


def _finite(rows: Sequence[PowerRow]) -> FloatArray:
    """Median and interval (k, 3); NaN where every toy is more extreme than all of the reference."""
    found = np.array([(row.z_score, *row.z_interval) for row in rows])
    return np.where(np.isfinite(found), found, np.nan)


def _draw_medians(axes: Axes, pair: _Pair, names: tuple[str, str]) -> None:
    is_axis = len(pair.names) > 1 and bool(np.all(np.isfinite(pair.n_signal)))
    is_axis = is_axis and np.unique(pair.n_signal).size == pair.n_signal.size
    places = pair.n_signal if is_axis else np.arange(len(pair.names), dtype=np.float64)
    line = "-" if is_axis else ""
    for found, marker, color, name, dash in (
        (pair.test, "o", BLUE, names[0], line),
        (pair.reference, "s", VERMILLION, names[1], "--" if is_axis else ""),
    ):
        axes.errorbar(places, found[:, 0], yerr=_errors(found), fmt=marker, ls=dash, color=color, label=name)
    axes.set_ylim(bottom=min(0.0, float(np.nanmin(pair.test[:, 0], initial=0.0))))
    axes.set_ylabel("median $Z$")
    if is_axis:
        axes.set_xlabel("expected signal events")
        axes.set_xlim(places.min() - _MARGIN * float(np.ptp(places)), places.max() + _MARGIN * float(np.ptp(places)))
        return
    axes.set_xticks(places, [in_figure(name) for name in pair.names], rotation=20 if len(places) > 2 else 0)
    axes.set_xlim(-0.5, len(places) - 0.5)
    axes.xaxis.set_tick_params(which="minor", bottom=False, top=False)


def _draw_ratios(axes: Axes, pair: _Pair) -> None:
    ratio, z_ref = pair.ratio, pair.reference
    shown = np.isfinite(ratio[:, 0]) & np.isfinite(z_ref[:, 0])
    is_bound = np.array(pair.is_bound)
    for some, face in ((shown & ~is_bound, BLUE), (shown & is_bound, "white")):
        axes.errorbar(
            z_ref[some, 0], ratio[some, 0], xerr=_errors(z_ref[some]), yerr=_errors(ratio[some]), fmt="o", color=BLUE,
            mfc=face, ms=5,
        )  # fmt: skip
    known = ratio[shown & ~is_bound, 0]
    if known.size:
        axes.axhline(float(np.median(known)), color=GRAY, ls="--", lw=1.0, zorder=1)
        axes.annotate(
            f"median ratio {float(np.median(known)):.2f}", (0.97, 0.95), xycoords="axes fraction", ha="right", va="top",
            fontsize=9, color=GRAY,
        )  # fmt: skip
    axes.set_ylim(0.0, max(1.1, 1.15 * float(np.nanmax(ratio[shown, 0], initial=0.0))))
    axes.set_xlim(0.0, (1.0 + _MARGIN) * float(np.nanmax(z_ref[shown, 2], initial=1.0)))
    axes.set_xlabel(r"median $Z_\mathrm{ref}$ of the search for the signal")
    axes.set_ylabel(r"$Z\, /\, Z_\mathrm{ref}$")


def _errors(found: FloatArray) -> FloatArray:
    """Lengths of the bars (2, k); ends that are not known have none."""
    sides = np.stack([_side(found, 1), _side(found, 2)])
    return np.where(np.isfinite(sides), sides, 0.0)


def _numbers(pair: _Pair, *, test: str, reference: str) -> Numbers:
    given = Column("alternative", pair.names), Column("expected signal events", pair.n_signal)
    columns = {f"median Z, {test}": pair.test, f"median Z, {reference}": pair.reference, "Z / Z_ref": pair.ratio}
    found = [Column(name, one[:, 0], "", one[:, 1], one[:, 2]) for name, one in columns.items()]
    bounds = Column("is a bound", ["yes" if one else "no" for one in pair.is_bound])
    return Numbers("sensitivity", "Median Z beside that of a search for the signal.", given, (*found, bounds))
