"""Two sets of toys compared by relabelling."""

import numpy as np
import pytest
from scipy.stats import ks_2samp, permutation_test

from wilks.validation.likeness import likeness, shift_often_seen

RNG = np.random.default_rng(3)
FIRST, SECOND = RNG.gamma(6.5, 2.0, size=80), RNG.gamma(6.5, 2.0, size=50) + 1.0


def test_each_p_is_that_of_a_permutation_test() -> None:
    found = likeness(FIRST, SECOND, n_relabellings=4_000, seed=1)
    assert found.p_values[0] == pytest.approx(ks_2samp(FIRST, SECOND, method="exact").pvalue, abs=0.03)
    for k, statistic in ((1, np.mean), (2, lambda x, axis: np.log(np.var(x, axis=axis)))):

        def apart(a, b, axis, statistic=statistic):
            return np.abs(statistic(a, axis=axis) - statistic(b, axis=axis))

        options = {"n_resamples": 4_000, "alternative": "greater", "vectorized": True, "rng": 5}
        expected = permutation_test((FIRST, SECOND), apart, **options).pvalue
        assert found.p_values[k] == pytest.approx(expected, abs=0.03)
    assert min(found.p_values) <= found.p_value <= 3 * min(found.p_values)
    assert found.shift == pytest.approx((SECOND.mean() - FIRST.mean()) / FIRST.std())


def test_no_p_is_too_small_too_often() -> None:
    # 300 pairs: 15 are expected at 5 %, and 30 or more with a chance of 4e-4.
    pairs = (RNG.exponential(size=70) for _ in range(300))
    found = [likeness(one[:40], one[40:], n_relabellings=199).p_value for one in pairs]
    assert sum(p <= 0.05 for p in found) < 30


def test_equal_values_are_ties() -> None:
    found = likeness(np.zeros(30), np.zeros(20), n_relabellings=99)
    assert found.p_value == 1.0 and set(found.p_values) == {1.0}


def test_each_departure_is_seen() -> None:
    t = RNG.gamma(6.5, 2.0, size=(2, 300))
    assert likeness(t[0], t[1] + 2.0, n_relabellings=499).p_value < 0.01
    wider = t[0].mean() + 1.5 * (t[1] - t[1].mean())
    found = likeness(t[0], wider, n_relabellings=499)
    assert found.p_value < 0.01 and found.p_values[2] < 0.01 < found.p_values[1]


def test_the_stated_shift_is_seen_in_nine_of_ten_cases() -> None:
    shift, size = shift_often_seen(100, 50, n_looks=1, size=0.05), 0.05
    seen = 0
    for _ in range(100):
        a, b = RNG.normal(size=100), RNG.normal(size=50) + shift
        seen += likeness(a, b, n_relabellings=199).p_value <= size
    assert 78 <= seen <= 99  # about 90
