"""Where the centers of Gaussians stand, and how wide the published rule makes them."""

import numpy as np
import pytest

from wilks.errors import InputError
from wilks.statistics.linear.centers import Candidates
from wilks.statistics.linear.gaussians import Gaussians
from wilks.statistics.linear.kernel import gaussians_of

EVENTS = np.random.default_rng(0).exponential(size=(5000, 1))


@pytest.fixture
def placed(problem_of):
    """Gaussians that events (n, d) place."""

    def make(events, weights=None, *, n_centers, width=0.5, seed=0) -> Gaussians:
        return gaussians_of(Candidates.of(problem_of(events, weights)), n_centers=n_centers, width=width, seed=seed)

    return make


def test_half_of_the_centers_are_events_and_half_cover_the_range_of_one_feature(placed):
    centers = placed(EVENTS, n_centers=40).centers
    assert np.all(np.isin(centers[:20], EVENTS))
    np.testing.assert_allclose(centers[20:, 0], np.linspace(EVENTS.min(), EVENTS.max(), 20))


def test_spread_centers_of_more_features_reach_the_outskirts(placed):
    events = np.random.default_rng(1).normal(size=(3000, 2))
    centers = placed(events, n_centers=30).centers
    assert np.all(np.isin(centers[:, 0], events[:, 0]))
    gaps = [np.min(np.linalg.norm(np.delete(centers, i, 0)[:i] - centers[i], axis=1)) for i in range(15, 30)]
    assert np.all(np.diff(gaps) <= 1e-12), "each is the farthest from those before it"
    assert np.linalg.norm(events, axis=1).max() == pytest.approx(np.linalg.norm(centers, axis=1).max(), rel=0.2)


def test_centers_depend_on_reference_and_seed_alone(placed):
    one, same, other = (placed(EVENTS, n_centers=8, width=None, seed=seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(one.centers, same.centers)
    assert one.width == same.width
    assert np.any(one.centers != other.centers)


@pytest.mark.parametrize("n_features", [1, 3])
@pytest.mark.parametrize("is_weighted", [False, True])
def test_centers_and_width_do_not_depend_on_the_order_of_rows(placed, n_features, is_weighted):
    """To the last bit; rows that are equal but for their weights among them."""
    rng = np.random.default_rng(5)
    events = np.round(rng.exponential(size=(3000, n_features)), 1)
    weights = rng.uniform(0.5, 2.0, size=3000) if is_weighted else np.ones(3000)
    one = placed(events, weights, n_centers=20, width=None)
    for seed in range(3):
        rows = np.random.default_rng(seed).permutation(3000)
        other = placed(events[rows], weights[rows], n_centers=20, width=None)
        np.testing.assert_array_equal(other.centers, one.centers)
        assert other.width == one.width and other.digest() == one.digest()


def test_events_without_weight_are_no_centers(placed):
    weights = np.where(EVENTS[:, 0] > 1.0, 0.0, 1.0)
    assert placed(EVENTS, weights, n_centers=20).centers.max() <= 1.0


def test_published_width_is_that_of_a_uniform_sample():
    rng = np.random.default_rng(2)
    width = Candidates(rng.uniform(size=(4000, 1)), np.ones(4000)).percentile_width(rng)
    assert width == pytest.approx(1 - np.sqrt(0.1), abs=0.02)  # P(|x - y| > d) = (1 - d)^2


def test_too_few_distinct_events_are_refused():
    with pytest.raises(InputError, match="at least as many distinct events"):
        Candidates(np.repeat(np.arange(3.0), 9)[:, None], np.ones(27)).centers(np.random.default_rng(0), 4)


@pytest.mark.parametrize("n_features", [1, 2])
def test_centers_and_width_are_not_wasted_on_values_that_stand_for_missing_ones(placed, n_features):
    """Spread centers stay among the others, and those that are events come to the far value by its share alone."""
    events = np.random.default_rng(3).exponential(size=(4_000, n_features))
    far = events.copy()
    far[:400, 0] = -9999.0
    clean, found = (placed(one, n_centers=40, width=None) for one in (events, far))
    assert np.count_nonzero(found.centers[20:, 0] < 0.0) == 0
    assert np.count_nonzero(found.centers[:20, 0] < 0.0) <= 6  # of 20 at 10 %: more with a probability of 0.2 %
    assert found.width == pytest.approx(clean.width, rel=0.1)
