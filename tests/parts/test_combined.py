"""p of several parts among toys of the whole procedure."""

import numpy as np
import pytest
from scipy.stats import kstest

from wilks.errors import CalibrationError, InputError
from wilks.laws import calibrate
from wilks.parts.combined import combined, mean_correlation, share_at_or_above
from wilks.significance import INDEPENDENT

RNG = np.random.default_rng(3)


def answer(t, toys, combination="fisher"):
    return combined(np.array(t), toys, n_events=(10,) * len(t), combination=combination)


def test_one_part_has_the_p_of_a_calibration() -> None:
    toys = RNG.chisquare(5, size=(200, 1))
    for t in (1.0, 8.0, 30.0):
        expected = calibrate(toys[:, 0], degrees_of_freedom=5)
        for name in INDEPENDENT:
            found = answer([t], toys, name)
            assert found.p_value == pytest.approx(expected.p_value(t))
            assert found.p_values[0] == pytest.approx(expected.p_value(t)) and found.interval == expected.interval(t)


@pytest.mark.parametrize("name", INDEPENDENT)
def test_p_is_exact_also_where_the_parts_share_something(name) -> None:
    """Toys and data whose two parts have a common term: the formula is wrong, the rank among toys is not."""
    drawn = RNG.chisquare(3, size=(300, 60, 2)) + 3.0 * RNG.chisquare(3, size=(300, 60, 1))
    found = [answer(one[0], one[1:], name) for one in drawn]
    assert kstest([one.p_value + RNG.uniform(-1, 0) / 60 for one in found], "uniform").pvalue > 0.01
    by_formula = np.mean([one.formula_p_value <= 0.05 for one in found])
    by_toys = np.mean([one.p_value <= 0.05 for one in found])
    assert by_toys == pytest.approx(0.05, abs=0.045)
    assert name == "min_p" or by_formula > by_toys
    assert np.mean([one.correlation for one in found]) > 0.5


def test_parts_that_share_nothing_have_the_p_of_the_formula() -> None:
    toys = RNG.chisquare(3, size=(2_000, 2))
    for name in INDEPENDENT:
        found = answer([8.0, 6.0], toys, name)
        assert found.p_value == pytest.approx(found.formula_p_value, abs=0.02) and abs(found.correlation) < 0.1


def test_failed_toys_count_as_exceeding() -> None:
    toys = RNG.chisquare(3, size=(99, 2))
    toys[:5, 1] = np.nan
    found = answer([50.0, 50.0], toys)
    assert (found.n_failed, found.p_value) == (5, 6 / 100) and "5 of 99" in str(found)
    with pytest.raises(CalibrationError, match="1 of them failed"):
        answer([np.nan, 3.0], toys)
    with pytest.raises(InputError, match="one of fisher, stouffer, min_p"):
        answer([1.0, 3.0], toys, "tippett")


def test_few_toys_are_named_and_ties_count() -> None:
    toys = np.ones((20, 2))
    found = answer([1.0, 1.0], toys)
    assert found.p_value == 1.0 and found.warnings[0].startswith("Only 20 toys")
    np.testing.assert_allclose(share_at_or_above(np.array([0.3]), np.array([0.1, 0.1 + 0.2, 0.7])), 2 / 3)
    assert np.isnan(mean_correlation(toys[:, :1]))
