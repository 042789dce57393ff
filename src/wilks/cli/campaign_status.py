"""wilks toys status: how a campaign stands. It may be asked every minute: nothing is imported that it does not need."""

import time
from pathlib import Path

import click

from wilks import reports
from wilks.campaign.ledger import Ledger
from wilks.campaign.status import STALE_AFTER_S, campaign_status
from wilks.cli.options import campaign_argument, json_option, style_options
from wilks.cli.outcome import ExitCode
from wilks.cli.session import Session


@click.command(short_help="How a campaign stands, shard by shard.")
@campaign_argument
@click.option(
    "--stale-after",
    type=click.FloatRange(min=0.0),
    default=STALE_AFTER_S / 3600,
    show_default=True,
    metavar="HOURS",
    help="Without a sign of life for so long, a shard that was begun is stale.",
)
@click.option("--html", "with_page", is_flag=True, help="Write campaign.html, too.")
@style_options
@json_option
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
            session.outcome.files["page"] = str(reports.write_campaign_report(ledger, found, now=now))
        if not found.is_complete:
            session.outcome.end_with(ExitCode.INCOMPLETE)

    session.run(work)
