"""Commands on an analysis file: check, calibrate, test, report and run."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from wilks.answer import answer_of
from wilks.campaign import Toys
from wilks.cli.answers import has_answer, load_answer
from wilks.cli.estimate import note_estimate
from wilks.cli.fail_on import FailOn, fail_on_option
from wilks.cli.learn import learn_step
from wilks.cli.models import models_step, require_toys_of_models
from wilks.cli.options import (
    analysis_argument,
    json_option,
    module_folder_option,
    processes_option,
    reach_option,
    style_options,
)
from wilks.cli.places import TEST
from wilks.cli.prepare import Prepared, claim_output, note_variations, prepare, require_toy_source, show_check
from wilks.cli.sequential import is_sequential, require_sequential, sequential_step, until_exceeding_option
from wilks.cli.session import IncompleteError, Session
from wilks.cli.steps import (
    answer_step,
    calibration_step,
    check_fail_on,
    gate_failures,
    note_answer,
    report_step,
    show_calibration,
    toys_step,
)
from wilks.cli.toy_counts import usable_toys
from wilks.cli.toys import complete_toys, finished_toys
from wilks.cli.values import ValueOptions, calibrate_values, is_values, require_analysis, value_options
from wilks.config import load_any
from wilks.laws import Calibration, GoodnessOfFit
from wilks.laws.splitting import METHOD
from wilks.laws.splitting.toys import require_splittable
from wilks.storage import as_path
from wilks.wording import in_shell

Command = Callable[..., None]


@click.command(short_help="Check the analysis file and everything it names, without a fit.")
@analysis_argument
@click.option("--time", "is_timed", is_flag=True, help="Also how long a run takes, and its memory: fits a few toys.")
@json_option
def check(analysis_file: str, as_json: bool, is_timed: bool) -> None:
    """Read and check the analysis file, the samples, the data and the output folder; the data are not fitted."""
    session = Session("check", as_json=as_json)

    def work() -> None:
        loaded = load_any(analysis_file)
        with_data = loaded.has_data
        prepared = prepare(session, loaded, with_data=with_data, needs_responses=False)
        session.output = prepared.output
        note_variations(prepared)
        if is_timed:
            note_estimate(prepared.findings, prepared)
        show_check(session, prepared)

    session.run(work)


@click.command(short_help="Fit toys under the reference; the data are not read.")
@analysis_argument
@value_options
@processes_option
@module_folder_option
@json_option
def calibrate(analysis_file: str, processes: int | None, as_json: bool, **options: Any) -> None:
    """Fit toys under the reference and print their distribution; an interrupted campaign goes on where it stopped.

    In place of ANALYSIS.yaml values of t that another program made: numbers in a .txt, .dat or .csv file, an array in a
    .npy file, or the gof.json of combine. Then they are compared with a chi-square, and p of --observed is printed.
    """
    session = Session("calibrate", as_json=as_json)
    asked = ValueOptions(**options)

    def work() -> None:
        if is_values(as_path(analysis_file)):
            calibrate_values(session, as_path(analysis_file), asked)
            return
        require_analysis(asked)
        prepared = prepare(session, load_any(analysis_file).with_processes(processes), with_data=False)
        if prepared.n_toys == 0:
            _say_nothing_to_calibrate(session, prepared)
            return
        require_toy_source(prepared)
        claim_output(session, prepared)
        calibration_step(session, prepared, toys_step(session, prepared))

    session.run(work)


@click.command("test", short_help="Fit the data and give the p-value.")
@analysis_argument
@reach_option("toys")
@json_option
@fail_on_option
def answer(analysis_file: str, as_json: bool, fail_on: FailOn | None, reach: float | None) -> None:
    """Fit the data and give the p-value among the toys that `wilks calibrate` has stored.

    A file without toys whose model has a null without toys, such as a kernel with is_score: true, is answered by that.
    """
    session = Session("test", as_json=as_json)

    def work() -> None:
        loaded = load_any(analysis_file)
        check_fail_on(fail_on, n_toys=usable_toys(loaded), reach=reach)
        prepared = prepare(session, loaded, with_data=True)
        toys = complete_toys(prepared) if prepared.n_toys else None
        _answer(session, prepared, toys, fail_on=fail_on, reach=reach)

    session.run(work)


@click.command(short_help="Write report.html from what the other commands stored.")
@analysis_argument
@style_options
@json_option
def report(analysis_file: str, as_json: bool) -> None:
    """Write report.html from the stored toys and the stored fit of the data; nothing is fitted."""
    session = Session("report", as_json=as_json)

    def work() -> None:
        prepared = prepare(session, load_any(analysis_file), with_data=False)
        if is_sequential(prepared):
            session.output = prepared.output
            _report_stored(session, prepared, toys=finished_toys(prepared))
            return
        toys = complete_toys(prepared) if prepared.n_toys else None
        session.output = prepared.output
        if toys is None:
            _report_stored(session, prepared)
        elif calibration := show_calibration(session, toys):
            _report_stored(session, prepared, calibration, toys=toys)
        else:
            gate_failures(session, prepared, toys)
            session.say("No report: p is counted among toys, and not one of them has a valid t")

    session.run(work)


@click.command(short_help="check, learn-nuisances, calibrate, test and report in one go.")
@analysis_argument
@style_options
@processes_option
@module_folder_option
@reach_option("toys")
@until_exceeding_option
@json_option
@fail_on_option
def run(
    analysis_file: str,
    processes: int | None,
    as_json: bool,
    fail_on: FailOn | None,
    reach: float | None,
    until_exceeding: int | None,
) -> None:
    """Check everything, learn responses and fit toys that are missing, fit the data, and write the report."""
    session = Session("run", as_json=as_json)
    session.run(
        lambda: run_all(
            session,
            as_path(analysis_file),
            fail_on=fail_on,
            n_processes=processes,
            reach=reach,
            until_exceeding=until_exceeding,
        )
    )


def run_all(
    session: Session,
    analysis_file: Path,
    *,
    fail_on: FailOn | None,
    n_processes: int | None = None,
    reach: float | None = None,
    until_exceeding: int | None = None,
) -> None:
    """All steps that are needed; a calibration that is rejected does not keep the empirical answer from being given."""
    loaded = load_any(analysis_file).with_processes(n_processes)
    check_fail_on(fail_on, n_toys=usable_toys(loaded), reach=reach)
    ready = _with_learned(session, prepare(session, loaded, with_data=True, needs_responses=False))
    if ready is None:
        return
    if reach is not None:
        require_splittable(ready.analysis)
    require_toys_of_models(ready)
    if until_exceeding is not None:
        require_sequential(ready, reach=reach)
        claim_output(session, ready)
        stopped, made = sequential_step(session, ready, until_exceeding=until_exceeding, fail_on=fail_on)
        report_step(session, ready, stopped, toys=made, data=ready.data)
        return
    claims = ready.n_toys > 0
    if claims:
        claim_output(session, ready)
    toys = toys_step(session, ready) if claims else None
    found = _answer(session, ready, toys, fail_on=fail_on, reach=reach)
    if found is not None:
        if loaded.config.models:
            models_step(session, ready, made=toys)
        result, new = found
        report_step(session, ready, result, toys=toys or new, data=ready.data)


def _answer(
    session: Session, prepared: Prepared, toys: Toys | None, *, fail_on: FailOn | None, reach: float | None
) -> tuple[GoodnessOfFit, Toys | None] | None:
    """The answer among toys, or by the analytic null, with the toys made for it; None where no toy has a valid t."""
    if toys is None:
        return answer_step(session, prepared, None, fail_on=fail_on, reach=reach)
    claim_output(session, prepared)
    calibration = calibration_step(session, prepared, toys)
    if calibration is None:
        return None
    return answer_step(session, prepared, calibration, fail_on=fail_on, reach=reach)


def _report_stored(
    session: Session, prepared: Prepared, calibration: Calibration | None = None, *, toys: Toys | None = None
) -> None:
    """The report of the stored answer; of the calibration alone before the data are tested."""
    if not has_answer(prepared.output):
        if calibration is None:
            raise IncompleteError(
                "the data must be tested first, for there are no toys to report, but "
                f"{prepared.output / TEST} holds no answer; run `wilks test {in_shell(prepared.loaded.path)}`"
            )
        session.note("the data are not tested yet: the report shows the calibration alone")
        report_step(session, prepared, calibration, toys=toys, data=None)
        return
    result, data, made = load_answer(prepared.output)
    is_counted = calibration is not None or (result.calibration and made is None)
    if is_counted and result.method != METHOD:  # more toys have come since, or none count
        result = answer_of(prepared.analysis, result.fit, data=data, calibration=calibration)
    note_answer(session, result)
    report_step(session, prepared, result, toys=toys or made, data=data)


def _say_nothing_to_calibrate(session: Session, prepared: Prepared) -> None:
    """Say why there are no toys to make, in one line."""
    session.output = prepared.output
    session.say(
        "Nothing to calibrate: the analytic null answers, "
        f"`wilks test {in_shell(prepared.loaded.path)}`; for a calibration from toys write "
        "toys: {n_toys: 1000} into the file"
    )


def _with_learned(session: Session, prepared: Prepared) -> Prepared | None:
    """Everything checked, and responses learned where they are not there; None if they are poor."""
    if prepared.n_toys:
        require_toy_source(prepared)
    note_variations(prepared)
    show_check(session, prepared)
    return prepared if prepared.has_responses else learn_step(session, prepared)
