"""Responses fitted in bins."""

import numpy as np
import pytest

from wilks.errors import InputError, ResponseError
from wilks.nuisances import Nuisance
from wilks.responses import Variation, bin_responses
from wilks.samples import Sample

SCALE = (Nuisance("scale", 0.15),)


def test_bins_of_the_exponential(reference, make_variations):
    options = {"variations": make_variations(0.05, -0.05, 0.3, -0.3), "edges": {"x": np.linspace(0.0, 4.0, 9)}}
    with pytest.raises(ResponseError):  # nothing is resolved beyond 4
        bin_responses(reference, SCALE, **options)
    learned = bin_responses(reference, SCALE, accept_poor=True, **options)
    centers = np.arange(0.25, 4.0, 0.5)[:, None]
    exact = -0.5 * 0.15 - centers[:, 0] * np.expm1(-0.15)
    # The last bin is open.
    np.testing.assert_allclose(learned.log_ratio(centers, {"scale": 0.15})[:-1], exact[:-1], atol=0.06)
    assert learned.log_yield.coefficients[0] == pytest.approx(0.5)


def test_exact_weights_give_exact_bins(plane, reweighted):
    """A grid of two features and a mixed term."""
    a, b = plane.events.T
    left, up = np.where(a < 0, 0.1, -0.1), np.where(b < 0, 0.0, 0.2)

    def at(one, two):
        return reweighted(one * left + two * up + one * two * left * up, one=one, two=two)

    points = [(1.0, 0.0), (-1.0, 0.0), (0.0, 1.0), (0.0, -1.0), (1.0, 1.0)]
    learned = bin_responses(
        plane,
        [Nuisance("one", 1.0), Nuisance("two", 1.0)],
        variations=[at(*point) for point in points],
        edges={"b": [-1.0, 0.0, 1.0], "a": [-1.0, 0.0, 1.0]},
    )
    expected = 0.7 * left + 0.4 * up + 0.28 * left * up
    np.testing.assert_allclose(learned.log_ratio(plane.events, {"one": 0.7, "two": 0.4}), expected, atol=1e-6)


def test_a_number_of_bins_of_equal_contents(reference, make_variations):
    learned = bin_responses(reference, SCALE, order=1, variations=make_variations(0.05, -0.05), edges={"x": 5})
    assert learned.response.edges[0][1:-1] == pytest.approx(-np.log([0.8, 0.6, 0.4, 0.2]), rel=0.05)


@pytest.mark.parametrize(
    ("edges", "message"),
    [
        ({}, "edges must name the features to bin"),
        ({"y": 3}, r"only features \(x\) can be binned, but 'y' came"),
        ({"x": 0}, "number of bins of 'x' must be a whole number of at least 1"),
        ({"x": [0.0, 1.0, 50.0, 60.0]}, r"50 <= x < 60 has a sum of weights of 0 in the reference"),
        ({"x": [0.0, np.nan]}, "ascending finite numbers"),
    ],
)
def test_bad_edges(reference, make_variations, edges, message):
    with pytest.raises(InputError, match=message):
        bin_responses(reference, SCALE, order=1, variations=make_variations(0.05, -0.05), edges=edges)


def test_an_empty_bin_of_a_variation_is_named(reference):
    low = Variation({"scale": 0.1}, Sample([0.5, 0.7], [1000.0, 1000.0], features=("x",)))
    high = Variation({"scale": -0.1}, Sample([0.5, 1.7], [1000.0, 1000.0], features=("x",)))
    with pytest.raises(InputError, match=r"1 <= x < 2 has a sum of weights of 0 in variation 1"):
        bin_responses(reference, SCALE, order=1, variations=[low, high], edges={"x": [0.0, 1.0, 2.0]})
