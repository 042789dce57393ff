"""Several p-values made one number: tails of gamma laws against closed forms, and what each combination keeps."""

import math

import numpy as np
import pytest
import scipy.special
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from wilks.significance import COMBINATIONS, gamma_log_sf

LOG_P = st.lists(st.floats(-1e4, 0.0), min_size=1, max_size=8)


@pytest.mark.parametrize("x", [0.0, 0.3, 7.0, 40.0])
def test_tails_are_those_of_scipy(x):
    mean, variance = np.array([0.5, 3.0, 9.3]), np.array([2.0, 3.0, 16.5])
    expected = scipy.stats.gamma.logsf(x, mean**2 / variance, scale=variance / mean)
    np.testing.assert_allclose(
        gamma_log_sf(np.full(3, x), mean=mean, variance=variance), expected, rtol=1e-12, atol=1e-15
    )


@pytest.mark.parametrize("log_p", [-10.0, -500.0, -700.0, -1e4])
def test_tails_do_not_underflow(log_p):
    """Of 3 x Erlang(6): exp(-x) sum_{k<6} x^k / k!, exact; and of an exponential, exact too."""
    x = -log_p
    erlang = -x + scipy.special.logsumexp(np.arange(6) * math.log(x) - scipy.special.gammaln(np.arange(6) + 1.0))
    found = gamma_log_sf(np.array([3.0 * x, 3.0 * x]), mean=np.array([18.0, 3.0]), variance=np.array([54.0, 9.0]))
    np.testing.assert_allclose(found, [erlang, -x], rtol=1e-12)


def test_what_is_not_a_number_stays_so_and_what_is_negative_is_certain():
    found = gamma_log_sf(np.array([np.nan, -1e-9]), mean=np.ones(2), variance=np.ones(2))
    assert np.isnan(found[0]) and found[1] == 0.0


@pytest.mark.parametrize("name", COMBINATIONS)
@settings(deadline=None)
@given(log_p=LOG_P, place=st.integers(0, 7), step=st.floats(0.0, 100.0))
def test_a_smaller_p_never_lowers_t(name, log_p, place, step):
    before = np.array(log_p)
    after = before.copy()
    after[place % before.size] -= step
    assert COMBINATIONS[name](after) >= COMBINATIONS[name](before) - 1e-9


@settings(deadline=None)
@given(log_p=LOG_P)
def test_combinations_are_what_they_say(log_p):
    logs = np.array(log_p)
    t = {name: float(combine(logs)) for name, combine in COMBINATIONS.items()}
    assert t["min_p"] == -2 * logs.min()
    assert 0 <= t["min_p"] <= t["product"] + 1e-9
    # The mean lies between the smallest over n and the largest, and is the smallest at the least.
    assert -1e-9 <= t["average"] <= t["min_p"] + 2 * math.log(logs.size) + 1e-9
    assert t["average"] <= -2 * (logs.max() - math.log(logs.size)) + 1e-9


def test_of_one_all_are_the_same():
    assert {float(combine(np.array([-3.0]))) for combine in COMBINATIONS.values()} == {6.0}


@pytest.mark.parametrize(
    ("correlation", "expected"), [(0.0, (0.35, 0.43, 0.09, 0.44)), (0.9, (0.12, 0.52, 0.03, 0.42))]
)
def test_the_average_is_blind_where_one_member_sees_alone(correlation, expected):
    """Power at 2 sigma of four normal statistics of which one has .63 alone: thresholds from 40,000 null sets."""
    rng, size = np.random.Generator(np.random.Philox(4)), scipy.stats.norm.sf(2.0)

    def normals(n: int) -> np.ndarray:
        common, own = rng.normal(size=(n, 1)), rng.normal(size=(n, 4))
        return math.sqrt(correlation) * common + math.sqrt(1 - correlation) * own

    null, seen = scipy.special.log_ndtr(-normals(40_000)), normals(10_000)
    seen[:, 0] += 2.0 + scipy.stats.norm.ppf(0.63)
    found = scipy.special.log_ndtr(-seen)
    assert np.mean(found[:, 0] < math.log(size)) == pytest.approx(0.63, abs=0.02)
    names = ("product", "min_p", "average", "half_cauchy")
    powers = [np.mean(f(found) > np.quantile(f(null), 1 - size)) for f in map(COMBINATIONS.get, names)]
    assert powers == pytest.approx(expected, abs=0.03)
