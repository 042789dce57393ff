"""Elementary bins that come from the reference."""

from itertools import pairwise

import numpy as np
import pytest

from wilks.statistics.scan.grids import quantile_edges, regular_edges


def test_equal_steps_over_the_range_reach_to_infinity():
    x = np.random.default_rng(0).uniform(2.0, 12.0, size=400)
    edges = regular_edges(x, np.ones(400), n_bins=10)
    assert edges[0] == -np.inf and edges[-1] == np.inf and len(edges) == 11
    assert np.diff(edges[1:-1]) == pytest.approx(np.ptp(x) / 10)


def test_what_stands_for_a_missing_value_has_a_bin_of_its_own():
    x = np.append(np.random.default_rng(0).normal(size=400), np.full(20, -9999.0))
    edges = regular_edges(x, np.ones(420), n_bins=10)
    assert len(edges) == 12 and -9999.0 < edges[1] < -3000.0 and edges[2] > -4.0
    above = regular_edges(-x, np.ones(420), n_bins=10)
    assert len(above) == 12 and 3000.0 < above[-2] < 9999.0


def test_equal_shares_with_weights():
    x, w = np.arange(1000.0), np.where(np.arange(1000) < 500, 3.0, 1.0)
    edges = quantile_edges(x, w, n_bins=4)
    shares = [np.sum(w[(x >= low) & (x < high)]) for low, high in pairwise(edges)]
    assert shares == pytest.approx([500.0] * 4, abs=4.0)
    assert quantile_edges(x[::-1], w[::-1], n_bins=4) == edges


def test_few_values_give_few_bins():
    assert quantile_edges(np.array([1.0, 1.0, 1.0, 2.0]), np.ones(4), n_bins=10) == (-np.inf, 2.0, np.inf)
    for make in (regular_edges, quantile_edges):
        assert make(np.ones(5), np.ones(5), n_bins=1) == (-np.inf, np.inf)
