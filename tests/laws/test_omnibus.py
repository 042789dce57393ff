"""One p for all tests: its size after the toys chose something, and what so many toys see."""

import numpy as np
import pytest
import scipy.stats

from wilks.laws import omnibus
from wilks.laws.compatibility import judge
from wilks.laws.omnibus import Yardstick, distances, p_values, seen, together


def omnibus_p(sets: np.ndarray, yard: Yardstick) -> np.ndarray:
    return together(p_values(distances(sets, yard), yard), yard)


@pytest.mark.parametrize("chose_dof", [False, True])
@pytest.mark.parametrize("n", [20, 100])
def test_p_is_uniform_for_a_chi_square(n: int, chose_dof: bool) -> None:
    """1,500 sets, of which each is compared with its own mean where the toys chose it; shares within 4 errors.

    The simulated sets have an error of their own, of 2,000.
    """
    sets = np.random.default_rng(5).chisquare(13, size=(1500, n))
    p = omnibus_p(sets, Yardstick(n, 13.0, chose_dof=chose_dof))
    for a in (0.01, 0.05, 0.2, 0.5):
        error = np.sqrt(a * (1 - a) * (1 / 1500 + 1 / 2000))
        assert abs(np.mean(p <= a) - a) < 4.0 * error + 1 / 2000


def test_toys_that_chose_their_mean_are_judged_as_sets_that_chose_it_too() -> None:
    """Sets that were brought to a mean of 13: as plain toys they agree too well, as tuned ones they do not."""
    sets = np.random.default_rng(5).chisquare(13, size=(1500, 100))
    sets *= 13.0 / sets.mean(axis=1, keepdims=True)
    tuned, plain = (omnibus_p(sets, Yardstick(100, 13.0, tuned_mean=mean)) for mean in (13.0, None))
    low, high = scipy.stats.binom.ppf([1e-4, 1 - 1e-4], 1500, 0.05)
    assert low - 4 <= np.sum(tuned <= 0.05) <= high + 4 and np.sum(plain <= 0.05) < low


@pytest.mark.parametrize(("n", "found"), [(100, 500), (800, 800)])
def test_the_p_of_each_test_is_that_of_an_exact_one(n: int, found: int) -> None:
    """KS, the mean (a chi-square of n times the degrees of freedom) and the tail count, above 500 toys by scaling."""
    t = np.random.default_rng(found).chisquare(13, size=n) + 0.3
    p = p_values(distances(t[None], Yardstick(n, 13.0)), Yardstick(n, 13.0))[0]
    of_mean = 2.0 * min(scipy.stats.chi2.sf(t.sum(), 13 * n), scipy.stats.chi2.cdf(t.sum(), 13 * n))
    of_ks = scipy.stats.kstest(t, scipy.stats.chi2(13).cdf).pvalue
    assert p[0] == pytest.approx(of_ks, abs=4 * np.sqrt(of_ks / 2000) + 0.01)
    assert p[1] == pytest.approx(of_mean, abs=8 * np.sqrt(of_mean / 2000) + 0.01)
    assert p[3] <= 1.0


def test_what_is_seen_is_what_a_count_says() -> None:
    """A variance that is 15 % too small, by `judge` at 5 %; both counts have an error of 3 %."""
    rng, found = np.random.default_rng(3), {one.departure: one for one in seen(Yardstick(100, 13.0))}
    sets = rng.gamma(13.0 / 1.7, 1.7, size=(400, 100))
    share = np.mean([judge(t, 13.0, n_failed=0, is_estimated_dof=False).omnibus_p_value <= 0.05 for t in sets])
    assert share == pytest.approx(found["variance 15 % too small"].together, abs=0.1)
    ks = np.mean([scipy.stats.kstest(t, scipy.stats.chi2(13).cdf).pvalue <= 0.05 for t in sets])
    assert ks < 0.1 and found["variance 15 % too small"].shares[0] < 0.12, "a KS test alone is blind to it"


def test_a_mean_that_the_toys_chose_is_not_judged() -> None:
    own, tuned = Yardstick(50, 13.0, chose_dof=True), Yardstick(50, 13.0, tuned_mean=13.2)
    for yard in (own, tuned):
        assert all(one.shares[1] is None and "mean" not in one.departure for one in seen(yard))
    t = np.random.default_rng(1).chisquare(13, size=50)
    chosen = judge(t, 13.0, n_failed=0, is_estimated_dof=False, is_tuned=True)
    assert not chosen.is_mean_judged and "chosen by these toys" in str(chosen)
    assert judge(t + 3.0, 13.0, n_failed=0, is_estimated_dof=False).omnibus_p_value < 0.01


def test_more_toys_see_more() -> None:
    few, many = (seen(Yardstick(n, 13.0))[0].together for n in (60, 1000))
    assert few < 0.3 and many > 0.6 and omnibus.LARGEST_SEEN == 1000
    assert seen(Yardstick(5000, 13.0))[0].together == pytest.approx(many, abs=0.12)
