"""Which part an event belongs to: by its content and a seed, so that the order of rows plays no part."""

import hashlib

import numpy as np

from wilks.analysis import Analysis
from wilks.samples import Sample
from wilks.samples.rows import row_hashes
from wilks.selection.trials import with_reference
from wilks.typing import FloatArray, IntArray

_BITS = np.uint64(11)


def part_numbers(events: FloatArray, *, n_parts: int, seed: int) -> IntArray:
    """The part, 0 to k - 1, of each of the events (n, d), shape (n,).

    A hash of the event, of the seed and of how many equal events came before it is a number u in [0, 1), and the part
    is floor(k u). So each event goes its own way: parts of Poisson data are Poisson with N/k expected events, and are
    independent of each other given the model, which parts of exactly n/k events are not.

    >>> events = np.random.default_rng(1).normal(size=(1000, 2))
    >>> parts = part_numbers(events, n_parts=2, seed=0)
    >>> int(parts.sum()), bool((part_numbers(events[::-1], n_parts=2, seed=0)[::-1] == parts).all())
    (502, True)
    """
    hashes = row_hashes(np.column_stack([events, _earlier_equals(events)]))
    mixed = row_hashes(np.column_stack([(hashes >> _BITS).astype(np.float64), np.full(hashes.size, _key(seed))]))
    parts: IntArray = np.floor((mixed >> _BITS).astype(np.float64) * 2.0**-53 * n_parts).astype(np.int64)
    return parts


def parts_of(events: FloatArray, *, n_parts: int, seed: int) -> list[FloatArray]:
    """The events (n, d) of each part."""
    numbers = part_numbers(events, n_parts=n_parts, seed=seed)
    return [events[numbers == part] for part in range(n_parts)]


def part_analysis(analysis: Analysis, n_parts: int) -> Analysis:
    """The analysis of one of k parts: N(R_0)/k events are expected, of the same reference and the same toys.

    Bins and centers are taken anew from the reference and the expected events; widths that a set chose stay.
    """
    if n_parts == 1:
        return analysis
    reference = analysis.reference
    share = Sample(reference.events, reference.event_weights / n_parts, features=reference.features)
    return with_reference(analysis, share)


def _earlier_equals(events: FloatArray) -> FloatArray:
    """How many equal events come before each (n,): which of several equal ones is which does not matter."""
    hashes = row_hashes(events)
    order = np.argsort(hashes, kind="stable")
    ordered = hashes[order]
    is_first = np.append(True, ordered[1:] != ordered[:-1])
    begins = np.maximum.accumulate(np.where(is_first, np.arange(ordered.size), 0))
    found = np.empty(ordered.size)
    found[order] = np.arange(ordered.size) - begins
    return found


def _key(seed: int) -> float:
    digest = hashlib.sha256(f"parts {seed}".encode()).digest()
    return float(int.from_bytes(digest[:6], "little"))
