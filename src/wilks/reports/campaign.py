"""A page that shows how a campaign of toys stands."""

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow

from wilks.campaign import Ledger
from wilks.campaign.status import CampaignStatus
from wilks.campaign.table import SCHEMA
from wilks.errors import StoreError
from wilks.reports.files import put
from wilks.reports.picture import Picture
from wilks.reports.pictures import campaign_pictures
from wilks.reports.rendering import render
from wilks.reports.tables import Table, count, flat_rows, number
from wilks.typing import FitStatus

CAMPAIGN_PAGE = "campaign.html"
_MOST_PROBLEMS = 50
_SHOWN = ("t", "status")


@dataclass(frozen=True)
class CampaignPage:
    """What the template shows."""

    title: str
    subtitle: str
    is_complete: bool
    key_figures: tuple[tuple[str, str], ...]
    shards: Table
    problems: Table
    failures: Table
    identity: Table
    pictures: tuple[Picture, ...]


def write_campaign_report(ledger: Ledger, status: CampaignStatus, *, now: float) -> Path:
    """Write ``campaign.html`` into the folder of a campaign and return where it is; a page that is there is replaced.

    Args:
        now: seconds since the epoch, shown on the page.

    Raises:
        StoreError: the page cannot be written.
    """
    target = ledger.folder / CAMPAIGN_PAGE
    put(target, render("campaign.html.j2", page=_page(ledger, status, now=now)))
    return target


def _page(ledger: Ledger, status: CampaignStatus, *, now: float) -> CampaignPage:
    table = _readable(ledger)
    when = datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    problems = [(f"shard {one.shard.number}", str(one.state), one.problem) for one in status.with_problems()]
    return CampaignPage(
        title=f"Campaign {ledger.folder.resolve().name}",
        subtitle=f"{status.hypothesis}; as of {when}",
        is_complete=status.is_complete,
        key_figures=_key_figures(status),
        shards=Table("", tuple((str(state), count(n)) for state, n in status.counts.items()), ("state", "shards")),
        problems=Table("Shards that need attention", tuple(problems[:_MOST_PROBLEMS]), ("shard", "state", "why")),
        failures=_failures(table),
        identity=Table("", flat_rows(_identity(ledger))),
        pictures=campaign_pictures(table["t"].to_numpy(), n_parameters=ledger.degrees_of_freedom),
    )


def _readable(ledger: Ledger) -> pyarrow.Table:
    """t and status of all toys in files that are whole."""
    tables = [outcome for _, outcome in ledger.read_shards() if isinstance(outcome, pyarrow.Table)]
    with contextlib.suppress(StoreError):
        tables.append(ledger.progress_table())
    return pyarrow.concat_tables([table.select(_SHOWN) for table in (SCHEMA.empty_table(), *tables)])


def _key_figures(status: CampaignStatus) -> tuple[tuple[str, str], ...]:
    tally = status.tally
    error = f" ± {tally.mean_t_error:.2f}" if np.isfinite(tally.mean_t_error) else ""
    return (
        ("toys finished", f"{status.n_finished:,} of {status.n_toys:,}"),
        ("failed toys", f"{tally.n_failed:,}"),
        ("mean t", f"{tally.mean_t:.2f}{error}" if tally.n_valid else "none yet"),
        ("parameters", "unknown" if status.n_parameters is None else f"{status.n_parameters}"),
        ("core hours", number(tally.seconds / 3600)),
    )


def _failures(table: pyarrow.Table) -> Table:
    codes, counts = np.unique(table["status"].to_numpy(), return_counts=True)
    rows = [(FitStatus(code).message, count(n)) for code, n in zip(codes, counts, strict=True) if code != 0]
    return Table("Failed toys", tuple(rows), ("reason", "toys"))


def _identity(ledger: Ledger) -> Mapping[str, Any]:
    extents = ", ".join(f"{n_toys:,} in shards of {size:,}" for n_toys, size in ledger.plan.extents)
    return {
        "toys": ledger.document.get("description", ""),
        "seed": ledger.owner["seed"],
        "planned": extents or "none",
        "fingerprint": ledger.owner["fingerprint"],
        "params kept": ledger.keep_params,
        "versions": ledger.document.get("versions", {}),
    }
