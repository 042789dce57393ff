"""The compiled programs of one analysis."""

from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from wilks.analysis import Analysis
from wilks.fitting.delta import Delta
from wilks.fitting.objectives import Goal, Own, goal_of
from wilks.fitting.points import (
    BLOCK_LENGTH,
    Inputs,
    data_points,
    joined_points,
    reference_points,
    room_for,
    single,
    usual_number,
)
from wilks.likelihood import Events, Points
from wilks.optimize import (
    Box,
    Ends,
    Finish,
    Finisher,
    Lanes,
    QuasiNewton,
    State,
    race,
)
from wilks.samples import Sample, cell_width_of, has_cells, in_cells, merge_cells, thin
from wilks.statistics.fits import CONTENDER_MARGIN
from wilks.typing import FloatArray, IntArray

_CELL_WIDTH, _CLIP_OF_CELLS = 0.01, 9.0  # move t by some thousandths in minima
_EXPLORED = 5e-3
_WIDTH_ON_ACCELERATOR, _MOST_TOGETHER = 256, 256
_MEMORY_BYTES = 4 * 2**30


class DataSet(NamedTuple):
    """One data set: as the exploration sees it, and whole. Several are stacked along a leading axis."""

    explored: Points
    whole: Points
    observed: jax.Array
    """The auxiliary measurements, (j,); there may be none."""

    @property
    def coarse(self) -> Own:
        """What the exploration sees of it."""
        return self.explored, self.observed

    @property
    def fine(self) -> Own:
        """What the finish sees of it."""
        return self.whole, self.observed


