import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wilks.interpretation.cuts import FEW_EVENTS, cuts_of, local_z_scores
from wilks.significance import on_off_z_score

values = st.lists(st.integers(-6, 6).map(lambda k: 0.25 * k), min_size=1, max_size=25).map(np.array)


def one_by_one(data, reference, weights):
    """For each region g >= v, v any value that occurs: count, sum of weights, sum of squares and Z."""
    mean_weight = np.sum(weights**2) / np.sum(weights)
    rows = []
    for value in sorted(set(data) | set(reference)):
        n, inside = np.sum(data >= value), weights[reference >= value]
        b, variance = inside.sum(), np.sum(inside**2)
        weight = variance / b if b > 0 else 0.0
        if b**2 <= FEW_EVENTS * variance:
            weight = max(weight, mean_weight)
        is_usable = b > 0 or inside.size == 0
        z = on_off_z_score(n, b / weight, tau=1 / weight) if is_usable else np.nan
        rows.append((n, b, variance, z))
    return np.array(rows).T


@given(values, values, st.integers(0, 2**32 - 1))
def test_sorted_sums_equal_a_loop_over_all_regions(data, reference, seed):
    weights = np.random.default_rng(seed).uniform(0.01, 2.0, reference.size)
    cuts = cuts_of(data, reference, weights)
    n, b, variance, z = one_by_one(data, reference, weights)
    assert np.array_equal(cuts.n_observed, n)
    assert np.allclose(cuts.n_expected, b) and np.allclose(cuts.variance, variance)
    assert np.allclose(local_z_scores(cuts, weights), z)


def test_thresholds_lie_between_values():
    cuts = cuts_of(np.array([1.0, 3.0]), np.array([2.0, 2.0 + 1e-12]), np.ones(2))
    assert cuts.thresholds.round(6).tolist() == [1.0, 1.5, 2.5] and cuts.thresholds[0] < 1.0
    assert cuts.n_observed.tolist() == [2, 1, 1] and cuts.n_expected.tolist() == [2, 2, 0]


def test_without_reference_events_the_mean_weight_decides():
    data, reference, weights = np.array([5.0, 6.0, 0.0]), np.linspace(-1.0, 1.0, 100), np.full(100, 0.2)
    z = local_z_scores(cuts_of(data, reference, weights), weights)
    assert z[-2:] == pytest.approx([np.sqrt(4 * np.log(6.0)), np.sqrt(2 * np.log(6.0))])


def test_few_events_of_small_weight_prove_little():
    reference, weights = np.append(np.zeros(1000), 1.0), np.append(np.full(1000, 0.2), 1e-6)
    cuts = cuts_of(np.full(2, 1.0), reference, weights)
    assert local_z_scores(cuts, weights)[-1] == pytest.approx(np.sqrt(4 * np.log(6.0)), abs=1e-3)


def test_many_events_of_small_weight_are_believed():
    reference, weights = np.repeat([0.0, 1.0], [1000, 400]), np.repeat([0.2, 1e-3], [1000, 400])
    cuts = cuts_of(np.full(4, 1.0), reference, weights)
    assert local_z_scores(cuts, weights)[-1] == pytest.approx(on_off_z_score(4, 400, tau=1000.0))


def test_regions_of_negative_net_weight_have_no_z():
    reference, weights = np.array([0.0, 0.0, 1.0, 2.0]), np.array([1.0, 1.0, 0.5, -0.7])
    cuts = cuts_of(np.array([0.5, 2.0]), reference, weights)
    assert np.isnan(local_z_scores(cuts, weights)).tolist() == [False, True, True, True]


def test_a_large_sample_takes_no_loop():
    rng = np.random.default_rng(0)
    cuts = cuts_of(rng.normal(size=10_000), rng.normal(size=500_000), np.full(500_000, 0.02))
    assert cuts.thresholds.size > 500_000 and np.all(np.diff(cuts.thresholds) > 0)
