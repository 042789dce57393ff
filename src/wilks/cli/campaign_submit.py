"""wilks toys submit: jobs of a batch system for the shards that are missing."""

from pathlib import Path

import click

from wilks.campaign.ledger import Ledger
from wilks.campaign.submit import BACKENDS, JOB_FLAVOURS, JobOptions, Submission, submit_missing
from wilks.cli.options import FilePath, campaign_argument, json_option, module_folder_option
from wilks.cli.session import Session


@click.command(short_help="Submit jobs for the shards that are missing.")
@campaign_argument
@click.option("--backend", required=True, type=click.Choice(list(BACKENDS)), help="The batch system.")
@click.option("--dry-run", is_flag=True, help="Write the job files and submit nothing.")
@click.option("--retries", type=click.IntRange(min=0), default=3, show_default=True, help="Further tries of a shard.")
@click.option("--memory-mb", type=click.IntRange(min=1), default=2000, show_default=True, help="Memory of a job.")
@click.option("--max-running", type=click.IntRange(min=1), help="Jobs at a time; as many as the site lets run.")
@click.option("--max-array-size", type=click.IntRange(min=1), help="Slurm: most jobs of one array; 1,000.")
@click.option("--job-flavour", type=click.Choice(JOB_FLAVOURS), help="HTCondor of CERN: the longest time.")
@click.option("--sbatch-option", "sbatch_options", multiple=True, metavar="OPTION", help="Slurm: --name=value.")
@click.option("--condor-option", "condor_options", multiple=True, metavar="LINE", help="HTCondor: name = value.")
@click.option("--log-folder", type=FilePath(), help="For what jobs print; not on EOS.")
@module_folder_option
@json_option
def submit(campaign: Path, backend: str, dry_run: bool, as_json: bool, **options: object) -> None:
    """Write jobs for the shards of CAMPAIGN that are missing, and submit them. Do it again for what failed."""
    session = Session("toys submit", as_json=as_json)

    def work() -> None:
        ledger = Ledger.open(campaign)
        jobs = JobOptions(**options)  # type: ignore[arg-type]
        found = submit_missing(ledger, BACKENDS[backend], options=jobs, is_dry_run=dry_run)
        _say_submission(session, found, is_dry_run=dry_run)

    session.run(work)


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
