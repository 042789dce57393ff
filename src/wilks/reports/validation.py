"""The page of a validation: what was checked of an analysis before its data are seen."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from wilks import plots
from wilks.analysis import Analysis
from wilks.errors import InputError
from wilks.reports.endings import Ending, ending_of
from wilks.reports.files import checked_target, put
from wilks.reports.picture import Picture, picture_of
from wilks.reports.rendering import NO_LABELS, render
from wilks.reports.tables import Table
from wilks.storage import as_path
from wilks.typing import require_kind
from wilks.validation import Validation, Verdict

_HOW = (
    "Every check is made on toys, varied samples and other references; the data play no part.",
    "A perfect analysis fails each check that chance decides in at most 1 of 100 cases, and this page in at most 5 of "
    "100. A check that passed has seen nothing; what it could have seen stands beside it.",
)


@dataclass(frozen=True)
class ValidationPage:
    """What the template shows."""

    title: str
    subtitle: str
    headline: tuple[str, ...]
    is_failed: bool
    key_figures: tuple[tuple[str, str], ...]
    question: tuple[str, ...]
    failed: tuple[str, ...]
    checks: Table
    pictures: tuple[Picture, ...]
    points: Table
    ending: Ending


def write_validation_report(
    found: Validation,
    path: str | os.PathLike[str],
    *,
    analysis: Analysis | None = None,
    title: str = "",
    reproduction: Mapping[str, str] = NO_LABELS,
) -> Path:
    """Write a self-contained HTML page of a validation and return where it is.

    Args:
        found: by `wilks.validate`.
        path: the file, ending on .html; a report that is there is replaced in one step.
        analysis: adds samples and model.
        title: heading of the page; the name of the analysis if empty.
        reproduction: rows for the table at the end, such as the command that wrote the page.

    Raises:
        InputError: another analysis, or a path that is not .html.
        StoreError: a path that cannot be written.
    """
    require_kind(found, Validation, name="found")
    if analysis is not None and analysis.fingerprint() != found.fingerprint:
        raise InputError(
            f"a report must be of one analysis, but the validation belongs to fingerprint {found.fingerprint[:12]} and "
            f"the analysis has {analysis.fingerprint()[:12]}; give the analysis that was validated"
        )
    target = checked_target(as_path(path))
    put(target, render("validation.html.j2", page=_page(found, analysis, title, reproduction)))
    return target


def _page(found: Validation, analysis: Analysis | None, title: str, reproduction: Mapping[str, str]) -> ValidationPage:
    return ValidationPage(
        title=title or (analysis.name if analysis else "") or "Validation",
        subtitle="What was checked before the data are seen (wilks)",
        headline=(f"{found.headline}.",),
        is_failed=not found.is_passed,
        key_figures=tuple((one.name, one.verdict.value) for one in found.checks),
        question=(*_HOW, f"p of toys is {found.law}."),
        failed=tuple(one.sentence.rstrip(".") for one in found.failed),
        checks=_checks_table(found),
        pictures=tuple(_pictures(found)),
        points=_points_table(found),
        ending=ending_of(analysis, reproduction=reproduction, fingerprint=found.fingerprint),
    )


def _checks_table(found: Validation) -> Table:
    rows = tuple((one.name, one.verdict.value, one.text, one.limit) for one in found.checks)
    n_open = sum(one.verdict is Verdict.NOT_EVALUATED for one in found.checks)
    note = f"{n_open} of them could not be evaluated, which is no failure: the reason stands beside." if n_open else ""
    return Table("", rows, ("check", "verdict", "finding", "limit"), note)


def _points_table(found: Validation) -> Table:
    rows = tuple(
        (
            one.name,
            str(one.t.size),
            f"{one.t.mean():.2f} ± {one.mean_error:.2f}",
            f"{one.variance_ratio:.2f}",
        )
        for one in found.points
    )
    return Table("", rows, ("nuisances", "toys", "mean of t", "variance/(2 mean)"))


def _pictures(found: Validation) -> Iterator[Picture]:
    caption = (
        "Left: mean of t at each point of the nuisances; the band is that at 0 with its error. Right: the distribution "
        "of p of the toys at each point; the band holds 95 of 100 points whose p is uniform."
    )
    yield picture_of(partial(plots.validation, found), caption=caption, alt="Mean of t and p of toys at each point.")
    if found.has_tau and len(found.points) > 1:
        yield picture_of(
            partial(plots.tau_and_t, found),
            caption="t and tau of the toys at each point: medians, central 68 % (bars) and 90 % (lines). A nuisance "
            "moves tau, and t stays in the band, which is that at 0, if the response is right.",
            alt="Percentiles of t and tau of toys at each point.",
        )
