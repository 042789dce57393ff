"""Shards of a campaign through an executor: handed out, watched, tried again."""

import itertools
import logging
import random
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait

import pyarrow

from wilks.campaign.ledger import Ledger, each_once
from wilks.campaign.modules import confirmed_folders
from wilks.campaign.plan import Shard
from wilks.campaign.processes import LocalProcesses
from wilks.campaign.shard import run_stored_shard
from wilks.errors import CampaignError, InputError, WilksWarning
from wilks.wording import printable, visible

Progress = Callable[[int, int], None]
MOST_TRIES = 3
_SECONDS_BETWEEN_LOOKS = 1.0
_MOST_PENDING = 10_000
_log = logging.getLogger("wilks.campaign")


def run_campaign(
    ledger: Ledger,
    *,
    n_toys: int | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
    module_folders: Sequence[str] = (),
) -> pyarrow.Table:
    """Make the toys 0 .. n_toys - 1 that are missing, shard by shard, and return their table; None: all planned.

    A shard that fails by no fault of its input or of the folder (its process was killed, say) is tried three times and
    does not hold the others. Several coordinators may work in one folder: each takes the shards in an order of its
    own, and what one has finished the others leave alone.

    Args:
        executor: gets `run_stored_shard` with the folder, the number of a shard and the confirmed folders of modules;
            None: processes on all cores.
        progress: called with the number of finished toys and ``n_toys``.
        module_folders: folders of modules that the campaign may use; see `wilks.campaign.modules`.

    Raises:
        StoreError: the folder holds toys of another campaign, or cannot be written, or its modules lie in a folder that
            nobody has confirmed.
        CampaignError: shards that failed in all tries, with their errors.
    """
    wanted = ledger.plan.n_toys if n_toys is None else n_toys
    shards = itertools.takewhile(lambda shard: shard.first < wanted, ledger.plan.shards())
    n_damaged = len(ledger.damaged_paths())
    ledger.check_progress()
    present = set(ledger.done_numbers().tolist())
    kept = {shard: ledger.done_table(shard) if shard.number in present else None for shard in shards}
    missing = [shard for shard, found in kept.items() if found is None]
    n_damaged = _warn_of_damage(ledger, n_damaged)
    coordinator = _Coordinator(ledger, wanted, progress or (lambda n_done, n_total: None))
    coordinator.look()
    if missing:
        kept.clear()  # read again in the end, with what was made
        coordinator.module_folders = confirmed_folders(ledger.folder, ledger.document, known=module_folders)
        try:
            coordinator.run(_shuffled(missing), executor)
        except BaseException as error:
            folder = str(ledger.folder)
            error.add_note(f"The finished toys are kept in {folder}; run_toys(..., store={folder!r}) goes on.")
            raise
    _warn_of_damage(ledger, n_damaged)
    table = ledger.table() if missing else each_once(kept.values())
    found = table.filter(table["index"].to_numpy() < wanted)
    if found.num_rows < wanted:
        raise CampaignError(
            f"all of {wanted} toys must be there in the end, but {wanted - found.num_rows} are not: files of "
            f"{ledger.folder} were removed or damaged while the campaign ran; run the same again to make them"
        )
    return found


class _Coordinator:
    """Hands shards to an executor and looks after them."""

    def __init__(self, ledger: Ledger, n_toys: int, report: Progress) -> None:
        self._ledger, self._n_toys, self._report = ledger, n_toys, report
        self._n_finished = -1
        self.module_folders: list[str] = []
        self._tries: dict[Shard, int] = {}
        self._errors: dict[Shard, BaseException] = {}

    def run(self, shards: Sequence[Shard], executor: Executor | None) -> None:
        pool = executor if executor is not None else LocalProcesses()
        pending: dict[Future[int], Shard] = {}
        waiting = iter(shards)
        try:
            while True:
                # Executors keep what they are given: no more than they can have use for.
                more = itertools.islice(waiting, _MOST_PENDING - len(pending))
                pending |= {self._submit(pool, shard): shard for shard in more}
                if not pending:
                    break
                done, _ = wait(pending, timeout=_SECONDS_BETWEEN_LOOKS, return_when=FIRST_COMPLETED)
                for future in done:
                    shard = pending.pop(future)
                    self._tell(shard, future.exception())
                    if self._is_to_be_repeated(shard, future.exception()):
                        pending[self._submit(pool, shard)] = shard
                self.look()
        finally:
            for future in pending:
                future.cancel()
            if executor is None:
                pool.shutdown(cancel_futures=bool(pending))
        if self._errors:
            raise CampaignError(self._failure()) from next(iter(self._errors.values()))

    def look(self) -> None:
        """Report the number of finished toys where it has changed."""
        n_finished = self._ledger.n_finished(self._n_toys)
        if n_finished != self._n_finished:
            self._n_finished = n_finished
            self._report(n_finished, self._n_toys)

    def _tell(self, shard: Shard, error: BaseException | None) -> None:
        place = f"shard {shard.number} of {visible(str(self._ledger.folder))}"
        if error is None:
            _log.info("%s is done", place)
        else:
            _log.warning("%s failed, try %d of %d: %s", place, self._tries[shard], MOST_TRIES, printable(str(error)))

    def _submit(self, pool: Executor, shard: Shard) -> Future[int]:
        self._tries[shard] = self._tries.get(shard, 0) + 1
        return pool.submit(run_stored_shard, str(self._ledger.folder.resolve()), shard.number, self.module_folders)

    def _is_to_be_repeated(self, shard: Shard, error: BaseException | None) -> bool:
        if error is None:
            return False
        if isinstance(error, InputError):
            raise error
        if self._tries[shard] < MOST_TRIES:
            return True
        self._errors[shard] = error
        return False

    def _failure(self) -> str:
        shard, error = next(iter(self._errors.items()))
        numbers = ", ".join(str(shard.number) for shard in self._errors)
        return (
            f"every shard must come to its end, but {len(self._errors)} of {len(self._tries)} failed {MOST_TRIES} "
            f"times (shard {numbers}); the error of shard {shard.number}: {error}"
        )


def _shuffled(shards: Sequence[Shard]) -> list[Shard]:
    """In an order of its own for each coordinator, so that two of them seldom work on the same shard."""
    return random.SystemRandom().sample(shards, len(shards))


def _warn_of_damage(ledger: Ledger, n_known: int) -> int:
    """Warn of files that were set aside beyond ``n_known``; returns how many there are now."""
    n_files = len(ledger.damaged_paths())
    if n_files > n_known:
        warnings.warn(
            f"{n_files - n_known} files of {ledger.folder} could not be read or had changed; they were set aside in "
            "its folder 'damaged', and their toys are made again",
            WilksWarning,
            stacklevel=3,
        )
    return n_files
