"""The printed answer of an analytic null. The null is a chi-square(2), whose p is exp(-t/2)."""

import math
from collections.abc import Callable

import numpy as np
import pytest

from wilks.errors import CalibrationError
from wilks.laws import evaluate, unanswered
from wilks.statistics.fits import FitResult
from wilks.statistics.linear.score_law import ScoreNull
from wilks.typing import FitStatus


def chi_square(excess: float = 0.0) -> ScoreNull:
    """Two terms of weight 1; with an excess the quartic sums that make it."""
    return ScoreNull(np.ones(2), np.full((2, 2), excess), np.zeros((2, 2, 2)), np.zeros((2, 2)), np.zeros(2))


def test_an_answer_reads(fit_of: Callable[..., FitResult]) -> None:
    result = evaluate(fit_of(10.0), chi_square(), warnings=("look at this",))
    assert str(result) == (
        "Goodness of fit\n"
        "  t        10.00\n"
        "  p-value  0.0067  [0.0067, 0.0067]  analytic\n"
        "  Z        2.47    [2.47, 2.47]      analytic\n"
        "Analytic null of the score statistic: mean 2.00, standard deviation 2.00, excess variance 0.000. "
        "It is the law over data and references of this size. The interval is what the order left out is worth.\n"
        "Warning: look at this."
    )
    assert result.p_value == pytest.approx(math.exp(-5.0), rel=1e-8)
    assert result.p_text == "p = 0.0067 (analytic)"


def test_beyond_what_toys_confirmed_it_is_extrapolated(fit_of: Callable[..., FitResult]) -> None:
    assert evaluate(fit_of(40.0), chi_square()).method == "extrapolated"
    assert evaluate(fit_of(20.0), chi_square(0.1)).method == "extrapolated"
    assert evaluate(fit_of(5.0), chi_square(0.1)).method == "analytic"


def test_a_failed_fit_has_no_p(fit_of: Callable[..., FitResult]) -> None:
    result = unanswered(fit_of(math.nan, status=FitStatus.NON_FINITE), warnings=("and this",))
    assert not result.is_answered and result.law is None
    reason = f"The fit of the data failed: {FitStatus.NON_FINITE.message}. There is no p-value"
    assert str(result) == (
        f"Goodness of fit\n  t        failed\n  p-value  none\n  Z        none\nWarning: {reason}.\nWarning: and this."
    )
    plain = result.to_dict()
    assert plain["p_value"] is None and plain["null"] is None and plain["p_text"] == "no p-value"


@pytest.mark.parametrize("t", [10.0, 1400.0, 10_931.0, 1e6])
def test_the_law_has_a_log_p_where_p_underflows(t: float) -> None:
    """log p of a chi-square(2) is -t/2, and nothing was left out."""
    null = chi_square()
    found = null.log_p_value(t), null.gaussian_log_p_value(t), *null.log_interval(t)
    assert found == pytest.approx([-t / 2] * 4, rel=1e-9)
    assert null.p_value(t) == pytest.approx(math.exp(-t / 2), rel=1e-6)
    assert null.interval(t) == pytest.approx((null.p_value(t), null.p_value(t)), rel=1e-6)


def test_the_interval_of_a_p_that_underflows_is_the_square_root_of_its_correction() -> None:
    null = chi_square(0.05)
    low, high = null.log_interval(3000.0)
    log_p, limit = null.log_p_value(3000.0), null.gaussian_log_p_value(3000.0)
    assert limit == pytest.approx(-1500.0) and log_p > limit + 1.0
    assert (low, high) == pytest.approx(((log_p + limit) / 2, log_p + (log_p - limit) / 2), rel=1e-12)


def test_where_the_law_is_not_confirmed_there_is_no_log_p_either() -> None:
    with pytest.raises(CalibrationError, match="excess variance of at most"):
        chi_square(0.3).log_p_value(40.0)
    with pytest.raises(CalibrationError, match="got NaN"):
        chi_square().log_p_value(math.nan)
