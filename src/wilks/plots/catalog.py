"""All figures of a result that was saved, by name, each drawn when it is asked for; and how they become files."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from wilks.analysis import Analysis
from wilks.campaign import Toys
from wilks.comparison import Comparison
from wilks.errors import InputError, StoreError
from wilks.hypotheses import Null
from wilks.interpretation import common_columns, most_discrepant_region
from wilks.laws import AnalyticLaw, Calibration, GoodnessOfFit, calibrate
from wilks.plots.campaign import running_mean
from wilks.plots.comparisons import SamplePairs, member_significances, pair_figure
from wilks.plots.corners import corner
from wilks.plots.feature_ratios import NO_LABELS, ratio_drawing
from wilks.plots.fits import starts
from wilks.plots.looks import FORMATS
from wilks.plots.nuisance_pulls import pulls
from wilks.plots.null import null_distribution, qq
from wilks.plots.numbers import Numbers, file_word, named, to_csv, to_hepdata, told_apart
from wilks.plots.power import power_curves
from wilks.plots.regions import region
from wilks.plots.responses import response_closure, response_study
from wilks.plots.scans import tomography
from wilks.plots.selections import weight_clips
from wilks.plots.sensitivities import has_dedicated_search, sensitivity
from wilks.plots.style import numbers_of, to_pdf, to_png, to_svg
from wilks.plots.survival_curve import survival
from wilks.plots.toy_percentiles import percentiles
from wilks.plots.validations import tau_and_t, validation
from wilks.power import PowerTable
from wilks.responses import Closure, ResponseStudy
from wilks.samples import Sample
from wilks.selection import ArchitectureScan, WeightClipSelection
from wilks.statistics.fits import FitResult
from wilks.statistics.scan import Scan
from wilks.storage import as_path, whole_file, write_text
from wilks.validation import Validation

Draw = Callable[[], Figure]
Found = Iterator[tuple[str, Draw]]
_FEWEST_TOYS = 10
_IMAGES: dict[str, Callable[[Figure], bytes]] = {"pdf": to_pdf, "png": to_png, "svg": to_svg}


@dataclass(frozen=True, eq=False)
class Beside:
    """What a figure may need beside its result: the analysis, the data, the toys, and labels of axes by column."""

    analysis: Analysis | None
    data: Sample | None
    toys: Toys | None
    labels: Mapping[str, str]


def figures_of(
    result: object,
    *,
    analysis: Analysis | None = None,
    data: Sample | None = None,
    toys: Toys | None = None,
    labels: Mapping[str, str] = NO_LABELS,
) -> dict[str, Draw]:
    """What draws each figure of a result, by name; nothing is drawn or fitted before it is called.

    Args:
        result: what `wilks.load` or `wilks.load_toys` gives: an answer, a calibration, a fit, toys, a comparison, a
            selection, a scan of networks, a validation, a table of power, or how responses were learned and checked.
        analysis: of an answer or a fit: adds nuisances, the learned ratio in pairs of features and, with ``data``, in
            each column.
        data: of an answer or a fit.
        toys: of an answer or a calibration: adds how their percentiles settle.
        labels: axis labels by column.

    Raises:
        InputError: there are no figures of such a thing.

    >>> import wilks
    >>> list(figures_of(wilks.calibrate([9.0, 12.0, 15.0], degrees_of_freedom=12)))
    ['null_distribution', 'qq']
    """
    beside = Beside(analysis, data, toys, labels)
    for kind, find in _FIGURES.items():
        if isinstance(result, kind):
            return dict(find(result, beside))
    raise InputError(
        f"figures are of a result that was saved ({', '.join(kind.__name__ for kind in _FIGURES)}), but a "
        f"{type(result).__name__} came"
    )


def _of_answer(result: GoodnessOfFit, beside: Beside) -> Found:
    if isinstance(result.law, AnalyticLaw) and result.is_answered:
        yield "survival", partial(survival, result)
    elif isinstance(result.law, Calibration):
        yield from _of_null(result, result.law)
    elif result.law is not None and getattr(result.law, "distribution", None) is not None:
        yield "null_distribution", partial(null_distribution, result)
    if beside.toys is not None:
        yield from _of_toys(beside.toys, beside, has_null=True)
    yield from _of_fit(result.fit, beside)


def _of_calibration(result: Calibration, beside: Beside) -> Found:
    yield from _of_null(result, result)
    if beside.toys is not None:
        yield from _of_toys(beside.toys, beside, has_null=True)


def _of_null(result: GoodnessOfFit | Calibration, calibration: Calibration) -> Found:
    yield "null_distribution", partial(null_distribution, result)
    if calibration.degrees_of_freedom is not None:
        yield "qq", partial(qq, result)


def _of_toys(toys: Toys, beside: Beside, *, has_null: bool = False) -> Found:
    n_valid = int(np.isfinite(toys.t).sum())
    is_compared = not (toys.is_penalized or toys.is_combined)
    n_parameters = toys.n_parameters if is_compared else None
    if n_valid:
        yield "running_mean", partial(running_mean, toys.t, n_parameters=n_parameters)
    if n_valid >= _FEWEST_TOYS:
        yield "percentiles", partial(percentiles, toys.t, n_parameters=n_parameters)
    if n_valid and not has_null and isinstance(toys.hypothesis, Null):
        yield from _of_null(calibration := calibrate(toys), calibration)


def _of_fit(fit: FitResult, beside: Beside) -> Found:
    if fit.n_starts > 1:
        yield "starts", partial(starts, fit)
    if beside.analysis is None:
        return
    if fit.nuisances:
        yield "pulls", partial(pulls, beside.analysis, fit)
    if not beside.analysis.regions:
        yield from _of_events(beside.analysis, fit, beside)
        return
    fits = beside.analysis.region_fits(fit, data=beside.data)
    own = beside.analysis.split(beside.data) if beside.data is not None else {}
    for name, one in beside.analysis.regions.items():
        inner = Beside(one, own.get(name), None, beside.labels)
        yield from ((f"{name}-{what}", draw) for what, draw in _of_events(one, fits[name], inner))


def _of_events(analysis: Analysis, fit: FitResult, beside: Beside) -> Found:
    """The learned ratio of one region."""
    data, labels = beside.data, beside.labels
    if data is not None:
        draw = ratio_drawing(analysis, data, fit=fit, labels=labels)
        yield from ((f"ratio-{name}", partial(draw, name)) for name in common_columns(analysis, data))
    if not fit.converged:
        return
    if data is not None:
        yield "region", lambda: region(most_discrepant_region(analysis, data, fit=fit))
    if len(analysis.features) > 1:
        yield "corner", partial(corner, analysis, fit=fit, labels=labels)
    if data is not None and isinstance(analysis.model, Scan) and len(analysis.model.regions.shape) == 1:
        yield "tomography", partial(tomography, analysis, data, fit=fit, labels=labels)


def _of_power(found: PowerTable, beside: Beside) -> Found:
    for level, text in enumerate(("2", "3", "5")):
        if any(row.power[level] is not None for row in found.rows) or level == 0:
            yield f"power-{text}-sigma", partial(power_curves, found, level=level)
    if has_dedicated_search(found):
        yield "sensitivity", partial(sensitivity, found)


def _of_selection(found: WeightClipSelection, beside: Beside) -> Found:
    yield "weight_clips", partial(weight_clips, found)


def _of_scan(found: ArchitectureScan, beside: Beside) -> Found:
    for one in found.candidates:
        if one.selection is not None:
            yield f"weight_clips-{one.name}", partial(weight_clips, one.selection)


def _of_validation(found: Validation, beside: Beside) -> Found:
    yield "validation", partial(validation, found)
    if found.has_tau:
        yield "tau_and_t", partial(tau_and_t, found)


def _of_comparison(found: Comparison, beside: Beside) -> Found:
    if found.members:
        yield "members", partial(member_significances, found)


def _of_pairs(found: SamplePairs, beside: Beside) -> Found:
    yield from ((f"samples-{one.feature}", partial(pair_figure, one)) for one in found.pairs)


def _of_study(found: ResponseStudy, beside: Beside) -> Found:
    for one in found.nuisances:
        yield f"study-{one.name}", partial(response_study, found, name=one.name, labels=beside.labels)


def _of_closure(found: Closure, beside: Beside) -> Found:
    """One of each nuisance, with the variations that move it."""
    for name in found.names:
        rows = tuple(row for row in found.rows if row.values.get(name, 0.0))
        yield f"closure-{name}", partial(response_closure, replace(found, rows=rows), labels=beside.labels)


_FIGURES: dict[type, Callable[[Any, Beside], Found]] = {
    GoodnessOfFit: _of_answer,
    Calibration: _of_calibration,
    FitResult: _of_fit,
    Toys: _of_toys,
    Comparison: _of_comparison,
    SamplePairs: _of_pairs,
    WeightClipSelection: _of_selection,
    ArchitectureScan: _of_scan,
    Validation: _of_validation,
    PowerTable: _of_power,
    ResponseStudy: _of_study,
    Closure: _of_closure,
}


def save_figures(
    figures: Mapping[str, Draw], folder: str | os.PathLike[str], *, formats: Sequence[str] = ("pdf",)
) -> list[Path]:
    """Draw figures and write each under its name; files of the same name are replaced. Returns what was written.

    Args:
        figures: of `figures_of`.
        folder: where to; it is made.
        formats: ``pdf``, ``png`` and ``svg``; ``csv``: the numbers of each table of a figure; ``hepdata``: all numbers
            as one submission in the folder ``hepdata``.

    Raises:
        InputError: no such format, or two figures whose names give the same file.
        StoreError: the folder cannot be written.
    """
    unknown = [name for name in formats if name not in FORMATS]
    if unknown or not formats:
        raise InputError(f"a format must be one of {', '.join(FORMATS)}, but {', '.join(unknown) or 'none'} came")
    target, written, tables = as_path(folder), list[Path](), dict[str, Numbers]()
    words = dict(zip(figures, told_apart([file_word(name) for name in figures]), strict=True))
    try:
        target.mkdir(parents=True, exist_ok=True)
        for name, draw in figures.items():
            figure = draw()
            own = named(words[name], numbers_of(figure), taken=tables)
            tables |= own
            written += _written(figure, own, target / words[name], formats=formats)
        if "hepdata" in formats:
            written += [_text(target / "hepdata" / name, text) for name, text in to_hepdata(tables).items()]
    except OSError as error:
        raise StoreError(f"figures go to {target}, which must be writable, but: {error.strerror}") from error
    return written


def _written(figure: Figure, tables: Mapping[str, Numbers], stem: Path, *, formats: Sequence[str]) -> list[Path]:
    written = []
    for name in dict.fromkeys(formats):
        if name in _IMAGES:
            path = stem.with_name(f"{stem.name}.{name}")
            with whole_file(path) as file:
                file.write(_IMAGES[name](figure))
            written.append(path)
        if name == "csv":
            written += [_text(stem.with_name(f"{word}.csv"), to_csv(one)) for word, one in tables.items()]
    return written


def _text(path: Path, text: str) -> Path:
    write_text(path, text)
    return path
