"""The analytic p of one kernel, where relabellings have confirmed it."""

import math

import numpy as np

from wilks.comparison.nulls import Null, Relabelling
from wilks.laws import Probability
from wilks.significance.weighted import WeightedTail
from wilks.typing import FloatArray

FEWEST_EVENTS, EVENTS_PER_DOF = 300, 15


def is_confirmed(null: Null, degrees_of_freedom: float) -> bool:
    """Whether `analytic_log_p` holds: 300 events in each sample, and 15 events for each degree of freedom."""
    if not isinstance(null, Relabelling):
        return False
    n, n_first = null.n_events, null.n_first
    return min(n_first, n - n_first) >= FEWEST_EVENTS and degrees_of_freedom * EVENTS_PER_DOF <= n


def analytic_log_p(t: float, *, weights: FloatArray, variance: float) -> tuple[float, float]:
    """log P(T >= t) of a member over relabellings, and that of the Gaussian limit.

    In the limit t is the sum of chi-squares with the eigenvalues of H (H + 2 ridge K)^-1 as weights. Its mean is exact;
    t is stretched about it to the exact variance.
    """
    tail, mean = WeightedTail(weights), float(np.sum(weights))
    stretch = math.sqrt(2.0 * float(np.sum(weights**2)) / variance)
    stretched = max(mean + (t - mean) * stretch, 0.0)
    return tail.log_sf(stretched), tail.log_sf(t)


def analytic_probability(t: float, *, weights: FloatArray, variance: float) -> Probability:
    """p and Z; the interval is what the stretch is worth, to both sides."""
    log_p, limit = analytic_log_p(t, weights=weights, variance=variance)
    half = 0.5 * abs(log_p - limit)
    return Probability.of_log(log_p, (log_p - half, min(log_p + half, 0.0)), method="analytic")
