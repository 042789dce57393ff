"""Commands on a campaign of toys: names and one-line texts, as in `wilks.cli.main`."""

import click

from wilks.cli.groups import Entry, LazyGroup

COMMANDS = {
    "plan": Entry("wilks.cli.campaign_plan:plan", "Plan the toys of an analysis file, without making any."),
    "run": Entry("wilks.cli.campaign_run:run", "Make the toys that are missing, or those of one shard."),
    "status": Entry("wilks.cli.campaign_status:status", "How a campaign stands, shard by shard."),
    "submit": Entry("wilks.cli.campaign_submit:submit", "Submit jobs for the shards that are missing."),
    "merge": Entry("wilks.cli.campaign_merge:merge", "Write all toys into one Parquet, ROOT or CSV file."),
    "shrink": Entry("wilks.cli.campaign_plan:shrink_plan", "Take back toys that were planned and not made."),
    "extend": Entry("wilks.cli.campaign_plan:extend", "Plan more toys for a campaign."),
}


class _Commands(LazyGroup):
    entries = COMMANDS


@click.group(
    cls=_Commands,
    short_help="Campaigns: plan, run, status, submit, merge, extend, shrink.",
    context_settings={"help_option_names": ["-h", "--help"]},
)
def toys() -> None:
    """Toys by the thousand: planned, made here or by a batch system, resumed, merged.

    \b
    wilks toys plan ANALYSIS.yaml          plans the campaign in OUTPUT/toys
    wilks toys submit OUTPUT/toys --backend slurm
    wilks toys status OUTPUT/toys
    wilks run ANALYSIS.yaml                uses every toy that is there
    """
