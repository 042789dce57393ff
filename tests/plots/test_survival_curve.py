"""p against t by an analytic null. Without a correction it is a chi-square(2), whose p is exp(-t/2)."""

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
import pytest

from wilks import plots
from wilks.errors import InputError
from wilks.laws import GoodnessOfFit, calibrate, evaluate, unanswered
from wilks.statistics.fits import FitResult
from wilks.statistics.linear.score_law import ScoreNull
from wilks.typing import FitStatus

Answer = Callable[..., GoodnessOfFit]


class Counted(ScoreNull):
    """Knows at which t the law was computed."""

    asked: ClassVar[set[float]] = set()

    def unconfirmed_log_p_value(self, t: float) -> float:
        self.asked.add(t)
        return super().unconfirmed_log_p_value(t)


@pytest.fixture
def answer(fit_of: Callable[..., FitResult]) -> Callable[..., GoodnessOfFit]:
    """The answer for a t by this law."""

    def make(t: float, excess: float = 0.0) -> GoodnessOfFit:
        null = Counted(np.ones(2), np.full((2, 2), excess), np.zeros((2, 2, 2)), np.zeros((2, 2)), np.zeros(2))
        return evaluate(fit_of(t), null)

    return make


def legend(figure: Any) -> list[str]:
    return [text.get_text() for text in figure.legends[0].get_texts()]


@pytest.mark.parametrize("t", [0.5, 8.0, 60.0])
def test_a_few_points_make_the_curve(answer: Answer, t: float) -> None:
    result = answer(t)
    Counted.asked.clear()
    axes = plots.survival(result).axes[0]
    assert len(Counted.asked) <= 5
    x, p = axes.lines[0].get_data()
    assert np.allclose(p, np.exp(-x / 2), rtol=0.02)
    assert x[0] < t < x[-1] and axes.get_xlim() == (x[0], x[-1])
    assert p[-1] < 4e-6
    marker = axes.lines[-1]
    assert (marker.get_xdata()[0], marker.get_ydata()[0]) == (t, result.p_value)


def test_the_limit_lies_below_and_the_band_around(answer: Answer) -> None:
    figure = plots.survival(answer(10.0, excess=0.1))
    law, limit = (line.get_ydata() for line in figure.axes[0].lines[:2])
    assert law[-1] > 1.5 * limit[-1]
    band = figure.axes[0].collections[0].get_paths()[0].vertices[:, 1]
    assert band.min() == pytest.approx(law[-1] * np.sqrt(limit[-1] / law[-1]))
    assert legend(figure) == [
        "analytic null, excess variance 0.100",
        "what the neglected terms are worth",
        "its Gaussian limit",
        f"observed $t$ = 10.00: p = {answer(10.0, excess=0.1).p_value:#.2g} (analytic), "
        f"$Z$ = {answer(10.0, excess=0.1).z_score:.2f}",
    ]


def test_z_stands_at_the_right(answer: Answer) -> None:
    right = plots.survival(answer(10.0)).axes[0].child_axes[0]
    assert right.get_ylabel() == "$Z$"
    assert [text.get_text() for text in right.get_yticklabels()] == ["0", "1", "2", "3", "4"]
    far = plots.survival(answer(900.0)).axes[0].child_axes[0]
    assert 4 <= len(far.get_yticklabels()) <= 8


@pytest.mark.parametrize("t", [0.0, 1e-4, 5000.0])
def test_extreme_values_can_be_drawn(answer: Answer, t: float) -> None:
    figure = plots.survival(answer(t))
    assert plots.to_png(figure)
    assert ("far to the right: p = 1.8e-1086 (extrapolated)" in legend(figure)[-1]) == (t == 5000.0)


def test_what_has_no_curve_says_why(fit_of: Callable[..., FitResult]) -> None:
    with pytest.raises(InputError, match="the fit of the data failed"):
        plots.survival(unanswered(fit_of(np.nan, status=FitStatus.NON_FINITE)))
    with pytest.raises(InputError, match=r"draw plots\.null_distribution"):
        plots.survival(calibrate([1.0, 2.0, 3.0]).evaluate(fit_of(2.0)))


def test_what_was_not_counted_among_toys_has_no_histogram(answer: Answer) -> None:
    for draw in (plots.null_distribution, plots.qq):
        with pytest.raises(InputError, match=r"draw plots\.survival for an analytic one"):
            draw(answer(15.0))
