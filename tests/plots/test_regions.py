import numpy as np
import pytest

from wilks import plots
from wilks.analysis import Analysis
from wilks.interpretation import LearnedRatio, Region
from wilks.nuisances import normalization
from wilks.statistics.network import MLP


@pytest.fixture
def make_region(analysis):
    """A region at a threshold of f, which is spread evenly over the reference; the data crowd at large f."""

    def make(threshold, *, is_excess, extreme=0.9, of=analysis):
        f, weights = np.linspace(-0.5, 0.6, 2000), np.full(2000, 0.1)
        data = np.append(np.linspace(-0.4, 0.6, 190), np.full(10, extreme))
        learned = LearnedRatio(of, np.zeros(13), data, f, weights)
        inside = [values >= threshold if is_excess else values <= threshold for values in (data, f)]
        n, b = int(inside[0].sum()), float(weights[inside[1]].sum())
        return Region(is_excess, threshold, n, b, 0.1 * np.sqrt(inside[1].sum()), 4.2, (0.0, 1.0), (), learned)

    return make


def shown_counts(figure):
    line = next(line for line in figure.axes[0].lines if line.get_label() == "data")
    return np.asarray(line.get_xdata()), np.nan_to_num(line.get_ydata())


@pytest.mark.parametrize(
    "threshold, is_excess", [(0.41, True), (-0.23, False), (0.7, True), (-0.6, True), (0.95, False)]
)
def test_the_shaded_bins_hold_the_counts_of_the_region(make_region, threshold, is_excess):
    region = make_region(threshold, is_excess=is_excess)
    figure = plots.region(region)
    x, counts = shown_counts(figure)
    assert counts.sum() == 200
    assert counts[x > threshold if is_excess else x < threshold].sum() == region.n_observed
    low, high = figure.axes[0].get_xlim()
    shading = figure.axes[1].patches[-1]
    assert (shading.get_x(), shading.get_x() + shading.get_width()) == pytest.approx(
        (threshold, high) if is_excess else (low, threshold)
    )


def test_legends_say_what_is_shown(make_region):
    figure = plots.region(make_region(-0.23, is_excess=False))
    legends = [artist for artist in figure.axes[0].get_children() if type(artist).__name__ == "Legend"]
    texts = sorted(text.get_text() for legend in legends for text in legend.get_texts())
    assert texts == [
        "$f$ \u2264 \u22120.23:  33 observed, 49.1 \u00b1 2.2 expected, local Z 4.2",
        "data",
        r"learned: reference $\times\ e^f$",
        "reference",
    ]
    assert figure.axes[1].get_xlabel() == "learned log ratio $f$"
    assert plots.to_png(figure).startswith(b"\x89PNG")


def test_with_nuisances_the_reference_is_that_at_tau(analysis, make_region):
    profiled = Analysis(
        reference=analysis.reference, model=MLP(hidden=(4,)), nuisances=(normalization("norm", sigma=0.1),)
    )
    figure = plots.region(make_region(0.2, is_excess=True, of=profiled))
    assert r"reference at $\tau$" in figure.axes[0].get_legend_handles_labels()[1]


def test_an_f_that_is_positive_everywhere_has_a_linear_axis(make_region):
    region = make_region(0.2, is_excess=True)
    f = np.geomspace(0.05, 2.0, 2000)
    learned = LearnedRatio(region.learned.analysis, np.zeros(13), f[::10], f, np.full(2000, 0.1))
    figure = plots.region(Region(True, 0.2, 116, 115.0, 3.4, 0.1, (0.2, 2.0), (), learned))
    assert figure.axes[1].get_xscale() == "linear"


def test_an_f_that_is_the_same_everywhere_can_be_drawn(make_region):
    region = make_region(-1e-9, is_excess=True)
    learned = LearnedRatio(region.learned.analysis, np.zeros(13), np.zeros(200), np.zeros(2000), np.full(2000, 0.1))
    figure = plots.region(Region(True, -1e-9, 200, 200.0, 4.5, 0.0, (0.0, 0.0), (), learned))
    assert shown_counts(figure)[1].sum() == 200 and plots.to_png(figure)
