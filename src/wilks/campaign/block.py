"""The work of one task: draw and fit a few toys, and keep them."""

import functools
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from wilks.analysis import Analysis
from wilks.campaign.folder import PLAN, FolderStore
from wilks.campaign.store import ToyStore
from wilks.campaign.table import ToyRow
from wilks.errors import InputError
from wilks.fitting import fit_events
from wilks.hypotheses import Alternative, Null
from wilks.toys import draw_toy


def make_toy(analysis: Analysis, hypothesis: Null | Alternative, *, seed: int, index: int) -> ToyRow:
    """Draw and fit toy ``index``; a toy that cannot be drawn is a row with its reason."""
    start = time.perf_counter()
    try:
        events = draw_toy(analysis, hypothesis, seed=seed, index=index)
    except InputError as error:
        return ToyRow.not_drawn(index, str(error), n_parameters=analysis.n_parameters)
    fit = fit_events(analysis, events)
    return ToyRow.of_fit(index, fit, seconds=time.perf_counter() - start)


def run_block(store: ToyStore, indices: Iterable[int], *, make: Callable[[int], ToyRow]) -> int:
    """Make these toys and write them together; returns how many were written.

    An interruption between two toys still writes those that are finished.
    """
    rows: list[ToyRow] = []
    try:
        for index in indices:
            rows.append(make(index))
    finally:
        store.write(rows)
    return len(rows)


def run_stored_block(folder: str, first: int, last: int) -> int:
    """`run_block` for toys first..last of the store in ``folder``: what an executor calls, with plain arguments."""
    store = _open(folder, plan=(Path(folder) / PLAN).read_text())

    def make(index: int) -> ToyRow:
        return make_toy(store.analysis, store.hypothesis, seed=store.seed, index=index)

    return run_block(store, range(first, last + 1), make=make)


@functools.lru_cache(maxsize=1)
def _open(folder: str, *, plan: str) -> FolderStore:
    """One analysis stays loaded and compiled in a worker process, until ``folder`` holds another plan."""
    return FolderStore.open(folder)
