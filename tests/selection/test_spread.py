"""The spread of t between two seeds of the search."""

import numpy as np
import pytest

from wilks.errors import CalibrationError
from wilks.selection import Spread
from wilks.selection.spread import spread_of
from wilks.significance import clopper_pearson

T = np.random.default_rng(1).chisquare(13, size=50)


def test_shares_are_counted() -> None:
    apart = np.where(np.arange(50) < 20, 0.0, np.where(np.arange(50) < 30, 0.3, 2.0))
    found = spread_of(T, T - apart, n_starts=24, seconds=0.5)
    assert (found.within_tenth, found.within_half, found.largest) == (0.4, 0.6, pytest.approx(2.0))
    assert found.limit == pytest.approx(np.std(T, ddof=1) / 10) and 0.3 < found.limit < 2.0
    assert (found.within_limit, found.n_far, found.interval) == (
        0.6,
        20,
        clopper_pearson(30, 50),
    ) and not found.is_small
    assert "within 0.1 on 40% of 50 toys" in str(found) and "24 starts, 0.5 s a toy" in str(found)


def test_nine_of_ten_toys_must_agree() -> None:
    for n_far, is_small in ((5, True), (6, False)):
        other = T + np.where(np.arange(50) < n_far, 3.0, 0.0)
        assert spread_of(T, other, n_starts=1, seconds=0.1).is_small == is_small


def test_failed_toys_are_left_out_and_all_of_them_are_an_error() -> None:
    other = T.copy()
    other[:10] = np.nan
    assert spread_of(T, other, n_starts=1, seconds=0.1).n_toys == 40
    with pytest.raises(CalibrationError, match="1 of 50 have one"):
        spread_of(T, np.where(np.arange(50) == 0, T, np.nan), n_starts=1, seconds=0.1)


def test_it_comes_back_from_plain_values() -> None:
    found = spread_of(T, T + 0.2, n_starts=24, seconds=0.5)
    assert Spread.from_dict(found.to_dict()) == found
