"""2 [ n log(n/b) - (n - b) ], against Poisson probabilities and exact arithmetic."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import poisson

from wilks.statistics.histogram.deviance import deviance, gain, log_ratios

counts_and_means = st.lists(st.tuples(st.integers(0, 10_000), st.floats(1e-3, 1e4)), min_size=1, max_size=30)


@given(counts_and_means)
def test_it_is_the_likelihood_ratio_of_the_saturated_model(pairs):
    n, b = (np.array(one, dtype=float) for one in zip(*pairs, strict=True))
    saturated = np.where(n > 0, n, 1e-300)
    expected = 2.0 * (poisson.logpmf(n, saturated) - poisson.logpmf(n, b))
    np.testing.assert_allclose(deviance(n, b), expected, rtol=1e-9, atol=1e-9)


@given(counts_and_means)
def test_it_is_the_formula(pairs):
    n, b = (np.array(one, dtype=float) for one in zip(*pairs, strict=True))
    with np.errstate(divide="ignore", invalid="ignore"):
        plain = np.where(n > 0, 2.0 * (n * np.log(n / b) - (n - b)), 2.0 * b)
    np.testing.assert_allclose(deviance(n, b), plain, rtol=1e-12, atol=1e-12 * np.max(n + b))


@given(st.integers(1, 10**7), st.integers(-50, 50))
def test_it_keeps_its_digits_near_its_zero(n, away):
    """To second and third order in (n - b)/b, by exact fractions."""
    b = n - Fraction(away, 1000)
    if b <= 0 or abs(away) > n:
        return
    x = Fraction(away, 1000) / b
    series = 2 * b * sum((-1) ** k * x**k / (k * (k - 1)) for k in range(2, 12))
    assert deviance(np.array([float(n)]), np.array([float(b)]))[0] == pytest.approx(float(series), rel=1e-6, abs=1e-12)


def test_bins_without_data_have_an_f_of_minus_infinity_and_add_nothing():
    n, b = np.array([0.0, 3.0]), np.array([1.5, 2.0])
    f = log_ratios(n, b)
    assert f.tolist() == [-np.inf, np.log(1.5)] and gain(n, f) == 3.0 * np.log(1.5)
    assert deviance(n, b)[0] == 3.0
