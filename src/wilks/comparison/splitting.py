"""p of a comparison far beyond the reach of drawn relabellings: multilevel splitting of relabellings."""

import functools
import hashlib

import numpy as np

from wilks.campaign.processes import n_cores
from wilks.campaign.side_by_side import side_by_side
from wilks.comparison.nulls import Null, Relabelling
from wilks.comparison.statistics import ComparisonStatistics
from wilks.errors import InputError
from wilks.laws import Refusal
from wilks.laws.splitting.subsets import Subsets, n_particles_for, summed
from wilks.laws.splitting.tail import Report, SplittingOptions, Tail, keep_runs, kept_runs, split_tail
from wilks.storage import Folder
from wilks.typing import FloatArray, IntArray

_MOST_KEPT = 2**27  # 1 GiB


class RelabelledSums:
    """Sums over the events of the first sample of all coordinates of a comparison's members.

    Args:
        statistics: of the members.
        null: of its rows.
    """

    n_items: int

    def __init__(self, statistics: ComparisonStatistics, null: Relabelling) -> None:
        self._statistics, self._null = statistics, null
        self._rows = np.repeat(np.arange(null.pool.n_rows), null.pool.masses.astype(np.int64))
        self.n_items = int(self._rows.size)
        self._ends = np.cumsum([block.n_coordinates for block in statistics.blocks])
        self._kept = self._made(slice(None)) if null.pool.n_rows * int(self._ends[-1]) <= _MOST_KEPT else None

    @property
    def n_numbers(self) -> int:
        """Coordinates of all events."""
        return self.n_items * int(self._ends[-1])

    @property
    def whole(self) -> None:
        """Events that are equal share their coordinates: none are kept of all events."""
        return None

    def of_items(self, items: IntArray | slice) -> FloatArray:
        """Coordinates of some events."""
        return self._of_rows(self._rows[items])

    def start(self) -> FloatArray:
        """-f sum_i n_i of the coordinates."""
        return self._start

    @functools.cached_property
    def _start(self) -> FloatArray:
        size = max(1, _MOST_KEPT // (8 * int(self._ends[-1])))
        portions = (slice(first, first + size) for first in range(0, self._null.pool.n_rows, size))
        made = (self._null.pool.masses[rows] @ self._of_rows(rows) for rows in portions)
        return -self._null.share * functools.reduce(np.add, made)

    def t(self, sums: FloatArray) -> FloatArray:
        """t of the comparison."""
        parts = np.split(sums, self._ends[:-1], axis=1)
        blocks = self._statistics.blocks
        t = [block.statistics_at(part) for block, part in zip(blocks, parts, strict=True)]
        log_p = [block.log_p_values(one) for block, one in zip(blocks, t, strict=True)]
        return self._statistics.combined(np.concatenate(t, axis=1), np.concatenate(log_p, axis=1))

    def observed(self) -> float:
        """t of the samples as they are, by the same sums."""
        masses, counts = self._null.pool.masses.astype(np.int64), self._null.counts
        own = np.arange(self.n_items) - np.repeat(np.cumsum(masses) - masses, masses)
        inside = (own < counts[self._rows]).astype(np.int8)[None]
        return float(self.t(summed(self, inside))[0])

    def _of_rows(self, rows: IntArray | slice) -> FloatArray:
        return self._made(rows) if self._kept is None else self._kept[rows]

    def _made(self, rows: IntArray | slice) -> FloatArray:
        return np.concatenate([block.coordinates(rows) for block in self._statistics.blocks], axis=1)


def require_labels(null: Null) -> Relabelling:
    """The null of samples without weights.

    Raises:
        InputError: with weights labels are not exchangeable, and the law that stands for them says nothing of a tail.
    """
    if not isinstance(null, Relabelling):
        raise InputError(
            "reach needs samples without weights, for splitting moves labels from event to event, and labels of "
            "weighted events are not exchangeable; leave reach out, or unweight them (wilks.samples.unweight)"
        )
    return null


def split_relabellings(
    statistics: ComparisonStatistics,
    *,
    reach: float,
    seed: int,
    store: Folder | None = None,
    report: Report = lambda done, wanted, what: None,
) -> Tail | Refusal:
    """p of the samples as they are by multilevel splitting of relabellings, side by side on all cores.

    A run has a thousand relabellings; fewer where a comparison has many events and coordinates, 200 at least.

    Args:
        statistics: without weights.
        reach: the least p that is wanted.
        seed: of all random numbers.
        store: a folder that keeps the runs that are done, from where the same comparison goes on.
        report: called with the numbers of runs that are done and wanted.

    Raises:
        InputError: there are weights, or so many events that this would take hours.
    """
    null = require_labels(statistics.null)
    sums = RelabelledSums(statistics, null)
    population, t = Subsets(sums, null.n_first), sums.observed()
    options = SplittingOptions(reach, n_particles_for(sums.n_numbers), seed=seed)
    return split_tail(
        lambda rng: population,
        t,
        options=options,
        identity=_identity(null, statistics),
        so_far=None if store is None else kept_runs(store),
        keep=functools.partial(keep_runs, store=store, report=report),
        together=functools.partial(side_by_side, is_large=True),
        n_together=n_cores(),
    )


def _identity(null: Relabelling, statistics: ComparisonStatistics) -> str:
    """Of the labelled events, as far as their order goes, and of the members."""
    told = hashlib.sha256(repr(statistics.members).encode())
    for array in (null.pool.levels, null.pool.masses, null.counts):
        told.update(np.ascontiguousarray(array).tobytes())
    return told.hexdigest()
