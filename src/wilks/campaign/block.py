"""The work of one task: draw and fit a few toys, and keep them."""

import functools
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from wilks.analysis import Analysis
from wilks.campaign.folder import PLAN, FolderStore
from wilks.campaign.store import ToyStore
from wilks.campaign.table import ToyRow
from wilks.errors import InputError
from wilks.fitting import engine_of, fit_together
from wilks.hypotheses import Alternative, Null
from wilks.toys import draw_toy


def make_toy(analysis: Analysis, hypothesis: Null | Alternative, *, seed: int, index: int) -> ToyRow:
    """Draw and fit toy ``index``; a toy that cannot be drawn is a row with its reason."""
    return make_toys(analysis, hypothesis, seed=seed, indices=[index])[0]


def make_toys(analysis: Analysis, hypothesis: Null | Alternative, *, seed: int, indices: Sequence[int]) -> list[ToyRow]:
    """`make_toy` for several toys, fitted side by side; each is said to have taken its share of the time."""
    start = time.perf_counter()
    drawn, rows = {}, {}
    for index in indices:
        try:
            drawn[index] = draw_toy(analysis, hypothesis, seed=seed, index=index)
        except InputError as error:
            rows[index] = ToyRow.not_drawn(index, str(error), n_parameters=analysis.n_parameters)
    fits = fit_together(analysis, list(drawn.values())) if drawn else []
    seconds = (time.perf_counter() - start) / len(indices)
    rows |= {index: ToyRow.of_fit(index, fit, seconds=seconds) for index, fit in zip(drawn, fits, strict=True)}
    return [rows[index] for index in indices]


def run_block(
    store: ToyStore, indices: Sequence[int], *, make: Callable[[Sequence[int]], list[ToyRow]], n_together: int = 1
) -> int:
    """Make these toys, ``n_together`` at a time, and write them together; returns how many were written.

    An interruption still writes those that are finished; of toys made together, none is before all are.
    """
    rows: list[ToyRow] = []
    try:
        for first in range(0, len(indices), n_together):
            rows += make(indices[first : first + n_together])
    finally:
        store.write(rows)
    return len(rows)


def run_stored_block(folder: str, first: int, last: int) -> int:
    """`run_block` for toys first..last of the store in ``folder``: what an executor calls, with plain arguments."""
    store = _open(folder, plan=(Path(folder) / PLAN).read_text())

    def make(indices: Sequence[int]) -> list[ToyRow]:
        return make_toys(store.analysis, store.hypothesis, seed=store.seed, indices=indices)

    n_together = engine_of(store.analysis).n_together
    return run_block(store, range(first, last + 1), make=make, n_together=n_together)


@functools.lru_cache(maxsize=1)
def _open(folder: str, *, plan: str) -> FolderStore:
    """One analysis stays loaded and compiled in a worker process, until ``folder`` holds another plan."""
    return FolderStore.open(folder)
