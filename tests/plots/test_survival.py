"""p against t by an analytic null. Without a correction it is a chi-square(2), whose p is exp(-t/2)."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from wilks import plots
from wilks.errors import InputError
from wilks.laws import AnalyticGoodnessOfFit, ScoreNull, analytic_answer, failed_answer
from wilks.typing import FitStatus


class Counted(ScoreNull):
    """Counts how often the law is computed."""

    n_asked = 0

    def unconfirmed_p_value(self, q: float) -> float:
        type(self).n_asked += 1
        return super().unconfirmed_p_value(q)


def answer(t: float, excess: float = 0.0) -> AnalyticGoodnessOfFit:
    null = Counted(np.ones(2), np.full((2, 2), excess), np.zeros((2, 2, 2)), np.zeros((2, 2)), np.zeros(2))
    Counted.n_asked = 0
    fit: Any = SimpleNamespace(t=t, converged=True, status=FitStatus.CONVERGED)
    return analytic_answer(fit, null)


def legend(figure: Any) -> list[str]:
    return [text.get_text() for text in figure.legends[0].get_texts()]


@pytest.mark.parametrize("t", [0.5, 8.0, 60.0])
def test_a_few_points_make_the_curve(t: float) -> None:
    result = answer(t)
    n_before = Counted.n_asked
    axes = plots.survival(result).axes[0]
    assert Counted.n_asked - n_before <= 5
    x, p = axes.lines[0].get_data()
    assert np.allclose(p, np.exp(-x / 2), rtol=0.02)
    assert x[0] < t < x[-1] and axes.get_xlim() == (x[0], x[-1])
    assert p[-1] < 4e-6
    marker = axes.lines[-1]
    assert (marker.get_xdata()[0], marker.get_ydata()[0]) == (t, result.p_value)


def test_the_limit_lies_below_and_the_band_around() -> None:
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


def test_z_stands_at_the_right() -> None:
    right = plots.survival(answer(10.0)).axes[0].child_axes[0]
    assert right.get_ylabel() == "$Z$"
    assert [text.get_text() for text in right.get_yticklabels()] == ["0", "1", "2", "3", "4"]
    far = plots.survival(answer(900.0)).axes[0].child_axes[0]
    assert 4 <= len(far.get_yticklabels()) <= 8


@pytest.mark.parametrize("t", [0.0, 1e-4, 5000.0])
def test_extreme_values_can_be_drawn(t: float) -> None:
    figure = plots.survival(answer(t))
    assert plots.to_png(figure)
    assert ("far to the right: p = 0 (extrapolated)" in legend(figure)[-1]) == (t == 5000.0)


def test_a_failed_fit_has_no_curve() -> None:
    fit: Any = SimpleNamespace(t=np.nan, converged=False, status=FitStatus.NON_FINITE)
    with pytest.raises(InputError, match="the fit of the data failed"):
        plots.survival(failed_answer(fit))
