"""The steps that commands are made of: calibrate, test and report."""

import math

import numpy as np

from wilks import reports
from wilks.answer import answer_of
from wilks.calibration import Calibration, GoodnessOfFit, calibrate
from wilks.campaign import Toys
from wilks.campaign.status import RunningTally
from wilks.cli.answers import save_answer
from wilks.cli.fail_on import FailOn
from wilks.cli.folder import REPORT, TOYS
from wilks.cli.outcome import ExitCode
from wilks.cli.prepare import Prepared
from wilks.cli.progress import progress
from wilks.cli.session import Session
from wilks.cli.toys import count_toys, how_to_resume, make_toys
from wilks.errors import ConfigError
from wilks.fitting import fit
from wilks.responses import Closure, ResponseStudy, check_responses, study_responses
from wilks.samples import Sample
from wilks.significance import z_score


def toys_step(session: Session, prepared: Prepared) -> Toys:
    """Make the toys that are not stored yet."""
    n_stored = count_toys(prepared)
    if n_stored:
        session.note(f"{n_stored} of {prepared.loaded.config.toys.n_toys} toys are stored already")
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
    quality = prepared.loaded.config.quality
    n_toys, n_failed = len(toys.t), int(np.isnan(toys.t).sum())
    if n_failed > quality.max_failed_share * n_toys:
        session.outcome.end_with(ExitCode.QUALITY_GATE)
        session.outcome.warn(
            f"{n_failed} of {n_toys} toy fits failed; quality.max_failed_share allows {quality.max_failed_share:.1%}"
        )
    if calibration is None or not calibration.compatibility.is_judged or calibration.compatible:
        return
    session.outcome.warn(calibration.compatibility.verdict.rstrip("."))
    if quality.require_chi2:
        session.outcome.end_with(ExitCode.QUALITY_GATE)


def calibration_step(session: Session, prepared: Prepared, toys: Toys) -> Calibration | None:
    """Print the calibration and apply the quality gates; None if no toy has a valid t."""
    calibration = show_calibration(session, toys)
    apply_gates(session, prepared, toys, calibration)
    return calibration


def check_fail_on(condition: FailOn | None, *, n_toys: int) -> None:
    """Raise ConfigError for a condition that so many toys can never meet."""
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
    assert prepared.data is not None
    session.interrupted = "interrupted during the fit of the data; the toys are kept"
    session.note("fitting the data")
    data_fit = fit(prepared.analysis, prepared.data, auxiliaries=prepared.observed)
    save_answer(prepared.output, data=prepared.data, fit=data_fit)
    result = answer_of(prepared.analysis, data_fit, data=prepared.data, calibration=calibration)
    note_answer(session, result)
    if math.isnan(result.p_value):
        session.outcome.end_with(ExitCode.QUALITY_GATE)
    elif fail_on is not None and fail_on.is_met(p_value=result.p_value, z_score=result.z_score):
        session.outcome.end_with(ExitCode.FAIL_ON)
        session.say(f"--fail-on {fail_on.text} is met")
    return result


def note_answer(session: Session, result: GoodnessOfFit) -> None:
    """Print an answer and keep its numbers."""
    session.say(str(result))
    session.outcome.numbers["answer"] = result.to_dict()
    session.outcome.warn(*result.warnings)


def report_step(
    session: Session, prepared: Prepared, result: GoodnessOfFit | Calibration, *, toys: Toys, data: Sample | None
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
