"""Values of t from elsewhere: what is there twice, and what is of two sets."""

import numpy as np
import pytest
import scipy.stats

import wilks
from wilks.laws.screening import _mid_ranks, screen


def chi_squares(dof: float, n: int, *, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).chisquare(dof, size=n)


@pytest.mark.parametrize("dof", [0.5, 1, 2, 13, 96])
@pytest.mark.parametrize("n", [3, 40, 400])
def test_toys_of_one_chi_square_are_not_odd(dof: float, n: int) -> None:
    assert [screen(chi_squares(dof, n, seed=seed)) for seed in range(10)] == [()] * 10


def test_toys_that_are_there_twice_are_counted() -> None:
    t = chi_squares(13, 100)
    (text,) = screen(np.r_[t, t[:30]])
    assert text.startswith("30 of 130 values of t are there a second time, most of them 100 places after the first")
    (text,) = screen(np.r_[t[3], t])
    assert text.startswith("1 of 101 value of t is there a second time: toys")
    (text,) = screen(np.r_[t, t, t])
    assert "t takes 100 values in 300 toys" in text


def test_zeros_failures_and_order_are_no_finding() -> None:
    t = chi_squares(13, 200)
    mixed = np.random.default_rng(4).permutation(np.r_[t, np.zeros(20), np.full(20, np.nan)])
    assert screen(mixed) == ()
    assert screen(np.sort(t)) == () and screen(np.sort(t)[::-1]) == ()


def test_two_sets_one_after_the_other_are_told_apart() -> None:
    (text,) = screen(np.r_[chi_squares(13, 100), chi_squares(18, 100, seed=2)])
    assert "two sets in one" in text and "the first 1" in text
    spread = np.r_[chi_squares(13, 300), 13.0 + 0.3 * (chi_squares(13, 300, seed=2) - 13.0)]
    assert "two sets in one" in screen(spread)[0], "of one mean and two variances"


def test_two_groups_are_seen_in_any_order() -> None:
    both = np.random.default_rng(3).permutation(np.r_[chi_squares(13, 200), chi_squares(40, 200, seed=2)])
    (text,) = screen(both)
    assert "t has two groups" in text and "the null distribution of neither" in text


def test_findings_stand_in_the_calibration_and_in_answers(fit_of, toys_of, tmp_path) -> None:
    t = chi_squares(13, 100)
    calibration = wilks.calibrate(np.r_[t, t[:30]])
    (text,) = calibration.findings
    assert f"Warning: {text}." in str(calibration) and calibration.to_dict()["findings"] == [text]
    assert text in calibration.evaluate(fit_of(12.0)).warnings
    calibration.save(tmp_path)
    assert wilks.load(tmp_path).findings == (text,)
    assert wilks.calibrate(toys_of(np.r_[t, t])).findings == (), "toys of a campaign have keys of their own"


def test_ranks_are_those_of_scipy() -> None:
    values = np.random.default_rng(1).integers(0, 9, 30).astype(float)
    np.testing.assert_array_equal(_mid_ranks(values), scipy.stats.rankdata(values))
