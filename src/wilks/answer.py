"""The main question: do these data agree with the reference?"""

import dataclasses
import math
from collections.abc import Iterator, Mapping
from typing import Protocol, overload

import numpy as np
import numpy.typing as npt

from wilks.analysis import Analysis
from wilks.campaign import Toys, toys_here
from wilks.errors import CalibrationError, SampleError
from wilks.fitting import FitResult, fit
from wilks.hypotheses import Hypothesis, Null, ShiftedNuisance
from wilks.laws import (
    AnalyticGoodnessOfFit,
    Calibration,
    GoodnessOfFit,
    analytic_answer,
    calibrate,
    failed_answer,
    profiled_score_null,
    score_null,
)
from wilks.laws.score import ScoreNull, require_score
from wilks.samples import ReferenceSupport, Sample, Support, check_data, effective_number
from wilks.toys import sample_notices

LARGE_PULL = 3.0
NEAR_EDGE = 0.999
SMALL_SHARE = 0.5
AUTOMATIC_TOYS = 1_000
NOTABLE_REFERENCE_Z_ERROR = 0.05


class MakeToys(Protocol):
    """What makes the toys of an answer: `toys_here`, or something that also keeps them."""

    def __call__(self, analysis: Analysis, hypothesis: Hypothesis, *, n_toys: int, seed: int) -> Toys: ...


@overload
def goodness_of_fit(
    analysis: Analysis,
    data: Sample | npt.ArrayLike,
    *,
    calibration: Calibration,
    auxiliaries: Mapping[str, float] | None = None,
) -> GoodnessOfFit: ...
@overload
def goodness_of_fit(
    analysis: Analysis,
    data: Sample | npt.ArrayLike,
    *,
    calibration: None = None,
    auxiliaries: Mapping[str, float] | None = None,
) -> GoodnessOfFit | AnalyticGoodnessOfFit: ...
def goodness_of_fit(
    analysis: Analysis,
    data: Sample | npt.ArrayLike,
    *,
    calibration: Calibration | None = None,
    auxiliaries: Mapping[str, float] | None = None,
) -> GoodnessOfFit | AnalyticGoodnessOfFit:
    """Fit the data and return p and Z of their t among the toys of the calibration.

    p = (k + m + 1)/(n + 1) for k of n null toys at or above the t of the data and m failed toys,
    with a Clopper-Pearson interval. If the toys follow the chi-square of the model's number of
    parameters, its p and Z stand beside it with their label. A fit that failed gives no p.

    Without a calibration the analytic null answers, for the score statistic of a kernel alone
    (`ScoreNull`); its result has the same names. With nuisances it is the null at those of Delta
    (`profiled_score_null`). Where toys have not confirmed that null, 1,000 toys are made from the
    toy source of the analysis and p is counted among them.

    Args:
        analysis: what defines t.
        data: raw events, as for `fit`.
        calibration: from toys of this analysis under the null hypothesis. For a kernel with nuisances
            toys at the nuisances of Delta, `ShiftedNuisance`: a penalty makes t depend on them, and a
            warning names a distance of more than half a sigma.
        auxiliaries: what the auxiliary measurements observed, by nuisance, as for `fit`.

    Raises CalibrationError, before the fit, without a calibration that the analysis needs, or
    with toys of another analysis or of another hypothesis than the null; SampleError for data
    that the analysis cannot use.

    For a fit that exists already, ``calibration.evaluate(fit)`` gives the same numbers:

    >>> from types import SimpleNamespace
    >>> from wilks.laws import calibrate
    >>> from wilks.typing import FitStatus
    >>> calibration = calibrate(np.random.default_rng(1).chisquare(13, size=1000), degrees_of_freedom=13)
    >>> fit = SimpleNamespace(t=48.0, converged=True, status=FitStatus.CONVERGED, fingerprint="",
    ...     n_events=2000, n_starts=10, start_gap=0.0, share_at_bound=0.2)
    >>> calibration.evaluate(fit).p_text
    'p = 1/1001 (0 of 1000; below 0.0030 at 95 % CL)'
    """
    sample = check_data(data, features=analysis.features)
    if calibration is None:
        return _without_calibration(analysis, sample, auxiliaries)
    calibration.check_usable(analysis.fingerprint())
    calibration.check_count(sample.n_events)
    return answer_of(analysis, fit(analysis, sample, auxiliaries=auxiliaries), data=sample, calibration=calibration)


def _without_calibration(
    analysis: Analysis, data: Sample, auxiliaries: Mapping[str, float] | None
) -> GoodnessOfFit | AnalyticGoodnessOfFit:
    require_score(analysis)
    return answer_without_calibration(analysis, fit(analysis, data, auxiliaries=auxiliaries), data=data)


