"""The descents of a network, exploring and finishing, with the reference on the device."""

from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from wilks.likelihood import Events, Points
from wilks.optimize.devices import lane_width
from wilks.optimize.problem import Box
from wilks.optimize.second_order import QuasiNewton
from wilks.optimize.solver import State
from wilks.problem import Problem
from wilks.samples import Sample, cell_width_of, has_cells, in_cells, thin
from wilks.statistics.delta import Delta
from wilks.statistics.fits import CONTENDER_MARGIN, Data
from wilks.statistics.network.finish import Finish, Finisher
from wilks.statistics.network.lanes import Lanes
from wilks.statistics.network.model import NetworkModel
from wilks.statistics.network.race import Ends, race
from wilks.statistics.objectives import Goal, goal_of
from wilks.statistics.points import (
    BLOCK_LENGTH,
    Own,
    ProblemPoints,
    Rounding,
    data_points,
    joined_points,
    no_more,
    single,
)
from wilks.typing import FloatArray, IntArray

_CELL_WIDTH, _CLIP_OF_CELLS = 0.01, 9.0  # move t by some thousandths in minima
_EXPLORED = 5e-3
_MOST_TOGETHER = 256
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


class Programs:
    """What the descents of one problem share: compiled programs, and the reference on the device.

    The reference is there as the ``whole``; with events of one feature merged in fine cells (``near``; None where there
    is nothing to merge); and thinned in single precision for the exploration (``coarse``). Cells of one feature are
    coarser in the exploration and stand in one block with those of the data, so that nothing is shared then.
    ``margin`` is how far above the best, in L, an end of the exploration may lie and be finished with it.

    Args:
        problem: what is fitted.
        model: f with its box.
        width: descents side by side; None: `lane_width`.
        rounding: of the numbers of points of samples, as `ProblemPoints` has it.
    """

    def __init__(
        self, problem: Problem, model: NetworkModel, *, width: int | None = None, rounding: Rounding = no_more
    ) -> None:
        search, reference, scale = problem.search, problem.reference, problem.standardization.scale
        self.width = lane_width() if width is None else width
        box = _box(problem, model)
        share = _explored_cell_width(model.bounds(reference.n_features)[1])
        coarse = thin(reference, scale=scale, n_events=search.n_coarse, seed=search.seed, cell_width=share)
        is_thinned = coarse is not reference
        self._problem, self._n_parameters = problem, model.n_parameters(reference.n_features)
        self.points = ProblemPoints(problem, rounding=rounding)
        self._cells = coarse if is_thinned and has_cells(reference) else None
        self._cell_width = cell_width_of(reference, scale=scale, share=share)
        self.coarse: Events = () if self._cells else (single(self.points.of_reference(coarse)),)
        self.margin = np.inf if is_thinned and not self._cells else 0.5 * CONTENDER_MARGIN
        self._goal = goal_of(problem, model.structure)
        explorer = QuasiNewton(max_iterations=search.max_iterations, tolerance=_EXPLORED)
        self._descents = Lanes(explorer, self._goal, box, width=self.width)
        self._finisher = Finisher(search, self._goal, box, width=self.width)
        self.delta = Delta(problem, self.points)

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
        reference, p, search = self._problem.reference, self._n_parameters, self._problem.search
        d = reference.n_features
        descent = 8 * p * (p + 5)
        events = 8 * (d + 2) * self.points.room_for(0, usual=self.points.usual)
        lane = 6 * descent + 2 * events + 8 * BLOCK_LENGTH * (4 * d + 8 * p)
        cells = 4 * 3 * self._cells.n_events if self._cells else 0
        shared = 8 * (d + 2) * (2 * reference.n_events)
        each = 2 * events + 2 * cells + (search.n_starts + 2 * search.n_polished) * descent
        return shared + self.width * lane + n_sets * each

    def data_sets(self, data: Sequence[Data]) -> DataSet:
        """Several data sets, stacked, all padded alike, to a size that nearly all data sets of the problem share."""
        all_events = [one.events for one in data]
        room = self.points.room_for(max(events.shape[0] for events in all_events), usual=self.points.usual)
        whole = [data_points(events, self.points.rows, n_points=room) for events in all_events]
        explored = whole if self._cells is None else self._joined(all_events, self._cells)
        each = [
            DataSet(explored=single(some), whole=every, observed=jnp.asarray(one.observed))
            for some, every, one in zip(explored, whole, data, strict=True)
        ]
        return jax.tree.map(lambda *arrays: jnp.stack(arrays), *each)  # type: ignore[no-any-return]

    def _joined(self, all_events: Sequence[FloatArray], cells: Sample) -> list[Points]:
        """Data sets and reference in the cells of the exploration."""
        data = [in_cells(events[:, 0], np.ones(events.shape[0]), width=self._cell_width) for events in all_events]
        # A cell of the reference holds data with the chance 1 - exp(-its expected events).
        expected = float(-np.sum(np.expm1(-cells.event_weights)))
        most = max(values.size for values, _ in data)
        room = self.points.room_for(most, usual=expected, beside=cells.n_events)
        return [joined_points(cells, *one, rows=self.points.rows, n_points=room) for one in data]

    def explore(self, starts: FloatArray, owners: IntArray, sets: DataSet) -> Ends:
        """Descents on the thinned reference from starts (s, p), each for the data set ``owners`` (s,) of ``sets``.

        Those of one data set race, as `Search.looks` says.
        """
        descents, search = self._descents, self._problem.search
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
        # Merged cells of one feature are so near the whole reference that Newton on them is worth its while.
        near: Events | None = None if self.points.near is None else (self.points.near,)
        return self._finisher.finish(starts, owners, sets.fine, near=near, whole=(self.points.whole,))

    def value(self, theta: FloatArray, own: Own) -> float:
        """L on all events at theta = (w, z)."""
        return float(_value(self._goal, jnp.asarray(theta), (self.points.whole,), own))

    def own(self, data: Data) -> Own:
        """One data set as `value` and `Delta` take it."""
        return self.points.own(data)


@jax.jit
def _value(goal: Goal, theta: jax.Array, shared: Events, own: Own) -> jax.Array:
    return goal(shared, own).value(theta)


def _box(problem: Problem, model: NetworkModel) -> Box:
    """That of theta = (w, z)."""
    sides = zip(model.bounds(problem.reference.n_features), problem.nuisances.bounds, strict=True)
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
