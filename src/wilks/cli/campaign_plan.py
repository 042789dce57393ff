"""wilks toys plan, extend and shrink: which toys are to be made, and in which shards."""

import sys
from collections.abc import Mapping
from pathlib import Path

import click

from wilks.campaign import Ledger, plan_toys
from wilks.campaign.plan import MANY_TOYS
from wilks.campaign.shrink import ASIDE, shrink
from wilks.cli.options import FilePath, analysis_argument, campaign_argument, json_option, parse_values
from wilks.cli.places import TOYS
from wilks.cli.prepare import Prepared, claim_output, prepare, require_toy_source
from wilks.cli.session import Session
from wilks.config import load_any
from wilks.errors import ConfigError, InputError
from wilks.hypotheses import Hypothesis, Null, ShiftedNuisance
from wilks.wording import in_shell

_yes = click.option("--yes", "is_confirmed", is_flag=True, help=f"Do not ask, also for more than {MANY_TOYS:,} toys.")


@click.command(short_help="Plan the toys of an analysis file, without making any.")
@analysis_argument
@click.argument("campaign", required=False, type=FilePath())
@click.option("--n-toys", type=click.IntRange(min=1), help="In place of toys.n_toys of the analysis file.")
@click.option("--seed", type=click.IntRange(min=0), help="In place of toys.seed.")
@click.option("--shard-size", type=click.IntRange(min=1), help="Toys of a job; a 64th of them, at most 1,000.")
@click.option(
    "--at",
    "values",
    multiple=True,
    metavar="NAME=VALUE",
    callback=lambda context, option, texts: parse_values(texts),
    help="Toys at this true value of a nuisance, in place of 0; may be repeated.",
)
@click.option("--params/--no-params", "keep_params", default=True, help="Keep the params of every fit.")
@_yes
@json_option
def plan(
    analysis_file: str,
    campaign: Path | None,
    n_toys: int | None,
    seed: int | None,
    shard_size: int | None,
    values: Mapping[str, float],
    keep_params: bool,
    is_confirmed: bool,
    as_json: bool,
) -> None:
    """Plan a campaign under the reference hypothesis in CAMPAIGN, or in the folder `toys` of the output folder.

    With --at at other values of the nuisances, in a folder named after them. Such toys validate the test: their t
    should be distributed as that of the others. The calibration never uses them.
    """
    session = Session("toys plan", as_json=as_json)

    def work() -> None:
        hypothesis = ShiftedNuisance(values) if values else Null()
        prepared = prepare(session, load_any(analysis_file), with_data=False)
        require_toy_source(prepared)
        n_planned = _number(prepared, n_toys)
        _confirm(n_planned, is_confirmed=is_confirmed)
        if campaign is None:
            claim_output(session, prepared)
        options = prepared.loaded.config.toys
        ledger = plan_toys(
            prepared.analysis,
            hypothesis,
            n_toys=n_planned,
            seed=options.seed if seed is None else seed,
            folder=prepared.output / _folder_name(hypothesis) if campaign is None else campaign,
            shard_size=shard_size,
            keep_params=keep_params,
        )
        _say_plan(session, ledger)

    session.run(work)


@click.command(short_help="Plan more toys for a campaign.")
@campaign_argument
@click.option("--n-toys", required=True, type=click.IntRange(min=1), help="Toys in all.")
@click.option("--shard-size", type=click.IntRange(min=1), help="Toys of a job among the new ones.")
@_yes
@json_option
def extend(campaign: Path, n_toys: int, shard_size: int | None, is_confirmed: bool, as_json: bool) -> None:
    """Plan more toys; those that are planned or finished stay as they are."""
    session = Session("toys extend", as_json=as_json)

    def work() -> None:
        ledger = Ledger.open(campaign)
        if n_toys < ledger.plan.n_toys:
            raise InputError(
                f"a campaign is extended to more toys, but {n_toys:,} were asked for and {ledger.plan.n_toys:,} are "
                "planned; `wilks toys shrink` takes planned toys back"
            )
        _confirm(n_toys, is_confirmed=is_confirmed)
        ledger.extend(n_toys, shard_size=shard_size)
        _say_plan(session, ledger)

    session.run(work)


@click.command("shrink", short_help="Take back toys that were planned and not made.")
@campaign_argument
@click.option("--n-toys", required=True, type=click.IntRange(min=1), help="Toys in all.")
@click.option("--set-aside", is_flag=True, help="Also if finished toys lie beyond: their files go to CAMPAIGN/beyond.")
@json_option
def shrink_plan(campaign: Path, n_toys: int, set_aside: bool, as_json: bool) -> None:
    """Plan the first toys of CAMPAIGN alone, after a typing error, say; while nobody works on it."""
    session = Session("toys shrink", as_json=as_json)

    def work() -> None:
        ledger = Ledger.open(campaign)
        found = shrink(ledger, n_toys, sets_aside=set_aside)
        session.say(f"{found.n_taken_back:,} toys were taken back; {ledger.plan.n_toys:,} are planned.")
        if found.n_set_aside:
            session.say(f"{found.n_set_aside:,} finished toys were set aside in {ledger.folder / ASIDE}.")
        session.outcome.numbers["plan"] = {"n_toys": ledger.plan.n_toys, **found._asdict()}

    session.run(work)


def _confirm(n_toys: int, *, is_confirmed: bool) -> None:
    """Ask before a plan that is more often a typing error than a wish. Raises InputError without a yes."""
    if n_toys <= MANY_TOYS or is_confirmed:
        return
    is_asked = sys.stdin.isatty() and sys.stderr.isatty()
    if not (is_asked and click.confirm(f"Plan {n_toys:,} toys?", default=False, err=True)):
        raise InputError(
            f"more than {MANY_TOYS:,} toys are planned after a confirmation, but {n_toys:,} were asked for without "
            "one; say --yes if you mean it"
        )


def _number(prepared: Prepared, n_toys: int | None) -> int:
    """Of --n-toys, or of the analysis file. Raises ConfigError where that one wants none."""
    wanted = prepared.loaded.config.n_toys if n_toys is None else n_toys
    if wanted == 0:
        raise ConfigError(
            prepared.loaded.document.message(
                ("toys",), "a plan needs a number of toys, but this file wants none; give --n-toys, or toys.n_toys"
            )
        )
    return wanted


def _folder_name(hypothesis: Hypothesis) -> str:
    values = "-".join(f"{name}={value:g}" for name, value in hypothesis.nuisances.items())
    return f"{TOYS}-at-{values}" if values else TOYS


def _say_plan(session: Session, ledger: Ledger) -> None:
    n_toys, n_shards = ledger.plan.n_toys, ledger.plan.n_shards
    session.say(f"{n_toys:,} toys in {n_shards:,} shards are planned in {ledger.folder}; make them with")
    session.say(f"  wilks toys run {in_shell(ledger.folder)}")
    session.say(f"  wilks toys submit {in_shell(ledger.folder)} --backend slurm    (or htcondor)")
    session.outcome.files["campaign"] = str(ledger.folder)
    session.outcome.numbers["plan"] = {"n_toys": n_toys, "n_shards": n_shards, "seed": ledger.owner["seed"]}
