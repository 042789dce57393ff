"""Delta for kernels: the fit of the nuisances alone, by the program that networks have."""

from collections.abc import Sequence

import jax.numpy as jnp
import numpy as np

from wilks.analysis import Analysis
from wilks.fitting.delta import Delta, DeltaFit
from wilks.fitting.objectives import Own, goal_of
from wilks.fitting.points import Inputs, data_points, reference_points, room_for, usual_number
from wilks.samples import merge_cells
from wilks.typing import FloatArray

MOST_TOGETHER = 16
"""Data sets whose features are summed in one go; all else with nuisances is one by one."""


class SharedDelta:
    """Delta of the data sets of one analysis with nuisances, and the data sets as it takes them."""

    def __init__(self, analysis: Analysis) -> None:
        self._nuisances, reference = analysis.nuisances, analysis.reference
        self._inputs = Inputs(analysis.standardization, analysis.nuisances, reference.events[0])
        self._usual = usual_number(analysis)
        near = merge_cells(reference, scale=analysis.standardization.scale)
        self._delta = Delta(
            analysis,
            goal_of(analysis, None),
            near=None if near is reference else reference_points(near, self._inputs),
            whole=reference_points(reference, self._inputs),
        )

    def centres(self, observed: Sequence[FloatArray] | None, n_sets: int) -> list[FloatArray]:
        """Auxiliary measurements (j,) of each data set; None: those of the real data."""
        given = [self._nuisances.observed] * n_sets if observed is None else observed
        return [np.asarray(one) for one in given]

    def own(self, events: FloatArray, observed: FloatArray | None = None) -> Own:
        """Raw data (n, d) and auxiliary measurements (j,), padded to a size that nearly all data sets share.

        None: the measurements of the real data.
        """
        room = room_for(events.shape[0], self._usual)
        centre = self._nuisances.observed if observed is None else observed
        return data_points(events, self._inputs, n_points=room), jnp.asarray(centre)

    def fit(self, own: Own) -> DeltaFit:
        """The nuisances that fit best without f."""
        return self._delta.fit(own)

    def value(self, z: FloatArray, own: Own) -> float:
        """L[0, nu] at z (j,)."""
        return float(self._delta.value(jnp.asarray(z), own))
