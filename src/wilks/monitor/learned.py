"""What kernels learned of a batch, feature by feature: the reference reweighted by the ratio, over the reference."""

from collections.abc import Mapping, Sequence

import numpy as np

from wilks.monitor.places import Profile
from wilks.samples import Sample
from wilks.typing import FloatArray

_MOST_EVENTS, _LARGEST, _DIGITS = 4_000, 50.0, 4


def drawn_events(reference: Sample, *, rng: np.random.Generator) -> FloatArray:
    """Raw events (n, d) of the reference, drawn by their weights: at most 4,000, at which f is looked at."""
    if reference.n_events <= _MOST_EVENTS and np.ptp(reference.event_weights) == 0:
        return reference.events
    shares = reference.event_weights / np.sum(reference.event_weights)
    return reference.events[np.sort(rng.choice(reference.n_events, _MOST_EVENTS, p=shares))]


def learned_ratios(
    log_ratio: FloatArray, events: FloatArray, profiles: Sequence[Profile]
) -> Mapping[str, tuple[float, ...]]:
    """Mean of exp(f) over the events in each interval of each feature; 1 where none of them lies in one.

    Args:
        log_ratio: f at the events, (n,).
        events: raw ones (n, d) of the reference, in the order of the profiles.
        profiles: with the intervals.
    """
    ratio, found = np.exp(np.clip(log_ratio, -_LARGEST, _LARGEST)), {}
    for j, one in enumerate(profiles):
        here, k = one.intervals(events[:, j]), one.shares.size
        counts = np.bincount(here, minlength=k)
        means = np.divide(np.bincount(here, ratio, minlength=k), counts, out=np.ones(k), where=counts > 0)
        found[one.feature] = tuple(np.round(means, _DIGITS).tolist())
    return found
