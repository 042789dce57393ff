"""Disjoint parts of one sample."""

import operator

import numpy as np

from wilks.errors import SampleError
from wilks.samples.choosing import Events
from wilks.samples.containers import as_sample
from wilks.samples.sample import Sample

_YIELD_TOLERANCE = 1e-6


def split(sample: Sample | Events, *, n_first: int, seed: int) -> tuple[Sample, Sample]:
    """Two disjoint samples: ``n_first`` events chosen at random, and all others.

    The events of both are in random order, so that any leading part of either is again a random choice.
    Every event keeps its weight: the two sums of weights add up to that of ``sample``.
    The same seed gives the same split (Philox generator).

    Args:
        sample: what is split; tables and arrays as `Sample` takes them.
        n_first: number of events of the first part, from 1 to n - 1.
        seed: a non-negative integer.

    Raises:
        SampleError: ``n_first`` leaves one part empty, or the seed is negative.

    >>> first, second = split(Sample(np.arange(10.0)), n_first=4, seed=0)
    >>> first.n_events, second.n_events, sorted([*first.events.ravel().tolist(), *second.events.ravel().tolist()])
    (4, 6, [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0])
    """
    sample = as_sample(sample, what="the sample to split")
    count, root = _integer(n_first, "n_first"), _integer(seed, "seed")
    if not 1 <= count < sample.n_events:
        raise SampleError(
            f"n_first must leave events in both parts of {sample.n_events:,} events "
            f"(1 to {sample.n_events - 1:,}), but {count:,} came"
        )
    if root < 0:
        raise SampleError(f"the seed must not be negative, but {root} came")
    order = np.random.Generator(np.random.Philox(root)).permutation(sample.n_events)
    return sample.take(order[:count]), sample.take(order[count:])


def changed_yield(sample: Sample) -> float | None:
    """The sum of weights that a sample was read with, where they have another one now, as after `split`; else None.

    >>> changed_yield(Sample([1.0, 2.0])) is None
    True
    """
    told = sample.origin.expected_events if sample.origin else None
    is_changed = told is not None and abs(sample.expected_events - told) > _YIELD_TOLERANCE * told
    return told if is_changed else None


def _integer(value: int, what: str) -> int:
    try:
        return operator.index(value)
    except TypeError as error:
        raise SampleError(f"{what} must be a whole number, but {value!r} came") from error
