"""run_toys: the toys that are missing, made and kept; then the table of all that were asked for."""

import contextlib
import shutil
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pyarrow

from wilks.analysis import Analysis, require_float64
from wilks.campaign.coordinator import Progress, run_campaign
from wilks.campaign.folder import FolderStore
from wilks.campaign.ledger import Ledger
from wilks.campaign.pace import default_progress, watched
from wilks.campaign.processes import LocalProcesses
from wilks.campaign.shard import make_toys
from wilks.campaign.store import MemoryStore
from wilks.campaign.table import Toys
from wilks.errors import InputError, StoreError
from wilks.fitting import n_together, require_device
from wilks.hypotheses import Alternative, Generator, Hypothesis, Null
from wilks.storage import as_path
from wilks.toys import check_drawable
from wilks.typing import FloatArray, whole_number


def run_toys(
    analysis: Analysis,
    hypothesis: Hypothesis,
    *,
    n_toys: int,
    seed: int,
    store: str | Path | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Toys:
    """Draw and fit toys 0 .. n_toys - 1 of a hypothesis.

    Toy i depends on (seed, hypothesis, i) alone, so more toys can be asked for later and the finished ones are not
    made again. A toy that fails keeps its row, with t = NaN and its reason. After an interruption, call again with
    the same ``store``.

    Args:
        analysis: what defines t, with its source of toys.
        hypothesis: `Null`, `ShiftedNuisance`, or `Alternative`.
        n_toys: how many, at least 1.
        seed: root of all random numbers of the toys.
        store: the folder of a campaign; made where it does not exist, resumed and extended where it does. None keeps
            the toys in memory.
        executor: where shards of toys run; None: `LocalProcesses`, one single-threaded process for each core, or, where
            JAX has an accelerator, this process, with many toys side by side on it. A source that other processes
            cannot import (a lambda, a nested function, one of the main script) runs in this process, and then no
            executor may be given.
        progress: called with the number of finished toys and ``n_toys``; None: a line in a notebook or on a terminal,
            of what takes longer than some seconds. ``lambda n_done, n_total: None`` is silent.

    Raises:
        InputError: toys that cannot be drawn, before anything is computed.
        StoreError: the folder belongs to other toys or cannot be written.
        CampaignError: some shards failed again and again; the others are finished and kept.
    """
    n_toys, seed = _checked(analysis, hypothesis, n_toys=n_toys, seed=seed)
    require_device(analysis)
    watch = watched(progress or default_progress(), n_total=n_toys)
    if _is_run_here(analysis, hypothesis, store=store, executor=executor):
        with watch as report:
            table = _run_here(MemoryStore(), analysis, hypothesis, indices=range(n_toys), seed=seed, report=report)
    else:
        folder = as_path(store) if store is not None else Path(tempfile.mkdtemp(prefix="wilks-toys-")) / "toys"
        kept = FolderStore(folder, analysis=analysis, hypothesis=hypothesis, seed=seed)
        kept.ledger.extend(n_toys, shard_size=_shard_size(analysis, executor))
        with watch as report, _own_executor(analysis, executor) as pool:
            own = kept.module_folders  # where this process has them from
            table = run_campaign(kept.ledger, n_toys=n_toys, executor=pool, progress=report, module_folders=own)
        if store is None:
            shutil.rmtree(folder.parent)
    return _toys(table, analysis=analysis, hypothesis=hypothesis, seed=seed)


def toys_here(
    analysis: Analysis, hypothesis: Hypothesis, *, n_toys: int, seed: int, progress: Progress | None = None
) -> Toys:
    """`run_toys` in this process, in memory: for fits so fast that other processes would only cost time.

    Raises:
        InputError: toys that cannot be drawn, before anything is computed.
    """
    n_toys, seed = _checked(analysis, hypothesis, n_toys=n_toys, seed=seed)
    require_device(analysis)
    with watched(progress or default_progress(), n_total=n_toys) as report:
        table = _run_here(MemoryStore(), analysis, hypothesis, indices=range(n_toys), seed=seed, report=report)
    return _toys(table, analysis=analysis, hypothesis=hypothesis, seed=seed)


def run_toys_until(
    analysis: Analysis,
    hypothesis: Hypothesis,
    *,
    n_wanted: Callable[[FloatArray], int],
    n_toys: int,
    seed: int,
    store: str | Path | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Toys:
    """Toys 0, 1, ... in portions until there are enough, at most ``n_toys``; the same toys as those of `run_toys`.

    Args:
        analysis, hypothesis, seed, store, executor, progress: as for `run_toys`; toys that a folder holds count.
        n_wanted: gets t of the toys so far (k,), by their index, NaN where one failed, and says how many there must be
            in all: at most k where these are enough.
        n_toys: the largest number, whatever ``n_wanted`` says.

    Raises:
        InputError, StoreError, CampaignError: as `run_toys`.
    """
    n_toys, seed = _checked(analysis, hypothesis, n_toys=n_toys, seed=seed)
    require_device(analysis)
    report = progress or default_progress()

    def tell(n_done: int, n_now: int) -> None:
        report(n_done, n_toys)

    if _is_run_here(analysis, hypothesis, store=store, executor=executor):
        kept, found = MemoryStore(), np.empty(0)
        while (n := min(n_wanted(found), n_toys)) > found.size:
            table = _run_here(kept, analysis, hypothesis, indices=range(found.size, n), seed=seed, report=tell)
            found = table["t"].to_numpy()
        return _toys(kept.table(), analysis=analysis, hypothesis=hypothesis, seed=seed)
    with contextlib.ExitStack() as stack:
        folder = as_path(store) if store is not None else Path(stack.enter_context(_own_folder())) / "toys"
        toys = _first_toys(stored_toys(folder, analysis=analysis, hypothesis=hypothesis, seed=seed))
        pool = executor
        while (n := min(n_wanted(toys.t), n_toys)) > toys.n_toys:
            if pool is None and not analysis.model.is_accelerated:
                pool = stack.enter_context(LocalProcesses())  # keeps what it compiled from portion to portion
            toys = run_toys(analysis, hypothesis, n_toys=n, seed=seed, store=folder, executor=pool, progress=tell)
        return toys


def plan_toys(
    analysis: Analysis,
    hypothesis: Hypothesis,
    *,
    n_toys: int,
    seed: int,
    folder: str | Path,
    shard_size: int | None = None,
    keep_params: bool = True,
) -> Ledger:
    """Plan a campaign in a folder without making a toy: jobs, ``wilks toys run`` or `run_toys` make them.

    Args:
        analysis, hypothesis, n_toys, seed: as for `run_toys`.
        folder: of the campaign; one that holds the same toys is extended to ``n_toys``.
        shard_size: toys of a job; None: a 64th of them, at most 1,000.
        keep_params: whether each row keeps the params of its fit, 8 bytes a parameter.

    Raises:
        InputError: toys that cannot be drawn, or not elsewhere.
        StoreError: the folder belongs to other toys or cannot be written.
    """
    n_toys, seed = _checked(analysis, hypothesis, n_toys=n_toys, seed=seed)
    if shard_size is not None:
        shard_size = whole_number(shard_size, name="shard_size", least=1)
    if local := _local_sources(analysis, hypothesis):
        _refuse_to_store(local)
    store = FolderStore(folder, analysis=analysis, hypothesis=hypothesis, seed=seed, keep_params=keep_params)
    store.ledger.extend(n_toys, shard_size=shard_size)
    return store.ledger


def stored_toys(store: str | Path, *, analysis: Analysis, hypothesis: Hypothesis, seed: int) -> Toys:
    """The toys in a folder, without making any; none if there is no such folder.

    Raises:
        StoreError: the folder belongs to other toys.
    """
    table = MemoryStore().table()
    if as_path(store).exists():
        table = FolderStore(store, analysis=analysis, hypothesis=hypothesis, seed=seed).table()
    return _toys(table, analysis=analysis, hypothesis=hypothesis, seed=seed)


def load_toys(folder: str | Path) -> Toys:
    """All finished toys of a campaign, with its own analysis and hypothesis.

    Raises:
        StoreError: there is no campaign.
    """
    store = FolderStore.open(folder)
    return _toys(store.table(), analysis=store.analysis, hypothesis=store.hypothesis, seed=store.seed)


def _checked(analysis: Analysis, hypothesis: Hypothesis, *, n_toys: int, seed: int) -> tuple[int, int]:
    require_float64()
    n_toys, seed = whole_number(n_toys, name="n_toys", least=1), whole_number(seed, name="seed", least=0)
    check_drawable(analysis, hypothesis)
    return n_toys, seed


def _toys(table: pyarrow.Table, *, analysis: Analysis, hypothesis: Hypothesis, seed: int) -> Toys:
    return Toys(
        table=table,
        hypothesis=hypothesis,
        fingerprint=analysis.fingerprint(),
        seed=seed,
        n_parameters=analysis.n_parameters,
        expected_overlap_z_error=_overlap_z_error(analysis, hypothesis),
        is_penalized=analysis.model.is_penalized,
        is_combined=analysis.model.is_combined,
    )


def _overlap_z_error(analysis: Analysis, hypothesis: Hypothesis) -> float | None:
    """That of the pool of the analysis, for as many events as a toy takes from it; None where it takes none."""
    if isinstance(hypothesis, Null):
        return analysis.pool_z_error(hypothesis.n_events or analysis.expected_events)
    if isinstance(hypothesis, Alternative) and hypothesis.source is not None:
        return None
    return analysis.overlap_z_error


def _local_sources(analysis: Analysis, hypothesis: Hypothesis) -> list[str]:
    """Names of the functions that only this process knows."""
    own = [x.name for x in hypothesis.sources.values() if isinstance(x, Generator) and not x.is_portable]
    return [*analysis.local_functions, *own]


def _refuse_to_store(names: list[str]) -> None:
    raise StoreError(
        f"stored toys must be reproducible elsewhere, but {', '.join(names)} can be found in this process alone; put "
        "the function into a module, or leave store out"
    )


def _is_run_here(
    analysis: Analysis, hypothesis: Hypothesis, *, store: str | Path | None, executor: Executor | None
) -> bool:
    """Whether toys need a function that this process alone has. Raises where they should go elsewhere nonetheless."""
    local = _local_sources(analysis, hypothesis)
    if local and executor is not None:
        raise InputError(
            f"{', '.join(local)} cannot be imported by other processes, so no executor can run it; put the "
            "function into a module and name it 'module:function', or leave executor out"
        )
    if local and store is not None:
        _refuse_to_store(local)
    return bool(local)


def _run_here(
    kept: MemoryStore, analysis: Analysis, hypothesis: Hypothesis, *, indices: range, seed: int, report: Progress
) -> pyarrow.Table:
    """The toys that are kept, with these."""
    n_side_by_side = n_together(analysis)
    for first in range(indices.start, indices.stop, n_side_by_side):
        some = range(first, min(first + n_side_by_side, indices.stop))
        kept.write(make_toys(analysis, hypothesis, seed=seed, indices=some))
        report(some.stop, indices.stop)
    return kept.table()


def _first_toys(toys: Toys) -> Toys:
    """Those before the first that is not there."""
    n_first = int(np.sum(toys.index == np.arange(toys.n_toys)))
    return toys.first(n_first)


@contextlib.contextmanager
def _own_folder() -> Iterator[str]:
    """A folder for toys that nobody wants to keep; they stay where something goes wrong, to be gone on with."""
    folder = tempfile.mkdtemp(prefix="wilks-toys-")
    yield folder
    shutil.rmtree(folder)


@contextlib.contextmanager
def _own_executor(analysis: Analysis, executor: Executor | None) -> Iterator[Executor | None]:
    """The executor that was given; where fits go to an accelerator a thread of this process; else None."""
    if executor is not None or not analysis.model.is_accelerated:
        yield executor
        return
    with ThreadPoolExecutor(max_workers=1) as thread:
        yield thread


def _shard_size(analysis: Analysis, executor: Executor | None) -> int | None:
    """On an accelerator of this process one shard fills it; otherwise the usual one."""
    if executor is None and analysis.model.is_accelerated:
        return n_together(analysis)
    return None
