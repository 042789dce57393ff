"""wilks parts, wilks halves: the data in parts that are combined, and one half that trains and the other that tests."""

import contextlib
from collections.abc import Iterator

import click

from wilks.cli.fail_on import FailOn, fail_on_option, judge
from wilks.cli.options import analysis_argument, json_option
from wilks.cli.prepare import Prepared, claim_output, prepare, require_toy_source
from wilks.cli.progress import Reporter, progress
from wilks.cli.session import Session
from wilks.cli.steps import check_fail_on
from wilks.config import load_config
from wilks.parts import HalvesAnswer, PartsAnswer, halves_test, parts_test
from wilks.parts.halves import require_no_nuisances
from wilks.significance import INDEPENDENT


@click.command(short_help="Test the data in parts, and combine their p-values.")
@analysis_argument
@click.option("--n-parts", type=click.IntRange(min=1), default=2, show_default=True, help="Parts of the data.")
@click.option(
    "--combination", type=click.Choice(list(INDEPENDENT)), default="fisher", show_default=True, help="Of their p."
)
@click.option("--n-toys", type=click.IntRange(min=1), default=400, show_default=True, help="Toys, divided alike.")
@json_option
@fail_on_option
def parts(
    analysis_file: str, n_parts: int, combination: str, n_toys: int, as_json: bool, fail_on: FailOn | None
) -> None:
    """Divide the data at random, by content and toys.seed, test each part, and combine the p-values among toys.

    Choose --n-parts and --combination before the data are seen: p holds for one choice.
    """
    session = Session("parts", as_json=as_json)

    def work() -> None:
        with _ready(session, analysis_file, n_toys=n_toys, fail_on=fail_on) as (prepared, reporter):
            assert prepared.data is not None
            found = parts_test(
                prepared.analysis,
                prepared.data,
                n_parts=n_parts,
                combination=combination,
                n_toys=n_toys,
                seed=prepared.loaded.config.toys.seed,
                auxiliaries=prepared.observed,
                progress=reporter,
            )
        session.outcome.warn(*found.warnings)
        _tell(session, "parts", found, fail_on=fail_on)

    session.run(work)


@click.command(short_help="Learn on one half of the data, and test the other half.")
@analysis_argument
@click.option("--n-toys", type=click.IntRange(min=1), default=1_000, show_default=True, help="Toys of the tested half.")
@json_option
@fail_on_option
def halves(analysis_file: str, n_toys: int, as_json: bool, fail_on: FailOn | None) -> None:
    """Learn f on one half of the data, and test the other half with the likelihood ratio at that f; no nuisances.

    Toys of the tested half need no fit. Whatever the first half alone chose is covered by p.
    """
    session = Session("halves", as_json=as_json)

    def work() -> None:
        with _ready(session, analysis_file, n_toys=n_toys, fail_on=fail_on) as (prepared, reporter):
            assert prepared.data is not None
            require_no_nuisances(prepared.analysis)
            seed = prepared.loaded.config.toys.seed
            found = halves_test(prepared.analysis, prepared.data, n_toys=n_toys, seed=seed, progress=reporter)
        session.outcome.warn(*found.warnings)
        _tell(session, "halves", found, fail_on=fail_on)

    session.run(work)


@contextlib.contextmanager
def _ready(
    session: Session, analysis_file: str, *, n_toys: int, fail_on: FailOn | None
) -> Iterator[tuple[Prepared, Reporter]]:
    """The analysis with its data, the output folder claimed, and a reporter."""
    check_fail_on(fail_on, n_toys=n_toys)
    prepared = prepare(session, load_config(analysis_file), with_data=True)
    require_toy_source(prepared)
    claim_output(session, prepared)
    session.interrupted = "interrupted; toys that are divided are not kept, and the same command begins anew"
    with progress(session.notes) as reporter, prepared.loaded.located("toys"):
        yield prepared, reporter


def _tell(session: Session, name: str, found: PartsAnswer | HalvesAnswer, *, fail_on: FailOn | None) -> None:
    session.say(str(found))
    session.outcome.numbers[name] = found.to_dict()
    if fail_on is not None:
        judge(session, fail_on, p_value=found.p_value, z_score=found.z_score)
