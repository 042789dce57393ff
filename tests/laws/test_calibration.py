import json
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from wilks.errors import CalibrationError
from wilks.hypotheses import Alternative, Generator, Null, ShiftedNuisance
from wilks.laws import calibrate
from wilks.significance import chi2_sf, z_score
from wilks.typing import FitStatus

Make = Callable[..., Any]


def test_toys_bring_their_number_of_parameters(make_toys: Make) -> None:
    calibration = calibrate(make_toys(400, n_failed=2))
    assert (calibration.degrees_of_freedom, calibration.is_estimated_dof) == (13.0, False)
    assert (calibration.n_toys, calibration.n_failed, calibration.t.size) == (400, 2, 398)
    assert np.all(np.diff(calibration.t) >= 0.0)
    assert calibration.reach_z == z_score(3 / 401)
    assert calibration.fingerprint == "0123456789abcdef"
    assert calibrate(make_toys(400), degrees_of_freedom=12).degrees_of_freedom == 12.0


def test_bare_values_estimate_it_and_say_so(make_toys: Make) -> None:
    t = make_toys(400).t
    calibration = calibrate(t)
    assert calibration.degrees_of_freedom == pytest.approx(t.mean(), rel=1e-12)
    assert calibration.is_estimated_dof
    assert calibration.fingerprint is calibration.overlap_z_error is None
    assert "(the mean itself)" in str(calibration)


@pytest.mark.parametrize("dof", [0.0, -1.0, math.nan, math.inf])
def test_bad_degrees_of_freedom(make_toys: Make, dof: float) -> None:
    with pytest.raises(CalibrationError, match="degrees of freedom"):
        calibrate(make_toys(30), degrees_of_freedom=dof)


def test_all_zero_values_have_no_chi_square() -> None:
    with pytest.raises(CalibrationError, match="degrees of freedom"):
        calibrate(np.zeros(30))


def test_chi2_needs_compatible_toys_or_force(make_toys: Make) -> None:
    good, bad = calibrate(make_toys(400)), calibrate(make_toys(400), degrees_of_freedom=10)
    assert good.chi2_p_value(30.0) == pytest.approx(chi2_sf(30.0, 13), rel=1e-12)
    with pytest.raises(CalibrationError, match=r"Not compatible with chi-square\(10\).*force=True"):
        bad.chi2_p_value(30.0)
    assert bad.chi2_p_value(30.0, force=True) == pytest.approx(chi2_sf(30.0, 10), rel=1e-12)
    assert bad.chi2(12.0, force=True).method == "extrapolated"
    with pytest.raises(CalibrationError, match="NaN"):
        good.chi2(math.nan)


@pytest.mark.parametrize(("t", "came"), [(math.nan, "NaN"), (math.inf, "inf"), (-math.inf, "-inf"), (-1.0, "-1")])
@pytest.mark.parametrize("name", ["count", "p_value", "interval", "upper_limit", "chi2", "chi2_p_value", "gamma"])
def test_a_t_of_a_failed_fit_has_no_p(make_toys: Make, name: str, t: float, came: str) -> None:
    with pytest.raises(CalibrationError, match=f"finite and not negative, but {came} came"):
        getattr(calibrate(make_toys(60)), name)(t)


def test_a_t_below_0_by_rounding_is_0(make_toys: Make) -> None:
    assert calibrate(make_toys(60)).p_value(-1e-6) == 1.0


def test_19_toys_give_no_chi_square(make_toys: Make, make_fit: Make) -> None:
    result = calibrate(make_toys(19)).evaluate(make_fit(20.0))
    assert result.chi2 is None
    assert "20 valid toys at least are needed, got 19" in str(result)


def test_another_analysis_is_an_error(make_toys: Make, make_fit: Make) -> None:
    with pytest.raises(CalibrationError, match="fingerprint 0123456789ab, the data to ffff"):
        calibrate(make_toys(40)).evaluate(make_fit(20.0, fingerprint="ffff"))


def test_toys_of_a_signal_give_no_p(make_toys: Make, make_fit: Make) -> None:
    signal = Alternative(signal=Generator("numpy:zeros"), n_signal=1)
    with pytest.raises(CalibrationError, match="toys of the null hypothesis"):
        calibrate(make_toys(40, hypothesis=signal)).evaluate(make_fit(20.0))


def test_toys_of_shifted_nuisances_are_null_toys_of_a_penalized_t_alone(make_toys: Make, make_fit: Make) -> None:
    shifted = ShiftedNuisance({"scale": 0.1})
    assert calibrate(make_toys(40, hypothesis=shifted, degrees_of_freedom=None)).evaluate(make_fit(20.0)).is_answered
    reweighted = ShiftedNuisance({"scale": 0.1}, is_reweighted=True)
    for refused in ({"hypothesis": shifted}, {"hypothesis": reweighted, "degrees_of_freedom": None}):
        with pytest.raises(CalibrationError, match="got toys of ShiftedNuisance"):
            calibrate(make_toys(40, **refused)).evaluate(make_fit(20.0))


def test_fixed_counts_answer_for_that_count_alone(make_toys: Make, make_fit: Make) -> None:
    calibration = calibrate(make_toys(40, hypothesis=Null(n_events=2000)))
    assert calibration.evaluate(make_fit(20.0, n_events=2000)).is_answered
    with pytest.raises(CalibrationError, match="they hold 2000, the data 2010"):
        calibration.evaluate(make_fit(20.0))


