"""Styles of figures: asked for in one place, kept by each figure, and nothing else is touched."""

import matplotlib as mpl
import numpy as np
import pytest

from wilks import plots
from wilks.errors import InputError
from wilks.laws import calibrate
from wilks.plots.looks import STYLES, current_look
from wilks.plots.style import mark

CALIBRATION = calibrate(np.random.default_rng(1).chisquare(5, size=40), degrees_of_freedom=5)


def texts(figure: mpl.figure.Figure) -> list[str]:
    return [one.get_text() for one in figure.texts]


@pytest.mark.parametrize("style", STYLES)
def test_a_style_does_not_leak_and_names_no_experiment(style: str) -> None:
    before = dict(mpl.rcParams)
    with plots.styled(style):
        figure = plots.null_distribution(CALIBRATION, 12.0)
        assert plots.to_png(figure) and not texts(figure)
    assert dict(mpl.rcParams) == before and current_look().style == "plain"


def test_a_label_stands_beside_the_experiment_and_above_the_legend() -> None:
    with plots.styled("CMS", label="Preliminary"):
        figure = plots.null_distribution(CALIBRATION)
    assert texts(figure) == [r"$\mathbf{CMS}$ Preliminary"]
    figure.draw_without_rendering()
    label, legend = (one.get_window_extent() for one in (figure.texts[0], figure.legends[0]))
    assert legend.y1 <= label.y0 + 1.0 and figure.axes[0].get_window_extent().y1 < legend.y0
    with plots.styled(label="Open data"):
        assert texts(plots.null_distribution(CALIBRATION)) == ["Open data"]


def test_a_figure_keeps_its_style_where_it_is_saved() -> None:
    with plots.styled("LHCb"):
        first, second = plots.qq(CALIBRATION), plots.qq(CALIBRATION)
        inside = plots.to_svg(first)
    assert plots.to_svg(second) == inside != plots.to_svg(plots.qq(CALIBRATION))


def test_styles_are_nested_and_come_back_after_an_error() -> None:
    with pytest.raises(RuntimeError), plots.styled("ATLAS", label="a"):
        with plots.styled(label="b"):
            assert (current_look().style, current_look().label) == ("ATLAS", "b")
        raise RuntimeError
    assert (current_look().style, current_look().label) == ("plain", "")
    with pytest.raises(InputError, match="must be one of plain, CMS, ATLAS, LHCb, but 'cms' came"), plots.styled("cms"):
        pass


def lightness(color: str) -> float:
    return float(np.dot(mpl.colors.to_rgb(color), (0.2126, 0.7152, 0.0722)))


def test_marks_differ_without_their_colors() -> None:
    marks = [mark(i) for i in range(36)]
    assert len(set(marks)) == 36 and len({one.marker for one in marks[:6]}) == len({one.line for one in marks[:6]}) == 6
    assert max(map(lightness, (one.color for one in marks))) < 0.65, "darker than paper"
