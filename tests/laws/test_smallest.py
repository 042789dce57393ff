"""The p of the smallest of several p-values: by brute force, valid whatever the statistics share, failures counted."""

import numpy as np
import pytest

from wilks.errors import CalibrationError
from wilks.laws.empirical import Empirical
from wilks.laws.smallest import smallest_p
from wilks.significance import clopper_pearson

RNG = np.random.default_rng(3)


def by_hand(t, toys):
    everything = np.column_stack([t, toys])
    least = [min((row >= row[i]).sum() for row in everything) for i in range(everything.shape[1])]
    return sum(one <= least[0] for one in least) / everything.shape[1]


@pytest.mark.parametrize("n_models", [1, 2, 5])
def test_it_is_the_definition(n_models):
    toys = RNG.normal(size=(n_models, 50)) ** 2
    for t in RNG.normal(size=(10, n_models)) ** 2:
        assert smallest_p(t, toys).p_value == pytest.approx(by_hand(t, toys), abs=1e-12)


def test_of_one_statistic_and_of_copies_it_is_the_p_of_that_one():
    toys = RNG.normal(size=40) ** 2
    expected = (np.sum(toys >= 1.0) + 1) / 41
    for n_models in (1, 3):
        assert smallest_p(np.full(n_models, 1.0), np.tile(toys, (n_models, 1))).p_value == pytest.approx(expected)


@pytest.mark.parametrize("correlation", [0.0, 0.9])
def test_its_size_is_exact_where_that_of_the_smallest_p_is_not(correlation):
    shared = RNG.normal(size=(1_000, 1, 20))
    values = np.sqrt(correlation) * shared + np.sqrt(1 - correlation) * RNG.normal(size=(1_000, 4, 20))
    values = np.exp(values)
    corrected = np.array([smallest_p(one[:, 0], one[:, 1:]).p_value for one in values])
    smallest = np.min((values >= values[:, :, :1]).sum(axis=2), axis=1) / 20
    assert 0.12 < np.mean(corrected <= 0.2) < 0.24  # at most .2, to three errors
    assert np.mean(smallest <= 0.2) > 0.26


def test_failed_toys_count_as_exceeding_and_the_interval_spans_both():
    toys = np.array([[1.0, 2.0, np.nan, 3.0], [1.0, 2.0, 5.0, 3.0]])
    found = smallest_p(np.array([4.0, 0.5]), toys)
    assert found.p_value == 3 / 5  # the least ranks: 2 of the data, 4, 3, 1 and 2 of the toys
    assert found.interval == (clopper_pearson(1, 4)[0], clopper_pearson(2, 4)[1])


def test_failed_toys_of_one_statistic_push_no_toy_out():
    """Ten toys of statistic 0 failed; the data have the largest t of statistic 1, which three toys reach."""
    toys = np.array([RNG.permutation(100), RNG.permutation(100)]) + 1.0
    t = np.array([50.5, 97.5])
    failed = toys.copy()
    failed[0, np.flatnonzero(toys[1] < 90)[:10]] = np.nan
    found, whole = smallest_p(t, failed), smallest_p(t, toys)
    assert found.p_value == whole.p_value + 10 / 101
    assert found.interval[0] < found.p_value < found.interval[1]


def test_p_is_never_less_than_with_any_t_in_place_of_those_that_failed():
    for n_models in (1, 2, 4):
        for _ in range(200):
            values = np.exp(RNG.normal(size=(n_models, 31)))
            is_failed = RNG.uniform(size=(n_models, 31)) < 0.15 * RNG.uniform(size=(n_models, 1))
            is_failed[:, 0] = False
            found = smallest_p(values[:, 0], np.where(is_failed, np.nan, values)[:, 1:])
            others = np.where(is_failed, np.exp(3.0 * RNG.normal(size=values.shape)), values)
            assert found.p_value >= max(smallest_p(one[:, 0], one[:, 1:]).p_value for one in (values, others))
            assert found.interval[0] < found.p_value < found.interval[1] or found.p_value == found.interval[1] == 1.0


def test_of_one_statistic_failed_toys_count_as_in_any_p():
    toys = np.where(RNG.uniform(size=60) < 0.2, np.nan, RNG.normal(size=60) ** 2)
    null = Empirical.of(toys)
    for t in (0.0, 0.3, 1.0, 9.0):
        found = smallest_p(np.array([t]), toys[None])
        assert (found.p_value, found.interval) == (null.p_value(t), null.interval(t))


def test_a_fit_of_the_data_that_failed_has_none():
    with pytest.raises(CalibrationError, match="a t of every statistic"):
        smallest_p(np.array([np.nan, 1.0]), np.ones((2, 5)))
