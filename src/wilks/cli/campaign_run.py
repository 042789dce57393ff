"""wilks toys run: all shards by an executor, with a live view; or chosen ones in this process."""

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import click

from wilks import reports
from wilks.campaign import Ledger, run_campaign
from wilks.campaign.shard import run_stored_shard
from wilks.campaign.status import RunningTally, Speed, Tally, campaign_status
from wilks.cli.options import campaign_argument, json_option, module_folder_option
from wilks.cli.outcome import ExitCode
from wilks.cli.progress import Reporter, progress
from wilks.cli.session import IncompleteError, Session
from wilks.cli.workers import worker_options, workers
from wilks.errors import CampaignError, InputError, StoreError
from wilks.wording import in_shell

SECONDS_BETWEEN_PAGES = 60.0


@click.command(short_help="Make the toys that are missing, or those of one shard.")
@campaign_argument
@click.option("--shard", "shards", multiple=True, type=click.IntRange(min=0), help="This shard alone; may be repeated.")
@worker_options
@click.option(
    "--max-failed-fraction",
    type=click.FloatRange(0.0, 1.0),
    default=0.05,
    show_default=True,
    help="End with exit code 4 if more of the toys failed.",
)
@module_folder_option
@json_option
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
        if shards and (processes is not None or dask is not None):
            raise InputError(
                "--shard makes its toys in this process alone; leave --processes and --dask out, or --shard"
            )
        ledger = Ledger.open(campaign)
        if shards:
            run_chosen_shards(session, ledger, shards, max_failed_fraction=max_failed_fraction)
            return
        session.output = campaign
        run_all_shards(session, ledger, n_processes=processes, dask=dask, max_failed_fraction=max_failed_fraction)

    session.run(work)


def run_chosen_shards(session: Session, ledger: Ledger, numbers: Sequence[int], *, max_failed_fraction: float) -> None:
    """Make these shards one after the other in this process; exit code 4 if too many of their toys failed."""
    tally = Tally()
    for shard in [ledger.plan.shard(number) for number in numbers]:
        n_made = run_stored_shard(str(ledger.folder), shard.number)
        found = Tally.of(ledger.read_shard(shard))
        tally += found
        made = f"{n_made} made" if n_made else "was done"
        session.say(f"shard {shard.number}: {shard.n_toys} toys, {made}; {found.describe()}")
    session.outcome.numbers["shards"] = {"n_toys": tally.n_toys, "n_failed": tally.n_failed}
    _apply_gate(session, tally, max_failed_fraction=max_failed_fraction)


def run_all_shards(
    session: Session, ledger: Ledger, *, n_processes: int | None, dask: str | None, max_failed_fraction: float
) -> None:
    """Make all toys that are missing; exit code 3 if some could not be made, 4 if too many failed."""
    session.interrupted = f"interrupted; the finished toys are kept: wilks toys run {in_shell(ledger.folder)} goes on"
    before, begin = _finished(ledger), time.monotonic()
    with workers(n_processes, dask) as (executor, n_workers), _view(session, ledger) as report:
        try:
            table = run_campaign(ledger, executor=executor, progress=report)
        except CampaignError as error:
            raise IncompleteError(f"{error}. The other shards are finished and kept") from error
    after = Tally.of(table)
    speed = Speed(after.n_toys - before.n_toys, after.seconds - before.seconds, time.monotonic() - begin, n_workers)
    if speed.n_toys > 0 and n_workers:
        session.say(f"Made {speed}.")
        session.outcome.numbers["speed"] = speed.to_dict()
    _conclude(session, ledger, max_failed_fraction=max_failed_fraction)


def _finished(ledger: Ledger) -> Tally:
    """That of all toys in files that are whole."""
    tally = RunningTally(ledger.folder).look()
    with contextlib.suppress(StoreError):
        tally += Tally.of(ledger.progress_table())
    return tally


def _conclude(session: Session, ledger: Ledger, *, max_failed_fraction: float) -> None:
    """The status and the page at the end."""
    now = time.time()
    found = campaign_status(ledger, now=now)
    session.say(str(found))
    session.outcome.numbers["campaign"] = found.to_dict()
    session.outcome.files["page"] = str(reports.write_campaign_report(ledger, found, now=now))
    _apply_gate(session, found.tally, max_failed_fraction=max_failed_fraction)


def _apply_gate(session: Session, tally: Tally, *, max_failed_fraction: float) -> None:
    if tally.failed_share > max_failed_fraction:
        session.outcome.end_with(ExitCode.QUALITY_GATE)
        session.outcome.warn(
            f"{tally.n_failed:,} of {tally.n_toys:,} toys failed; "
            f"--max-failed-fraction allows {max_failed_fraction:.1%}"
        )
        session.say(f"Warning: {session.outcome.warnings[-1]}.")


@contextlib.contextmanager
def _view(session: Session, ledger: Ledger) -> Iterator[Reporter]:
    """Progress on the terminal or in the log, and ``campaign.html`` every minute."""
    page = _Page(ledger, clock=time.monotonic)
    with progress(session.notes, detail=RunningTally(ledger.folder).describe) as reporter:

        def report(n_done: int, n_total: int) -> None:
            reporter(n_done, n_total)
            page.renew()

        yield report


class _Page:
    """``campaign.html``, written again when the last one is old, and seldom where that takes long."""

    def __init__(self, ledger: Ledger, *, clock: Callable[[], float]) -> None:
        self._ledger, self._clock = ledger, clock
        self._next = clock()

    def renew(self) -> None:
        begin = self._clock()
        if begin < self._next:
            return
        now = time.time()
        reports.write_campaign_report(self._ledger, campaign_status(self._ledger, now=now), now=now)
        took = self._clock() - begin
        self._next = self._clock() + max(SECONDS_BETWEEN_PAGES, 50 * took)
