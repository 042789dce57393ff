"""Commands on an analysis file: check, calibrate, test, report and run."""

from collections.abc import Callable
from pathlib import Path

import click

from wilks.answer import answer_of
from wilks.campaign import Toys
from wilks.cli.answers import check_same_data, has_answer, load_answer
from wilks.cli.fail_on import FailOn, parse_fail_on
from wilks.cli.learn import learn_step
from wilks.cli.learned import require_current
from wilks.cli.options import analysis_argument, json_option
from wilks.cli.prepare import Prepared, claim_output, note_variations, prepare, require_toy_source, show_check
from wilks.cli.session import Session
from wilks.cli.steps import (
    answer_step,
    calibration_step,
    check_fail_on,
    note_answer,
    report_step,
    show_calibration,
    toys_step,
)
from wilks.cli.toys import complete_toys
from wilks.cli.without_toys import answer_without_toys, report_without_toys, say_nothing_to_calibrate
from wilks.config import load_config
from wilks.laws import Calibration

Command = Callable[..., None]

_fail_on = click.option(
    "--fail-on",
    callback=lambda context, option, text: parse_fail_on(text) if text is not None else None,
    metavar="CONDITION",
    help="End with exit code 5 if the answer, among toys or analytic, meets it: 'p<0.01' or 'z>3'.",
)


@click.command(short_help="Check the analysis file and everything it names, without a fit.")
@analysis_argument
@json_option
def check(analysis_file: str, as_json: bool) -> None:
    """Read and check the analysis file, the samples, the data and the output folder; nothing is fitted."""
    session = Session("check", as_json=as_json)

    def work() -> None:
        loaded = load_config(analysis_file)
        with_data = loaded.config.data is not None
        prepared = prepare(session, loaded, with_data=with_data, needs_responses=False)
        if prepared.learned is not None:
            require_current(prepared.output, prepared.learned, analysis_file=loaded.path)
        check_data_of_answer(prepared)
        session.output = prepared.output
        note_variations(prepared)
        show_check(session, prepared)

    session.run(work)


@click.command(short_help="Fit toys under the reference; the data are not read.")
@analysis_argument
@json_option
def calibrate(analysis_file: str, as_json: bool) -> None:
    """Fit toys under the reference and print their distribution; an interrupted campaign goes on where it stopped."""
    session = Session("calibrate", as_json=as_json)

    def work() -> None:
        prepared = prepare(session, load_config(analysis_file), with_data=False)
        if prepared.n_toys == 0:
            say_nothing_to_calibrate(session, prepared)
            return
        require_toy_source(prepared)
        claim_output(session, prepared)
        calibration_step(session, prepared, toys_step(session, prepared))

    session.run(work)


@click.command("test", short_help="Fit the data and give the p-value.")
@analysis_argument
@json_option
@_fail_on
def answer(analysis_file: str, as_json: bool, fail_on: FailOn | None) -> None:
    """Fit the data and give the p-value among the toys that `wilks calibrate` has stored.

    A file without toys whose model is a kernel with is_score: true is answered by its analytic null.
    """
    session = Session("test", as_json=as_json)

    def work() -> None:
        loaded = load_config(analysis_file)
        check_fail_on(fail_on, n_toys=loaded.config.n_toys)
        prepared = prepare(session, loaded, with_data=True)
        check_data_of_answer(prepared)
        if prepared.n_toys == 0:
            answer_without_toys(session, prepared, fail_on=fail_on)
            return
        toys = complete_toys(prepared)
        claim_output(session, prepared)
        calibration = calibration_step(session, prepared, toys)
        if calibration is not None:
            answer_step(session, prepared, calibration, fail_on=fail_on)

    session.run(work)


@click.command(short_help="Write report.html from what the other commands stored.")
@analysis_argument
@json_option
def report(analysis_file: str, as_json: bool) -> None:
    """Write report.html from the stored toys and the stored fit of the data; nothing is fitted."""
    session = Session("report", as_json=as_json)

    def work() -> None:
        prepared = prepare(session, load_config(analysis_file), with_data=False)
        if prepared.n_toys == 0:
            report_without_toys(session, prepared)
            return
        toys = complete_toys(prepared)
        session.output = prepared.output
        calibration = show_calibration(session, toys)
        if calibration is not None:
            _report_stored(session, prepared, calibration, toys=toys)

    session.run(work)


@click.command(short_help="check, learn-nuisances, calibrate, test and report in one go.")
@analysis_argument
@json_option
@_fail_on
def run(analysis_file: str, as_json: bool, fail_on: FailOn | None) -> None:
    """Check everything, learn responses and fit toys that are missing, fit the data, and write the report."""
    session = Session("run", as_json=as_json)
    session.run(lambda: run_all(session, Path(analysis_file), fail_on=fail_on))


def run_all(session: Session, analysis_file: Path, *, fail_on: FailOn | None) -> None:
    """All steps that are needed; a calibration that is rejected does not keep the empirical answer from being given."""
    loaded = load_config(analysis_file)
    check_fail_on(fail_on, n_toys=loaded.config.n_toys)
    ready = _with_learned(session, prepare(session, loaded, with_data=True, needs_responses=False))
    if ready is None:
        return
    prepared = ready
    if prepared.n_toys == 0:
        found, made = answer_without_toys(session, prepared, fail_on=fail_on)
        report_step(session, prepared, found, toys=made, data=prepared.data)
        return
    claim_output(session, prepared)
    toys = toys_step(session, prepared)
    calibration = calibration_step(session, prepared, toys)
    if calibration is not None:
        result = answer_step(session, prepared, calibration, fail_on=fail_on)
        report_step(session, prepared, result, toys=toys, data=prepared.data)


def _report_stored(session: Session, prepared: Prepared, calibration: Calibration, *, toys: Toys) -> None:
    if not has_answer(prepared.output):
        session.note("the data are not tested yet: the report shows the calibration alone")
        report_step(session, prepared, calibration, toys=toys, data=None)
        return
    data, data_fit = load_answer(prepared.output)
    result = answer_of(prepared.analysis, data_fit, data=data, calibration=calibration)
    note_answer(session, result)
    report_step(session, prepared, result, toys=toys, data=data)


def _with_learned(session: Session, prepared: Prepared) -> Prepared | None:
    """Everything checked, and responses learned where they are not there; None if they are poor."""
    if prepared.learned is not None:
        require_current(prepared.output, prepared.learned, analysis_file=prepared.loaded.path)
    if prepared.n_toys:
        require_toy_source(prepared)
    check_data_of_answer(prepared)
    note_variations(prepared)
    show_check(session, prepared)
    return prepared if prepared.has_responses else learn_step(session, prepared)


def check_data_of_answer(prepared: Prepared) -> None:
    """Refuse a folder whose stored answer is for other data, or other auxiliary measurements."""
    if prepared.data is not None:
        observed = prepared.analysis.nuisances.observed_values(prepared.observed) if prepared.has_responses else None
        check_same_data(prepared.output, prepared.data, observed=observed)
