"""The learned ratio in pairs of features."""

import numpy as np
import pytest

from wilks import plots
from wilks.analysis import Analysis
from wilks.errors import InputError
from wilks.fitting import fit
from wilks.samples import Sample
from wilks.statistics.fits import FitResult
from wilks.statistics.histogram import Histogram
from wilks.typing import FitStatus

FEATURES = ("x", "mass_gev", "z")


@pytest.fixture(scope="module")
def analysis() -> Analysis:
    rng = np.random.default_rng(1)
    events = np.column_stack([rng.normal(size=4000), rng.lognormal(3.0, 0.5, 4000), rng.normal(size=4000)])
    model = Histogram(edges=((-np.inf, 0.0, np.inf), (0.0, 20.0, np.inf), (-np.inf, np.inf)))
    return Analysis(reference=Sample(events, features=FEATURES), model=model, expected_events=400, standardize=False)


@pytest.fixture(scope="module")
def fitted(analysis: Analysis) -> FitResult:
    events = analysis.reference.events[::10]
    return fit(analysis, np.concatenate([events, events[(events[:, 0] > 0) & (events[:, 1] > 20)]]))


def test_cells_hold_the_learned_ratio(analysis: Analysis, fitted: FitResult) -> None:
    """A step function in four cells is seen as one, in a pair of its features; z is flat."""
    figure = plots.corner(analysis, fit=fitted)
    tables = {table.name: table for table in plots.numbers_of(figure)}
    assert list(tables) == ["x", "mass", "z", "x mass", "x z", "mass z"]
    pair = tables["x mass"]
    x, mass = pair.given
    assert mass.unit == "GeV" and pair.n_rows == x.values.size
    ratio = np.asarray(pair.found[0].values)
    inside = np.isfinite(ratio) & (x.low > 0) & (mass.low > 20)
    outside = np.isfinite(ratio) & (x.high < 0) & (mass.high < 20)
    expected = np.exp(analysis.log_ratio(np.array([[1.0, 30.0, 0.0], [-1.0, 10.0, 0.0]]), fitted.params))
    assert inside.sum() > 5 and np.allclose(ratio[inside], expected[0]) and np.allclose(ratio[outside], expected[1])
    assert len(figure.axes) == 7 and plots.to_png(figure)


def test_a_color_bar_of_small_ratios_has_ticks(analysis: Analysis) -> None:
    """A ratio between 1/1.1 and 1.1, the least range that is drawn."""
    figure = plots.corner(analysis, fit=fit(analysis, analysis.reference.events[::10]), features=("x", "mass_gev"))
    bar = next(axes for axes in figure.axes if axes.get_xlabel() == "learned / reference")
    low, high = bar.get_xlim()
    assert high / low < 2.0 and np.sum((bar.get_xticks() >= low) & (bar.get_xticks() <= high)) >= 3


def test_some_features_can_be_named(analysis: Analysis, fitted: FitResult) -> None:
    figure = plots.corner(analysis, fit=fitted, features=("z", "x"), labels={"z": "depth [m]"})
    assert figure.axes[1].get_xlabel() == "depth [m]" or figure.axes[2].get_xlabel() == "depth [m]"


@pytest.mark.parametrize(
    ("features", "message"),
    [(("x",), "x came"), (("x", "y"), "'y' is no input"), (("x", "x"), "each once"), ((), "none came")],
)
def test_other_choices_are_refused(
    analysis: Analysis, fitted: FitResult, features: tuple[str, ...], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        plots.corner(analysis, fit=fitted, features=features)


def test_a_fit_that_failed_has_none(analysis: Analysis, fitted: FitResult) -> None:
    failed = FitResult(**{**vars(fitted), "status": FitStatus.NOT_CONVERGED})
    with pytest.raises(InputError, match="this one failed"):
        plots.corner(analysis, fit=failed)
