"""The page of a table of power: what would be seen of a signal, before the data are looked at."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from wilks import plots
from wilks.analysis import Analysis
from wilks.plots.sensitivities import has_dedicated_search
from wilks.power import PowerRow, PowerTable
from wilks.power.tables import LEVELS
from wilks.reports.endings import Ending, ending_of
from wilks.reports.files import checked_target, put
from wilks.reports.picture import Picture, picture_of
from wilks.reports.rendering import NO_LABELS, render
from wilks.reports.tables import Table, count
from wilks.significance.printing import decimals
from wilks.storage import as_path
from wilks.typing import require_kind

_QUESTION = (
    "How often would a signal be seen, and by which test? The data play no part.",
    "All tests are given the same toys, and each has its thresholds from those of the reference: p = (k + 1)/(n + 1), "
    "so that all have the same false-alarm rate whatever they are. Power is the share of toys with the signal whose Z "
    "reaches a level; the median Z is that of these toys. Toys whose fit failed count as not seen.",
)
_LIMITS = (
    "Power is that for this signal alone. A test that is made for one signal sees it better than one that is made for "
    "none, and another one worse.",
    "The reference and its nuisances are taken to be right.",
)


@dataclass(frozen=True)
class PowerPage:
    """What the template shows."""

    title: str
    subtitle: str
    headline: tuple[str, ...]
    key_figures: tuple[tuple[str, str], ...]
    question: tuple[str, ...]
    rows: tuple[Table, ...]
    pictures: tuple[Picture, ...]
    limits: tuple[str, ...]
    ending: Ending


def write_power_report(
    found: PowerTable,
    path: str | os.PathLike[str],
    *,
    analysis: Analysis | None = None,
    title: str = "",
    reproduction: Mapping[str, str] = NO_LABELS,
) -> Path:
    """Write a self-contained HTML page of a table of power and return where it is.

    Args:
        found: by `wilks.power.power_table`.
        path: the file, ending on .html; a report that is there is replaced in one step.
        analysis: adds samples and model.
        title: heading of the page; the name of the analysis if empty.
        reproduction: rows for the table at the end, such as the command that wrote the page.

    Raises:
        InputError: a path that is not .html.
        StoreError: a path that cannot be written.
    """
    require_kind(found, PowerTable, name="found")
    target = checked_target(as_path(path))
    name = title or (analysis.name if analysis else "") or "Power"
    page = PowerPage(
        title=name,
        subtitle="What would be seen of a signal, before the data are looked at (wilks)",
        headline=tuple(_headline(found)),
        key_figures=_key_figures(found),
        question=_QUESTION,
        rows=tuple(_tables(found)),
        pictures=tuple(_pictures(found)),
        limits=(*tuple(_reach(found)), *_LIMITS),
        ending=ending_of(analysis, reproduction=reproduction),
    )
    put(target, render("power.html.j2", page=page))
    return target


def _headline(found: PowerTable) -> Iterator[str]:
    for row in found.of(found.names[0]):
        bound = "at least " if row.is_lower_bound else ""
        shares = [f"{one[0]:.0%} at {level:g} sigma" for level, one in zip(LEVELS, row.power, strict=True) if one]
        yield f"{row.alternative}: median Z of the model {bound}{decimals(row.z_score)}; seen in {', '.join(shares)}."


def _key_figures(found: PowerTable) -> tuple[tuple[str, str], ...]:
    return (
        ("alternatives", str(len(found.n_signal))),
        ("tests", str(len(found.names))),
        ("toys of the reference", count(found.n_null)),
        ("toys of each alternative", count(found.n_toys)),
    )


def _tables(found: PowerTable) -> Iterator[Table]:
    """One for each alternative."""
    header = ("test", *(f"{level:g} sigma" for level in LEVELS), "median Z", "Asimov Z", "ms a toy")
    has_asimov = any(row.asimov_z is not None for row in found.rows)
    shown = header if has_asimov else (*header[:-2], header[-1])
    for name in found.n_signal:
        rows = [_row(row, has_asimov=has_asimov) for row in found.rows if row.alternative == name]
        yield Table(name, tuple(rows), shown)


def _row(row: PowerRow, *, has_asimov: bool) -> tuple[str, ...]:
    powers = ("out of reach" if one is None else f"{one[0]:.2f} [{one[1]:.2f}, {one[2]:.2f}]" for one in row.power)
    median = f"{'at least ' if row.is_lower_bound else ''}{decimals(row.z_score)}"
    asimov = () if not has_asimov else ("" if row.asimov_z is None else decimals(row.asimov_z),)
    blind = "" if row.sees_count else " (knows no number of events)"
    return (f"{row.test}{blind}", *powers, median, *asimov, f"{1e3 * row.seconds:.3g}")


def _pictures(found: PowerTable) -> Iterator[Picture]:
    yield picture_of(
        partial(plots.power_curves, found),
        caption="Power at 2 sigma and median Z of every test, with 68 % intervals; open points are lower bounds.",
        alt=f"Power and median Z of {len(found.names)} tests for {len(found.n_signal)} alternatives.",
    )
    if has_dedicated_search(found):
        yield picture_of(
            partial(plots.sensitivity, found),
            caption="The model beside a search that knows the signal; right, the ratio of their median Z.",
            alt="Median Z of the model and of the search for the signal, and their ratio.",
        )


def _reach(found: PowerTable) -> Iterator[str]:
    n_out = sum(one is None for row in found.rows for one in row.power)
    if n_out:
        yield (
            f"{count(found.n_null)} toys of the reference do not reach every level: where it says out of reach, more "
            "of them (n_null) would have to be made."
        )
    if any(row.is_lower_bound for row in found.rows):
        yield "A median Z of at least x is one that no toy of the reference reaches."
