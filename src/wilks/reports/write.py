"""Write the page: rendered from the template, put in place in one step."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from wilks.analysis import Analysis
from wilks.campaign import Toys
from wilks.errors import InputError
from wilks.laws import Calibration, GoodnessOfFit
from wilks.models import ModelTable
from wilks.reports.content import ReportInputs, build_report
from wilks.reports.files import checked_target, put
from wilks.reports.rendering import NO_LABELS, render
from wilks.responses import Closure, ResponseStudy
from wilks.samples import Events, Sample
from wilks.storage import as_path
from wilks.typing import require_kind


def write_report(
    result: GoodnessOfFit | Calibration,
    path: str | os.PathLike[str],
    *,
    analysis: Analysis | None = None,
    data: Sample | Events | None = None,
    toys: Toys | None = None,
    title: str = "",
    labels: Mapping[str, str] = NO_LABELS,
    study: ResponseStudy | None = None,
    closure: Closure | None = None,
    notices: Sequence[str] = (),
    reproduction: Mapping[str, str] = NO_LABELS,
    models: ModelTable | None = None,
    folder: str | os.PathLike[str] | None = None,
) -> Path:
    """Write a self-contained HTML report and return where it is.

    Args:
        result: the answer for data, from toys or from the analytic null, or a calibration alone (a report
            before data are looked at).
        path: the file, ending on .html. A report that is there is replaced in one step; a run that
            breaks off leaves the old one whole.
        analysis: adds samples, model, standardization and search.
        data: with ``analysis``, adds data, reference and learned ratio for every feature and carried column.
        toys: adds the seed and the certificates of the toys.
        title: heading of the page; the name of the analysis if empty.
        labels: axis labels by column, such as ``{"pt1": "leading muon pT [GeV]"}``.
        study: of the responses of the nuisances, adds its figures.
        closure: of learned responses, adds its table and figures.
        notices: what else a reader must know, beside the warnings of the result.
        reproduction: rows for the table at the end, such as the command that wrote the page.
        models: several models on these data, adds their table.
        folder: if given, ``path`` is taken from it and must stay inside.

    Raises:
        InputError: parts that belong to different analyses or data, or a path that is not .html.
        StoreError: a path outside the folder, or one that cannot be written.

    >>> from tempfile import TemporaryDirectory
    >>> from wilks.laws import calibrate
    >>> with TemporaryDirectory() as folder:
    ...     write_report(calibrate([9.0, 12.0, 15.0]), "report.html", folder=folder).name
    'report.html'
    """
    _check_kinds(result, analysis, toys)
    target = checked_target(as_path(path), folder=None if folder is None else as_path(folder))
    sample = None
    if data is not None:
        sample = analysis.checked(data) if analysis else _needs_analysis()
    more = (tuple(notices), reproduction, models)
    report = build_report(ReportInputs(result, analysis, sample, toys, title, labels, study, closure, *more))
    put(target, render("report.html.j2", page=report))
    return target


def _check_kinds(result: object, analysis: object, toys: object) -> None:
    require_kind(result, GoodnessOfFit, Calibration, name="result")
    if analysis is not None:
        require_kind(analysis, Analysis, name="analysis")
    if toys is not None:
        require_kind(toys, Toys, name="toys")


def _needs_analysis() -> Sample:
    raise InputError("a report of data needs the analysis that they were tested with; give analysis=")
