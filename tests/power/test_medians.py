import json
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.stats
from hypothesis import assume, given
from hypothesis import strategies as st

from wilks.errors import CalibrationError
from wilks.hypotheses import Alternative, Generator
from wilks.laws import Calibration, calibrate
from wilks.power import median_z_score, power_at_size
from wilks.significance import chi2_z_score, clopper_pearson
from wilks.typing import FloatArray

Make = Callable[..., Any]


def null(n: int = 400, *, seed: int = 1) -> Calibration:
    return calibrate(np.random.default_rng(seed).chisquare(13, size=n), degrees_of_freedom=13)


def signal(n: int = 100, *, shift: float = 12.0, seed: int = 2) -> FloatArray:
    return np.random.default_rng(seed).noncentral_chisquare(13, shift, size=n)


def test_median_of_an_even_and_an_odd_number() -> None:
    assert median_z_score(null(), [30.0, 10.0, 20.0]).median_t == 20.0
    assert median_z_score(null(), [30.0, 10.0, 20.0, 24.0]).median_t == 22.0


def test_golden_median() -> None:
    toys = signal()
    toys[7] = np.nan
    result = median_z_score(null(), toys)
    assert str(result) == MEDIAN
    assert result.low < result.z_score < result.high
    assert json.loads(json.dumps(result.to_dict(), allow_nan=False))["method"] == "empirical"


def test_golden_median_beyond_the_null_toys() -> None:
    result = median_z_score(null(), signal(shift=60.0))
    assert result.is_lower_bound
    assert result.p_value == 1 / 401
    assert result.high == math.inf
    assert 2.0 < result.low < result.z_score
    assert str(result) == BEYOND


def test_median_below_every_null_toy() -> None:
    result = median_z_score(null(), [0.1, 0.2, 0.3])
    assert result.z_score == result.low == -math.inf
    assert math.isfinite(result.high)
    assert result.chi2 is not None
    assert result.chi2.z_score < -5.0


def test_failed_toys_widen_the_interval() -> None:
    toys = signal(100)
    failed = np.r_[toys[:90], np.full(10, np.nan)]
    result = median_z_score(null(), failed)
    for filled in (np.r_[toys[:90], np.zeros(10)], np.r_[toys[:90], np.full(10, 500.0)]):
        other = median_z_score(null(), filled)
        assert result.low <= other.low + 0.1
        assert result.high >= other.high - 0.1
    assert result.n_failed == 10
    assert result.median_t == np.median(np.r_[toys[:90], np.zeros(10)])


def test_incompatible_toys_leave_the_empirical_median_alone() -> None:
    wrong = calibrate(np.random.default_rng(1).chisquare(13, size=400), degrees_of_freedom=10)
    assert median_z_score(wrong, signal()).chi2 is None


def test_toys_that_tie_with_the_last_null_toy_are_not_rejected() -> None:
    """Nine of 19 null toys are 5, up to rounding: p = 0.5 for each value of 5, and 0.05 above."""
    five = 5.0 * (1.0 + 1e-15 * np.arange(-5, 5))
    calibration = calibrate(np.r_[np.arange(1.0, 5.0), five[:9], np.full(6, 2.0)], degrees_of_freedom=4)
    assert (calibration.n_toys, calibration.p_value(five[0]), calibration.p_value(five[-1])) == (19, 0.5, 0.5)
    for size, power in ((0.49, 0.5), (0.5, 1.0)):
        assert power_at_size(calibration, np.r_[five, np.full(10, 9.0)], size=size).power == power


@pytest.mark.parametrize("n", [300, pytest.param(600, marks=pytest.mark.nightly)])
def test_median_interval_covers(n: int) -> None:
    """At least 68 % of n repeated studies (less 3 errors), for both answers; both joined errors matter."""
    rng = np.random.default_rng(3)
    truth = chi2_z_score(float(scipy.stats.ncx2.median(13, 10.0)), 13)
    results = []
    for _ in range(n):
        calibration = calibrate(rng.chisquare(13, size=400), degrees_of_freedom=13)
        results.append(median_z_score(calibration, rng.noncentral_chisquare(13, 10.0, size=100)))
    slack = 3.0 * math.sqrt(0.68 * 0.32 / n)
    covered = np.mean([result.low <= truth <= result.high for result in results])
    assert 0.68 - slack <= covered <= 0.80
    chi2 = [result.chi2 for result in results if result.chi2]
    assert np.mean([answer.low <= truth <= answer.high for answer in chi2]) >= 0.68 - slack


