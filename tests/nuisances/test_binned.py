"""Responses that are constant in bins."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wilks.errors import InputError
from wilks.nuisances import BinnedPolynomial, cell_of, n_cells, response_from_dict

EDGES = (np.array([0.0, 1.0, 2.0, 4.0]), np.array([-1.0, 0.0, 1.0]))


def test_cells_run_along_the_last_axis() -> None:
    columns = np.array([[0.5, -0.5], [0.5, 0.5], [1.0, -0.5], [3.0, 0.0]])
    assert cell_of(columns, EDGES).tolist() == [0, 1, 2, 5]
    assert n_cells(EDGES) == 6


@given(st.floats(allow_nan=False), st.floats(allow_nan=False))
def test_events_outside_take_the_nearest_bin(a: float, b: float) -> None:
    inside = [np.clip(a, 0.0, 3.999), np.clip(b, -1.0, 0.999)]
    assert cell_of(np.array([[a, b]]), EDGES) == cell_of(np.array([inside]), EDGES)


def test_an_edge_is_met_in_single_precision_too() -> None:
    edges = [np.array([0.0, 0.3, 0.7, 1.0])]
    values = np.array([0.3, 0.7, 0.2999, 0.6999])
    single = values.astype(np.float32).astype(np.float64)
    assert cell_of(values[:, None], edges).tolist() == cell_of(single[:, None], edges).tolist() == [1, 2, 0, 1]


def test_coefficients_of_chosen_features() -> None:
    values = np.arange(12.0).reshape(6, 2)
    response = BinnedPolynomial(("s",), ((1,), (2,)), (2, 0), EDGES, values)
    rows = response.rows(np.array([[0.5, 9.0, 1.5], [-0.5, 9.0, -7.0]]))
    np.testing.assert_array_equal(rows, values[[3, 0]])


def test_bad_bins() -> None:
    with pytest.raises(InputError, match="edges must be at least two ascending finite numbers"):
        BinnedPolynomial(("s",), ((1,),), (0,), ([0.0, 2.0, 1.0],), np.zeros((2, 1)))
    with pytest.raises(InputError, match=r"the shape \(6, 1\), one axis for each of 2 lists of edges"):
        BinnedPolynomial(("s",), ((1,),), (0, 1), EDGES, np.zeros((5, 1)))
    with pytest.raises(InputError, match="2 axes came"):
        BinnedPolynomial(("s",), ((1,),), (0, 1), EDGES[:1], np.zeros((3, 1)))
    with pytest.raises(InputError, match="values must be finite"):
        BinnedPolynomial(("s",), ((1,),), (0,), EDGES[:1], np.full((3, 1), np.inf))


def test_unknown_kind() -> None:
    with pytest.raises(InputError, match=r"must be one of .*, but 'spline' came"):
        response_from_dict({"kind": "spline"})
