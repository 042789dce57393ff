import numpy as np
import pytest

from wilks import plots


def test_the_running_mean_ends_at_the_mean() -> None:
    t = np.random.default_rng(0).chisquare(13, size=5000)
    t[3] = np.nan
    (axes,) = plots.running_mean(t, n_parameters=13).axes
    line = axes.lines[0]
    assert line.get_xdata()[-1] == 4999 and line.get_ydata()[-1] == pytest.approx(np.nanmean(t))
    assert len(line.get_xdata()) <= 2000
    labels = [text.get_text() for text in axes.figure.legends[0].get_texts()]
    assert labels == ["± its error", "mean of $t$ so far", "13 parameters"]


@pytest.mark.parametrize("t", [[], [np.nan], [4.0]])
def test_few_toys_are_drawn_too(t) -> None:
    figure = plots.running_mean(np.array(t))
    assert plots.to_png(figure)
