"""Two samples at one precision: .15 in single precision is .150000006, which is no other value than .15.

A column whose values are stored in single precision in part is compared in single precision. Whether it is one is asked
of the pooled values, whichever sample each is of: what is done is then the same for all labels of the pooled events,
and a p counted among relabellings stays exact. (What one sample looks like beside the other would not be: of
relabellings hardly any has all values of single precision in one sample.)
"""

from collections.abc import Iterator

import numpy as np

from wilks.samples import Sample
from wilks.samples.precision import decimals_of, has_decimals, is_in_part_single, to_single_fractions
from wilks.typing import FloatArray
from wilks.wording import listed, visible

_FEWEST, _MOST_OF_OTHER = 10, 0.5


def at_one_precision(a: Sample, b: Sample) -> tuple[Sample, Sample, tuple[str, ...]]:
    """Both samples, which have the same features, and which of these were brought to single precision.

    >>> a, b = Sample(np.array([0.15, 0.2]), features=["iso"]), Sample(np.array([np.float32(0.15)]), features=["iso"])
    >>> first, second, names = at_one_precision(a, b)
    >>> names, bool(first.events[0] == second.events[0])
    (('iso',), True)
    """
    names = names_in_part_single(np.concatenate([a.events, b.events]), a.features)
    return (_single(a, names), _single(b, names), names) if names else (a, b, ())


def names_in_part_single(events: FloatArray, names: tuple[str, ...]) -> tuple[str, ...]:
    """Of the d features those of whose pooled values, (n, d), only some are stored in single precision."""
    return tuple(name for name, values in zip(names, events.T, strict=True) if is_in_part_single(values))


def precision_notices(names: tuple[str, ...]) -> Iterator[str]:
    """A sentence on features that were brought to single precision."""
    if names:
        yield f"compared in single precision, in which some of its values are stored: {listed(names)}"


def decimals_notices(a: Sample, b: Sample) -> Iterator[str]:
    """Sentences on features that are rounded to a few decimals in one sample alone: a difference by itself."""
    for name in a.features:
        columns = a.column(name), b.column(name)
        for which, own, other in (("first", *columns), ("second", *columns[::-1])):
            n = decimals_of(own, fewest=_FEWEST)
            if n is not None and other.size >= _FEWEST and np.mean(has_decimals(other, n)) < _MOST_OF_OTHER:
                yield (
                    f"{visible(name)} has at most {n} {'decimal' if n == 1 else 'decimals'} in the {which} sample "
                    "alone: that is a difference by itself; round the other sample too, or leave the feature out"
                )


def _single(sample: Sample, names: tuple[str, ...]) -> Sample:
    columns = zip(sample.features, sample.events.T, strict=True)
    events = [to_single_fractions(values) if name in names else values for name, values in columns]
    return Sample(np.column_stack(events), sample.event_weights, features=sample.features, origin=sample.origin)
