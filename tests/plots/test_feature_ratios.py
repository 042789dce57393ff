import numpy as np
import pytest
from matplotlib import pyplot

from wilks import plots
from wilks.analysis import Analysis
from wilks.errors import InputError
from wilks.samples import Sample
from wilks.statistics.network import MLP


def shown_counts(figure):
    """The y values of the markers in the upper panel."""
    line = next(line for line in figure.axes[0].lines if line.get_label() == "data")
    return np.nan_to_num(line.get_ydata())


def test_the_points_are_the_counts(analysis, data, make_fit):
    figure = plots.ratio(analysis, data, feature="x", fit=make_fit())
    assert shown_counts(figure).sum() == data.n_events
    legend = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert legend == ["data", "reference", r"learned: reference $\times\ e^f$"]


def test_without_a_fit_nothing_learned_is_drawn(analysis, data):
    figure = plots.ratio(analysis, data, feature="x")
    assert len(figure.axes[0].get_legend().get_texts()) == 2


def test_units_come_from_labels_or_names(analysis, data):
    by_name = plots.ratio(analysis, data, feature="mass_gev")
    assert by_name.axes[1].get_xlabel() == "mass [GeV]"
    assert by_name.axes[0].get_ylabel().endswith(" GeV") or by_name.axes[0].get_ylabel() == "events / bin"
    by_label = plots.ratio(analysis, data, feature="x", labels={"x": "time [ns]"})
    assert by_label.axes[1].get_xlabel() == "time [ns]"


@pytest.mark.parametrize("name", ["a$b", "$\\oops$", "a_b^{c", "%s {x}", "<b>&"])
def test_any_column_name_can_be_drawn(name):
    reference = Sample(np.linspace(0, 1, 100) ** 2, features=(name,))
    analysis = Analysis(reference=reference, model=MLP(hidden=(2,)))
    figure = plots.ratio(analysis, Sample([0.5, 0.6], features=(name,)), feature=name, labels={name: name})
    assert plots.to_png(figure).startswith(b"\x89PNG")


def test_all_columns_that_both_samples_have_are_drawn(analysis, data, make_fit):
    assert plots.common_columns(analysis, data) == ("x", "mass_gev")
    assert list(plots.ratios(analysis, data, fit=make_fit())) == ["x", "mass_gev"]
    assert list(plots.ratios(analysis, data, columns=["mass_gev"])) == ["mass_gev"]
    assert len(plots.overview(analysis, data).axes) == 4


@pytest.mark.parametrize("name, missing", [("y", "reference"), ("other", "data")])
def test_a_missing_column_is_named(analysis, data, name, missing):
    with pytest.raises(InputError, match=f"must be in the {missing}, but '{name}'"):
        plots.ratio(analysis, data, feature=name)


def test_an_excess_far_above_the_reference_stays_on_the_axis(analysis):
    x = np.random.default_rng(5).exponential(size=180)
    figure = plots.ratio(analysis, Sample(np.concatenate([x, np.full(30, 5.5)]), features=("x",)), feature="x")
    lower = figure.axes[1]
    ratios = next(line for line in lower.lines if line.get_label() == "data").get_ydata()
    assert lower.get_yscale() == "log"
    assert np.nanmax(ratios) > 10.0
    assert lower.get_ylim()[1] > np.nanmax(ratios)


def test_no_global_state_is_touched(analysis, data):
    before = dict(pyplot.rcParams)
    plots.to_svg(plots.ratio(analysis, data, feature="x"))
    assert pyplot.get_fignums() == []
    assert dict(pyplot.rcParams) == before
