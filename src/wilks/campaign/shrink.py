"""Taking back planned toys that nobody wants, such as those of a typing error. No finished toy is lost by it."""

from pathlib import Path
from typing import NamedTuple

import pyarrow

from wilks.campaign.ledger import PROGRESS, SHARDS, Ledger
from wilks.campaign.plan import Plan
from wilks.errors import InputError, StoreError

ASIDE = "beyond"


class Shrunk(NamedTuple):
    """How many toys were taken back from the plan, and how many finished ones were set aside with their files."""

    n_taken_back: int
    n_set_aside: int


def shrink(ledger: Ledger, n_toys: int, *, sets_aside: bool = False) -> Shrunk:
    """Plan the first ``n_toys`` toys of a campaign alone.

    Finished toys beyond are a reason to refuse, or their files go to the folder ``beyond`` of the campaign; finished
    toys below stay. Nobody may work on the campaign meanwhile.

    Raises:
        InputError: fewer than 1 toy, or more than are planned.
        StoreError: toys beyond are finished and ``sets_aside`` is not asked for, or a file cannot be read or moved.
    """
    planned = Ledger.open(ledger.folder).plan
    if n_toys > planned.n_toys:
        raise InputError(
            f"a campaign shrinks to fewer toys, but {n_toys:,} were asked for and {planned.n_toys:,} are planned; "
            "`wilks toys extend` plans more"
        )
    plan = planned.shrunk(n_toys)
    beyond = _files_beyond(ledger, planned, n_toys)
    tables = [ledger.read(path) for path in beyond]
    n_beyond = sum(int((table["index"].to_numpy() >= n_toys).sum()) for table in tables)
    if beyond and not sets_aside:
        raise StoreError(
            f"toys that are finished stay in the plan, but {n_beyond:,} of toy {n_toys} and beyond are; ask for more, "
            f"or set their files aside, in {ledger.folder / ASIDE} (--set-aside)"
        )
    for path, table in zip(beyond, tables, strict=True):
        _set_aside(ledger, path, table, n_toys=n_toys)
    ledger.replan(plan)
    return Shrunk(planned.n_toys - n_toys, n_beyond)


def _files_beyond(ledger: Ledger, planned: Plan, n_toys: int) -> list[Path]:
    """Files, of shards that are done and of shards at work, that hold toys from ``n_toys`` on."""
    numbers = ledger.done_numbers()
    shards = [planned.shard(number) for number in numbers.tolist() if number < planned.n_shards]
    at_work = [path for path, _, last in ledger.progress_paths() if last >= n_toys]
    return [ledger.shard_path(shard) for shard in shards if shard.last >= n_toys] + at_work


def _set_aside(ledger: Ledger, path: Path, table: pyarrow.Table, *, n_toys: int) -> None:
    """Move a file away; those of its toys that are still planned are kept first as those of a shard at work."""
    kept = table.filter(table["index"].to_numpy() < n_toys)
    target = ledger.folder / ASIDE / (SHARDS if path.parent.name == SHARDS else PROGRESS) / path.name
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists():
            raise StoreError(f"{path} cannot be set aside, for {target} is there; remove that one first")
        if kept.num_rows:
            ledger.write_table(kept)
        path.replace(target)
    except OSError as error:
        raise StoreError(f"{path} cannot be set aside in {target.parent}: {error.strerror or error}") from error
