"""The steps that commands are made of: calibrate, test and report."""

import math

import numpy as np

from wilks import reports
from wilks.answer import answer_of
from wilks.campaign import Toys
from wilks.campaign.status import RunningTally
from wilks.cli.answers import save_answer
from wilks.cli.fail_on import FailOn
from wilks.cli.folder import REPORT, TOYS
from wilks.cli.outcome import ExitCode
from wilks.cli.prepare import Prepared
from wilks.cli.progress import progress
from wilks.cli.session import Session
from wilks.cli.toys import count_toys, how_to_resume, judge_chi_square, make_toys
from wilks.errors import ConfigError
from wilks.fitting import FitResult, fit
from wilks.laws import AnalyticGoodnessOfFit, Calibration, GoodnessOfFit, calibrate
from wilks.responses import Closure, ResponseStudy, check_responses, study_responses
from wilks.samples import Sample
from wilks.significance import z_score


def toys_step(session: Session, prepared: Prepared) -> Toys:
    """Make the toys that are not stored yet."""
    n_stored = count_toys(prepared)
    if n_stored:
        session.note(f"{n_stored} of {prepared.n_toys} toys are stored already")
    try:
        with progress(session.notes, detail=RunningTally(prepared.output / TOYS).describe) as reporter:
            return make_toys(prepared, reporter=reporter)
    except KeyboardInterrupt:
        session.interrupted = f"interrupted: {how_to_resume(prepared)}"
        raise


def show_calibration(session: Session, toys: Toys) -> Calibration | None:
    """Print the calibration and keep its numbers; None if no toy has a valid t."""
    if not np.isfinite(toys.t).any():
        session.say(f"No calibration: the fits of all {len(toys.t)} toys failed")
        return None
    calibration = calibrate(toys)
    session.say(str(calibration))
    session.outcome.numbers["calibration"] = calibration.to_dict()
    return calibration


def apply_gates(session: Session, prepared: Prepared, toys: Toys, calibration: Calibration | None) -> None:
    """Set exit code 4 where `quality` of the analysis file rejects the toys, and say why."""
    gate_failures(session, prepared, toys)
    if calibration is None:
        return
    text, is_rejected = judge_chi_square(prepared, calibration)
    if text:
        session.warn(text)
    if is_rejected:
        session.outcome.end_with(ExitCode.QUALITY_GATE)


def gate_failures(session: Session, prepared: Prepared, toys: Toys) -> None:
    """Set exit code 4 where more toys failed than `quality` allows, and say so."""
    allowed = prepared.loaded.config.quality.max_failed_share
    n_toys, n_failed = len(toys.t), int(np.isnan(toys.t).sum())
    if n_failed > allowed * n_toys:
        session.outcome.end_with(ExitCode.QUALITY_GATE)
        session.outcome.warn(f"{n_failed} of {n_toys} toy fits failed; quality.max_failed_share allows {allowed:.1%}")


def calibration_step(session: Session, prepared: Prepared, toys: Toys) -> Calibration | None:
    """Print the calibration and apply the quality gates; None if no toy has a valid t."""
    calibration = show_calibration(session, toys)
    apply_gates(session, prepared, toys, calibration)
    return calibration


def check_fail_on(condition: FailOn | None, *, n_toys: int) -> None:
    """Raise ConfigError for a condition that so many toys can never meet; 0 toys: the analytic null has no limit."""
    if n_toys == 0:
        return
    smallest = 1.0 / (n_toys + 1)
    if condition is not None and not condition.is_met(p_value=smallest, z_score=z_score(smallest)):
        raise ConfigError(
            f"--fail-on must be within the reach of the toys, but {condition.text} can never be met: "
            f"{n_toys} toys reach p = 1/{n_toys + 1} (Z = {z_score(smallest):.2f}); raise toys.n_toys"
        )


def answer_step(
    session: Session, prepared: Prepared, calibration: Calibration, *, fail_on: FailOn | None
) -> GoodnessOfFit:
    """Fit the data, print and store the answer; exit code 4 for a failed fit, 5 if ``fail_on`` is met."""
    session.interrupted = "interrupted during the fit of the data; the toys are kept"
    data, data_fit = fit_data(session, prepared)
    save_answer(prepared.output, data=data, fit=data_fit)
    result = answer_of(prepared.analysis, data_fit, data=data, calibration=calibration)
    note_answer(session, result)
    judge_answer(session, result, fail_on=fail_on)
    return result


def fit_data(session: Session, prepared: Prepared) -> tuple[Sample, FitResult]:
    """The data and their fit."""
    assert prepared.data is not None
    session.note("fitting the data")
    return prepared.data, fit(prepared.analysis, prepared.data, auxiliaries=prepared.observed)


def judge_answer(session: Session, result: GoodnessOfFit | AnalyticGoodnessOfFit, *, fail_on: FailOn | None) -> None:
    """Set exit code 4 for an answer without p, 5 if ``fail_on`` is met; warn where toys cannot tell."""
    if math.isnan(result.p_value):
        session.outcome.end_with(ExitCode.QUALITY_GATE)
    elif fail_on is None:
        return
    elif fail_on.is_met(p_value=result.p_value, z_score=result.z_score):
        session.outcome.end_with(ExitCode.FAIL_ON)
        session.say(f"--fail-on {fail_on.text} is met")
    elif isinstance(result, GoodnessOfFit) and result.calibration.count(result.t) == 0:
        session.warn(
            f"--fail-on {fail_on.text} is beyond the reach of {result.calibration.n_toys:,} toys, none of which has "
            "a t as large: more of them must decide; give toys.n_toys"
        )


def note_answer(session: Session, result: GoodnessOfFit | AnalyticGoodnessOfFit) -> None:
    """Print an answer and keep its numbers."""
    session.say(str(result))
    session.outcome.numbers["answer"] = result.to_dict()
    session.outcome.warn(*result.warnings)


def report_step(
    session: Session,
    prepared: Prepared,
    result: GoodnessOfFit | AnalyticGoodnessOfFit | Calibration,
    *,
    toys: Toys | None,
    data: Sample | None,
) -> None:
    """Write report.html: of the answer, or of the calibration alone before the data are tested."""
    path = prepared.output / REPORT
    study, closure = _response_checks(prepared)
    reports.write_report(result, path, analysis=prepared.analysis, data=data, toys=toys, study=study, closure=closure)
    session.outcome.files["report"] = str(path)
    session.say(f"The report is {path}")


def _response_checks(prepared: Prepared) -> tuple[ResponseStudy | None, Closure | None]:
    """The study and the closure of learned responses, made again from the variations."""
    systematics = prepared.systematics
    if not systematics.to_learn:
        return None, None
    reference, variations = prepared.analysis.reference, systematics.variations
    study = study_responses(reference, systematics.parameters, variations=variations)
    return study, check_responses(reference, prepared.analysis.nuisances, variations=variations)
