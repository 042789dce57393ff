import numpy as np

from wilks import plots
from wilks.typing import FitStatus


def test_starts_are_drawn_best_first(make_fit):
    figure = plots.starts(make_fit(t=9.0, start_t=(3.0, 9.0, float("nan"), 8.0)))
    points = next(line for line in figure.axes[0].lines if line.get_marker() == "o")
    assert points.get_ydata().tolist() == [9.0, 8.0, 3.0]
    texts = [text.get_text() for text in figure.legends[0].get_texts()]
    assert texts == ["returned: $t$ = 9.00", "4 starts (1 without a valid $t$)"]


def test_a_search_that_failed_everywhere_can_be_drawn(make_fit):
    nothing = float("nan")
    fit = make_fit(t=nothing, status=FitStatus.NON_FINITE, start_t=(nothing, nothing))
    assert np.isnan(fit.t)
    assert plots.to_svg(plots.starts(fit))
