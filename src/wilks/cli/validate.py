"""wilks validate: everything of an analysis that can be checked before its data are seen, on one page."""

import contextlib
from collections.abc import Iterator
from concurrent.futures import Executor

import click

from wilks import plots, reports
from wilks.campaign import LocalProcesses
from wilks.cli.options import analysis_argument, json_option, module_folder_option, processes_option, style_options
from wilks.cli.outcome import ExitCode
from wilks.cli.places import VALIDATION, VALIDATION_RESULT
from wilks.cli.prepare import Prepared, claim_output, prepare, require_toy_source
from wilks.cli.progress import Reporter, progress
from wilks.cli.session import Session
from wilks.cli.steps import reproduction_of, toys_step
from wilks.config import load_any
from wilks.storage import save, whole_file
from wilks.validation import Validation, validate

_TOYS, _PAGE, _FIGURE = "toys", "validation.html", "validation.png"


@click.command("validate", short_help="Check everything that needs no data: nuisances, p, responses, reference, seeds.")
@analysis_argument
@style_options
@click.option("--n-toys", type=click.IntRange(min=20), default=100, show_default=True, help="Toys at each point.")
@click.option(
    "--n-references",
    type=click.IntRange(min=0),
    default=4,
    show_default=True,
    help="Other references of the same size; 0: none.",
)
@processes_option
@module_folder_option
@json_option
def validate_command(analysis_file: str, n_toys: int, n_references: int, processes: int | None, as_json: bool) -> None:
    """Check an analysis on toys, varied samples and other references; the data are not read.

    t and p at one sigma up and down in each nuisance and in all together, the closure of learned responses, the size of
    the reference and another draw of it, the seed of the search: each passes, fails, or is not evaluated, with the
    reason. Exit code 4 if one fails. An interrupted validation goes on where it stopped.
    """
    if n_references == 1:
        raise click.UsageError("--n-references must be 2 at least, or 0 for none: one has no spread")
    session = Session("validate", as_json=as_json)

    def work() -> None:
        prepared = prepare(session, load_any(analysis_file).with_processes(processes), with_data=False)
        require_toy_source(prepared)
        claim_output(session, prepared)
        null = toys_step(session, prepared) if prepared.n_toys else None
        folder = prepared.output / VALIDATION
        session.interrupted = f"interrupted; the finished toys are kept in {folder}: the same command goes on"
        session.note("making toys at other nuisances, with other references and another seed")
        with _workers(session, prepared) as (executor, reporter), prepared.loaded.located("toys"):
            found = validate(
                prepared.analysis,
                n_toys=n_toys,
                n_references=n_references,
                seed=prepared.loaded.config.toys.seed,
                null=null,
                variations=prepared.systematics.variations if prepared.systematics.to_learn else (),
                requires_chi_square=prepared.loaded.config.quality.require_chi2,
                store=folder / _TOYS,
                executor=executor,
                progress=reporter,
            )
        _keep(session, prepared, found)

    session.run(work)


@contextlib.contextmanager
def _workers(session: Session, prepared: Prepared) -> Iterator[tuple[Executor | None, Reporter]]:
    """The processes that the file or the command asks for, and a reporter."""
    n_processes = prepared.loaded.config.toys.processes
    with contextlib.ExitStack() as stack:
        reporter = stack.enter_context(progress(session.notes))
        yield None if n_processes is None else stack.enter_context(LocalProcesses(n_processes)), reporter


def _keep(session: Session, prepared: Prepared, found: Validation) -> None:
    """Print the page, write it, and end with exit code 4 if a check failed."""
    folder = prepared.output / VALIDATION
    session.say(str(found))
    save(found, folder / VALIDATION_RESULT, is_replacing=True)
    reports.write_validation_report(
        found, folder / _PAGE, analysis=prepared.analysis, reproduction=reproduction_of(prepared)
    )
    with whole_file(folder / _FIGURE) as file:
        file.write(plots.to_png(plots.validation(found)))
    session.outcome.numbers["validation"] = found.to_dict()
    paths = {"report": _PAGE, "figure": _FIGURE, "validation": VALIDATION_RESULT}
    session.outcome.files |= {role: str(folder / name) for role, name in paths.items()}
    session.say(f"The page is {folder / _PAGE}")
    for one in found.failed:
        session.outcome.warn(one.sentence.rstrip("."))
    if found.failed:
        session.outcome.end_with(ExitCode.QUALITY_GATE)
