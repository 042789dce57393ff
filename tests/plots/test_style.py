import pytest

from wilks.plots import to_png, to_svg
from wilks.plots.style import axis_label, drawable, new_figure, style, unit_of


def small_figure():
    with style():
        figure = new_figure(2, 2)
        figure.subplots().plot([0, 1], [0, 1])
    return figure


def test_the_same_figure_gives_the_same_bytes():
    assert to_svg(small_figure()) == to_svg(small_figure())
    assert to_png(small_figure()) == to_png(small_figure())


def test_images_name_no_date_and_no_program():
    assert b"<dc:date>" not in to_svg(small_figure())
    assert b"Software" not in to_png(small_figure())


@pytest.mark.parametrize(
    "name, label",
    [("pt1", "pt1"), ("mll_gev", "mll [GeV]"), ("angle_rad", "angle [rad]"), ("gev", "gev"), ("cost_$", r"cost_\$")],
)
def test_names_become_labels(name, label):
    assert axis_label(name, {}) == label


@pytest.mark.parametrize("label, unit", [("m [GeV]", " GeV"), ("m", ""), ("[a] b", ""), ("x [$\\mu$m] ", " $\\mu$m")])
def test_units_are_found_at_the_end(label, unit):
    assert unit_of(label) == unit


@pytest.mark.parametrize("text", ["$p_T$ [GeV]", r"$m_{\mu\mu}$", r"5 \$ and $x$"])
def test_formulae_that_can_be_read_stay(text):
    assert drawable(text) == text


@pytest.mark.parametrize("text", ["$", "a $x", r"$\unknowncommand$", "$x_{$"])
def test_formulae_that_cannot_be_read_become_plain(text):
    assert drawable(text) == text.replace("$", r"\$")
