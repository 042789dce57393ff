"""The main question: do these data agree with the reference?"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Mapping
from typing import Protocol

import numpy as np
import numpy.typing as npt

from wilks.analysis import Analysis
from wilks.campaign import Toys, toys_here
from wilks.errors import CalibrationError, InputError
from wilks.fitting import fit
from wilks.hypotheses import Hypothesis, Null, ShiftedNuisance
from wilks.inspection import count_notices, data_notices
from wilks.laws import (
    Calibration,
    GoodnessOfFit,
    Refusal,
    analytic_null,
    calibrate,
    evaluate,
    require_law,
    unanswered,
)
from wilks.laws.beyond import Beyond
from wilks.laws.sequential_toys import SequentialToys
from wilks.laws.splitting import SplittingOptions
from wilks.laws.splitting.toys import require_splittable
from wilks.laws.toy_means import pool_mean_notices, toy_mean_notices
from wilks.samples import Events, Sample, effective_number
from wilks.statistics.analytic import AnalyticLaw
from wilks.statistics.fits import FitResult
from wilks.storage import Folder
from wilks.threads import one_blas_thread
from wilks.toys import check_drawable
from wilks.typing import require_kind

LARGE_PULL = 3.0
NEAR_EDGE = 0.999
SMALL_SHARE = 0.5
AUTOMATIC_TOYS = 1_000
NOTABLE_REFERENCE_Z_ERROR = 0.05


class MakeToys(Protocol):
    """What makes the toys of an answer: `toys_here`, or something that also keeps them."""

    def __call__(self, analysis: Analysis, hypothesis: Hypothesis, *, n_toys: int, seed: int) -> Toys: ...


def goodness_of_fit(
    analysis: Analysis,
    data: Sample | Events,
    *,
    calibration: Calibration | None = None,
    auxiliaries: Mapping[str, float] | None = None,
    toys: SequentialToys | None = None,
    reach: float | None = None,
    store: Folder | None = None,
) -> GoodnessOfFit:
    """Fit the data and return p and Z of their t among the toys of the calibration.

    p = (k + m + 1)/(n + 1) for k of n null toys at or above the t of the data and m failed toys,
    with a Clopper-Pearson interval. If the toys follow the chi-square of the model's number of
    parameters, its p and Z stand beside it with their label. A fit that failed gives no p.

    Without a calibration the analytic null answers, for the score statistic of a kernel alone
    (`analytic_null`); its result has the same names. With nuisances it is the null at those of Delta.
    Where toys have not confirmed that null, 1,000 toys are made from the toy source of the analysis and p is counted
    among them.

    With ``toys`` they are made for these data, until enough of them reach t or there are as many as allowed
    (`SequentialToys`): p = h/L or (k + 1)/(n + 1).

    With ``reach`` p of any model but a network, with or without nuisances, is estimated by multilevel
    splitting of toys where fewer than 20 toys of the calibration reach t, or where there is no calibration and no
    analytic null that answers: ``splitting``, with its error, down to that p. Its toys are those of the hypothesis of
    the calibration, and without one those at the nuisances of Delta.

    Args:
        analysis: what defines t.
        data: raw events, as for `fit`.
        calibration: from toys of this analysis under the null hypothesis. For a kernel with nuisances
            toys at the nuisances of Delta, `ShiftedNuisance`: a penalty makes t depend on them, and a
            warning names a distance of more than half a sigma.
        auxiliaries: what the auxiliary measurements observed, by nuisance, as for `fit`.
        toys: how many toys to make, in place of a calibration.
        reach: the least p that is wanted, such as 1e-7.
        store: a folder that keeps what splitting has done; the same answer goes on from there.

    Raises InputError for ``toys`` beside a calibration or ``reach``, for ``store`` without ``reach``, and for toys
    that cannot be drawn;
    CalibrationError, before the fit, without a calibration that the analysis needs, or
    with toys of another analysis or of another hypothesis than the null; SampleError for data
    that the analysis cannot use.

    For a fit that exists already, ``calibration.evaluate(fit)`` gives the same numbers:

    >>> import wilks
    >>> from wilks.problems import exponential
    >>> kernel = wilks.Kernel(n_centers=10, width=1.0, ridge=3.0, is_score=True)
    >>> analysis = Analysis(reference=exponential.reference(2_000, seed=1), model=kernel, expected_events=200)
    >>> data = np.random.default_rng(2).exponential(size=230)
    >>> result = goodness_of_fit(analysis, data)
    >>> result.method, 0.0 < result.p_value < 1.0
    ('analytic', True)
    >>> calibration = calibrate(np.random.default_rng(1).chisquare(2, size=1000))
    >>> calibration.evaluate(result.fit).p_text
    'p = 67/1001 (66 of 1000)'
    """
    require_kind(analysis, Analysis, name="analysis")
    sample = analysis.checked(data)
    if store is not None and reach is None:
        raise InputError("store keeps what splitting has done, which reach asks for, but reach is missing; give both")
    if reach is not None:
        SplittingOptions(reach)
        require_splittable(analysis)
    if toys is not None:
        _require_alone(analysis, toys, calibration=calibration, reach=reach)
    elif calibration is None:
        if reach is None:
            require_law(analysis)
    else:
        _require_calibration(calibration)
        calibration.check_usable(analysis.fingerprint())
        calibration.check_count(sample.n_events)
    beyond = None if reach is None else Beyond(reach, store)
    found = fit(analysis, sample, auxiliaries=auxiliaries)
    if toys is not None:
        return sequential_answer(analysis, found, data=sample, toys=toys)
    return answer_of(analysis, found, data=sample, calibration=calibration, beyond=beyond)


def _require_alone(
    analysis: Analysis, toys: SequentialToys, *, calibration: Calibration | None, reach: float | None
) -> None:
    require_kind(toys, SequentialToys, name="toys")
    if calibration is not None or reach is not None:
        other = "calibration" if calibration is not None else "reach"
        raise InputError(f"p comes from one source, but toys and {other} are given; leave one of them out")
    check_drawable(analysis, toys.hypothesis)


@one_blas_thread()
def sequential_answer(analysis: Analysis, data_fit: FitResult, *, data: Sample, toys: SequentialToys) -> GoodnessOfFit:
    """The answer for a fit of data that exists already, among toys that are made for it until enough reach its t.

    Raises:
        InputError, StoreError, CampaignError: as `run_toys`.
    """
    notices = (*data_notices(analysis, data), *_nuisance_notices(analysis, data_fit))
    if not (data_fit.converged and math.isfinite(data_fit.t)):
        return unanswered(data_fit, warnings=notices)
    law = toys.law(analysis, data_fit)
    of_toys = toy_mean_notices(analysis, law.distribution.null, law.summary)
    return evaluate(data_fit, law, warnings=(*notices, *of_toys))


def _require_calibration(calibration: object) -> None:
    if not isinstance(calibration, Calibration):
        kind = type(calibration).__name__
        raise CalibrationError(
            f"calibration must be what wilks.calibrate makes of toys, but a {kind} came; write "
            "calibration=wilks.calibrate(toys)"
        )


@one_blas_thread()
def answer_of(
    analysis: Analysis,
    data_fit: FitResult,
    *,
    data: Sample,
    calibration: Calibration | None = None,
    make_toys: MakeToys = toys_here,
    beyond: Beyond | None = None,
) -> GoodnessOfFit:
    """The answer for a fit of data that exists already, with all that must be known beside it.

    Without a calibration the analytic null of a score statistic answers. Where that is too rough, ``make_toys`` makes
    the toys that p is counted among, at the nuisances of Delta. ``beyond`` says how far p is wanted, by splitting.

    Raises:
        CalibrationError: no calibration is given, and t is not a score statistic, or the null is too rough and the
            analysis has no source of toys; the calibration is one of another analysis.
    """
    notices = (*data_notices(analysis, data), *_nuisance_notices(analysis, data_fit))
    if calibration is not None:
        notices = (*notices, *toy_mean_notices(analysis, calibration.null, calibration.summary))
        counted = evaluate(data_fit, calibration, warnings=notices)
        return counted if beyond is None else beyond.of_counted(analysis, counted, data=data, warnings=notices)
    if beyond is None:
        require_law(analysis)
    if not data_fit.converged:
        return unanswered(data_fit, warnings=notices)
    at_delta = hypothesis_at_delta(data_fit)
    of_count = tuple(count_notices(analysis, data, at=at_delta))
    if beyond is not None and not analysis.model.has_law(is_profiled=bool(analysis.nuisances)):
        return beyond.answer(analysis, data_fit, at_delta, data=data, warnings=(*notices, *of_count))
    null = analytic_null(analysis, data_fit if analysis.nuisances else None)
    refusal = null.probability(data_fit.t)
    if not isinstance(refusal, Refusal):
        more = (*_reference_notice(analysis, null), *pool_mean_notices(analysis, null))
        return evaluate(data_fit, null, warnings=(*notices, *of_count, *more))
    _require_toy_source(analysis, refusal, remedy=null.words.remedy)
    if beyond is not None:
        return beyond.answer(analysis, data_fit, at_delta, data=data, warnings=(*notices, *of_count))
    toys = make_toys(analysis, at_delta, n_toys=AUTOMATIC_TOYS, seed=analysis.search.seed)
    result = answer_of(analysis, data_fit, data=data, calibration=calibrate(toys))
    notice = (
        f"The analytic null is too rough there: {refusal.shortcoming}. p was counted among "
        f"{toys.n_toys:,} toys made for this answer; more of them, as calibration=calibrate(run_toys(...)) or as "
        "toys.n_toys of an analysis file, reach a smaller p"
    )
    return dataclasses.replace(result, warnings=(notice, *result.warnings))


def hypothesis_at_delta(data_fit: FitResult) -> Null | ShiftedNuisance:
    """Toys at the nuisances that the data have without f."""
    told = {one.name: one.value for one in data_fit.delta_nuisances}
    return ShiftedNuisance(told) if told else Null()


def _reference_notice(analysis: Analysis, null: AnalyticLaw) -> Iterator[str]:
    """What the reference, of which no pool tells where it is off, may move Z by."""
    share = analysis.reference_share
    error = null.reference_z_error(share)
    if error >= NOTABLE_REFERENCE_Z_ERROR:
        yield (
            f"Each event of the reference stands for {share:.2g} expected ones: Z given this reference may differ by "
            f"about {error:.2f}; use a larger reference, or give a large pool of further events as toy_source"
        )


def _require_toy_source(analysis: Analysis, refusal: Refusal, *, remedy: str) -> None:
    """Raise CalibrationError where no toys can take the place of an analytic null that is too rough."""
    if analysis.toy_source is None:
        raise CalibrationError(
            f"without toys the analytic null must be good enough at the t of the data: {refusal}; give the analysis a "
            "source of toys (toy_source; in an analysis file reference.n_training, toys.pool or toys.generator), or "
            f"{remedy}"
        )


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