def answer_without_calibration(
    analysis: Analysis, data_fit: FitResult, *, data: Sample, make_toys: MakeToys = toys_here
) -> GoodnessOfFit | AnalyticGoodnessOfFit:
    """The answer for a fit of data that exists already, from the analytic null of a score statistic.

    Where that null is too rough, ``make_toys`` makes the toys that p is counted among, at the nuisances of Delta.

    Raises:
        CalibrationError: t is not a score statistic, or the null is too rough and the analysis has no source of toys.
    """
    require_score(analysis)
    notices = (*_sample_notices(analysis, data), *_nuisance_notices(analysis, data_fit))
    if not data_fit.converged:
        return failed_answer(data_fit, warnings=notices)
    null = profiled_score_null(analysis, data_fit) if analysis.nuisances else score_null(analysis)
    if null.is_usable_at(data_fit.t):
        return analytic_answer(data_fit, null, warnings=(*notices, *_reference_notice(analysis, null)))
    _require_toy_source(analysis, null)
    told = {one.name: one.value for one in data_fit.delta_nuisances}
    hypothesis = ShiftedNuisance(told) if told else Null()
    toys = make_toys(analysis, hypothesis, n_toys=AUTOMATIC_TOYS, seed=analysis.search.seed)
    result = answer_of(analysis, data_fit, data=data, calibration=calibrate(toys))
    notice = (
        f"The analytic null is too rough there: {null.shortcoming}. p was counted among "
        f"{toys.n_toys:,} toys made for this answer; more of them, as calibration=calibrate(run_toys(...)) or as "
        "toys.n_toys of an analysis file, reach a smaller p"
    )
    return dataclasses.replace(result, warnings=(notice, *result.warnings))


def _reference_notice(analysis: Analysis, null: ScoreNull) -> Iterator[str]:
    """What the reference, of which no pool tells where it is off, may move Z by: sqrt(1 - s) N(R_0)/N_R."""
    share = analysis.expected_events / effective_number(analysis.reference.event_weights)
    error = math.sqrt(1.0 - null.known_share) * share
    if error >= NOTABLE_REFERENCE_Z_ERROR:
        yield (
            f"Each event of the reference stands for {share:.2g} expected ones: Z given this reference may differ by "
            f"about {error:.2f}; use a larger reference, or give a large pool of further events as toy_source"
        )


def _require_toy_source(analysis: Analysis, null: ScoreNull) -> None:
    """Raise CalibrationError where no toys can take the place of an analytic null that is too rough."""
    if analysis.toy_source is None:
        raise CalibrationError(
            "without toys the analytic null must be good enough at the t of the data: it "
            f"{null.needs}, but {null.shortcoming}; give the analysis a source of toys "
            "(toy_source; in an analysis file reference.n_training, toys.pool or toys.generator), or choose a larger "
            "ridge or width"
        )


def answer_of(analysis: Analysis, data_fit: FitResult, *, data: Sample, calibration: Calibration) -> GoodnessOfFit:
    """The answer for a fit of data that exists already, with all that must be known beside it."""
    result = calibration.evaluate(data_fit)
    notices = (*_sample_notices(analysis, data), *_nuisance_notices(analysis, data_fit))
    return dataclasses.replace(result, warnings=(*result.warnings, *notices))


def _sample_notices(analysis: Analysis, data: Sample) -> Iterator[str]:
    """What the reference, and the data beside it, make of the answer."""
    negative = analysis.reference.event_weights < 0
    if negative.any():
        yield (
            f"{int(negative.sum()):,} reference events have negative weights: the loss is then not convex in f, and "
            "where the net weight is negative the weight clip alone bounds it"
        )
    yield from sample_notices(analysis, data)
    yield from _support_notices(analysis, data)


def _support_notices(analysis: Analysis, data: Sample) -> Iterator[str]:
    try:
        support = analysis.cached("support", lambda: ReferenceSupport(analysis.reference))
    except SampleError as error:
        yield f"Whether data lie where the reference has no events was not looked at: {error}"
        return
    found = support.outside(data)
    if found.n_outside:
        yield _in_one_line(found)


def _in_one_line(support: Support) -> str:
    head, *events, advice = str(support).splitlines()
    return f"{head} {'; '.join(one.strip() for one in events)}. {advice.rstrip('.')}"


def _nuisance_notices(analysis: Analysis, data_fit: FitResult) -> Iterator[str]:
    """What the nuisances of the fit say of the answer; nothing without nuisances or after a failed fit."""
    if not (analysis.nuisances and data_fit.converged):
        return
    for where, fitted in (("tau", data_fit.nuisances), ("Delta", data_fit.delta_nuisances)):
        values = np.array([one.value for one in fitted])
        for name in _at_edge(analysis, values):
            yield (
                f"The nuisance {name} of {where} lies at the edge of its range: the data ask for more than that, or do "
                "not determine it; see its response and its sigma"
            )
    for one in data_fit.delta_nuisances:
        if abs(one.pull) > LARGE_PULL:
            yield (
                f"The data disagree with the auxiliary measurement of {one.name} by {abs(one.pull):.1f} sigma (pull "
                f"{one.pull:+.2f} at Delta); this disagreement is part of Delta, not of t"
            )
    yield from _size_notice(analysis, {one.name: one.value for one in data_fit.delta_nuisances})


def _at_edge(analysis: Analysis, values: npt.NDArray[np.float64]) -> list[str]:
    lower, upper = analysis.nuisances.bounds
    z = values / analysis.nuisances.sigmas
    is_outside = (z >= NEAR_EDGE * upper) | (z <= NEAR_EDGE * lower)
    return [name for name, yes in zip(analysis.nuisances.names, is_outside, strict=True) if yes]


def _size_notice(analysis: Analysis, nu: Mapping[str, float]) -> Iterator[str]:
    """(sum w r)^2 / sum (w r)^2 at the nuisances of Delta against that at 0."""
    n_effective = effective_number(analysis.moved_weights(nu))
    share = n_effective / effective_number(analysis.reference.event_weights)
    if share < SMALL_SHARE:
        yield (
            f"At the nuisances of Delta the reference counts as {n_effective:,.0f} events, {share:.0%} of those "
            "at 0: a few events with a large r stand for many, and t is less certain; use a larger reference, or one "
            "simulated nearer to these nuisances"
        )
