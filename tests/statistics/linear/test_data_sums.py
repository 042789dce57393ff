"""Sums of features over data sets, against the sums written out."""

import numpy as np

from wilks.fitting import sums as module
from wilks.fitting.features import Reference
from wilks.fitting.sums import DirectSums
from wilks.models import Placement


def test_direct_sums_do_not_depend_on_where_blocks_end(monkeypatch):
    """Blocks hold parts of several data sets, one set spans several blocks, and sets may be empty."""
    rng = np.random.default_rng(0)
    placement = Placement(rng.normal(size=(30, 2)), 1.0)
    features = Reference(rng.normal(size=(200, 2)), np.ones(200), width=1.0).features(placement)
    sets = [rng.normal(size=(n, 2)) for n in (5, 0, 1, 40, 13, 0)]
    expected = np.stack([features.values(one).sum(axis=0) for one in sets])
    for size in (1, 7, 16, 1000):
        monkeypatch.setattr(module, "_BLOCK_NUMBERS", 30 * size)
        np.testing.assert_allclose(DirectSums(features).sums(sets), expected, atol=1e-8)


def test_direct_sums_of_data_without_events_are_zero():
    placement = Placement(np.zeros((1, 2)), 1.0)
    features = Reference(np.ones((3, 2)), np.ones(3), width=1.0).features(placement)
    assert DirectSums(features).sums([np.empty((0, 2))]).tolist() == [[0.0]]
