"""Sums of features over data sets, against the sums written out."""

import numpy as np
import pytest

from wilks.statistics.linear import data_sums as module
from wilks.statistics.linear.basis import Basis, ReferencePoints
from wilks.statistics.linear.data_sums import DirectSums, TabulatedSums, data_sums
from wilks.statistics.linear.gaussians import Gaussians


def basis_of(gaussians: Gaussians, n_events: int = 200) -> Basis:
    events = np.random.default_rng(0).normal(size=(n_events, gaussians.centers.shape[1]))
    return ReferencePoints(events, np.ones(n_events), features=gaussians).basis()


def test_direct_sums_do_not_depend_on_where_blocks_end(monkeypatch):
    """One set spans several blocks, and sets may be empty."""
    rng = np.random.default_rng(0)
    basis = basis_of(Gaussians(rng.normal(size=(30, 2)), 1.0))
    sets = [rng.normal(size=(n, 2)) for n in (5, 0, 1, 40, 13, 0)]
    expected = np.stack([basis.values(one).sum(axis=0) for one in sets])
    for size in (1, 7, 16, 1000):
        monkeypatch.setattr(module, "_BLOCK_NUMBERS", 30 * size)
        np.testing.assert_allclose(DirectSums(basis).of(sets), expected, atol=1e-8)


@pytest.mark.parametrize("n_features", [1, 2])
def test_sums_of_data_without_events_are_zero(n_features):
    basis = basis_of(Gaussians(np.zeros((1, n_features)), 1.0))
    assert data_sums(basis).of([np.empty((0, n_features))]).tolist() == [[0.0]]


@pytest.mark.parametrize("width", [0.1, 1.0])
def test_tabulated_sums_are_those_of_all_events(width):
    """Also of events beyond the last Gaussian; to 2e-10 of a Gaussian, times what the mix magnifies."""
    rng = np.random.default_rng(1)
    basis = basis_of(Gaussians(np.linspace(-2.0, 8.0, 40)[:, None], width))
    sets = [rng.normal(size=(290, 1)) for _ in range(3)] + [np.array([[-50.0], [50.0], [0.3]])]
    resolution = basis.map.resolution
    assert resolution is not None
    direct, tabulated = DirectSums(basis).of(sets), TabulatedSums(basis, resolution).of(sets)
    np.testing.assert_allclose(tabulated, direct, atol=1e-5 * np.abs(direct).max())


def test_the_fastest_way_is_a_table_where_it_is_small():
    """For one feature; not for several, nor where nodes would be many."""
    assert isinstance(data_sums(basis_of(Gaussians(np.zeros((1, 1)), 1.0))), TabulatedSums)
    assert isinstance(data_sums(basis_of(Gaussians(np.zeros((1, 2)), 1.0))), DirectSums)
    assert isinstance(data_sums(basis_of(Gaussians(np.array([[0.0], [1e4]]), 1.0))), DirectSums)
