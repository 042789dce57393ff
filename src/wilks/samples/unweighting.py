"""From weighted events to events that can stand for data."""

import numpy as np

from wilks.errors import SampleError
from wilks.samples.sample import Sample
from wilks.typing import IntArray


def unweight(sample: Sample, *, rng: np.random.Generator) -> IntArray:
    """Rows kept by hit-or-miss: event e with probability w_e / max w, each at most once.

    The kept events have unit weight and the density of the weighted sample; on average
    sum w / max w of them are kept. One large weight therefore costs most of the sample.

    Args:
        sample: events with weights that are not negative.
        rng: the random numbers; one is used for each event.

    Returns:
        Row numbers in increasing order, shape (m,).

    Raises:
        SampleError: a weight is negative (a probability cannot be), or no weight is positive.

    >>> sample = Sample([0.0, 1.0, 2.0], [2.0, 0.0, 2.0])
    >>> unweight(sample, rng=np.random.default_rng(0)).tolist()
    [0, 2]
    """
    weights = sample.event_weights
    n_negative = int(np.count_nonzero(weights < 0))
    if n_negative:
        raise SampleError(
            f"events are unweighted by keeping each with probability w / max w, so no weight may be negative, "
            f"but {n_negative:,} of {weights.size:,} are; give a pool without negative weights, or a generator function"
        )
    largest = float(np.max(weights, initial=0.0))
    if largest <= 0:
        raise SampleError(f"unweighting needs a positive weight, but none of {weights.size:,} events has one")
    kept = rng.random(weights.size) < weights / largest
    return np.flatnonzero(kept).astype(np.int64)
