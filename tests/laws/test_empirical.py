import math

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from wilks.errors import CalibrationError
from wilks.laws.empirical import Empirical
from wilks.significance import clopper_pearson

VALUES = st.lists(st.floats(min_value=0.0, max_value=100.0), min_size=1, max_size=60)


@given(VALUES, st.integers(min_value=0, max_value=5), st.floats(min_value=-1.0, max_value=101.0))
def test_p_counts_ties_and_failures(values: list[float], n_failed: int, t: float) -> None:
    null = Empirical.of(np.array(values + [math.nan] * n_failed))
    k, n = sum(value >= t * (1 - 1e-9) or t <= 1e-9 for value in values), len(values) + n_failed
    assert null.n_toys == n
    assert null.p_value(t) == (k + n_failed + 1) / (n + 1)
    assert null.interval(t) == (clopper_pearson(k, n)[0], clopper_pearson(k + n_failed, n)[1])


@given(VALUES, st.integers(min_value=0, max_value=5), st.data())
def test_p_lies_in_its_interval_and_falls_with_t(values: list[float], n_failed: int, data: st.DataObject) -> None:
    null = Empirical.of(np.array(values + [math.nan] * n_failed))
    t = sorted(data.draw(st.lists(st.floats(min_value=0.0, max_value=101.0), min_size=2, max_size=2)))
    assert null.p_value(t[0]) >= null.p_value(t[1]) >= null.smallest_p_value
    low, high = null.interval(t[1])
    assert low <= null.p_value(t[1]) <= high
    assert null.upper_limit(t[1]) >= null.p_value(t[1])


def test_the_interval_spans_both_outcomes_of_failed_toys() -> None:
    done = np.arange(98.0)
    below, above = Empirical.of(np.r_[done, -1.0, -1.0]), Empirical.of(np.r_[done, 999.0, 999.0])
    null = Empirical.of(np.r_[done, np.nan, np.nan])
    assert null.interval(90.5) == (below.interval(90.5)[0], above.interval(90.5)[1])


def test_ends() -> None:
    null = Empirical.of(np.arange(1.0, 1001.0))
    assert null.p_value(2000.0) == 1 / 1001
    assert null.p_value(1.0) == null.p_value(0.0) == 1.0
    assert null.interval(2000.0)[0] == 0.0
    assert null.interval(0.0)[1] == 1.0
    assert null.upper_limit(2000.0) == pytest.approx(0.00299, abs=1e-5)
    with pytest.raises(CalibrationError, match="NaN"):
        null.p_value(math.nan)


def test_p_is_valid_and_its_interval_covers() -> None:
    """P(p <= a) <= a and 68 % coverage; fails for 1 seed in 1,000."""
    rng = np.random.default_rng(2)
    n_repeats, n_toys, observed = 3000, 39, rng.chisquare(13, size=3000)
    truth = scipy.stats.chi2.sf(observed, 13)
    nulls = [Empirical.of(rng.chisquare(13, size=n_toys)) for _ in range(n_repeats)]
    p = np.array([null.p_value(t) for null, t in zip(nulls, observed, strict=True)])
    for size in (0.025, 0.05, 0.1, 0.5):
        assert (p <= size).sum() <= scipy.stats.binom.isf(0.5e-3 / 4, n_repeats, size)
        assert (p <= size).sum() >= scipy.stats.binom.ppf(0.5e-3 / 4, n_repeats, size)
    intervals = np.array([null.interval(t) for null, t in zip(nulls, observed, strict=True)])
    covered = int(((intervals[:, 0] <= truth) & (truth <= intervals[:, 1])).sum())
    assert covered >= scipy.stats.binom.ppf(0.5e-3, n_repeats, 0.68)


def test_values_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="read-only"):
        Empirical.of(np.array([2.0, 1.0])).t[0] = 5.0
