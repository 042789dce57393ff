"""Who does the shards: this process, or others by an executor; what is done is kept, and not done again."""

import contextlib
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, as_completed
from dataclasses import replace
from pathlib import Path
from typing import Any

from wilks.comparison.streamed.sums import BunchSums, shard_folder, sum_shard, sums_of_shards
from wilks.comparison.streamed.work import Work
from wilks.errors import StoreError
from wilks.storage import Folder, as_path, load, save

_NAMES = ("first", "second")
_KEPT = (
    (re.compile(r"(first|second)-\d\d|shards"), BunchSums.stored_as),
    (re.compile("work"), Work.stored_as),
)
Sums = list[BunchSums]


def bunch_sums(
    work: Work, *, store: Folder | None, executor: Executor | None, report: Callable[[int], None]
) -> tuple[BunchSums, BunchSums]:
    """The sums of both samples.

    Args:
        work: what is summed.
        store: a folder that keeps the shards that are done, where the same work goes on; None: nothing is kept.
        executor: of processes that see the files and the folder; None: this process.
        report: called with numbers of events, as they are summed.

    Raises:
        SampleError: a file has changed, or cannot be read.
        StoreError: the folder holds other sums, or cannot be written.
        InputError: there is an executor, and a sample in memory.
    """
    folder = None if store is None else as_path(store)
    sums = [BunchSums.empty(work, k) for k in (0, 1)] if folder is None else [_found(work, k, folder) for k in (0, 1)]
    report(sum(int(work.n_events_of(one.which, shard).sum()) for one in sums for shard in one.done))
    if executor is None:
        _sum_here(work, sums, folder, report=report)
    else:
        with _place(folder) as place:
            _sum_elsewhere(work, sums, place, executor, is_kept=folder is not None, report=report)
    return sums[0], sums[1]


def holds_sums(folder: Path) -> bool:
    """Whether a folder holds nothing but what `bunch_sums` keeps in its store."""
    if folder.is_symlink() or not folder.is_dir():
        return False
    for place in folder.iterdir():
        kinds = [kind for form, kind in _KEPT if form.fullmatch(place.name)]
        parts = list(place.iterdir()) if place.name == "shards" and place.is_dir() else [place]
        if not kinds or not all(_holds(part, kinds[0]) for part in parts):
            return False
    return True


def remove_sums(folder: Path) -> None:
    """Remove a store of sums; a folder that holds anything else stays as it is."""
    if holds_sums(folder):
        shutil.rmtree(folder, ignore_errors=True)


def _holds(folder: Path, kind: str) -> bool:
    """Whether a folder holds nothing but files of a kind of result, whole ones or such as a killed process left."""
    return folder.is_dir() and all(one.is_file() and one.name.lstrip(".").startswith(kind) for one in folder.iterdir())


def _missing(work: Work, sums: BunchSums) -> list[int]:
    return [shard for shard in range(len(work.shards(sums.which))) if shard not in sums.done]


def _sum_here(work: Work, sums: Sums, folder: Path | None, *, report: Callable[[int], None]) -> None:
    for k in (0, 1):
        for more in sums_of_shards(work, k, _missing(work, sums[k]), report=report):
            sums[k] = sums[k].take(more)
            if folder is not None:
                _keep(sums[k], folder)


def _sum_elsewhere(
    work: Work, sums: Sums, folder: Path, executor: Executor, *, is_kept: bool, report: Callable[[int], None]
) -> None:
    calls: dict[Future[int], tuple[int, int]] = {}
    if any(_missing(work, one) for one in sums):
        _write_work(work, folder)
    for k in (0, 1):
        for shard in _missing(work, sums[k]):
            calls[executor.submit(sum_shard, str(folder), work.identity, k, shard)] = (k, shard)
    try:
        for call in as_completed(calls):
            n_events, (k, shard) = call.result(), calls[call]
            place = shard_folder(folder, k, shard)
            sums[k] = sums[k].take(load(place))
            if is_kept:
                _keep(sums[k], folder)
            shutil.rmtree(place)
            report(n_events)
    finally:
        for call in calls:
            call.cancel()


def _write_work(work: Work, folder: Path) -> None:
    """Anew: another process may have left one of other paths."""
    shutil.rmtree(folder / "work", ignore_errors=True)
    shutil.rmtree(folder / "shards", ignore_errors=True)
    save(work, folder / "work")


def _keep(sums: BunchSums, folder: Path) -> None:
    """Save under a name of its own, then leave out what was there before."""
    name = _NAMES[sums.which]
    target = folder / f"{name}-{len(sums.done):02}"
    shutil.rmtree(target, ignore_errors=True)
    save(sums, target)
    for other in folder.glob(f"{name}-[0-9][0-9]"):
        if other != target:
            shutil.rmtree(other)


def _found(work: Work, which: int, folder: Path) -> BunchSums:
    """What was done of a sample before.

    Raises:
        StoreError: it is of other work, or has changed.
    """
    for place in sorted(folder.glob(f"{_NAMES[which]}-[0-9][0-9]"), reverse=True):
        with contextlib.suppress(StoreError):
            found: Any = load(place)
            break
    else:
        return BunchSums.empty(work, which)
    if found.identity != work.identity:
        raise StoreError(
            f"{folder} must be new, empty or hold sums of this comparison, but it holds those of another one (other "
            "rows, features, members or seed); give another store. Nothing was overwritten"
        )
    sums: BunchSums = replace(found, columns=found.columns.copy(), cells=found.cells.copy())
    return sums


@contextlib.contextmanager
def _place(folder: Path | None) -> Iterator[Path]:
    """The folder, or one that is there for a while."""
    if folder is not None:
        yield folder.absolute()
        return
    with tempfile.TemporaryDirectory(prefix="wilks-streamed-") as name:
        yield Path(name)
