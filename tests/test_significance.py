"""Rates below come from fixed seeds; a bound said to fail "for 1 seed in 1,000" is set by the exact binomial."""

import math

import numpy as np
import pytest
import scipy.special
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from wilks.errors import InputError
from wilks.significance import (
    binomial_log_p_value,
    binomial_p_value,
    chi2_isf,
    chi2_log_sf,
    chi2_sf,
    chi2_z_score,
    clopper_pearson,
    clopper_pearson_upper,
    count_at_or_above,
    exceedance_interval,
    ks_distance,
    ks_p_value,
    least_tied,
    log_p_value,
    median_interval,
    median_ranks,
    p_value,
    poisson_log_p_value,
    variance_ratio_error,
    z_score,
    z_score_from_log,
)


@given(st.floats(min_value=-5.0, max_value=37.0))
def test_z_and_p_are_inverse(z: float) -> None:
    assert z_score(p_value(z)) == pytest.approx(z, abs=1e-8)


@given(st.floats(min_value=-5.0, max_value=1000.0))
def test_z_and_log_p_are_inverse(z: float) -> None:
    assert z_score_from_log(log_p_value(z)) == pytest.approx(z, abs=1e-8)


@given(st.floats(min_value=1e-300, max_value=1.0, exclude_max=True))
def test_both_ways_to_z_agree(p: float) -> None:
    assert z_score_from_log(math.log(p)) == pytest.approx(z_score(p), rel=1e-9, abs=1e-7)


def test_z_at_the_ends() -> None:
    assert z_score(1.0) == -math.inf
    assert z_score(0.0) == math.inf
    assert z_score(0.5) == 0.0
    assert z_score(1.35e-3) == pytest.approx(3.0, abs=1e-4)
    assert z_score_from_log(0.0) == -math.inf


@pytest.mark.parametrize("p", [-0.1, 1.1, math.nan])
def test_z_refuses_what_is_no_probability(p: float) -> None:
    with pytest.raises(InputError, match="between 0 and 1"):
        z_score(p)


@pytest.mark.parametrize("log_p", [0.1, math.nan])
def test_z_from_log_refuses_what_is_no_probability(log_p: float) -> None:
    with pytest.raises(InputError, match="at most 0"):
        z_score_from_log(log_p)


@given(st.data(), st.integers(min_value=1, max_value=2000))
def test_clopper_pearson_holds_both_estimates(data: st.DataObject, n: int) -> None:
    k = data.draw(st.integers(min_value=0, max_value=n))
    low, high = clopper_pearson(k, n)
    assert 0.0 <= low <= k / n <= high <= 1.0
    assert low <= (k + 1) / (n + 1) <= high


def test_clopper_pearson_at_the_ends() -> None:
    assert clopper_pearson(0, 50) == (0.0, pytest.approx(1.0 - 0.16 ** (1 / 50)))
    assert clopper_pearson(50, 50) == (pytest.approx(0.16 ** (1 / 50)), 1.0)
    assert clopper_pearson(0, 0) == (0.0, 1.0)
    assert clopper_pearson_upper(0, 1000) == pytest.approx(1.0 - 0.05 ** (1 / 1000))
    assert clopper_pearson_upper(7, 7) == 1.0


@pytest.mark.parametrize(("n", "level"), [(5, 0.68), (20, 0.68), (100, 0.68), (100, 0.95)])
def test_clopper_pearson_covers_for_every_truth(n: int, level: float) -> None:
    intervals = np.array([clopper_pearson(k, n, level=level) for k in range(n + 1)])
    for truth in np.linspace(0.001, 0.999, 333):
        inside = (intervals[:, 0] <= truth) & (truth <= intervals[:, 1])
        assert scipy.stats.binom.pmf(np.arange(n + 1), n, truth)[inside].sum() >= level


@pytest.mark.parametrize(("k", "n", "level"), [(-1, 5, 0.68), (6, 5, 0.68), (1, 5, 0.0), (1, 5, 1.0)])
def test_clopper_pearson_refuses_bad_input(k: int, n: int, level: float) -> None:
    with pytest.raises(InputError):
        clopper_pearson(k, n, level=level)


