"""Counts of several samples with their covariance."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from wilks.responses.counts import count, quantile_edges
from wilks.samples import Sample


def test_covariance_of_log_ratios_is_that_of_repeated_experiments():
    """One sample reweighted and one independent: the common central sample correlates both with each other."""
    rng = np.random.default_rng(0)
    found, stated = [], []
    for _ in range(400):
        x, y = (rng.normal(size=(rng.poisson(500), 1)) for _ in range(2))
        samples = [Sample(x), Sample(x, np.exp(0.3 * x[:, 0])), Sample(y)]
        cells = [(one.events[:, 0] > 0).astype(np.int64) for one in samples]
        counts = count(samples, cells, n_cells=2)
        found.append(counts.log_ratios)
        stated.append(counts.log_ratio_covariance)
    for cell in range(2):
        measured = np.cov(np.array(found)[:, :, cell].T)
        np.testing.assert_allclose(np.mean(stated, axis=0)[cell], measured, rtol=0.25, atol=3e-4)


def test_samples_that_differ_by_a_factor_have_a_regular_covariance():
    central = Sample(np.arange(10.0))
    counts = count([central, Sample(np.arange(10.0), np.full(10, 1.2))], [np.zeros(10, int)] * 2, n_cells=1)
    assert 0 < counts.log_ratio_covariance[0, 0, 0] < 1e-8
    np.testing.assert_allclose(counts.log_ratios, np.log(1.2))


@given(st.integers(0, 100), st.integers(2, 30))
def test_edges_ascend_and_cover_the_sample(seed, n_bins):
    rng = np.random.default_rng(seed)
    values, weights = rng.exponential(size=2000), rng.uniform(size=2000)
    edges = quantile_edges(values, weights, n_bins=n_bins)
    assert np.all(np.diff(edges) > 0) and edges[0] == values.min() and edges[-1] == values.max()
    inside = np.histogram(values, edges, weights=weights)[0]
    assert inside.max() < 1.1 * weights.sum() / n_bins + 1.0


def test_tails_are_divided_while_events_last():
    values = np.linspace(0.0, 1.0, 100_001)
    edges = quantile_edges(values, np.ones_like(values), n_bins=10)
    assert len(edges) > 13 and np.histogram(values, edges)[0].min() >= 100
    assert len(quantile_edges(values, np.ones_like(values), n_bins=10, divides_tails=False)) == 11


def test_whole_numbers_make_fewer_bins():
    values = np.repeat([2.0, 3.0, 4.0], [500, 300, 200])
    assert quantile_edges(values, np.ones(1000), n_bins=10).tolist() == [2.0, 3.0, 4.0]
