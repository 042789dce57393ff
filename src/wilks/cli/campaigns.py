"""Commands on a campaign of toys: plan, run, status, submit, merge and extend."""

import time
from pathlib import Path

import click

from wilks.campaign import Ledger, plan_toys
from wilks.campaign.merge import MissingToysError, merge_toys
from wilks.campaign.status import STALE_AFTER_S, campaign_status
from wilks.campaign.submit import BACKENDS, JOB_FLAVOURS, JobOptions, Submission, submit_missing
from wilks.cli.campaign_run import run_all_shards, run_chosen_shards
from wilks.cli.folder import TOYS
from wilks.cli.outcome import ExitCode
from wilks.cli.prepare import claim_output, prepare, require_toy_source
from wilks.cli.session import IncompleteError, Session
from wilks.config import load_config
from wilks.errors import InputError
from wilks.hypotheses import Null
from wilks.reports import write_campaign_report

_campaign = click.argument("campaign", type=click.Path(path_type=Path))
_json = click.option("--json", "as_json", is_flag=True, help="Print the content of result.json, and nothing else.")


@click.group(
    short_help="Campaigns: plan, run, status, submit, merge, extend.",
    context_settings={"help_option_names": ["-h", "--help"]},
)
def toys() -> None:
    """Toys by the thousand: planned, made here or by a batch system, resumed, merged.

    \b
    wilks toys plan ANALYSIS.yaml          plans the campaign in OUTPUT/toys
    wilks toys submit OUTPUT/toys --backend slurm
    wilks toys status OUTPUT/toys
    wilks run ANALYSIS.yaml                uses the toys that are there
    """


@toys.command(short_help="Plan the toys of an analysis file, without making any.")
@click.argument("analysis_file", metavar="ANALYSIS.yaml")
@click.argument("campaign", required=False, type=click.Path(path_type=Path))
@click.option("--n-toys", type=click.IntRange(min=1), help="In place of toys.n_toys of the analysis file.")
@click.option("--seed", type=click.IntRange(min=0), help="In place of toys.seed.")
@click.option("--shard-size", type=click.IntRange(min=1), help="Toys of a job; a 64th of them, at most 1,000.")
@click.option("--params/--no-params", "keep_params", default=True, help="Keep the params of every fit.")
@_json
def plan(
    analysis_file: str,
    campaign: Path | None,
    n_toys: int | None,
    seed: int | None,
    shard_size: int | None,
    keep_params: bool,
    as_json: bool,
) -> None:
    """Plan a campaign under the reference hypothesis in CAMPAIGN, or in the folder `toys` of the output folder."""
    session = Session("toys plan", as_json=as_json)

    def work() -> None:
        prepared = prepare(session, load_config(analysis_file), with_data=False)
        require_toy_source(prepared)
        if campaign is None:
            claim_output(session, prepared)
        options = prepared.loaded.config.toys
        ledger = plan_toys(
            prepared.analysis,
            Null(),
            n_toys=options.n_toys if n_toys is None else n_toys,
            seed=options.seed if seed is None else seed,
            folder=prepared.output / TOYS if campaign is None else campaign,
            shard_size=shard_size,
            keep_params=keep_params,
        )
        _say_plan(session, ledger)

    session.run(work)


@toys.command(short_help="Make the toys that are missing, or those of one shard.")
@_campaign
@click.option("--shard", "shards", multiple=True, type=click.IntRange(min=0), help="This shard alone; may be repeated.")
@click.option("--processes", type=click.IntRange(min=1), help="Worker processes; as many as cores.")
@click.option(
    "--dask",
    is_flag=False,
    flag_value="",
    default=None,
    metavar="[ADDRESS]",
    help="Through Dask: a cluster of its own on this machine, or the scheduler at ADDRESS.",
)
@click.option(
    "--max-failed-fraction",
    type=click.FloatRange(0.0, 1.0),
    default=0.05,
    show_default=True,
    help="End with exit code 4 if more of the toys failed.",
)
@_json
def run(
    campaign: Path,
    shards: tuple[int, ...],
    processes: int | None,
    dask: str | None,
    max_failed_fraction: float,
    as_json: bool,
) -> None:
    """Make the toys of CAMPAIGN that are missing.

    With --shard in this process, as a job of a batch system does; a shard that is done is left as it is.
    """
    session = Session("toys run", as_json=as_json)

    def work() -> None:
        ledger = Ledger.open(campaign)
        if shards:
            run_chosen_shards(session, ledger, shards, max_failed_fraction=max_failed_fraction)
            return
        session.output = campaign
        run_all_shards(session, ledger, n_processes=processes, dask=dask, max_failed_fraction=max_failed_fraction)

    session.run(work)


@toys.command(short_help="How a campaign stands, shard by shard.")
@_campaign
@click.option(
    "--stale-after",
    type=click.FloatRange(min=0.0),
    default=STALE_AFTER_S / 3600,
    show_default=True,
    metavar="HOURS",
    help="Without a sign of life for so long, a shard that was begun is stale.",
)
@click.option("--html", "with_page", is_flag=True, help="Write campaign.html, too.")
@_json
def status(campaign: Path, stale_after: float, with_page: bool, as_json: bool) -> None:
    """Read every file of CAMPAIGN and say what is done, missing, failed, stale or damaged; exit code 3 if incomplete.

    Nothing is changed.
    """
    session = Session("toys status", as_json=as_json)

    def work() -> None:
        ledger = Ledger.open(campaign)
        now = time.time()
        found = campaign_status(ledger, now=now, stale_after_s=3600 * stale_after)
        session.say(str(found))
        session.outcome.numbers["campaign"] = found.to_dict()
        if with_page:
            session.outcome.files["page"] = str(write_campaign_report(ledger, found, now=now))
        if not found.is_complete:
            session.outcome.end_with(ExitCode.INCOMPLETE)

    session.run(work)


