"""run_toys: the toys that are missing, made and kept; then the table of all that were asked for."""

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor, as_completed
from pathlib import Path

import jax

from wilks.analysis import Analysis, require_float64
from wilks.campaign.block import make_toys, run_block, run_stored_block
from wilks.campaign.folder import FolderStore
from wilks.campaign.processes import LocalProcesses
from wilks.campaign.store import MemoryStore, ToyStore
from wilks.campaign.table import ToyRow, Toys
from wilks.errors import InputError, StoreError
from wilks.fitting import engine_of
from wilks.hypotheses import Alternative, Generator, Null
from wilks.toys import check_drawable
from wilks.typing import whole_number

_LONGEST_BLOCK, _FEWEST_BLOCKS = 8, 64
Progress = Callable[[int, int], None]


def run_toys(
    analysis: Analysis,
    hypothesis: Null | Alternative,
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
        hypothesis: `Null`, or `Alternative`.
        n_toys: how many, at least 1.
        seed: root of all random numbers of the toys.
        store: a folder; made where it does not exist, resumed where it does. None keeps the toys in memory.
        executor: where blocks of toys run; None: `LocalProcesses`, one single-threaded process for each core, or, where
            JAX has an accelerator, this process, with many toys side by side on it. A source that other processes
            cannot import (a lambda, a nested function, one of the main script) runs in this process one toy after the
            other, and then no executor may be given.
        progress: called with the number of finished toys and ``n_toys``.

    Raises:
        InputError: toys that cannot be drawn, before anything is computed.
        StoreError: the folder belongs to other toys or cannot be written.
    """
    require_float64()
    n_toys, seed = whole_number(n_toys, name="n_toys", least=1), whole_number(seed, name="seed", least=0)
    check_drawable(analysis, hypothesis)
    report = progress or (lambda n_done, n_total: None)
    local = _local_sources(analysis, hypothesis)
    if local:
        if executor is not None:
            raise InputError(
                f"{', '.join(local)} cannot be imported by other processes, so no executor can run it; put the "
                "function into a module and name it 'module:function', or leave executor out"
            )
        rows = _run_here(analysis, hypothesis, n_toys=n_toys, seed=seed, store=store, report=report)
    else:
        rows = _run_elsewhere(
            analysis, hypothesis, n_toys=n_toys, seed=seed, store=store, executor=executor, report=report
        )
    return _toys(rows, analysis=analysis, hypothesis=hypothesis, seed=seed)


def stored_toys(store: str | Path, *, analysis: Analysis, hypothesis: Null | Alternative, seed: int) -> Toys:
    """The toys in a folder, without making any; none if there is no such folder.

    Raises:
        StoreError: the folder belongs to other toys.
    """
    rows = []
    if Path(store).exists():
        rows = FolderStore(store, analysis=analysis, hypothesis=hypothesis, seed=seed).read()
    return _toys(rows, analysis=analysis, hypothesis=hypothesis, seed=seed)


def _toys(rows: Sequence[ToyRow], *, analysis: Analysis, hypothesis: Null | Alternative, seed: int) -> Toys:
    return Toys(
        rows=tuple(rows),
        hypothesis=hypothesis,
        fingerprint=analysis.fingerprint(),
        seed=seed,
        n_parameters=analysis.n_parameters,
        expected_overlap_z_error=_overlap_z_error(analysis, hypothesis),
    )


def _overlap_z_error(analysis: Analysis, hypothesis: Null | Alternative) -> float | None:
    """That of the pool of the analysis, for as many events as a toy takes from it; None where it takes none."""
    if isinstance(hypothesis, Null):
        return analysis.pool_z_error(hypothesis.n_events or analysis.expected_events)
    return analysis.overlap_z_error if hypothesis.signal is not None else None


def _local_sources(analysis: Analysis, hypothesis: Null | Alternative) -> list[str]:
    """Names of the generators that only this process knows."""
    sources = [analysis.toy_source, *hypothesis.sources.values()]
    return [x.name for x in sources if isinstance(x, Generator) and not x.is_portable]


def _run_here(
    analysis: Analysis,
    hypothesis: Null | Alternative,
    *,
    n_toys: int,
    seed: int,
    store: str | Path | None,
    report: Progress,
) -> list[ToyRow]:
    if store is not None:
        names = ", ".join(_local_sources(analysis, hypothesis))
        raise StoreError(
            f"stored toys must be reproducible elsewhere, but {names} can be found in this process alone; put the "
            "function into a module, or leave store out"
        )
    kept: ToyStore = MemoryStore()
    for index in range(n_toys):
        run_block(kept, [index], make=lambda some: make_toys(analysis, hypothesis, seed=seed, indices=some))
        report(index + 1, n_toys)
    return kept.read()


def _run_elsewhere(
    analysis: Analysis,
    hypothesis: Null | Alternative,
    *,
    n_toys: int,
    seed: int,
    store: str | Path | None,
    executor: Executor | None,
    report: Progress,
) -> list[ToyRow]:
    folder = Path(store) if store is not None else Path(tempfile.mkdtemp(prefix="wilks-toys-")) / "toys"
    kept = FolderStore(folder, analysis=analysis, hypothesis=hypothesis, seed=seed)
    done = {row.index for row in kept.read() if row.index < n_toys}
    report(len(done), n_toys)
    missing = list(_blocks(done, n_toys, shape=_block_shape(analysis, executor)))
    if missing:
        try:
            _run_blocks(folder, missing, n_done=len(done), n_toys=n_toys, executor=executor, report=report)
        except BaseException as error:
            error.add_note(f"The finished toys are kept in {folder}; run_toys(..., store={str(folder)!r}) goes on.")
            raise
    rows = [row for row in kept.read() if row.index < n_toys]
    if store is None:
        shutil.rmtree(folder.parent)
    return rows


def _run_blocks(
    folder: Path,
    blocks: Sequence[tuple[int, int]],
    *,
    n_done: int,
    n_toys: int,
    executor: Executor | None,
    report: Progress,
) -> None:
    pool = executor if executor is not None else _default_executor()
    futures: list[Future[int]] = []
    is_finished = False
    try:
        futures = [pool.submit(run_stored_block, str(folder.resolve()), first, last) for first, last in blocks]
        for future in as_completed(futures):
            n_done += future.result()
            report(n_done, n_toys)
        is_finished = True
    finally:
        if executor is None:
            pool.shutdown(cancel_futures=not is_finished)
        elif not is_finished:
            for future in futures:
                future.cancel()


def _default_executor() -> Executor:
    """Processes on the cores; a thread of this process where JAX has an accelerator."""
    return LocalProcesses() if jax.default_backend() == "cpu" else ThreadPoolExecutor(max_workers=1)


def _block_shape(analysis: Analysis, executor: Executor | None) -> tuple[int, int]:
    """(toys in the longest block, fewest blocks): on an accelerator of this process one block fills it."""
    if executor is not None or jax.default_backend() == "cpu":
        return _LONGEST_BLOCK, _FEWEST_BLOCKS
    return engine_of(analysis).n_together, 1


def _blocks(
    done: set[int], n_toys: int, *, shape: tuple[int, int] = (_LONGEST_BLOCK, _FEWEST_BLOCKS)
) -> Iterator[tuple[int, int]]:
    """Runs of missing toys as (first, last): short if there are few, so that many processes find work.

    >>> list(_blocks({0, 1, 4}, 4)), len(list(_blocks(set(), 400))), len(list(_blocks(set(), 8000)))
    ([(2, 2), (3, 3)], 67, 1000)
    """
    longest, fewest = shape
    length = min(longest, max(1, (n_toys - len(done)) // fewest))
    first: int | None = None
    for index in range(n_toys + 1):
        is_missing = index < n_toys and index not in done
        if first is not None and (not is_missing or index - first == length):
            yield first, index - 1
            first = None
        if first is None and is_missing:
            first = index
