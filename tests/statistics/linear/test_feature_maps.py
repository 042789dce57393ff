"""The contract of feature maps, which every implementation inherits."""

import dataclasses
from collections.abc import Sequence

import numpy as np
import pytest
from maps import Waves, waves_of
from polynomial import Legendre

from wilks.statistics.linear.basis import ReferencePoints
from wilks.statistics.linear.data_sums import DirectSums, TabulatedSums
from wilks.statistics.linear.feature_map import FeatureMap
from wilks.statistics.linear.gaussians import Gaussians
from wilks.statistics.linear.moments import Moments
from wilks.typing import FloatArray

RNG = np.random.default_rng(0)
EVENTS = {n_features: RNG.normal(size=(500, n_features)) for n_features in (1, 3)}


class FeatureMapContract:
    """What every map promises. Subclasses give one, others whose values differ from it, and the number of features."""

    map: FeatureMap
    others: Sequence[FeatureMap]
    n_features: int

    @property
    def events(self) -> FloatArray:
        return EVENTS[self.n_features]

    @pytest.mark.parametrize("n_events", [0, 1, 7, 500])
    def test_values_are_finite_numbers_for_each_event(self, n_events: int) -> None:
        values = self.map.values(self.events[:n_events])
        assert values.shape == (n_events, self.map.n_values) and values.dtype == np.float64
        assert np.all(np.isfinite(values))

    def test_events_far_out_have_finite_values(self) -> None:
        assert np.all(np.isfinite(self.map.values(np.full((2, self.n_features), 1e6))))

    def test_each_event_is_evaluated_by_itself_and_left_as_it_is(self) -> None:
        events = self.events.copy()
        together = self.map.values(events)
        np.testing.assert_array_equal(events, self.events)
        alone = np.concatenate([self.map.values(event[None]) for event in events])
        np.testing.assert_allclose(together, alone, rtol=1e-12, atol=1e-14)
        np.testing.assert_array_equal(self.map.values(events), together)

    def test_the_penalty_is_symmetric_and_never_negative(self) -> None:
        penalty = self.map.penalty()
        assert penalty.shape == (self.map.n_values, self.map.n_values)
        np.testing.assert_allclose(penalty, penalty.T, atol=1e-15)
        eigenvalues = np.linalg.eigvalsh(penalty)
        assert eigenvalues[0] > -1e-12 * eigenvalues[-1] and eigenvalues[-1] > 0.0

    def test_the_digest_differs_where_values_do(self) -> None:
        digests = [one.digest() for one in (self.map, *self.others)]
        assert all(len(one) == 64 and int(one, 16) >= 0 for one in digests) and len(set(digests)) == len(digests)
        for one in self.others:
            is_same = one.n_values == self.map.n_values
            assert not (is_same and np.array_equal(one.values(self.events), self.map.values(self.events)))

    def test_the_digest_is_that_of_an_equal_map(self) -> None:
        again = dataclasses.replace(self.map)  # type: ignore[type-var]
        assert again.digest() == self.map.digest()
        np.testing.assert_array_equal(again.values(self.events), self.map.values(self.events))

    def test_the_resolution_is_where_values_are_smooth(self) -> None:
        """Sums by interpolation are the direct ones, and condensed points stand for the events of a reference."""
        resolution = self.map.resolution
        if resolution is None:
            return
        assert self.n_features == 1 and resolution.length > 0.0
        beyond = np.array([[resolution.first - 1e-9], [resolution.last + 1e-9], [-1e6], [1e6]])
        assert np.all(np.abs(self.map.values(beyond)) < 1e-15)
        basis = ReferencePoints(self.events, np.ones(500), features=self.map).basis()
        direct, tabulated = DirectSums(basis).of([self.events]), TabulatedSums(basis, resolution).of([self.events])
        np.testing.assert_allclose(tabulated, direct, atol=1e-5 * np.abs(direct).max())
        whole, few = (self.moments(is_condensed=flag) for flag in (False, True))
        assert few.total == pytest.approx(whole.total, rel=1e-12)
        np.testing.assert_allclose(few.first, whole.first, atol=1e-8 * whole.total)
        np.testing.assert_allclose(few.second, whole.second, atol=1e-8 * whole.total)

    def moments(self, *, is_condensed: bool) -> Moments:
        """Of the values themselves, over the events."""
        points = ReferencePoints(self.events, np.ones(500), features=self.map, is_condensed=is_condensed)
        blocks = ((self.map.values(points.points[rows]), points.weights[rows]) for rows in points.rows())
        return Moments.of(blocks, size=self.map.n_values, digest=self.map.digest())


CENTERS = np.linspace(-2.0, 2.0, 9)[:, None]


class TestGaussiansOfOneFeature(FeatureMapContract):
    map = Gaussians(CENTERS, 0.5)
    others = (Gaussians(CENTERS, 0.5000001), Gaussians(CENTERS[:-1], 0.5), Gaussians(CENTERS[::-1], 0.5))
    n_features = 1


class TestGaussiansOfThreeFeatures(FeatureMapContract):
    map = Gaussians(EVENTS[3][:20], 1.5)
    others = (Gaussians(EVENTS[3][:20] + 1e-9, 1.5), Gaussians(EVENTS[3][1:21], 1.5))
    n_features = 3


class TestPolynomialsOfOneFeature(FeatureMapContract):
    map = Legendre(3, np.array([3.0]))
    others = (Legendre(2, np.array([3.0])), Legendre(3, np.array([3.5])))
    n_features = 1


class TestPolynomialsOfThreeFeatures(FeatureMapContract):
    map = Legendre(2, np.array([3.0, 4.0, 5.0]))
    others = (Legendre(2, np.array([4.0, 3.0, 5.0])),)
    n_features = 3


class TestWavesOfOneFeature(FeatureMapContract):
    map = Waves(5, np.sort(EVENTS[1], axis=0))
    others = (Waves(4, np.sort(EVENTS[1], axis=0)), Waves(5, np.sort(EVENTS[1][1:], axis=0)))
    n_features = 1


class TestWavesOfThreeFeatures(FeatureMapContract):
    map = Waves(2, np.sort(EVENTS[3], axis=0))
    others = (Waves(2, np.sort(EVENTS[3][:, ::-1], axis=0)),)
    n_features = 3


def test_waves_of_a_discrete_feature_are_those_of_its_mid_ranks(problem_of):
    """20 zeros, 30 ones, 50 twos: ranks .1, .35 and .75, in whatever order the rows come."""
    events = np.repeat([0.0, 1.0, 2.0], [20, 30, 50])[RNG.permutation(100), None]
    waves = waves_of(problem_of(events), 2)
    expected = np.sqrt(2.0) * np.cos(np.pi * np.outer([0.1, 0.35, 0.75], [1, 2]))
    np.testing.assert_allclose(waves.values(np.array([[0.0], [1.0], [2.0]])), expected, atol=1e-12)
