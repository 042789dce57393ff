import numpy as np
import pytest

import wilks
from wilks import plots
from wilks.errors import InputError
from wilks.nuisances import Nuisance, Nuisances
from wilks.plots.responses import _bin_text
from wilks.responses import Variation, check_responses, study_responses
from wilks.samples import Sample

POINTS = (-0.3, -0.1, 0.1, 0.3)


def sample(nu):
    rng = np.random.default_rng(round(100 * (nu + 2)))
    x = rng.exponential(np.exp(nu), 4000)
    return Sample(x, np.full(4000, 0.5), features=("x",), extras={"mass_gev": 90.0 + x})


def exact(events, nu):
    return -nu - events[:, 0] * (np.exp(-nu) - 1.0)


@pytest.fixture(scope="module")
def variations():
    return [Variation({"scale": nu}, sample(nu)) for nu in POINTS]


@pytest.fixture(scope="module")
def study(variations):
    return study_responses(sample(0.0), [Nuisance("scale", 0.1)], variations=variations)


@pytest.fixture(scope="module")
def closure(variations):
    nuisances = Nuisances((Nuisance("scale", 0.1, log_ratio=exact),))
    return check_responses(sample(0.0), nuisances, variations=variations)


def test_what_was_saved_is_drawn_as_it_was(study, closure, tmp_path):
    for name, one in (("study", study), ("closure", closure)):
        one.save(tmp_path / name)
        again = wilks.load(tmp_path / name)
        assert type(again) is type(one) and str(again) == str(one) and again.to_dict() == one.to_dict()
        (drawn,), (before,) = (list(plots.figures_of(found).values()) for found in (again, one))
        assert list(plots.figures_of(again)) == [f"{name}-scale"]
        assert [plots.to_csv(table) for table in plots.numbers_of(drawn())] == [
            plots.to_csv(table) for table in plots.numbers_of(before())
        ]


def legend(figure):
    return [text.get_text() for text in figure.legends[0].get_texts()]


def test_study_shows_the_points_of_each_bin_and_the_fitted_curves(study):
    figure = plots.response_study(study, column="x")
    axes = figure.axes[0]
    column = study.nuisances[0].columns[0]
    first = axes.containers[0].lines[0]
    np.testing.assert_array_equal(first.get_xdata(), POINTS)
    np.testing.assert_array_equal(first.get_ydata(), column.log_ratios[:, 0])
    assert legend(figure)[0].startswith("below ") and f"order {study.nuisances[0].order}, proposed" in legend(figure)
    assert axes.get_xlabel() == "scale" and figure.legends[0].get_title().get_text() == "bins of x"


def test_bins_that_agree_in_three_digits_have_names_of_their_own():
    edges = np.array([5270.0, 5278.5, 5279.0, 5279.25, 5290.0])
    assert [_bin_text(edges, b) for b in range(4)] == [
        "below 5278.5", "5278.5 to 5279", "5279 to 5279.2", "above 5279.2"
    ]  # fmt: skip
    assert _bin_text(np.array([0.0, 1.0, 1.0, 2.0]), 1) == "1 to 1"


def test_training_points_are_marked(study):
    axes = plots.response_study(study).axes[0]
    marks = next(line for line in axes.lines if line.get_label() == "train here")
    assert tuple(marks.get_xdata()) == study.nuisances[0].training_points


def test_closure_compares_samples_and_response(closure):
    figure = plots.response_closure(closure, column="mass_gev")
    upper, lower = figure.axes
    one = closure.rows[0].columns[1]
    points = upper.containers[0].lines[0].get_ydata()
    kept = one.is_counted & (one.central > 0)
    np.testing.assert_allclose(points, np.log(one.varied / one.central)[kept])
    assert lower.get_xlabel() == "mass [GeV]" and legend(figure) == [f"scale = {nu:g}" for nu in POINTS]
    pulls = lower.lines[0].get_ydata()
    assert np.sum(pulls**2) == pytest.approx(one.chi2)
    assert plots.to_png(figure).startswith(b"\x89PNG")


def test_the_worst_column_is_shown_if_none_is_named(closure):
    worst = max((row.worst for row in closure.rows), key=lambda one: one.shift_in_t).name
    label = plots.response_closure(closure, labels={worst: "the worst"}).axes[1].get_xlabel()
    assert label == "the worst"


def test_names_that_are_not_there(study, closure):
    with pytest.raises(InputError, match="there is no nuisance 'offset'; there are scale"):
        plots.response_study(study, name="offset")
    with pytest.raises(InputError, match="there is no column 'y'; there are x, mass_gev"):
        plots.response_study(study, column="y")
    with pytest.raises(InputError, match="there is no column 'y'"):
        plots.response_closure(closure, column="y")
