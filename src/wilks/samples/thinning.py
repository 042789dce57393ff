"""Fewer events with the same message, for the first rounds of a search."""

import numpy as np

from wilks.samples.rows import row_hashes
from wilks.samples.sample import Sample
from wilks.typing import BoolArray, FloatArray, IntArray

CELL_WIDTH = 0.001
_TAIL_SHARE = 0.1
_STREAM = 1  # starting points of the same seed have their own


def merge_cells(sample: Sample, *, scale: FloatArray, cell_width: float = CELL_WIDTH) -> Sample:
    """Events of one feature merged in cells of ``cell_width`` of ``scale``, or of their own spread if that is less.

    Each cell stands at its weighted mean with its summed weight, so that the sum of any smooth function changes at
    second order of the cell width and sparse tails, one event to a cell, not at all. A sample of more features, with
    negative weights, or with fewer than two events to a cell is returned as it is.

    >>> merge_cells(Sample(np.repeat(np.arange(5.0), 100)), scale=np.ones(1)).n_events
    5
    """
    if not has_cells(sample):
        return sample
    width = cell_width_of(sample, scale=scale, share=cell_width)
    if not width > 0:
        return sample
    values, weights = in_cells(sample.events[:, 0], sample.event_weights, width=width)
    return Sample(values, weights, features=sample.features) if 2 * values.size <= sample.n_events else sample


def some_distinct(sample: Sample, *, most: int) -> Sample:
    """At most so many distinct rows of a sample, each with the sum of the weights of its copies, scaled to the whole.

    They are those with the smallest hashes of their values: a random subset of the distinct rows, and a function of
    the set of events, not of their order. A sample with fewer rows is returned as it is.

    >>> some = some_distinct(Sample(np.repeat(np.arange(6.0), 2).reshape(-1, 1)), most=3)
    >>> some.n_events, some.event_weights.tolist()
    (3, [4.0, 4.0, 4.0])
    """
    if sample.n_events <= most:
        return sample
    hashes = row_hashes(sample.events)
    limit = np.unique(hashes)[:most][-1]
    rows = np.flatnonzero(hashes <= limit)
    rows = rows[np.argsort(hashes[rows], kind="stable")]
    starts = np.flatnonzero(np.diff(hashes[rows], prepend=hashes[rows[0]] + np.uint64(1)))
    weights = np.add.reduceat(sample.event_weights[rows], starts)
    found = Sample(sample.events[rows[starts]], weights, features=sample.features)
    return found.rescaled(sample.expected_events)


def has_cells(sample: Sample) -> bool:
    """Whether the events of a sample may be merged: one feature, no negative weights."""
    return sample.n_features == 1 and not sample.has_negative_weights


def cell_width_of(sample: Sample, *, scale: FloatArray, share: float) -> float:
    """``share`` of ``scale``, or of the spread of the sample's first feature if that is less."""
    with np.errstate(over="ignore", invalid="ignore"):
        spread = float(np.std(sample.events[:, 0]))
    return share * min(float(scale[0]), spread)


def in_cells(values: FloatArray, weights: FloatArray, *, width: float) -> tuple[FloatArray, FloatArray]:
    """Weighted mean and summed weight of each cell [k width, (k + 1) width) that is not empty.

    >>> means, sums = in_cells(np.array([0.1, 0.3, 2.5]), np.array([1.0, 3.0, 1.0]), width=1.0)
    >>> means.round(6).tolist(), sums.tolist()
    ([0.25, 2.5], [4.0, 1.0])
    """
    _, cell, counts = np.unique(np.floor(values / width), return_inverse=True, return_counts=True)
    total: FloatArray = np.bincount(cell, weights).astype(np.float64)
    mass = np.where(total > 0, total, 1.0)
    mean = np.where(total > 0, np.bincount(cell, weights * values) / mass, np.bincount(cell, values) / counts)
    return mean.astype(np.float64), total


def thin(sample: Sample, *, scale: FloatArray, n_events: int, seed: int, cell_width: float = CELL_WIDTH) -> Sample:
    """A smaller weighted sample that stands in for ``sample`` while starting points are compared.

    One feature: that of `merge_cells`, whatever ``n_events`` is; with negative weights as below.

    More features: the outermost events of every feature are kept with their weights (a tenth of ``n_events`` in all,
    so that no sparse tail is represented by a few heavy events), the rest is a random subset whose weights are
    raised by one factor. A sample of at most ``n_events`` events is returned as it is.

    Args:
        sample: the reference.
        scale: shape (d,), the scale on which f may vary (that of the standardization), in units of the features.
        n_events: events to keep.
        seed: of the random subset.
        cell_width: of the cells of one feature, as a share of ``scale``.

    >>> fine = Sample(np.repeat(np.arange(5.0), 100))
    >>> coarse = thin(fine, scale=np.ones(1), n_events=100, seed=0)
    >>> coarse.n_events, coarse.expected_events
    (5, 500.0)
    """
    if has_cells(sample):
        return merge_cells(sample, scale=scale, cell_width=cell_width)
    if sample.n_events <= n_events:
        return sample
    is_kept = _outermost(sample.events, max(1, int(_TAIL_SHARE * n_events / (2 * sample.n_features))))
    n_random = n_events - int(is_kept.sum())
    rest = np.flatnonzero(~is_kept)
    if n_random <= 0 or rest.size <= n_random:
        return sample
    rng = np.random.Generator(np.random.Philox(np.random.SeedSequence(seed, spawn_key=(_STREAM,))))
    chosen = np.sort(rng.choice(rest, n_random, replace=False))
    return _subset(sample, np.flatnonzero(is_kept), chosen, rest)


def _outermost(events: FloatArray, n_each: int) -> BoolArray:
    """Whether an event is among the ``n_each`` smallest or largest of any feature."""
    is_kept = np.zeros(events.shape[0], dtype=bool)
    for values in events.T:
        order = np.argsort(values, kind="stable")
        is_kept[order[:n_each]] = True
        is_kept[order[-n_each:]] = True
    return is_kept


def _subset(sample: Sample, kept: IntArray, chosen: IntArray, rest: IntArray) -> Sample:
    weights = sample.event_weights
    share = float(np.sum(weights[chosen]))
    factor = float(np.sum(weights[rest])) / share if share > 0 else rest.size / chosen.size
    return Sample(
        np.concatenate([sample.events[kept], sample.events[chosen]]),
        np.concatenate([weights[kept], factor * weights[chosen]]),
        features=sample.features,
    )
