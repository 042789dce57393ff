"""The steps that commands are made of: calibrate, test and report."""

from __future__ import annotations

import hashlib
import math

import numpy as np

from wilks import reports, responses
from wilks.analysis import Analysis
from wilks.answer import answer_of
from wilks.campaign import Toys, toys_here
from wilks.campaign.status import RunningTally
from wilks.cli.answers import save_answer
from wilks.cli.fail_on import FailOn, judge, require_within_reach
from wilks.cli.models import stored_models
from wilks.cli.options import as_typed
from wilks.cli.outcome import ExitCode
from wilks.cli.places import REPORT, SPLITTING, TOYS
from wilks.cli.prepare import Prepared, claim_output
from wilks.cli.progress import every_ten_seconds, progress
from wilks.cli.session import Session
from wilks.cli.toys import how_to_resume, make_toys, what_is_stored
from wilks.fitting import fit
from wilks.hypotheses import Hypothesis
from wilks.laws import Calibration, GoodnessOfFit, calibrate
from wilks.laws.beyond import Beyond
from wilks.laws.notices import chi_square_notice
from wilks.laws.splitting.toys import require_splittable
from wilks.responses.variation import one_sided_notices, points_of
from wilks.samples import Sample
from wilks.wording import in_shell

NO_CHI_SQUARE = (
    "quality.require_chi2 asks for a t that follows a chi-square, but this one is made of several "
    "statistics. p stays valid, for it is counted among the toys, whatever they follow"
)


def toys_step(session: Session, prepared: Prepared) -> Toys:
    """Make the toys that are not stored yet."""
    if stored := what_is_stored(prepared):
        session.note(stored)
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


def judge_chi_square(prepared: Prepared, calibration: Calibration) -> tuple[str, bool]:
    """What to say where the toys disagree with the chi-square, and whether that ends the command with exit code 4.

    p is counted among the toys, whatever they follow: only `quality.require_chi2`, of a file whose chi-square is to be
    quoted, makes it an error. The mean of toys of a penalized model is no number of degrees of freedom: without that
    option nothing is said.
    """
    compatibility = calibration.compatibility
    is_required = prepared.loaded.config.quality.require_chi2
    if compatibility is None:
        return (NO_CHI_SQUARE, True) if is_required else ("", False)
    is_looked_at = is_required or not compatibility.is_estimated_dof
    if not (compatibility.is_judged and is_looked_at) or compatibility.is_compatible:
        return "", False
    clip = getattr(prepared.analysis.model, "weight_clip", None)
    return chi_square_notice(compatibility, weight_clip=clip), is_required


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


def check_fail_on(condition: FailOn | None, *, n_toys: int, reach: float | None = None) -> None:
    """Raise ConfigError for a condition that so many toys can never meet; 0 toys: the analytic null has no limit.

    With ``reach`` p by splitting may be as small as that.
    """
    if n_toys:
        require_within_reach(condition, n_draws=n_toys, reach=reach, what="toys", remedy="raise toys.n_toys")