def test_a_failed_fit_has_no_p(make_toys: Make, make_fit: Make) -> None:
    result = calibrate(make_toys(400)).evaluate(make_fit(math.nan, status=FitStatus.NON_FINITE))
    assert not result.is_answered
    assert all(map(math.isnan, (result.t, result.p_value, result.z_score, *result.interval, *result.z_interval)))
    assert str(result) == FAILED
    assert json.loads(json.dumps(result.to_dict(), allow_nan=False))["p_value"] is None


def test_a_t_that_did_not_converge_has_no_p_even_if_finite(make_toys: Make, make_fit: Make) -> None:
    result = calibrate(make_toys(400)).evaluate(make_fit(12.0, status=FitStatus.NOT_CONVERGED))
    assert not result.is_answered
    assert math.isnan(result.t)


def test_golden_answer(make_toys: Make, make_fit: Make) -> None:
    result = calibrate(make_toys(400, n_failed=2)).evaluate(make_fit(22.0))
    assert str(result) == ANSWER
    assert repr(result) == "GoodnessOfFit(t=22, p_value=0.04988, z_score=1.646, method='empirical')"
    assert result.method == "empirical"


def test_golden_answer_beyond_the_toys(make_toys: Make, make_fit: Make) -> None:
    result = calibrate(make_toys(1000)).evaluate(make_fit(60.0))
    assert result.p_value == 1 / 1001
    assert str(result) == BEYOND


def test_golden_answer_of_an_unremarkable_t(make_toys: Make, make_fit: Make) -> None:
    result = calibrate(make_toys(400), degrees_of_freedom=10).evaluate(make_fit(0.5))
    assert (result.p_value, result.z_score) == (1.0, -math.inf)
    assert str(result) == LOW


def test_golden_calibration(make_toys: Make) -> None:
    calibration = calibrate(make_toys(400, n_failed=2))
    assert str(calibration) == CALIBRATION
    assert repr(calibration) == "Calibration(n_toys=400, n_failed=2, degrees_of_freedom=13, compatible=True)"


@pytest.mark.parametrize("t", [0.0, 13.0, 60.0, 4000.0])
def test_results_are_valid_json(make_toys: Make, make_fit: Make, t: float) -> None:
    result = calibrate(make_toys(400)).evaluate(make_fit(t))
    read = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    assert read["p_value"] == result.p_value
    assert read["calibration"]["compatibility"]["is_compatible"] is True


FAILED = """\
Goodness of fit
  t        failed
  p-value  none
  Z        none
Warning: The fit of the data failed: the loss was not finite at every start; look for extreme feature values or \
weights. There is no p-value."""

ANSWER = """\
Goodness of fit
  t        22.00
  p-value  0.050  [0.032, 0.061]  empirical
  Z        1.65   [1.55, 1.85]    empirical
  p-value  0.055                  chi2
  Z        1.59   [1.59, 1.81]    chi2
p = 20/401 (17 of 400, 2 failed). Intervals are at 68 %.
Warning: 2 of 400 toys failed; the interval covers both outcomes."""

BEYOND = """\
Goodness of fit
  t        60.00
  p-value  0.0010   [0, 0.0018]   empirical
  Z        3.09     [2.91, inf]   empirical
  p-value  5.3e-08                extrapolated
  Z        5.32     [5.17, 5.44]  extrapolated
p = 1/1001 (0 of 1000; below 0.0030 at 95 % CL), Z above 2.75 at 95 % CL. Intervals are at 68 %.
The toys reach Z = 3.09; the chi-square answer is beyond it. Its band holds the errors of their mean and variance, \
not a tail of another shape."""

LOW = """\
Goodness of fit
  t        0.50
  p-value  1            [0.9954, 1]       empirical
  Z        below -2.61  [-inf, -2.61]     empirical
  p-value  1.0000       [1.0000, 1.0000]  gamma
  Z        -5.46        [-5.68, -5.25]    gamma
p = 401/401 (400 of 400). Intervals are at 68 %.
No chi-square answer. Not compatible with chi-square(10): the tests together have a p of 0.00050, the KS p is \
3.0e-23, the mean is +12.0 errors off, the tail count has a p of 1.4e-06."""

CALIBRATION = """\
Null distribution of t from 400 toys
                     toys   error  chi-square  pull or p
  mean               12.67  0.26   13          -1.3
  variance/(2 mean)  0.91   0.08   1           -1.1
  toys above 22.36   15     4.4    20.0        p 0.30
  KS p                                         p 0.19
  all together                                 p 0.44
  398 toys show, at 5 %                KS    mean  variance  tail  together
  variance 15 % too small              11 %  4 %   57 %      16 %  40 %
  variance 15 % too large              11 %  5 %   43 %      10 %  31 %
  mean too large by one                93 %  98 %  5 %       38 %  96 %
  twice the toys above the 95 % point  38 %  74 %  71 %      97 %  92 %
Compatible with chi-square(13) within the errors above.
The toys reach Z = 2.43 (p = 0.0075).
2 of 400 toys failed; the interval covers both outcomes.
2 of them: the best start did not meet the tolerance within its budget; give the search more iterations or starts."""
