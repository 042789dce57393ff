"""The work of one job: the toys of one shard, drawn, fitted and kept."""

import contextlib
import functools
import platform
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from wilks.analysis import Analysis
from wilks.campaign.folder import FolderStore
from wilks.campaign.ledger import Ledger
from wilks.campaign.modules import use_modules
from wilks.campaign.plan import Shard
from wilks.campaign.table import ToyIdentity, ToyRow, table_of
from wilks.documents import canonical_json
from wilks.errors import FaultError, InputError, StoreError, is_fault
from wilks.fitting import fit_together, n_together, require_device
from wilks.hypotheses import Hypothesis
from wilks.toys import draw_auxiliaries, draw_toy

SECONDS_BETWEEN_WRITES = 15.0
Make = Callable[[Sequence[int]], list[ToyRow]]


class Keeper(Protocol):
    """Where finished toys go: a ledger or a store."""

    def write(self, rows: Sequence[ToyRow]) -> None: ...


def make_toys(
    analysis: Analysis,
    hypothesis: Hypothesis,
    *,
    seed: int,
    indices: Sequence[int],
    keep_params: bool = True,
) -> list[ToyRow]:
    """Draw toys and fit them side by side; each is said to have taken its share of the time.

    A toy that cannot be drawn is a row with its reason.
    """
    start = time.perf_counter()
    drawn, observed, rows, host = {}, {}, {}, platform.node()
    identities = {index: ToyIdentity.of(hypothesis, seed=seed, index=index, host=host) for index in indices}
    for index, identity in identities.items():
        try:
            observed[index] = draw_auxiliaries(analysis, hypothesis, seed=seed, index=index)
            drawn[index] = draw_toy(analysis, hypothesis, seed=seed, index=index)
        except InputError as error:
            n_kept = analysis.n_parameters if keep_params else 0
            rows[index] = ToyRow.not_drawn(identity, str(error), n_parameters=n_kept)
    fits = fit_together(analysis, list(drawn.values()), [observed[index] for index in drawn]) if drawn else []
    seconds = max(time.perf_counter() - start, 0.0) / len(indices)
    for index, fit in zip(drawn, fits, strict=True):
        rows[index] = ToyRow.of_fit(identities[index], fit, seconds=seconds, keep_params=keep_params)
    return [rows[index] for index in indices]


def run_block(
    store: Keeper,
    indices: Sequence[int],
    *,
    make: Make,
    n_together: int = 1,
    clock: Callable[[], float] = time.monotonic,
) -> list[ToyRow]:
    """Make these toys, ``n_together`` at a time, and return them.

    Whatever takes long is kept on the way, and an interruption keeps what is finished; of toys made together, none is
    before all are. ``clock`` decides how often something is written and nothing else.
    """
    rows: list[ToyRow] = []
    n_written, last = 0, clock()
    try:
        for first in range(0, len(indices), n_together):
            if len(rows) > n_written and not 0 <= clock() - last < SECONDS_BETWEEN_WRITES:
                store.write(rows[n_written:])
                n_written, last = len(rows), clock()
            rows += make(indices[first : first + n_together])
    except BaseException:
        store.write(rows[n_written:])
        raise
    return rows


def run_shard(ledger: Ledger, shard: Shard, *, make: Make, n_together: int = 1) -> int:
    """Make the toys of a shard that are missing and write its file; returns how many were made.

    A shard that is done is left as it is. What an earlier run finished of it is taken up.

    Raises:
        StoreError: the folder cannot be written, or holds toys of another campaign.
    """
    if ledger.is_done(shard):
        return 0
    found = ledger.progress_of(shard)
    known = set(found["index"].to_pylist())
    missing = [index for index in range(shard.first, shard.last + 1) if index not in known]
    rows = run_block(ledger, missing, make=make, n_together=n_together)
    try:
        ledger.finish(shard, [found, table_of(rows)])
    except BaseException:
        with contextlib.suppress(StoreError):
            ledger.write(rows)
        raise
    return len(rows)


def run_stored_shard(folder: str, number: int, module_folders: Sequence[str] = ()) -> int:
    """`run_shard` of shard ``number`` in ``folder``: what an executor or a job calls, with plain arguments.

    ``module_folders`` are those that the user has confirmed where the campaign is run; see `wilks.campaign.modules`. An
    error is left in the folder, for those who look from elsewhere. A fault of disk or network is a FaultError, also
    where the cause of an error does not travel.
    """
    ledger = Ledger.open(folder)
    shard = ledger.plan.shard(number)
    try:
        use_modules(ledger.folder, ledger.document, known=module_folders)
        store = _open(folder, identity=_identity(ledger))
        require_device(store.analysis)

        def make(indices: Sequence[int]) -> list[ToyRow]:
            seed, keep_params = store.seed, ledger.keep_params
            return make_toys(store.analysis, store.hypothesis, seed=seed, indices=indices, keep_params=keep_params)

        return run_shard(ledger, shard, make=make, n_together=n_together(store.analysis))
    except Exception as error:
        when = datetime.now(UTC).isoformat(timespec="seconds")
        with contextlib.suppress(StoreError):
            note = {"error": f"{type(error).__name__}: {error}", "host": platform.node(), "when": when}
            ledger.note_failure(shard, note)
        if is_fault(error) and not isinstance(error, FaultError):
            raise FaultError(f"shard {number} met a fault of disk or network: {error}") from error
        raise


def _identity(ledger: Ledger) -> str:
    """Everything about a campaign but how many toys it has."""
    return canonical_json({name: value for name, value in ledger.document.items() if name != "extents"})


@functools.lru_cache(maxsize=1)
def _open(folder: str, *, identity: str) -> FolderStore:
    """One campaign stays loaded in a worker process, until ``folder`` holds another."""
    return FolderStore.open(folder, load_analysis=lambda path, fingerprint: _analysis(_Lying(fingerprint, path)))


@dataclass(frozen=True)
class _Lying:
    """An analysis and where it lies; equal to any other place of the same one."""

    fingerprint: str
    folder: Path = field(compare=False)


@functools.lru_cache(maxsize=1)
def _analysis(lying: _Lying) -> Analysis:
    """The compiled programs stay with the analysis, for other hypotheses of the same."""
    return Analysis.load(lying.folder)
