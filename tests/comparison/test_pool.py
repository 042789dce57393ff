"""The pooled rows: an order that tells nothing of the samples, and mid-ranks."""

import hypothesis.extra.numpy as arrays
import hypothesis.strategies as st
import numpy as np
import scipy.stats
from hypothesis import given

from wilks.comparison.nulls import Relabelling
from wilks.comparison.pool import arranged
from wilks.samples import Sample

SMALL = arrays.arrays(np.float64, st.tuples(st.integers(2, 20), st.integers(1, 3)), elements=st.integers(0, 3))


@given(SMALL, st.randoms(use_true_random=False))
def test_rows_in_any_order_are_arranged_alike(events: np.ndarray, random: object) -> None:
    shuffled = events.copy()
    random.shuffle(shuffled_rows := list(range(len(events))))  # type: ignore[attr-defined]
    shuffled = events[shuffled_rows]
    one, other = arranged(events), arranged(shuffled)
    assert np.array_equal(events[one.order], shuffled[other.order])
    assert np.array_equal(one.starts, other.starts)


@given(SMALL)
def test_equal_rows_are_counted_once(events: np.ndarray) -> None:
    rows = arranged(events)
    distinct = events[rows.order[rows.starts]]
    assert len(np.unique(distinct, axis=0)) == len(distinct) == len(np.unique(events, axis=0))


@given(SMALL)
def test_ranks_are_mid_ranks(events: np.ndarray) -> None:
    sample = Sample(events)
    null = Relabelling.of(sample, sample)
    expected = (scipy.stats.rankdata(np.concatenate([events, events]), axis=0) - 0.5) / (2 * len(events))
    rows = {tuple(row): ranks for row, ranks in zip(np.concatenate([events, events]), expected, strict=True)}
    for row, ranks in zip(null.pool.events, null.pool.ranks, strict=True):
        np.testing.assert_allclose(ranks, rows[tuple(row)], atol=1e-12)


def test_units_change_no_order() -> None:
    events = np.random.default_rng(1).normal(size=(50, 2))
    one, other = arranged(events), arranged(events * [1e-9, 1e12] + [3.0, -1e12])
    assert np.array_equal(one.order, other.order)