class NewToys:
    """Makes the toys of an answer in this process, shows how far they are, and remembers them as ``made``."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.made: Toys | None = None

    def __call__(self, analysis: Analysis, hypothesis: Hypothesis, *, n_toys: int, seed: int) -> Toys:
        self._session.interrupted = "interrupted while toys were made for the answer; nothing was written"
        self._session.note(f"the analytic null is too rough at this t: making {n_toys:,} toys")
        with progress(self._session.notes) as reporter:
            self.made = toys_here(analysis, hypothesis, n_toys=n_toys, seed=seed, progress=reporter)
        return self.made


def answer_step(
    session: Session,
    prepared: Prepared,
    calibration: Calibration | None,
    *,
    fail_on: FailOn | None,
    reach: float | None = None,
) -> tuple[GoodnessOfFit, Toys | None]:
    """Fit the data, print and store the answer; the toys are those that were made for it alone.

    Exit code 4 for a failed fit, 5 if ``fail_on`` is met.
    """
    kept = "the toys are kept" if calibration else "nothing was written"
    session.interrupted = f"interrupted during the fit of the data; {kept}"
    assert prepared.data is not None
    session.note("fitting the data")
    data_fit, new = fit(prepared.analysis, prepared.data, auxiliaries=prepared.observed), NewToys(session)
    with prepared.loaded.located("toys"):
        result = answer_of(
            prepared.analysis,
            data_fit,
            data=prepared.data,
            calibration=calibration,
            make_toys=new,
            beyond=_beyond(session, prepared, reach),
        )
    claim_output(session, prepared)
    save_answer(prepared.output, result, data=prepared.data, toys=new.made, analysis=prepared.analysis)
    if new.made is not None:
        gate_failures(session, prepared, new.made)
    note_answer(session, result)
    judge_answer(session, result, fail_on=fail_on)
    return result, new.made


def _beyond(session: Session, prepared: Prepared, reach: float | None) -> Beyond | None:
    """How far p is wanted; what splitting has done is kept in the output folder.

    Raises:
        CalibrationError: the model has no statistic that splitting knows.
    """
    if reach is None:
        return None
    require_splittable(prepared.analysis)
    return Beyond(reach, prepared.output / SPLITTING, every_ten_seconds(session.note))


def judge_answer(session: Session, result: GoodnessOfFit, *, fail_on: FailOn | None) -> None:
    """Set exit code 4 for an answer without p, 5 if ``fail_on`` is met; warn where toys cannot tell."""
    if math.isnan(result.p_value):
        session.outcome.end_with(ExitCode.QUALITY_GATE)
    elif fail_on is None or judge(session, fail_on, p_value=result.p_value, z_score=result.z_score):
        return
    elif isinstance(result.law, Calibration) and result.law.count(result.t) == 0:
        session.warn(
            f"--fail-on {fail_on.text} is beyond the reach of {result.law.n_toys:,} toys, none of which has "
            "a t as large: more of them must decide; give toys.n_toys"
        )


def note_answer(session: Session, result: GoodnessOfFit) -> None:
    """Print an answer and keep its numbers."""
    session.say(str(result))
    session.outcome.numbers["answer"] = result.to_dict()
    session.outcome.warn(*result.warnings)


def report_step(
    session: Session,
    prepared: Prepared,
    result: GoodnessOfFit | Calibration,
    *,
    toys: Toys | None,
    data: Sample | None,
) -> None:
    """Write report.html: of the answer, or of the calibration alone before the data are tested."""
    path = prepared.output / REPORT
    study, closure = _response_checks(prepared)
    reports.write_report(
        result,
        path,
        analysis=prepared.analysis,
        data=data,
        toys=toys,
        labels=prepared.loaded.config.labels,
        study=study,
        closure=closure,
        notices=_response_notices(prepared),
        reproduction=reproduction_of(prepared),
        models=stored_models(prepared, result.fit) if isinstance(result, GoodnessOfFit) else None,
    )
    session.outcome.files["report"] = str(path)
    session.say(f"The report is {path}")


def reproduction_of(prepared: Prepared) -> dict[str, str]:
    """The command, the analysis file and how to have figures, for the end of a page."""
    content = hashlib.sha256(prepared.loaded.path.read_bytes()).hexdigest()
    return {
        "command": as_typed(),
        "analysis file": f"{prepared.loaded.path.name} (SHA-256 {content})",
        "figures and their numbers": f"wilks figures {in_shell(prepared.output)} --format pdf --format csv",
    }


def _response_notices(prepared: Prepared) -> tuple[str, ...]:
    """What was said on the screen of the responses; what there was to say of the samples, the answer knows."""
    names = prepared.systematics.to_learn
    poor = ("the learned responses do not reproduce the variations, and were accepted nonetheless",)
    is_poor = prepared.learned is not None and prepared.learned.is_poor
    if not names:
        return ()
    points = points_of(names, prepared.systematics.variations)
    return (*one_sided_notices(names, points), *(poor if is_poor else ()))


def _response_checks(prepared: Prepared) -> tuple[responses.ResponseStudy | None, responses.Closure | None]:
    """The study and the closure of learned responses, made again from the variations."""
    systematics = prepared.systematics
    if not systematics.to_learn:
        return None, None
    reference, variations = prepared.analysis.reference, systematics.variations
    study = responses.study_responses(reference, systematics.parameters, variations=variations)
    return study, responses.check_responses(reference, prepared.analysis.nuisances, variations=variations)
