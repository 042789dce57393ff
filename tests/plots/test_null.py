"""The null distribution and the observed t."""

import numpy as np
import pytest
from scipy import stats

from wilks import plots
from wilks.laws import calibrate, evaluate
from wilks.plots.null import observed_numbers
from wilks.statistics.linear.score_law import ScoreNull
from wilks.typing import FitStatus


def legend(figure):
    return [text.get_text() for text in figure.legends[0].get_texts()]


def observed_line(figure):
    return [line for line in figure.axes[0].lines if len(line.get_xdata()) == 2]


def test_the_toys_are_all_in_the_histogram(calibration):
    figure = plots.null_distribution(calibration)
    outline = next(patch for patch in figure.axes[0].patches if not patch.get_fill())
    assert outline.get_data().values.sum() == 99
    assert legend(figure)[0] == "100 toys of the null hypothesis (1 failed: not drawn, counted as exceeding in $p$)"
    assert not observed_line(figure)


def test_the_observed_t_has_p_and_z_with_their_method(calibration, make_fit):
    result = calibration.evaluate(make_fit(t=60.0))
    figure = plots.null_distribution(result)
    label = legend(figure)[-1]
    assert result.p_text in label and f"{result.z_score:.2f} (empirical)" in label
    assert observed_line(figure)[0].get_xdata()[0] == 60.0
    assert figure.axes[0].get_xlim()[1] > 60.0


def test_the_numbers_of_an_answer_say_what_their_interval_is(calibration, make_fit):
    by_toys = observed_numbers(calibration.evaluate(make_fit(t=60.0)), 60.0)
    assert by_toys.interval == "68 % interval"
    null = ScoreNull(np.ones(2), np.zeros((2, 2)), np.zeros((2, 2, 2)), np.zeros((2, 2)), np.zeros(2))
    numbers = observed_numbers(evaluate(make_fit(t=4000.0), null), 4000.0)  # p = exp(-t/2)
    p, log10_p, z = numbers.found
    assert numbers.interval == "interval" and p.cells == [None]
    assert log10_p.cells == [pytest.approx(-2000.0 / np.log(10.0))]
    assert z.cells[0] == pytest.approx(63.17, abs=0.01) and z.ends(0) == pytest.approx((z.cells[0],) * 2)


def test_a_calibration_takes_a_t_by_hand(calibration):
    figure = plots.null_distribution(calibration, 15.0)
    assert legend(figure)[-1] == f"$t$ = 15.00: $p$ = {calibration.p_value(15.0):.2g} (empirical)"


def test_a_failed_fit_has_no_line(calibration, make_fit):
    fit = make_fit(t=float("nan"), status=FitStatus.NOT_CONVERGED)
    assert not observed_line(plots.null_distribution(calibration.evaluate(fit)))


def test_a_p_of_one_is_drawn_without_a_z(calibration, make_fit):
    assert "no positive" in legend(plots.null_distribution(calibration.evaluate(make_fit(t=0.0))))[-1]


@pytest.mark.parametrize(
    "shift, words",
    [(0.0, "compatible with the toys"), (30.0, "not shown to be compatible with the toys")],
)
def test_the_chi_square_says_whether_it_is_compatible(shift, words):
    t = shift + np.random.default_rng(1).chisquare(13, size=100)
    assert legend(plots.null_distribution(calibrate(t, degrees_of_freedom=13)))[1] == rf"$\chi^2$(13): {words}"


def test_an_estimated_number_of_degrees_of_freedom_is_said():
    t = np.random.default_rng(1).chisquare(13, size=100)
    assert "degrees of freedom: their mean" in legend(plots.null_distribution(calibrate(t)))[1]


@pytest.mark.parametrize("t", [[3.0], [5.0, 5.0, 5.0], [0.0, 0.0], [1e-9, 4000.0]])
def test_few_and_equal_toys_can_be_drawn(t):
    calibration = calibrate(t, degrees_of_freedom=2)
    assert plots.to_png(plots.null_distribution(calibration))
    assert plots.to_png(plots.qq(calibration))


def test_qq_points_and_band(calibration):
    axes = plots.qq(calibration).axes[0]
    points = next(line for line in axes.lines if line.get_marker() == "o")
    n = len(calibration.t)
    assert np.array_equal(points.get_ydata(), calibration.t)
    assert np.allclose(points.get_xdata(), stats.chi2.ppf((np.arange(1, n + 1) - 0.5) / n, 13))
    top = axes.collections[0].get_paths()[0].vertices[:, 1].max()
    assert top == pytest.approx(stats.chi2.ppf(stats.beta.ppf(0.975, n, 1), 13))


def test_almost_all_chi_square_toys_lie_in_the_band():
    t = np.sort(np.random.default_rng(8).chisquare(5, size=400))
    axes = plots.qq(calibrate(t, degrees_of_freedom=5)).axes[0]
    rank = np.arange(1, 401)
    inside = (stats.chi2.ppf(stats.beta.ppf(0.025, rank, 401 - rank), 5) <= t) & (
        t <= stats.chi2.ppf(stats.beta.ppf(0.975, rank, 401 - rank), 5)
    )
    assert inside.mean() > 0.8
    assert axes.get_xlabel() == r"quantile of $\chi^2$(5)"
