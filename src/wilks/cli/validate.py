"""wilks validate: is t the same at other values of the nuisances?"""

import contextlib

import click

from wilks.campaign import LocalProcesses
from wilks.cli.options import analysis_argument, json_option, processes_option
from wilks.cli.outcome import ExitCode
from wilks.cli.prepare import claim_output, prepare, require_toy_source
from wilks.cli.progress import progress
from wilks.cli.session import Session
from wilks.config import load_config
from wilks.validation import validate_nuisances

FOLDER = "validation"


@click.command(short_help="Fit toys at shifted nuisances: t must not depend on them.")
@analysis_argument
@click.option("--n-toys", type=click.IntRange(min=20), default=100, show_default=True, help="Least toys at each point.")
@processes_option
@json_option
def validate(analysis_file: str, n_toys: int, processes: int | None, as_json: bool) -> None:
    """Fit toys at nu = 0, at one sigma up and down in each nuisance, and at all of them together.

    t must follow one distribution everywhere. An interrupted validation goes on where it stopped; more toys may be
    asked for later, and every finished one is used.
    """
    session = Session("validate", as_json=as_json)

    def work() -> None:
        prepared = prepare(session, load_config(analysis_file).with_processes(processes), with_data=False)
        require_toy_source(prepared)
        claim_output(session, prepared)
        options = prepared.loaded.config.toys
        folder = prepared.output / FOLDER
        session.interrupted = f"interrupted; the finished toys are kept in {folder}: the same command goes on"
        with contextlib.ExitStack() as stack:
            reporter = stack.enter_context(progress(session.notes))
            workers = None if options.processes is None else stack.enter_context(LocalProcesses(options.processes))
            found = validate_nuisances(
                prepared.analysis,
                n_toys=n_toys,
                seed=options.seed,
                store=folder,
                executor=workers,
                progress=reporter,
            )
        session.say(str(found))
        session.outcome.numbers["validation"] = found.to_dict()
        if not found.is_passed:
            session.outcome.end_with(ExitCode.QUALITY_GATE)
            session.outcome.warn("t depends on the nuisances, or is no chi-square")

    session.run(work)
