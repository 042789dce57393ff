"""Toys that are made until enough of them reach the t of the data."""

import contextlib

import click

from wilks.answer import sequential_answer
from wilks.campaign import LocalProcesses, Toys
from wilks.campaign.status import RunningTally
from wilks.cli.answers import has_answer, load_answer, save_answer
from wilks.cli.fail_on import FailOn
from wilks.cli.places import TOYS
from wilks.cli.prepare import Prepared, claim_output
from wilks.cli.progress import progress
from wilks.cli.session import Session
from wilks.cli.steps import gate_failures, judge_answer, note_answer
from wilks.cli.toys import finished_toys
from wilks.errors import ConfigError
from wilks.fitting import fit
from wilks.laws import GoodnessOfFit, SequentialLaw, SequentialToys

until_exceeding_option = click.option(
    "--until-exceeding",
    type=click.IntRange(min=1),
    metavar="H",
    help="Fit the data first, and make toys until H of them reach their t: p = H/L at toy L; (k + 1)/(n + 1) after "
    "toys.n_toys. Fewer toys where p is large; valid all the same.",
)


def require_sequential(prepared: Prepared, *, reach: float | None) -> None:
    """Raise ConfigError where --until-exceeding has no toys to stop, or another source of p beside it."""
    if reach is not None:
        raise ConfigError("p comes from one source, but --until-exceeding and --reach are given; leave one of them out")
    if not prepared.n_toys:
        raise ConfigError(
            "--until-exceeding needs the largest number of toys, but the analysis file wants none; give toys.n_toys"
        )


def sequential_step(
    session: Session, prepared: Prepared, *, until_exceeding: int, fail_on: FailOn | None
) -> tuple[GoodnessOfFit, Toys]:
    """Fit the data, make the toys that their p needs, print and store the answer; the toys are all that are finished.

    An interrupted run goes on where it stopped, and finished toys of a campaign in the output folder count.
    """
    assert prepared.data is not None
    session.interrupted = "interrupted; the finished toys are kept, and the same command goes on"
    session.note("fitting the data")
    data_fit = fit(prepared.analysis, prepared.data, auxiliaries=prepared.observed)
    options, folder = prepared.loaded.config.toys, prepared.output / TOYS
    with contextlib.ExitStack() as stack:
        stack.enter_context(prepared.loaded.located("toys"))
        reporter = stack.enter_context(progress(session.notes, detail=RunningTally(folder).describe))
        toys = SequentialToys(
            until_exceeding=until_exceeding,
            n_toys=prepared.n_toys,
            seed=options.seed,
            store=folder,
            executor=None if options.processes is None else stack.enter_context(LocalProcesses(options.processes)),
            progress=reporter,
        )
        result = sequential_answer(prepared.analysis, data_fit, data=prepared.data, toys=toys)
    claim_output(session, prepared)
    save_answer(prepared.output, result, data=prepared.data, toys=None, analysis=prepared.analysis)
    made = finished_toys(prepared)
    if isinstance(result.law, SequentialLaw):
        gate_failures(session, prepared, made)
    note_answer(session, result)
    judge_answer(session, result, fail_on=fail_on)
    return result, made


def is_sequential(prepared: Prepared) -> bool:
    """Whether the stored answer is one among toys that stopped by its t: these are all that it needs."""
    return has_answer(prepared.output) and isinstance(load_answer(prepared.output)[0].law, SequentialLaw)
