"""How probabilities are printed, also where they underflow, against arithmetic with as many digits as one likes."""

import math
from decimal import Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wilks.significance import log_p_value
from wilks.significance.printing import probability, probability_from_log, z_interval, z_interval_from_log


@given(st.floats(min_value=-1e6, max_value=-700.0))
def test_a_p_that_underflows_is_printed_from_its_log(log_p: float) -> None:
    with localcontext() as context:
        context.prec = 30
        exact = Decimal(log_p).exp()
        printed = Decimal(probability_from_log(log_p))
        assert abs(printed / exact - 1) <= Decimal("0.0500001")  # two digits: half of 0.1 in 1.0


@given(st.floats(min_value=1e-290, max_value=1.0))
def test_a_p_that_does_not_underflow_is_printed_as_it_is(p: float) -> None:
    assert probability_from_log(math.log(p)) == probability(math.exp(math.log(p)))


@pytest.mark.parametrize(
    ("decades", "text"),
    [(-2372.0, "1.0e-2372"), (-2372.001, "1.0e-2372"), (-2371.51, "3.1e-2372"), (-301.0, "1.0e-301")],
)
def test_a_mantissa_never_reaches_ten(decades: float, text: str) -> None:
    assert probability_from_log(decades * math.log(10.0)) == text


def test_ends() -> None:
    assert [probability_from_log(x) for x in (0.0, -math.inf, math.nan)] == ["1", "0", "nan"]


def test_both_intervals_of_z_agree_and_one_goes_on() -> None:
    assert z_interval_from_log(math.log(1e-5), math.log(0.2)) == pytest.approx(z_interval(1e-5, 0.2), rel=1e-9)
    assert z_interval_from_log(log_p_value(200.0), log_p_value(150.0)) == pytest.approx((150.0, 200.0), rel=1e-9)
