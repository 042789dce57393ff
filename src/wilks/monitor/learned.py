"""What kernels learned of a batch, feature by feature: the reference reweighted by the ratio, over the reference.

The ratio of a score statistic is 1 + f. Its f is one step from 0, and the reference times 1 + f has, but for the ridge,
the sums of phi that the batch has; exp(f) would have them for small f alone.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from wilks.monitor.places import Profile
from wilks.samples import Sample
from wilks.typing import FloatArray

_MOST_EVENTS, _DIGITS = 2_000, 4


def drawn_events(reference: Sample, *, rng: np.random.Generator) -> FloatArray:
    """Raw events (n, d) of the reference, drawn by their weights: at most 2,000, at which f is looked at."""
    if reference.n_events <= _MOST_EVENTS and np.ptp(reference.event_weights) == 0:
        return reference.events
    shares = reference.event_weights / np.sum(reference.event_weights)
    return reference.events[np.sort(rng.choice(reference.n_events, _MOST_EVENTS, p=shares))]


def learned_ratios(
    log_ratio: FloatArray, events: FloatArray, profiles: Sequence[Profile]
) -> Mapping[str, tuple[float, ...]]:
    """Mean of 1 + f over the events in each interval of each feature; 1 where none of them lies in one.

    Args:
        log_ratio: f at the events, (n,).
        events: raw ones (n, d) of the reference, in the order of the profiles.
        profiles: with the intervals.
    """
    found = {}
    for j, one in enumerate(profiles):
        here, k = one.intervals(events[:, j]), one.shares.size
        counts = np.bincount(here, minlength=k)
        sums = np.bincount(here, log_ratio, minlength=k)
        means = np.divide(sums, counts, out=np.zeros(k), where=counts > 0)
        found[one.feature] = tuple(np.round(1.0 + means, _DIGITS).tolist())
    return found