class Engine:
    """The compiled programs of one analysis and the reference on the device.

    The reference is there as the ``whole``; with events of one feature merged in fine cells (``near``; None where there
    is nothing to merge); and thinned in single precision for the exploration (``coarse``). Cells of one feature are
    coarser in the exploration and stand in one block with those of the data, so that nothing is shared then.
    ``margin`` is how far above the best, in L, an end of the exploration may lie and be finished with it.

    Args:
        analysis: what defines t.
        width: descents side by side; None: one on a CPU, many on an accelerator.
    """

    def __init__(self, analysis: Analysis, *, width: int | None = None) -> None:
        search, reference, scale = analysis.search, analysis.reference, analysis.standardization.scale
        self._inputs = Inputs(analysis.standardization, analysis.nuisances, reference.events[0])
        is_cpu = jax.default_backend() == "cpu"
        self.width = width if width is not None else (1 if is_cpu else _WIDTH_ON_ACCELERATOR)
        box = _box(analysis)
        share = _explored_cell_width(analysis.model.bounds(reference.n_features)[1])
        coarse = thin(reference, scale=scale, n_events=search.n_coarse, seed=search.seed, cell_width=share)
        near = merge_cells(reference, scale=scale)
        is_merged, is_thinned = near is not reference, coarse is not reference
        self._analysis = analysis
        self._usual = usual_number(analysis)
        self._cells = coarse if is_thinned and has_cells(reference) else None
        self._cell_width = cell_width_of(reference, scale=scale, share=share)
        self.whole = reference_points(reference, self._inputs)
        self.coarse: Events = () if self._cells else (single(reference_points(coarse, self._inputs)),)
        # Merged cells of one feature are so near the whole reference that Newton on them is worth its while.
        self.near = reference_points(near, self._inputs) if is_merged else None
        self.margin = np.inf if is_thinned and not self._cells else 0.5 * CONTENDER_MARGIN
        goal = goal_of(analysis, analysis.model)
        explorer = QuasiNewton(max_iterations=search.max_iterations, tolerance=_EXPLORED)
        self._descents = Lanes(explorer, goal, box, width=self.width)
        self._finisher = Finisher(search, goal, box, width=self.width)
        self._goal = goal
        self.delta = Delta(analysis, goal_of(analysis, None), near=self.near, whole=self.whole)

    @property
    def n_together(self) -> int:
        """Data sets that may be fitted side by side: 1 with one lane, otherwise as many as `memory_bytes` allows."""
        if self.width == 1:
            return 1
        one = self.memory_bytes(2) - self.memory_bytes(1)
        return int(np.clip((_MEMORY_BYTES - self.memory_bytes(0)) // one, 1, _MOST_TOGETHER))

    def memory_bytes(self, n_sets: int) -> int:
        """What a fit of ``n_sets`` data sets allocates, to about a factor of two.

        The reference; for each lane copies of a descent and of the events of its data set, whole and in short blocks,
        and the values of all neurons on one block; for each data set its events, and the descents from all starts and
        of the finish, of p (p + 5) numbers each.
        """
        analysis = self._analysis
        d, p, search = analysis.reference.n_features, analysis.n_parameters, analysis.search
        descent = 8 * p * (p + 5)
        events = 8 * (d + 2) * room_for(0, self._usual)
        lane = 6 * descent + 2 * events + 8 * BLOCK_LENGTH * (4 * d + 8 * p)
        cells = 4 * 3 * self._cells.n_events if self._cells else 0
        reference = 8 * (d + 2) * (2 * analysis.reference.n_events)
        each = 2 * events + 2 * cells + (search.n_starts + 2 * search.n_polished) * descent
        return reference + self.width * lane + n_sets * each

    def data_set(self, events: FloatArray, observed: FloatArray | None = None) -> DataSet:
        """Raw data events (n, d) with auxiliary measurements (j,); None: those of the real data."""
        return self._data_sets([events], None if observed is None else [observed])[0]

    def data_sets(self, all_events: Sequence[FloatArray], observed: Sequence[FloatArray] | None = None) -> DataSet:
        """Several data sets, stacked."""
        each = self._data_sets(all_events, observed)
        return jax.tree.map(lambda *arrays: jnp.stack(arrays), *each)  # type: ignore[no-any-return]

    def _data_sets(self, all_events: Sequence[FloatArray], observed: Sequence[FloatArray] | None) -> list[DataSet]:
        """All padded alike, to a size that nearly all data sets of the analysis share."""
        analysis = self._analysis
        room = room_for(max(events.shape[0] for events in all_events), self._usual)
        whole = [data_points(events, self._inputs, n_points=room) for events in all_events]
        explored = whole if self._cells is None else self._joined(all_events, self._cells)
        centres = [analysis.nuisances.observed] * len(whole) if observed is None else observed
        return [
            DataSet(explored=single(some), whole=every, observed=jnp.asarray(centre))
            for some, every, centre in zip(explored, whole, centres, strict=True)
        ]

    def _joined(self, all_events: Sequence[FloatArray], cells: Sample) -> list[Points]:
        """Data sets and reference in the cells of the exploration."""
        data = [in_cells(events[:, 0], np.ones(events.shape[0]), width=self._cell_width) for events in all_events]
        # A cell of the reference holds data with the chance 1 - exp(-its expected events).
        expected = float(-np.sum(np.expm1(-cells.event_weights)))
        room = cells.n_events + room_for(max(values.size for values, _ in data), expected)
        return [joined_points(cells, *one, inputs=self._inputs, n_points=room) for one in data]

    def explore(self, starts: FloatArray, owners: IntArray, sets: DataSet) -> Ends:
        """Descents on the thinned reference from starts (s, p), each for the data set ``owners`` (s,) of ``sets``.

        Those of one data set race, as `Search.looks` says.
        """
        descents, search = self._descents, self._analysis.search
        own, rows = sets.coarse, np.arange(len(starts))
        store = descents.begin(starts, owners, self.coarse, own)
        for last, n_kept in search.looks():
            store = descents.advance(store, rows, owners, self.coarse, own, last=last)
            ends = _ends(store)
            goes_on = np.zeros(len(starts), dtype=bool)
            for owner in np.unique(owners):
                mine = owners == owner
                goes_on[mine] = race(ends.values[mine], ends.is_done[mine], n_kept=n_kept)
            rows = np.flatnonzero(goes_on)
        return ends

    def polish(self, starts: FloatArray, owners: IntArray, sets: DataSet) -> Finish:
        """Certified ends on all events from starts (s, p); every entry gains a leading axis s."""
        near: Events | None = None if self.near is None else (self.near,)
        return self._finisher.finish(starts, owners, sets.fine, near=near, whole=(self.whole,))

    def value(self, theta: jax.Array, own: Own) -> jax.Array:
        """L on all events at theta = (w, z)."""
        result: jax.Array = _value(self._goal, theta, (self.whole,), own)
        return result


@jax.jit
def _value(goal: Goal, theta: jax.Array, shared: Events, own: Own) -> jax.Array:
    return goal(shared, own).value(theta)


def _box(analysis: Analysis) -> Box:
    """That of theta = (w, z)."""
    sides = zip(analysis.model.bounds(analysis.reference.n_features), analysis.nuisances.bounds, strict=True)
    return Box(*(jnp.asarray(np.concatenate(side)) for side in sides))


def _explored_cell_width(upper: FloatArray) -> float:
    """Share of the scale: a larger box has steeper neurons and needs finer cells."""
    clip = float(np.max(upper, where=np.isfinite(upper), initial=0.0))
    return _CELL_WIDTH / max(1.0, clip / _CLIP_OF_CELLS)


def _ends(store: State) -> Ends:
    """The rows of a store but the idle one; a descent that is not finite has ended at infinity."""
    values = np.asarray(store.value)[:-1]
    return Ends(
        params=np.asarray(store.params)[:-1],
        values=np.where(np.isfinite(values), values, np.inf),
        n_iterations=np.asarray(store.n_iterations)[:-1],
        is_done=np.asarray(store.is_done)[:-1],
    )
