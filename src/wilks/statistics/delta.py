"""Delta: the fit of the nuisances alone, f = 0, by the same loss."""

import jax
import jax.numpy as jnp
import numpy as np

from wilks.likelihood import Points
from wilks.optimize.certificate import Certificate, certify_by, variances
from wilks.optimize.problem import Box
from wilks.optimize.second_order import Newton
from wilks.problem import Problem
from wilks.statistics.fits import DeltaFit
from wilks.statistics.objectives import Goal, goal_of
from wilks.statistics.points import Own, ProblemPoints
from wilks.typing import FloatArray

_NEAR = Newton(max_iterations=100, tolerance=1e-8)
_EXACT = Newton(max_iterations=60, tolerance=1e-14)

_End = tuple[jax.Array, jax.Array, jax.Array, Certificate]


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
        starts = np.clip(np.stack([np.zeros_like(estimates), estimates]), lower, upper)
        end = _end(self._goal, self._box, starts, self._near, self.points.whole, own)
        z, errors, value, certificate = jax.tree.map(np.asarray, end)
        is_finite = bool(np.isfinite(value) and np.all(np.isfinite(errors)))
        is_certified = is_finite and bool(self._search.is_certified(certificate))
        return DeltaFit(z, errors, float(value), certificate, is_certified)


@jax.jit
def _end(goal: Goal, box: Box, starts: jax.Array, near: Points, whole: Points, own: Own) -> _End:
    """The better of the descents from ``starts`` on ``near``, finished on ``whole``."""
    rough = jax.lax.map(lambda start: _NEAR.run(goal((near,), own), start, box), starts)
    values = jnp.where(jnp.isfinite(rough.value), rough.value, jnp.inf)
    end = _EXACT.run(goal((whole,), own), rough.params[jnp.argmin(values)], box)
    state = (end.params, end.gradient, end.memory, box)
    return end.params, variances(*state), end.value, certify_by(*state)


@jax.jit
def _value(goal: Goal, z: jax.Array, whole: Points, own: Own) -> jax.Array:
    return goal((whole,), own).value(z)