@pytest.mark.parametrize(
    ("toys", "message"),
    [([20.0, 21.0], "at least 3 toys"), ([20.0, math.nan, math.nan, math.nan], "3 failed of 4")],
)
def test_too_few_toys_for_a_median(toys: list[float], message: str) -> None:
    with pytest.raises(CalibrationError, match=message):
        median_z_score(null(), toys)


def test_toys_of_another_analysis_are_refused(toys_of: Make) -> None:
    ours, theirs = ({"fingerprint": one, "expected_overlap_z_error": 0.2} for one in ("aaaa", "bbbb"))
    calibration = calibrate(toys_of(null().t, **ours))
    assert "common error of 0.20" in str(median_z_score(calibration, toys_of(signal(), **ours)))
    for call in (median_z_score, power_at_size):
        with pytest.raises(CalibrationError, match=r"\(aaaa\), got toys of bbbb"):
            call(calibration, toys_of(signal(), **theirs))


def test_a_calibration_of_signal_toys_is_refused(toys_of: Make) -> None:
    toys = toys_of(null().t, hypothesis=Alternative(signal=Generator("numpy:zeros"), n_signal=1))
    with pytest.raises(CalibrationError, match="needs toys of the null hypothesis"):
        median_z_score(calibrate(toys), toys_of(signal()))


@given(
    st.integers(min_value=20, max_value=80),
    st.integers(min_value=0, max_value=3),
    st.floats(min_value=0.1, max_value=0.9),
)
def test_power_is_the_share_of_small_p(n: int, n_failed: int, size: float) -> None:
    rng = np.random.default_rng(n)
    values = np.r_[np.round(rng.chisquare(13, size=n)), np.full(n_failed, np.nan)]
    calibration = calibrate(values, degrees_of_freedom=13)
    toys = np.round(signal(50, shift=5.0, seed=n))
    assume(calibration.null.smallest_p_value <= size)
    rejected = sum(calibration.p_value(t) <= size for t in toys)
    result = power_at_size(calibration, toys, size=size)
    assert result.power == rejected / 50
    assert result.interval == clopper_pearson(rejected, 50)


def test_golden_power() -> None:
    toys = signal()
    toys[7] = np.nan
    result = power_at_size(null(399), toys)
    assert str(result) == POWER
    assert json.loads(json.dumps(result.to_dict(), allow_nan=False))["n_failed"] == 1


def test_power_spans_both_outcomes_of_failed_toys() -> None:
    result = power_at_size(null(399), np.r_[np.full(50, 60.0), np.full(50, np.nan)])
    assert result.power == 0.5
    assert result.interval == (clopper_pearson(50, 100)[0], 1.0)


def test_size_is_kept_and_its_interval_covers() -> None:
    """Mean false-alarm rate 20/400 and 68 % coverage over 1,000 calibrations; fails for 1 seed in 1,000."""
    rng = np.random.default_rng(4)
    nulls = [calibrate(rng.chisquare(13, size=399), degrees_of_freedom=13) for _ in range(200)]
    truths = np.array([scipy.stats.chi2.sf(calibration.t[-20], 13) for calibration in nulls])
    low, high = power_at_size(nulls[0], [20.0, 21.0, 22.0], size=0.05).size_interval
    inside = int(((low <= truths) & (truths <= high)).sum())
    bounds = scipy.stats.binom.ppf([0.5e-3, 1 - 0.5e-3], truths.size, 0.68)
    assert bounds[0] <= inside <= bounds[1]
    assert truths.mean() == pytest.approx(0.05, abs=3.3 * 0.0109 / math.sqrt(truths.size))


def test_too_few_null_toys_for_the_size() -> None:
    with pytest.raises(CalibrationError, match="run at least 999"):
        power_at_size(null(400), signal(), size=0.001)
    for size in (0.0, 1.0, math.nan):
        with pytest.raises(CalibrationError, match="strictly between"):
            power_at_size(null(400), signal(), size=size)


MEDIAN = """\
  median Z  1.72  [1.61, 2.04]  empirical
  median Z  1.72  [1.58, 2.02]  chi2
Median t 22.93 from 100 toys; intervals are at 68 %.
1 of 100 toys failed; the interval covers both outcomes."""

BEYOND = """\
  median Z  at least 2.81  [2.61, inf]   empirical
  median Z  6.03           [5.85, 6.73]  extrapolated
Median t 69.98 from 100 toys; intervals are at 68 %.
No null toy reaches the median t: the empirical Z is a lower bound."""

POWER = """\
  power  0.58  [0.53, 0.64]    empirical
  size   0.05  [0.039, 0.061]  from the null toys
From 100 toys of the alternative; intervals are at 68 %.
1 of 100 toys failed; the interval covers both outcomes."""
