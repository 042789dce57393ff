"""Bins that a rule takes from the reference: equal contents, equal sizes, ties, far values, weights, order of rows."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wilks.samples import Standardization
from wilks.statistics.histogram.splitting import ENOUGH, quantile_tree, regular_tree, steps_of

RULES = pytest.mark.parametrize("rule", [quantile_tree, regular_tree])


def contents(tree, problem) -> tuple[np.ndarray, np.ndarray]:
    """Sums of weights and effective numbers of events in the bins."""
    found, weights = tree.find(problem.standardized), problem.reference.event_weights
    sums, squares = (np.bincount(found, each, tree.n_bins) for each in (weights, weights**2))
    return sums, sums**2 / squares


def test_quantiles_of_one_feature_hold_equal_numbers(make_problem):
    problem = make_problem(np.random.default_rng(0).exponential(size=600))
    tree = quantile_tree(problem, n_bins=20)
    assert contents(tree, problem)[0].tolist() == [30.0] * 20


def test_quantiles_of_several_features_hold_nearly_equal_numbers(make_problem):
    rng = np.random.default_rng(1)
    problem = make_problem(rng.normal(size=(20_000, 3)) @ rng.normal(size=(3, 3)))
    tree = quantile_tree(problem, n_bins=50)
    sums, _ = contents(tree, problem)
    assert tree.n_bins == 50 and sums.sum() == 20_000 and sums.min() > 340 and sums.max() < 460
    assert set(tree.feature) == {0, 1, 2}


def test_equal_steps_are_joined_where_the_reference_is_poor(make_problem):
    x = np.random.default_rng(0).exponential(size=600)
    tree = regular_tree(make_problem(x), n_bins=20)
    step = (x.max() - x.min()) / 20
    cuts = np.sort(tree.cut) * tree.standardization.scale + tree.standardization.shift
    assert cuts == pytest.approx([x.min() + step * k for k in (1, 2, 3, 4, 5, 6, 7, 9)], rel=1e-12)
    sums, _ = contents(tree, make_problem(x))
    assert sums.min() >= ENOUGH and tree.n_bins < 20


def test_regular_bins_of_a_uniform_reference_are_a_grid(make_problem):
    rng = np.random.default_rng(2)
    tree = regular_tree(make_problem(rng.uniform(size=(5000, 2))), n_bins=20)
    assert tree.n_bins == 20 and len(set(tree.cut[tree.feature == 0])) == 4
    assert len(set(tree.cut[tree.feature == 1])) == 3
    assert steps_of(20, 2) == (5, 4) and steps_of(1, 3) == (1, 1, 1) and steps_of(1000, 3) == (10, 10, 10)


@RULES
@given(
    st.lists(st.integers(0, 6), min_size=30, max_size=400).filter(lambda x: len(set(x)) > 1),
    st.integers(1, 30),
    st.booleans(),
)
def test_every_bin_is_rich_enough_whatever_the_ties(make_problem, rule, values, n_bins, is_weighted):
    rng = np.random.default_rng(len(values))
    weights = rng.lognormal(sigma=0.7, size=len(values)) if is_weighted else None
    problem = make_problem(np.array(values, dtype=float), weights)
    tree = rule(problem, n_bins=n_bins)
    sums, effective = contents(tree, problem)
    assert 1 <= tree.n_bins <= max(1, n_bins) and np.all(sums > 0)
    assert tree.n_bins == 1 or np.all(effective >= ENOUGH * (1 - 1e-9))
    inside = [set(np.array(values)[tree.find(problem.standardized) == k]) for k in range(tree.n_bins)]
    assert sum(len(one) for one in inside) == len(set(values)), "equal values lie in one bin"


@RULES
def test_a_value_that_stands_for_a_missing_one_has_a_bin_of_its_own(make_problem, rule):
    rng = np.random.default_rng(3)
    x = np.append(rng.normal(size=980), np.full(20, -9999.0))
    problem = make_problem(x)
    tree = rule(problem, n_bins=10)
    found = tree.find(problem.standardized)
    own = found[x == -9999.0][0]
    assert np.all((found == own) == (x == -9999.0)) and tree.n_bins > 5
    few = make_problem(x[:985])  # five of them are too few for a bin
    tree = rule(few, n_bins=10)
    assert np.bincount(tree.find(few.standardized)).min() >= 10


def test_a_missing_value_far_beyond_where_standardized_features_end(make_problem):
    x = np.append(np.random.default_rng(4).normal(size=970), np.full(30, -1e30))
    problem = make_problem(x)
    found = quantile_tree(problem, n_bins=5).find(problem.standardized)
    assert set(found[x == -1e30]).isdisjoint(found[x > -1e30])


@RULES
@pytest.mark.parametrize("n_features", [1, 3])
def test_bins_are_a_function_of_the_set_of_events(make_problem, rule, n_features):
    rng = np.random.default_rng(5)
    x = np.round(rng.normal(size=(3000, n_features)), 2)
    weights, mixed = rng.choice([0.5, 1.0, 2.0], size=3000), rng.permutation(3000)
    same = Standardization(np.zeros(n_features) + 0.1, np.ones(n_features) * 1.3)
    trees = [
        rule(make_problem(x[rows], weights[rows], standardization=same), n_bins=25) for rows in (np.arange(3000), mixed)
    ]
    for name in ("feature", "cut", "below", "above"):
        assert np.array_equal(getattr(trees[0], name), getattr(trees[1], name))


def test_negative_weights_leave_positive_sums(make_problem):
    rng = np.random.default_rng(6)
    problem = make_problem(rng.normal(size=(4000, 2)), np.where(rng.random(4000) < 0.2, -1.0, 1.0))
    for rule in (quantile_tree, regular_tree):
        sums, effective = contents(rule(problem, n_bins=30), problem)
        assert np.all(sums > 0) and np.all(effective >= ENOUGH) and sums.size > 5


def test_a_poor_reference_is_one_bin(make_problem):
    assert quantile_tree(make_problem(np.arange(15.0)), n_bins=20).n_bins == 1
