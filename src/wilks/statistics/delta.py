"""Delta: the fit of the nuisances alone, f = 0, by the same loss."""

import jax
import jax.numpy as jnp
import numpy as np

from wilks.likelihood import Points
from wilks.optimize.problem import Box
from wilks.optimize.second_order import Newton, certified
from wilks.optimize.solver import State
from wilks.problem import Problem
from wilks.statistics.fits import DeltaFit
from wilks.statistics.objectives import Goal, goal_of
from wilks.statistics.points import Own, ProblemPoints
from wilks.typing import FloatArray

_NEAR = Newton(max_iterations=100, tolerance=1e-8)
_EXACT = Newton(max_iterations=60, tolerance=1e-14)


class Delta:
    """Newton's method to the last digit, from nu = 0 and from the observed auxiliary measurements.

    The two descents run on the merged cells of the reference where there are such, and the better one is finished on
    all events. Without nuisances there is nothing to fit, and L = 0.

    Args:
        problem: its nuisances and its tolerances.
        points: its reference.
    """

    def __init__(self, problem: Problem, points: ProblemPoints) -> None:
        self._search, self._nuisances, self.points = problem.search, problem.nuisances, points
        self._near = points.whole if points.near is None else points.near
        self._goal, self._box = goal_of(problem, None), Box(*(jnp.asarray(side) for side in self._nuisances.bounds))

    def value(self, z: FloatArray, own: Own) -> float:
        """L[0, nu] on all events at z (j,)."""
        return float(_value(self._goal, jnp.asarray(z), self.points.whole, own)) if self._nuisances else 0.0

    def fit(self, own: Own) -> DeltaFit:
        """Delta of one data set: its events and auxiliary measurements."""
        if not self._nuisances:
            return DeltaFit.of_none()
        lower, upper = self._nuisances.bounds
        estimates = self._nuisances.estimates(np.asarray(own[1])) / self._nuisances.sigmas
        starts = (jnp.asarray(np.clip(start, lower, upper)) for start in (np.zeros_like(estimates), estimates))
        rough = [_descended(self._goal, _NEAR, start, self._box, self._near, own) for start in starts]
        best = min(rough, key=lambda state: float(state.value) if np.isfinite(state.value) else np.inf)
        end = _descended(self._goal, _EXACT, best.params, self._box, self.points.whole, own)
        one = certified(jax.tree.map(lambda array: array[None], end), self._box)
        certificate, errors = jax.tree.map(lambda array: np.asarray(array)[0], one)
        is_finite = bool(np.isfinite(end.value) and np.all(np.isfinite(errors)))
        is_certified = is_finite and bool(self._search.is_certified(certificate))
        return DeltaFit(np.asarray(end.params), errors, float(end.value), certificate, is_certified)


@jax.jit
def _descended(goal: Goal, newton: Newton, start: jax.Array, box: Box, points: Points, own: Own) -> State:
    return newton.run(goal((points,), own), start, box)


@jax.jit
def _value(goal: Goal, z: jax.Array, whole: Points, own: Own) -> jax.Array:
    return goal((whole,), own).value(z)