@toys.command(short_help="Submit jobs for the shards that are missing.")
@_campaign
@click.option("--backend", required=True, type=click.Choice(list(BACKENDS)), help="The batch system.")
@click.option("--dry-run", is_flag=True, help="Write the job files and submit nothing.")
@click.option("--retries", type=click.IntRange(min=0), default=3, show_default=True, help="Further tries of a shard.")
@click.option("--memory-mb", type=click.IntRange(min=1), default=2000, show_default=True, help="Memory of a job.")
@click.option("--max-running", type=click.IntRange(min=1), help="Jobs at a time; as many as the site lets run.")
@click.option("--max-array-size", type=click.IntRange(min=1), help="Slurm: most jobs of one array; 1,000.")
@click.option("--job-flavour", type=click.Choice(JOB_FLAVOURS), help="HTCondor of CERN: the longest time.")
@click.option("--sbatch-option", "sbatch_options", multiple=True, metavar="OPTION", help="Slurm: --name=value.")
@click.option("--condor-option", "condor_options", multiple=True, metavar="LINE", help="HTCondor: name = value.")
@click.option("--log-folder", type=click.Path(path_type=Path), help="For what jobs print; not on EOS.")
@_json
def submit(campaign: Path, backend: str, dry_run: bool, as_json: bool, **options: object) -> None:
    """Write jobs for the shards of CAMPAIGN that are missing, and submit them. Do it again for what failed."""
    session = Session("toys submit", as_json=as_json)

    def work() -> None:
        ledger = Ledger.open(campaign)
        jobs = JobOptions(**options)  # type: ignore[arg-type]
        found = submit_missing(ledger, BACKENDS[backend], options=jobs, is_dry_run=dry_run)
        _say_submission(session, found, is_dry_run=dry_run)

    session.run(work)


@toys.command(short_help="Write all toys into one Parquet, ROOT or CSV file.")
@_campaign
@click.argument("others", nargs=-1, type=click.Path(path_type=Path))
@click.option("--output", type=click.Path(path_type=Path), help="A new file; CAMPAIGN/toys.parquet if none is named.")
@click.option("--partial", is_flag=True, help="Also if toys are missing.")
@click.option("--rntuple", is_flag=True, help="In a ROOT file, an RNTuple in place of a TTree.")
@_json
def merge(
    campaign: Path, others: tuple[Path, ...], output: Path | None, partial: bool, rntuple: bool, as_json: bool
) -> None:
    """Write all toys of CAMPAIGN, and of folders of the same campaign from elsewhere, into one file."""
    session = Session("toys merge", as_json=as_json)

    def work() -> None:
        ledger = Ledger.open(campaign)
        target = campaign / "toys.parquet" if output is None else output
        elsewhere = [Ledger.open(other) for other in others]
        try:
            found = merge_toys(ledger, target, others=elsewhere, is_partial=partial, is_rntuple=rntuple)
        except MissingToysError as error:
            raise IncompleteError(f"{error} (--partial)") from error
        session.say(f"{found}.")
        session.outcome.files["toys"] = str(found.path)
        session.outcome.numbers["merge"] = {
            "n_toys": found.n_toys,
            "n_duplicates": found.n_duplicates,
            "n_missing": found.n_missing,
        }
        if found.n_missing > 0:
            session.outcome.end_with(ExitCode.INCOMPLETE)

    session.run(work)


@toys.command(short_help="Plan more toys for a campaign.")
@_campaign
@click.option("--n-toys", required=True, type=click.IntRange(min=1), help="Toys in all.")
@click.option("--shard-size", type=click.IntRange(min=1), help="Toys of a job among the new ones.")
@_json
def extend(campaign: Path, n_toys: int, shard_size: int | None, as_json: bool) -> None:
    """Plan more toys; those that are planned or finished stay as they are."""
    session = Session("toys extend", as_json=as_json)

    def work() -> None:
        ledger = Ledger.open(campaign)
        if n_toys < ledger.plan.n_toys:
            raise InputError(
                f"a campaign can only grow, but {n_toys:,} toys were asked for and {ledger.plan.n_toys:,} are planned"
            )
        ledger.extend(n_toys, shard_size=shard_size)
        _say_plan(session, ledger)

    session.run(work)


def _say_plan(session: Session, ledger: Ledger) -> None:
    n_toys, n_shards = ledger.plan.n_toys, ledger.plan.n_shards
    session.say(f"{n_toys:,} toys in {n_shards:,} shards are planned in {ledger.folder}; make them with")
    session.say(f"  wilks toys run {ledger.folder}")
    session.say(f"  wilks toys submit {ledger.folder} --backend slurm    (or htcondor)")
    session.outcome.files["campaign"] = str(ledger.folder)
    session.outcome.numbers["plan"] = {"n_toys": n_toys, "n_shards": n_shards, "seed": ledger.owner["seed"]}


def _say_submission(session: Session, found: Submission, *, is_dry_run: bool) -> None:
    session.outcome.numbers["submission"] = {"n_shards": len(found.shards), "job_ids": list(found.job_ids)}
    if not found.shards:
        session.say("Every shard is done: nothing to submit.")
        return
    what = "were written, not submitted" if is_dry_run else f"were submitted as {', '.join(found.job_ids)}"
    session.say(f"Jobs for {len(found.shards):,} missing shards {what}:")
    for path in found.files:
        session.say(f"  {path}")
    session.outcome.files |= {f"job_{k}": str(path) for k, path in enumerate(found.files)}
