"""t of particles by fits: any statistic whose fits are certain and quick, with nuisances or converged."""

from collections.abc import Callable

import numpy as np

from wilks.laws.splitting.slots import Change, Slots
from wilks.statistics.base import Engine
from wilks.statistics.fits import Data
from wilks.typing import FloatArray


class ToyFits:
    """Each toy is fitted as it is; what is kept of it are its auxiliary measurements.

    These move with the events: with the chance that an event is drawn anew, all of a toy are drawn anew from their law,
    which leaves it as it is. A fit that fails counts as reaching any t.

    Args:
        engine: of the analysis.
        events: that toys are drawn from, raw, shape (M, d).
        draw: auxiliary measurements (j,) of one toy.
    """

    def __init__(self, engine: Engine, events: FloatArray, draw: Callable[[np.random.Generator], FloatArray]) -> None:
        self._engine, self._events, self._draw = engine, events, draw
        self.n_items = int(events.shape[0])

    def begun(self, slots: Slots, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
        """Auxiliary measurements (n, j), and t."""
        observed = np.stack([self._draw(rng) for _ in slots])
        return observed, self._t(slots, observed)

    def moved(self, kept: FloatArray, change: Change, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
        """The same after a move."""
        observed = kept.copy()
        if kept.shape[1]:
            for row in np.flatnonzero(rng.random(kept.shape[0]) < change.size):
                observed[row] = self._draw(rng)
        return observed, self._t(change.proposed, observed)

    def _t(self, slots: Slots, observed: FloatArray) -> FloatArray:
        data = [Data(self._events[row[row >= 0]], own) for row, own in zip(slots, observed, strict=True)]
        t = np.array([fit.t for fit in self._engine.fit(data)])
        return np.where(np.isnan(t), np.inf, t)