@pytest.mark.parametrize(("t", "dof"), [(60.0, 14), (3000.0, 14), (1e6, 2), (20_000.0, 10_000), (5000.0, 500)])
def test_chi2_tail_against_the_finite_sum(t: float, dof: int) -> None:
    x, k = t / 2.0, np.arange(dof // 2)
    exact = float(scipy.special.logsumexp(k * math.log(x) - x - scipy.special.gammaln(k + 1)))
    assert chi2_log_sf(t, dof) == pytest.approx(exact, rel=1e-12)


@given(st.floats(min_value=0.5, max_value=500.0), st.floats(min_value=1e-250, max_value=0.99))
def test_chi2_isf_inverts_sf(dof: float, p: float) -> None:
    t = chi2_isf(p, dof)
    assert chi2_sf(t, dof) == pytest.approx(p, rel=1e-7)
    assert chi2_z_score(t, dof) == pytest.approx(z_score(p), abs=1e-6)


def test_chi2_log_tail_is_smooth_where_the_method_changes() -> None:
    z = np.array([chi2_z_score(t, 13) for t in np.linspace(1330.0, 1390.0, 241)])
    assert np.all(np.diff(z) > 0.0)
    assert np.abs(np.diff(z, 2)).max() < 1e-5


def test_chi2_at_zero_and_bad_dof() -> None:
    assert chi2_sf(0.0, 13) == chi2_sf(-1e-9, 13) == 1.0
    assert chi2_z_score(0.0, 13) == -math.inf
    with pytest.raises(InputError, match="degrees of freedom"):
        chi2_sf(1.0, 0.0)


def test_ks_agrees_with_scipy() -> None:
    t = np.random.default_rng(3).chisquare(13, size=80)
    reference = scipy.stats.kstest(t, scipy.stats.chi2(12.0).cdf, method="exact")
    assert ks_distance(t, 12.0) == pytest.approx(reference.statistic, abs=1e-12)
    assert ks_p_value(t, 12.0) == pytest.approx(reference.pvalue, rel=1e-9)
    with pytest.raises(InputError, match="at least one"):
        ks_distance(np.array([]), 13)


def test_sums_in_another_order_tie() -> None:
    """Sums of the same numbers in 200 orders are one value; one that is larger by 1e-8 is another."""
    rng = np.random.default_rng(3)
    terms = rng.normal(size=40) + 1.0
    sums = np.array([sum(rng.permutation(terms).tolist()) for _ in range(200)])
    assert np.unique(sums).size > 1
    for one in (sums.min(), sums.max()):
        assert count_at_or_above(sums, one) == count_at_or_above(-sums, -one) == 200
    assert count_at_or_above(sums, sums.max() * (1 + 1e-8)) == 0
    assert count_at_or_above([math.nan, 1.0, -2.0], -2.0 * (1 - 1e-10)) == 2
    assert least_tied([-2.0, 4.0]) == pytest.approx([-2.0 - 2e-9, 4.0 - 4e-9], rel=1e-15)
    assert least_tied([-math.inf, 0.0, math.inf]).tolist() == [-math.inf, 0.0, math.inf]


@pytest.mark.parametrize(("dof", "too_small"), [(1.0, 2.0), (13.0, 1.109), (96.0, 1.0155)])
def test_error_of_the_variance_ratio(dof: float, too_small: float) -> None:
    """Standard deviation of 20,000 sets of 400 (2 % is 4 errors, and the next order 1 %), and sqrt(2/n) beside it."""
    sets = np.random.default_rng(12).chisquare(dof, size=(20_000, 400))
    ratios = sets.var(axis=1, ddof=1) / (2.0 * sets.mean(axis=1))
    assert variance_ratio_error(dof, 400) == pytest.approx(ratios.std(), rel=0.03)
    assert variance_ratio_error(dof, 400) / math.sqrt(2 / 400) == pytest.approx(too_small, rel=1e-3)


@pytest.mark.parametrize("n", [20, 100])
def test_ks_p_is_uniform_under_the_null(n: int) -> None:
    """Fails for 1 seed in 1,000 if the p-values are right."""
    rng = np.random.default_rng(5)
    p = np.array([ks_p_value(rng.chisquare(13, size=n), 13) for _ in range(1000)])
    for size in (0.01, 0.05, 0.5):
        low, high = scipy.stats.binom.ppf([0.5e-3 / 3, 1 - 0.5e-3 / 3], p.size, size)
        assert low <= (p <= size).sum() <= high


def test_both_sides_of_a_binomial_that_underflows_count() -> None:
    """k of n and n - k of n are as likely at 1/2, but for rounding: p is twice one tail, here log 2 more."""
    law = scipy.stats.binom(105_000, 0.5)
    found = binomial_log_p_value(35_000, 105_000, probability=0.5)
    assert found == pytest.approx(
        scipy.special.logsumexp(law.logpmf(np.arange(30_000, 35_001))) + np.log(2.0), abs=1e-6
    )


def test_binomial_p_value() -> None:
    assert binomial_p_value(5, 100, probability=0.05) == pytest.approx(1.0)
    assert binomial_p_value(0, 0, probability=0.05) == 1.0
    assert binomial_p_value(100, 100, probability=0.05) < 1e-100


@pytest.mark.parametrize("level", [0.68, 0.95])
def test_median_ranks_cover_and_are_tight(level: float) -> None:
    for n in range(1, 300):
        low, high = median_ranks(n, level=level)
        below = scipy.stats.binom.cdf(low - 1, n, 0.5)
        assert low + high == n + 1
        assert 2.0 * below <= 1.0 - level
        if low < n // 2:
            assert 2.0 * scipy.stats.binom.cdf(low, n, 0.5) > 1.0 - level
    assert median_ranks(2, level=level) == (0, 3)


@pytest.mark.parametrize("level", [0.68, 0.95, 0.999])
def test_median_ranks_are_those_of_the_distribution_of_scipy(level: float) -> None:
    for n in [*range(200), 999, 1000, 20_000]:
        below = scipy.stats.binom.cdf(np.arange(n // 2 + 1), n, 0.5)
        rank = int(np.searchsorted(below, (1.0 - level) / 2.0, side="right"))
        assert median_ranks(n, level=level)[0] == min(rank, (n + 1) // 2)


def test_the_interval_of_a_median_is_infinite_where_toys_are_too_few() -> None:
    assert median_interval(np.array([3.0, 1.0, 2.0])) == (1.0, 3.0)
    for n in (0, 1, 2):
        assert median_interval(np.arange(float(n))) == (-math.inf, math.inf)


def test_exceedance_interval_has_its_level() -> None:
    """Fails for 1 seed in 1,000."""
    rng = np.random.default_rng(7)
    largest = np.sort(rng.uniform(size=(4000, 99)), axis=1)[:, -5]
    low, high = exceedance_interval(5, 99)
    inside = int(((low <= 1.0 - largest) & (1.0 - largest <= high)).sum())
    bounds = scipy.stats.binom.ppf([0.5e-3, 1 - 0.5e-3], 4000, 0.68)
    assert bounds[0] <= inside <= bounds[1]
    with pytest.raises(InputError, match="rank"):
        exceedance_interval(0, 10)


@given(st.integers(0, 300), st.floats(0.01, 300.0), st.booleans())
def test_poisson_tails(n: int, b: float, is_excess: bool) -> None:
    found = poisson_log_p_value(n, b, is_excess=is_excess)
    expected = scipy.stats.poisson.logsf(n - 1, b) if is_excess else scipy.stats.poisson.logcdf(n, b)
    if expected > -600.0:
        assert found == pytest.approx(expected, rel=1e-9, abs=1e-12)
    else:
        assert -5000.0 < found < -590.0


@pytest.mark.parametrize(("n", "b", "is_excess"), [(900, 200.0, True), (100, 900.0, False), (0, 1000.0, False)])
def test_poisson_tails_beyond_what_a_float_holds(n: int, b: float, is_excess: bool) -> None:
    """Against the sum of logarithms of all terms that matter."""
    terms = np.arange(n, n + 3000) if is_excess else np.arange(n + 1)
    expected = scipy.special.logsumexp(scipy.stats.poisson.logpmf(terms, b))
    assert poisson_log_p_value(n, b, is_excess=is_excess) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(("n", "b"), [(-1, 2.0), (1.5, 2.0), (3, 0.0), (3, math.inf)])
def test_counts_that_are_none_are_refused(n: float, b: float) -> None:
    with pytest.raises(InputError, match="a whole number of at least 0 and its expectation positive"):
        poisson_log_p_value(n, b, is_excess=True)
