"""Ranks of scores and the tail beyond them."""

import numpy as np
import pytest
from scipy import stats

from wilks.samples.usual_distance import ParetoTail, Usual
from wilks.samples.value_gaps import N_GAPS, Gaps


def test_rank_counts_those_above_and_the_event_itself():
    usual = Usual.of(np.array([1.0, 3.0, 2.0]), np.ones(3))
    assert usual.largest == 3.0
    assert usual.chance(np.array([0.0, 2.0, 2.5, 9.0]), np.ones(4)).tolist() == [1.0, 0.75, 0.5, 0.25]


def test_rank_is_weighted():
    usual = Usual.of(np.array([1.0, 3.0]), np.array([8.0, 1.0]))
    assert usual.chance(np.array([2.0, 4.0]), np.array([1.0, 1.0])).tolist() == [0.2, 0.1]


@pytest.mark.parametrize(("shape", "law"), [(0.0, stats.expon()), (0.5, stats.pareto(2)), (1.0, stats.pareto(1))])
def test_tail_goes_on_as_the_law(shape, law):
    """Up to ten times beyond the data, the extrapolated chance is within a factor 8, and rather too large."""
    ratios = []
    for seed in range(20):
        x = law.rvs(20_000, random_state=np.random.default_rng(seed))
        at = law.isf(5e-6)
        usual = Usual.of(x, np.ones(x.size))
        ratios.append(float(usual._tail.chance(np.array([at]))[0] / 5e-6))
    assert 0.9 < np.median(ratios) < 8.0


def test_bounded_tail_falls_at_least_exponentially():
    tail = ParetoTail.of(np.linspace(0.001, 1.0, 500), np.ones(500), threshold=0.0, share=0.01)
    assert tail.shape == pytest.approx(1e-3, abs=0.05)
    assert tail.chance(np.array([-1.0, 0.0])).tolist() == [0.01, 0.01]
    assert tail.chance(np.array([20.0]))[0] < 1e-8


def test_few_distinct_scores_have_no_tail():
    usual = Usual.of(np.repeat([1.0, 2.0], 500), np.ones(1_000))
    assert usual.chance(np.array([100.0]), np.ones(1))[0] == pytest.approx(1 / 1_001)


def test_weights_of_one_are_no_weights():
    y = np.random.default_rng(3).exponential(size=300)
    plain = ParetoTail.of(y, np.ones(300), threshold=1.0, share=0.1)
    scaled = ParetoTail.of(y, np.full(300, 7.0), threshold=1.0, share=0.1)
    assert (scaled.shape, scaled.scale) == pytest.approx((plain.shape, plain.scale))


def test_gaps_are_measured_in_those_beside():
    values = np.append(np.arange(100.0), 110.0 + np.arange(100.0))
    gaps = Gaps.of(values, np.ones(200))
    assert gaps.ends(104.0) == (99.0, 110.0)
    chance = gaps.chance(np.array([50.0, 104.5, 50.5, -5.0, 300.0, 1.5]))
    assert chance[[0, 3, 4, 5]].tolist() == [1.0] * 4 and chance[1] < chance[2]
    assert N_GAPS == 30


def test_few_values_have_no_usable_gaps():
    assert Gaps.of(np.array([1.0, 2.0, 2.0]), np.ones(3)).chance(np.array([1.5, 2.0, 7.0])).tolist() == [1.0] * 3


@pytest.mark.parametrize("limit", [1e-4, 0.01, 0.3, 1.0])
def test_chances_below_a_limit_are_those_without_one(limit):
    """And where one comes out as 1 in its place, it exceeds the limit."""
    rng = np.random.default_rng(4)
    x, weights = rng.exponential(size=3000), rng.exponential(size=3000)
    usual, scores = Usual.of(x, weights), rng.exponential(size=5000) * 2.0
    own = rng.exponential(size=5000)
    assert np.all(usual.chance(scores, own)[scores <= usual.usual_up_to(limit)] > limit)
    gaps, data = Gaps.of(x, weights), np.append(rng.exponential(size=20_000), x[:50])
    every, some = gaps.chance(data), gaps.chance(data, limit=limit)
    np.testing.assert_array_equal(some[every <= limit], every[every <= limit])
    assert np.all((some == every) | (some == 1.0)) and np.any(every <= 0.01)
