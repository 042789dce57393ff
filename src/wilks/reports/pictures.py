"""The figures of a report of an analysis, with captions and texts for those who cannot see them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from wilks import plots
from wilks.analysis import Analysis
from wilks.interpretation import Region
from wilks.interpretation.regions import summary
from wilks.laws import AnalyticLaw, Calibration, GoodnessOfFit, SequentialLaw, calibrate
from wilks.laws.empirical import Empirical
from wilks.plots.feature_ratios import ratio_drawing
from wilks.reports.picture import Picture, picture_of
from wilks.samples import Sample
from wilks.statistics.fits import FitResult
from wilks.typing import FloatArray

if TYPE_CHECKING:  # a page of a campaign, or without nuisances, needs no JAX
    from wilks.responses import Closure, ResponseStudy

MAX_COLUMNS = 48
MAX_VECTOR_COLUMNS = 16
_FEWEST_FOR_A_HISTOGRAM = 10


def null_pictures(result: GoodnessOfFit | Calibration) -> tuple[Picture, ...]:
    """Null distribution and, where there is a chi-square to compare with, QQ plot."""
    calibration = result.calibration if isinstance(result, GoodnessOfFit) else result
    if calibration.compatibility is None:
        alone = "Distribution of t in toys of the null hypothesis, with 68 % Poisson errors."
        alt = f"Histogram of t for {calibration.n_toys} toys."
        return (picture_of(lambda: plots.null_distribution(result), caption=alone, alt=alt),)
    name = f"chi-square with {calibration.degrees_of_freedom:.4g} degrees of freedom"
    return (
        picture_of(
            lambda: plots.null_distribution(result),
            caption=f"Distribution of t in toys of the null hypothesis, with 68 % Poisson errors, and the {name}.",
            alt=f"Histogram of t for {calibration.n_toys} toys with the {name}.",
        ),
        picture_of(
            lambda: plots.qq(calibration),
            caption=f"Quantiles of the toys against the {name}; the band holds each quantile with 95 % probability.",
            alt=f"Quantile-quantile plot of the toys against the {name}.",
        ),
    )


def sequential_pictures(result: GoodnessOfFit) -> tuple[Picture, ...]:
    """The toys up to the stop; nothing without an answer, or where all of them failed."""
    law = result.law
    if not (result.is_answered and isinstance(law, SequentialLaw) and law.distribution.t.size):
        return ()
    return (
        picture_of(
            lambda: plots.null_distribution(result),
            caption="Distribution of t in the toys up to the stop, with 68 % Poisson errors.",
            alt=f"Histogram of t for {law.tally.n_draws} toys, with the observed t = {result.t:.2f}.",
        ),
    )


def analytic_pictures(result: GoodnessOfFit) -> tuple[Picture, ...]:
    """p against t by the analytic null; nothing without an answer."""
    if not (result.is_answered and isinstance(result.law, AnalyticLaw)):
        return ()
    return (
        picture_of(
            lambda: plots.survival(result),
            caption=f"p against t by the {result.law.words.curve}{result.law.words.caption}",
            alt=f"p-value against t on a logarithmic axis, with the observed t = {result.t:.2f}.",
        ),
    )


def campaign_pictures(t: FloatArray, *, n_parameters: int | None) -> tuple[Picture, ...]:
    """How the mean of t came about and, from a few toys on, their distribution.

    ``n_parameters`` is the number of degrees of freedom to compare with; None: there is none.
    """
    valid = t[np.isfinite(t)]
    if valid.size == 0:
        return ()
    pictures = [
        picture_of(
            lambda: plots.running_mean(t, n_parameters=n_parameters),
            caption="Mean of t over the toys so far, by index, with its standard error.",
            alt=f"Running mean of t over {valid.size} toys.",
        )
    ]
    if valid.size >= _FEWEST_FOR_A_HISTOGRAM:
        compared = " and the chi-square of as many degrees of freedom as the model has parameters"
        pictures.append(
            picture_of(
                lambda: plots.null_distribution(_compared(valid, n_parameters)),
                caption=f"Distribution of t, with 68 % Poisson errors{compared if n_parameters else ''}.",
                alt=f"Histogram of t for {valid.size} toys.",
            )
        )
    return tuple(pictures)


def _compared(t: FloatArray, n_parameters: int | None) -> Calibration:
    if n_parameters is None:
        return Calibration(Empirical.of(t), None)
    return calibrate(t, degrees_of_freedom=n_parameters)


def ratio_pictures(
    analysis: Analysis, data: Sample, *, fit: FitResult | None, labels: Mapping[str, str]
) -> tuple[Picture, ...]:
    """Data, reference and learned ratio for the first columns that both samples have; of several regions in each."""
    if analysis.regions:
        return tuple(_pictures_of_regions(analysis, data, fit=fit, labels=labels))
    names = plots.common_columns(analysis, data)[:MAX_COLUMNS]
    draw = ratio_drawing(analysis, data, fit=fit, labels=labels)
    is_vector = len(names) <= MAX_VECTOR_COLUMNS
    return tuple(_ratio_picture(name, partial(draw, name), analysis, data, is_vector=is_vector) for name in names)


def _pictures_of_regions(
    analysis: Analysis, data: Sample, *, fit: FitResult | None, labels: Mapping[str, str]
) -> Iterator[Picture]:
    fits = {} if fit is None else analysis.region_fits(fit, data=data)
    for name, own in analysis.split(data).items():
        for one in ratio_pictures(analysis.regions[name], own, fit=fits.get(name), labels=labels):
            yield replace(one, caption=f"{name}: {one.caption}")


def region_picture(region: Region) -> Picture:
    """Data and reference in the learned log ratio, with the region shaded."""
    where = " at the best-fit nuisances of τ" if region.learned.analysis.nuisances else ""
    return picture_of(
        lambda: plots.region(region),
        caption=f"Data and reference{where} in the learned log ratio f, with the most discrepant region shaded; below, "
        "the ratio, which is exp(f) where f describes the data.",
        alt=f"Histogram of f for data and reference; {summary(region)}.",
    )


def pull_picture(analysis: Analysis, fit: FitResult) -> Picture:
    """The nuisances of the fit."""
    return picture_of(
        lambda: plots.pulls(analysis, fit),
        caption="Best-fit nuisances in units of their sigma, with f free (τ) and with f = 0 (Δ); the bands are the "
        "auxiliary measurements.",
        alt=f"Values and errors of {len(fit.nuisances)} nuisances at τ and Δ against their auxiliary measurements.",
    )


def response_pictures(
    study: ResponseStudy | None, closure: Closure | None, *, labels: Mapping[str, str]
) -> tuple[Picture, ...]:
    """The binned study, and the learned responses against the varied samples."""
    texts = {
        "study": "Bin contents of the varied samples of {} against its value, with polynomials; triangles mark the "
        "proposed training points.",
        "closure": "Learned log r (lines) against varied samples of {} (points); below, the differences in errors.",
    }
    pictures = []
    for kind, one in (("study", study), ("closure", closure)):
        for key, draw in plots.figures_of(one, labels=labels).items() if one is not None else ():
            text = texts[kind].format(key.removeprefix(f"{kind}-"))
            pictures.append(picture_of(draw, caption=text, alt=text))
    return tuple(pictures)


def start_picture(fit: FitResult) -> Picture:
    """t at the end of each start."""
    return picture_of(
        lambda: plots.starts(fit),
        caption="t at the end of each start of the search, best first.",
        alt=f"t of {fit.n_starts} starts in descending order.",
    )


def _ratio_picture(
    name: str, draw: Callable[[], Figure], analysis: Analysis, data: Sample, *, is_vector: bool
) -> Picture:
    role = name if name in analysis.features else f"{name} (carried along, not an input of the model)"
    role += _left_out(name, analysis.reference, data)
    alt = f"Data, reference and learned alternative in {name}, and their ratios to the reference."
    return picture_of(draw, caption=role, alt=alt, is_vector=is_vector)


def _left_out(name: str, reference: Sample, data: Sample) -> str:
    """How many events have no value to show."""
    (of_data, n_data), (of_reference, n_reference) = ((one.n_without(name), one.n_events) for one in (data, reference))
    if not of_data and not of_reference:
        return ""
    return (
        f". Without a value, and not shown: {of_data:,} of {n_data:,} data and {of_reference:,} of {n_reference:,} "
        "reference events"
    )
