"""The analytic p of one kernel, where relabellings have confirmed it."""

import math

import numpy as np

from wilks.comparison.kernels import KernelBlock
from wilks.comparison.nulls import Null, Relabelling
from wilks.laws import Probability
from wilks.significance.weighted import WeightedTail

FEWEST_EVENTS, EVENTS_PER_DOF = 300, 15


def is_confirmed(null: Null, block: KernelBlock) -> bool:
    """Whether `analytic_log_p` holds: 300 events in each sample, and 15 events for each degree of freedom."""
    if not isinstance(null, Relabelling):
        return False
    n, n_first = null.n_events, null.n_first
    return min(n_first, n - n_first) >= FEWEST_EVENTS and block.traces[0].trace * EVENTS_PER_DOF <= n


def analytic_log_p(block: KernelBlock, t: float, *, member: int = 0) -> tuple[float, float]:
    """log P(T >= t) of a member over relabellings, and that of the Gaussian limit.

    In the limit t is the sum of chi-squares with the eigenvalues of H (H + 2 ridge K)^-1 as weights. Its mean is exact;
    t is stretched about it to the exact variance.
    """
    weights = block.spectrum(member)
    tail, mean = WeightedTail(weights), float(np.sum(weights))
    stretch = math.sqrt(2.0 * float(np.sum(weights**2)) / float(block.scale.variance[member]))
    stretched = max(mean + (t - mean) * stretch, 0.0)
    return tail.log_sf(stretched), tail.log_sf(t)


def analytic_probability(block: KernelBlock, t: float) -> Probability:
    """p and Z; the interval is what the stretch is worth, to both sides."""
    log_p, limit = analytic_log_p(block, t)
    half = 0.5 * abs(log_p - limit)
    return Probability.of_log(log_p, (log_p - half, min(log_p + half, 0.0)), method="analytic")
