"""Where events lie: grids of given edges, trees of cuts."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wilks.errors import InputError
from wilks.samples import Standardization
from wilks.statistics.histogram.bins import OUTSIDE, Grid, Tree

edges_of = st.lists(st.integers(-50, 50), min_size=2, max_size=8, unique=True).map(sorted)


@given(edges_of, st.floats(-10, 10), st.floats(0.01, 100), st.lists(st.integers(-60, 60), min_size=1, max_size=50))
def test_a_grid_counts_as_numpy_does_with_events_on_its_edges(edges, shift, scale, values):
    standardization = Standardization([shift], [scale])
    grid = Grid.of((tuple(map(float, edges)),), standardization, ("x",))
    x = np.array(values, dtype=float)
    found = grid.find(standardization.apply(x[:, None]))
    assert np.bincount(found[found >= 0], minlength=grid.n_bins).tolist() == np.histogram(x, edges)[0].tolist()
    assert ((found == OUTSIDE) == ((x < edges[0]) | (x > edges[-1]))).all()


def test_a_grid_of_two_features_is_their_product():
    rng = np.random.default_rng(1)
    x, edges = rng.normal(size=(1000, 2)), ((-1.0, 0.0, 2.0), (-np.inf, -0.5, 0.5, np.inf))
    standardization = Standardization([0.3, -2.0], [2.0, 0.1])
    grid = Grid.of(edges, standardization, ("a", "b"))
    found = grid.find(standardization.apply(x))
    expected = np.histogram2d(*x.T, bins=[edges[0], [-1e9, -0.5, 0.5, 1e9]])[0]
    assert np.bincount(found[found >= 0], minlength=6).tolist() == expected.ravel().tolist()
    assert grid.text(0, ("a", "b")) == "-1 <= a < 0, b < -0.5" and grid.text(5, ("a", "b")) == "0 <= a <= 2, b >= 0.5"


@pytest.mark.parametrize(("shift", "scale"), [(0.0, 1.0), (0.31, 0.27)])
def test_a_step_in_single_precision_is_on_the_same_side_of_an_edge(shift, scale):
    steps, standardization = np.arange(-20, 21) / 10, Standardization([shift], [scale])
    for edges in ((-1.3, -0.7, 0.0, 0.1, 0.3, 0.6, 0.7, 0.9), (0.1, 1.1), (-np.inf, 0.7, np.inf)):
        grid = Grid.of((edges,), standardization, ("x",))
        double, single = (
            grid.find(standardization.apply(x[:, None])) for x in (steps, steps.astype("f4").astype(float))
        )
        np.testing.assert_array_equal(single, double)
        assert grid.given == (edges,)
    made = Grid.of(((0.0, 0.7, 1.0),), standardization, ("x",), are_made=True)
    assert made.find(standardization.apply(np.array([[np.float32(0.7)]], dtype=float))).tolist() == [0]


def test_edges_that_single_precision_does_not_tell_apart_stay():
    grid = Grid.of(((0.7, 0.7 + 1e-12, 0.9),), Standardization([0.0], [1.0]), ("x",))
    assert grid.edges[0].tolist() == [0.7, 0.7 + 1e-12, 0.9]


def test_edges_are_refused_where_they_cannot_be_used():
    one = Standardization([0.0], [1.0])
    with pytest.raises(InputError, match=r"one array for each of the 1 features, x, but there are 2"):
        Grid.of(((0.0, 1.0), (0.0, 1.0)), one, ("x",))
    with pytest.raises(InputError, match=r"at most 1,000,000 bins, but these edges make 4,000,000; give fewer"):
        Grid.of((tuple(map(float, range(2001))),) * 2, Standardization([0.0] * 2, [1.0] * 2), ("x", "y"))
    with pytest.raises(InputError, match=r"standardized edges of x must differ.*leave them out, or give"):
        Grid.of(((0.0, 1e9, 2e9),), Standardization([1.0], [1.0]), ("x",))


def test_a_tree_follows_its_cuts():
    """x_0 < 1, else x_1 < 0, else the rest."""
    index = np.array([0, 1])
    tree = Tree(index, np.array([1.0, 0.0]), np.array([-1, -2]), np.array([1, -3]), 3, Standardization([0, 0], [1, 1]))
    events = np.array([[0.5, 5.0], [1.0, -1.0], [2.0, 0.0]])
    assert tree.find(events).tolist() == [0, 1, 2]
    assert [tree.text(k, ("a", "b")) for k in range(3)] == ["a < 1", "a >= 1, b < 0", "a >= 1, b >= 0"]


def test_a_tree_without_cuts_is_one_bin():
    nothing = np.empty(0, dtype=np.int64)
    tree = Tree(nothing, np.empty(0), nothing, nothing, 1, Standardization([0.0], [1.0]))
    assert tree.find(np.array([[3.0], [-1e300]])).tolist() == [0, 0] and tree.text(0, ("x",)) == "everything"
