"""Delta: the fit of the nuisances alone, f = 0, by the same loss."""

import jax
import jax.numpy as jnp
import numpy as np

from wilks.analysis import Analysis
from wilks.likelihood import Points
from wilks.optimize import Box, Certificate, Newton, ObjectiveOf, certify_by, variances
from wilks.statistics.fits import DeltaFit

_NEAR = Newton(max_iterations=100, tolerance=1e-8)
_EXACT = Newton(max_iterations=60, tolerance=1e-14)

_End = tuple[jax.Array, jax.Array, jax.Array, Certificate]


class Delta:
    """Newton's method to the last digit, from nu = 0 and from the observed auxiliary measurements.

    The two descents run on the merged cells of the reference where there are such, and the better one is finished on
    all events. Without nuisances there is nothing to fit, and L = 0.

    Args:
        analysis: its nuisances and its tolerances.
        goal: L of f = 0, from what data sets share and what is their own.
        near, whole: the reference in cells (None: not merged), and event by event.
    """

    def __init__(self, analysis: Analysis, goal: ObjectiveOf, *, near: Points | None, whole: Points) -> None:
        self._search, self._nuisances = analysis.search, analysis.nuisances
        self._near, self._whole = whole if near is None else near, whole
        self._goal, self._box = goal, Box(*(jnp.asarray(side) for side in self._nuisances.bounds))

    def value(self, z: jax.Array, own: tuple[Points, jax.Array]) -> jax.Array:
        """L[0, nu] on all events at z (j,)."""
        result: jax.Array = _value(self._goal, z, self._whole, own)
        return result

    def fit(self, own: tuple[Points, jax.Array]) -> DeltaFit:
        """Delta of one data set: its events and auxiliary measurements."""
        if not self._nuisances:
            return DeltaFit.of_none()
        lower, upper = self._nuisances.bounds
        estimates = self._nuisances.estimates(np.asarray(own[1])) / self._nuisances.sigmas
        starts = np.clip(np.stack([np.zeros_like(estimates), estimates]), lower, upper)
        end = _end(self._goal, self._box, starts, self._near, self._whole, own)
        z, errors, value, certificate = jax.tree.map(np.asarray, end)
        is_finite = bool(np.isfinite(value) and np.all(np.isfinite(errors)))
        is_certified = is_finite and bool(self._search.is_certified(certificate))
        return DeltaFit(z, errors, float(value), certificate, is_certified)


@jax.jit
def _end(
    goal: ObjectiveOf, box: Box, starts: jax.Array, near: Points, whole: Points, own: tuple[Points, jax.Array]
) -> _End:
    """The better of the descents from ``starts`` on ``near``, finished on ``whole``."""
    rough = jax.lax.map(lambda start: _NEAR.run(goal((near,), own), start, box), starts)
    values = jnp.where(jnp.isfinite(rough.value), rough.value, jnp.inf)
    end = _EXACT.run(goal((whole,), own), rough.params[jnp.argmin(values)], box)
    state = (end.params, end.gradient, end.memory, box)
    return end.params, variances(*state), end.value, certify_by(*state)


@jax.jit
def _value(goal: ObjectiveOf, z: jax.Array, whole: Points, own: tuple[Points, jax.Array]) -> jax.Array:
    return goal((whole,), own).value(z)
