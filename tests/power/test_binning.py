"""Bins of a variable: formulas, equal contents, and bins that the reference leaves empty."""

import numpy as np
import pytest

from wilks.errors import InputError, SampleError
from wilks.power import Binning
from wilks.power.binning import merged
from wilks.samples import Sample

RNG = np.random.default_rng(1)
EVENTS = RNG.normal(size=(500, 2))


def test_a_variable_may_use_definitions_of_definitions() -> None:
    binning = Binning("log(r)", define={"r": "sqrt(square)", "square": "x**2 + y**2", "unused": "other"})
    values = binning.values(EVENTS, features=("x", "y"))
    assert values == pytest.approx(np.log(np.hypot(*EVENTS.T)))


def test_equal_contents_follow_the_weights() -> None:
    weights = RNG.uniform(size=500)
    edges = Binning("x", bins=5).edges(Sample(EVENTS, weights, features=("x", "y")))
    contents = np.histogram(EVENTS[:, 0], edges, weights=weights)[0]
    assert edges[[0, -1]].tolist() == [-np.inf, np.inf]
    assert contents == pytest.approx(weights.sum() / 5, abs=1.5)
    two = Binning("x0", bins=10).edges(Sample(np.repeat([0.0, 1.0], 50)))
    assert np.histogram([0.0, 1.0], two)[0].tolist() == [1, 1]


def test_every_merged_bin_has_two_standard_errors() -> None:
    values, weights = RNG.uniform(size=3_000), RNG.choice([1.0, -0.6], size=3_000)
    weights[values > 0.97] = -1.0
    edges = np.linspace(0, 1, 101)
    found = merged(edges, values, weights, what="x")
    content, squares = (np.histogram(values, found, weights=one)[0] for one in (weights, weights**2))
    assert 5 < found.size < 60 and set(found) <= set(edges) and (found[0], found[-1]) == (0.0, 1.0)
    assert np.all(content >= 2 * np.sqrt(squares)) and content.sum() == pytest.approx(weights.sum())
    assert merged(edges[::10], values, np.ones(3_000), what="x").tolist() == edges[::10].tolist()


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: Binning("x +"), SampleError, "expression"),
        (lambda: Binning("x", bins=(1.0, 1.0)), InputError, "ascending"),
        (lambda: Binning("x", bins=(0.0, float("nan"))), InputError, "finite number"),
        (lambda: Binning("x", bins=0), InputError, "at least 1"),
        (lambda: Binning("mll").values(EVENTS, features=("x", "y")), InputError, "computed from the features, x, y"),
        (lambda: Binning("log(x)").values(EVENTS, features=("x", "y")), InputError, "finite number for every event"),
        (lambda: Binning("x", bins=(7, 8)).edges(Sample(EVENTS, features=("x", "y"))), InputError, "positive sum"),
    ],
)
def test_what_cannot_be_used_is_said(make, error, message) -> None:
    with pytest.raises(error, match=message):
        make()
