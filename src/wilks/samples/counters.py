"""Columns that number events, runs or blocks, and those that never vary: of no use to a test."""

import re
from collections.abc import Iterator

import numpy as np

from wilks.samples.sample import Sample
from wilks.typing import FloatArray
from wilks.wording import visible

FEWEST = 100
_NAMES = re.compile(
    "(run|ev(en)?t|orbit|entry|row|index|idx|bx|bunchcrossing|lumi(nosity)?(block|section)?|ls|mcchannel|dataset)"
    "(number|num|nr|no|id)?|timestamp|unnamed0"  # the last is what pandas makes of an index in a CSV
)
_LETTERS = re.compile(r"[^a-z0-9]")


def bookkeeping(name: str, values: FloatArray) -> str | None:
    """Why a column of this name with these values (n,) cannot be a feature; None where nothing speaks against it.

    >>> values = np.random.default_rng(0).exponential(size=200)
    >>> bookkeeping("pt", values), bookkeeping("luminosityBlock", values)
    (None, 'named as numbers of runs or events are')
    >>> bookkeeping("x", np.arange(200.0))
    'all 200 values are different integers, as of a counter'
    """
    if _NAMES.fullmatch(_LETTERS.sub("", name.lower())):
        return "named as numbers of runs or events are"
    if values.size and np.all(values == values[0]):
        return f"it is {values[0]:.6g} in every event"
    return counting(values)


def counting(values: FloatArray) -> str | None:
    """What speaks for a counter in 100 values or more: integers that all differ, or that rise from row to row.

    Values that never vary count nothing.
    """
    if values.size < FEWEST or values[0] == values[-1] or not np.array_equal(values, np.rint(values)):
        return None
    steps = np.diff(values)
    if np.all(np.diff(np.sort(values)) > 0):
        return f"all {values.size:,} values are different integers, as of a counter"
    if np.all(steps >= 0) or np.all(steps <= 0):
        return f"its {values.size:,} values are integers in order, as those of runs or blocks"
    return None


def counter_notices(sample: Sample) -> Iterator[str]:
    """Sentences on the features of a sample that look like counters."""
    for name, values in zip(sample.features, sample.events.T, strict=True):
        if reason := counting(values):
            yield (
                f"feature {visible(name)!r}: {reason}; data of other runs have other values, which a test takes for a "
                "difference: leave it out of the features if it only numbers events"
            )
