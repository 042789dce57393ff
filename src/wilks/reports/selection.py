"""The page of a selection: how the weight clip of a network was chosen, and what judges the choice."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from wilks import plots
from wilks.analysis import Analysis
from wilks.reports.endings import Ending, ending_of
from wilks.reports.files import checked_target, put
from wilks.reports.picture import Picture, picture_of
from wilks.reports.rendering import NO_LABELS, render
from wilks.reports.tables import Table, count, number
from wilks.selection import ArchitectureScan, Candidate, Trial, WeightClipSelection
from wilks.selection.result import mean_error
from wilks.significance.printing import probability
from wilks.storage import as_path
from wilks.typing import require_kind

_QUESTION = (
    "The weight clip W bounds every parameter of the network, |w| at most W. It is chosen so that t of toys of the "
    "reference follows a chi-square with as many degrees of freedom as the network has parameters; the data play no "
    "part.",
    "Toys that had no part in the choice judge it. p of an answer is counted among toys and is right whatever they "
    "follow; the chi-square is a second answer that goes further.",
)


@dataclass(frozen=True)
class SelectionPage:
    """What the template shows."""

    title: str
    subtitle: str
    headline: tuple[str, ...]
    key_figures: tuple[tuple[str, str], ...]
    warnings: tuple[str, ...]
    question: tuple[str, ...]
    candidates: tuple[Table, ...]
    trials: tuple[Table, ...]
    pictures: tuple[Picture, ...]
    ending: Ending


def write_selection_report(
    found: WeightClipSelection | ArchitectureScan,
    path: str | os.PathLike[str],
    *,
    analysis: Analysis | None = None,
    title: str = "",
    reproduction: Mapping[str, str] = NO_LABELS,
) -> Path:
    """Write a self-contained HTML page of a selection, or of a scan of networks, and return where it is.

    Args:
        found: by `wilks.select_weight_clip` or `wilks.select_architecture`.
        path: the file, ending on .html; a report that is there is replaced in one step.
        analysis: that for which it was chosen: adds samples and model.
        title: heading of the page; the name of the analysis if empty.
        reproduction: rows for the table at the end, such as the command that wrote the page.

    Raises:
        InputError: a path that is not .html.
        StoreError: a path that cannot be written.
    """
    require_kind(found, WeightClipSelection, ArchitectureScan, name="found")
    target = checked_target(as_path(path))
    chosen = _chosen(found)
    page = SelectionPage(
        title=title or (analysis.name if analysis else "") or "Selection",
        subtitle="How the network was chosen, before the data are seen (wilks)",
        headline=tuple(_headline(found, chosen)),
        key_figures=_key_figures(chosen),
        warnings=chosen.warnings if chosen else (),
        question=_QUESTION,
        candidates=(_candidate_table(found),) if isinstance(found, ArchitectureScan) else (),
        trials=(_trial_table(chosen),) if chosen else (),
        pictures=(_picture(chosen),) if chosen else (),
        ending=ending_of(analysis, reproduction=reproduction),
    )
    put(target, render("selection.html.j2", page=page))
    return target


def _chosen(found: WeightClipSelection | ArchitectureScan) -> WeightClipSelection | None:
    if isinstance(found, WeightClipSelection):
        return found
    return found.recommended.selection if found.recommended else None


def _headline(found: WeightClipSelection | ArchitectureScan, chosen: WeightClipSelection | None) -> Iterator[str]:
    if chosen is None:
        yield "No network was found to be compatible within the time."
        return
    name = f"Network {found.recommended.name}: " if isinstance(found, ArchitectureScan) and found.recommended else ""
    verdict = "follow" if chosen.is_compatible else "do not follow"
    low, high = chosen.interval
    yield f"{name}weight clip {chosen.weight_clip:g}, 68 % interval {low:.3g} to {high:.3g}."
    yield (
        f"{count(chosen.fresh.compatibility.n_toys)} fresh toys {verdict} the chi-square with {chosen.n_parameters} "
        f"degrees of freedom; {chosen.search.n_starts} starts of the search."
    )


def _key_figures(chosen: WeightClipSelection | None) -> tuple[tuple[str, str], ...]:
    if chosen is None:
        return ()
    fresh = chosen.fresh.compatibility
    return (
        ("weight clip", f"{chosen.weight_clip:g}"),
        ("starts", str(chosen.search.n_starts)),
        ("degrees of freedom", str(chosen.n_parameters)),
        ("mean of t, fresh toys", f"{fresh.mean:.2f} ± {mean_error(chosen.fresh):.2f}"),
        ("p, all tests together", probability(fresh.omnibus_p_value)),
    )


def _trial_table(chosen: WeightClipSelection) -> Table:
    rows = tuple(_trial_row(one, is_fresh=one is chosen.fresh) for one in chosen.table)
    header = ("stage", "weight clip", "toys", "mean of t", "variance/(2 mean)", "KS p", "s a toy")
    note = "Clips of one stage have the same toys, and their means move together. Fresh toys had no part in the choice."
    return Table("Toys at each weight clip", rows, header, note)


def _trial_row(one: Trial, *, is_fresh: bool) -> tuple[str, ...]:
    found = one.compatibility
    return (
        "fresh" if is_fresh else one.stage,
        f"{one.weight_clip:g}",
        str(found.n_toys),
        f"{found.mean:.2f} ± {mean_error(one):.2f}",
        f"{found.variance_ratio:.2f} ± {found.variance_ratio_error:.2f}",
        probability(found.ks_p_value),
        f"{one.seconds:.2g}",
    )


def _candidate_table(scan: ArchitectureScan) -> Table:
    rows = tuple(_candidate_row(one) for one in scan.candidates)
    header = ("network", "parameters", "weight clip", "compatible", "stable", "power", "remark")
    note = f"Power at size {scan.size:g} on random signals, {scan.n_signal_toys} toys each."
    return Table("Networks that were tried", rows, header, note)


def _candidate_row(one: Candidate) -> tuple[str, ...]:
    clip = f"{one.selection.weight_clip:g}" if one.selection else ""
    flags = ("yes" if flag else "no" for flag in (one.is_compatible, one.is_stable))
    return (one.name, str(one.n_parameters), clip, *flags, number(one.power) if one.powers else "", one.reason)


def _picture(chosen: WeightClipSelection) -> Picture:
    return picture_of(
        partial(plots.weight_clips, chosen),
        caption="Mean of t against the weight clip, with errors, and below it the KS p against the chi-square; "
        "diamonds are fresh toys at the chosen clip, the band is its 68 % interval.",
        alt=f"Mean of t at {len(chosen.table)} weight clips.",
    )
