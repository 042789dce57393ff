"""wilks toys merge: all toys of a campaign in one file."""

from pathlib import Path

import click

from wilks.campaign.ledger import Ledger
from wilks.campaign.merge import MissingToysError, merge_toys
from wilks.cli.options import FilePath, campaign_argument, json_option
from wilks.cli.outcome import ExitCode
from wilks.cli.session import IncompleteError, Session


@click.command(short_help="Write all toys into one Parquet, ROOT or CSV file.")
@campaign_argument
@click.argument("others", nargs=-1, type=FilePath())
@click.option("--output", "-o", type=FilePath(), help="A new file; CAMPAIGN/toys.parquet if none is named.")
@click.option("--partial", is_flag=True, help="Also if toys are missing.")
@click.option("--rntuple", is_flag=True, help="In a ROOT file, an RNTuple in place of a TTree.")
@json_option
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
