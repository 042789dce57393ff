"""Gaussians as a feature map, against the formula. What every map must be is asked in test_feature_maps."""

import numpy as np
import pytest

from wilks.statistics.linear.gaussians import Gaussians


@pytest.mark.parametrize("n_events", [0, 1, 9, 100])
@pytest.mark.parametrize("n_features", [1, 3])
def test_gaussians_of_any_number_of_events_are_those_of_the_formula(n_events, n_features):
    rng = np.random.default_rng(3)
    events, centers = rng.normal(size=(n_events, n_features)), rng.normal(size=(7, n_features))
    expected = np.exp(-0.5 * np.sum((events[:, None] - centers) ** 2, axis=2) / 0.8**2)
    np.testing.assert_allclose(Gaussians(centers, 0.8).values(events), expected, rtol=1e-13, atol=1e-300)
    assert np.all(Gaussians(centers, 0.8).penalty() <= 1.0)


def test_only_gaussians_of_one_feature_are_smooth_on_a_known_scale():
    resolution = Gaussians(np.array([[-1.0], [2.0]]), 0.5).resolution
    assert resolution is not None and resolution.length == 0.5
    ends = np.array([[resolution.first], [resolution.last]])
    assert np.all(Gaussians(np.array([[-1.0], [2.0]]), 0.5).values(ends) < 1e-17)
    assert Gaussians(np.zeros((2, 3)), 0.5).resolution is None
