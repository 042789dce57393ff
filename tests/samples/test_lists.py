"""Lists of numbers, one for each event, and what is made of them."""

import awkward as ak
import numpy as np
import pyarrow as pa
import pytest

from wilks.samples.lists import Lists
from wilks.samples.nodes import Reduced

RNG = np.random.default_rng(3)
LENGTHS = RNG.integers(0, 5, size=200)
VALUES = [RNG.normal(size=n).tolist() for n in LENGTHS]
OF_PYTHON = {
    "item": lambda one, k: one[k],
    "len": lambda one, k: len(one),
    "max": lambda one, k: max(one),
    "min": lambda one, k: min(one),
    "sum": lambda one, k: sum(one),
}


@pytest.mark.parametrize(
    ("how", "k"), [("item", 0), ("item", 2), ("item", -1), ("item", -3), ("len", 0), ("max", 0), ("min", 0), ("sum", 0)]
)
@pytest.mark.parametrize("kind", ["f8", "f4", "i2"])
def test_it_is_what_python_makes_of_lists(how, k, kind):
    lists = [np.array(one, dtype=kind).tolist() for one in (np.multiply(100, one) for one in VALUES)]
    flat = np.array([x for one in lists for x in one], dtype=kind)
    values, absent = Lists(ak.unflatten(flat, LENGTHS)).reduced(Reduced("x", how, k))
    for one, value, is_absent in zip(lists, values, absent, strict=True):
        try:
            assert value == pytest.approx(OF_PYTHON[how](one, k), rel=1e-12) and not is_absent
        except (IndexError, ValueError):
            assert is_absent and np.isnan(value)


@pytest.mark.parametrize("how", ["item", "max", "min", "sum"])
def test_a_value_that_is_nan_or_missing_is_not_absent(how):
    for array in ([[1.0, np.nan, 3.0]], [[1.0, None, 3.0]], pa.array([[1.0, None, 3.0]])):
        made = ak.from_arrow(array) if isinstance(array, pa.Array) else ak.Array(array)
        values, absent = Lists(made).reduced(Reduced("x", how, 1))
        assert np.isnan(values).tolist() == [True] and not absent.any()


@pytest.mark.parametrize("how", ["item", "len", "max", "min", "sum"])
def test_a_list_that_is_missing_is_not_an_empty_one(how):
    lists = Lists(ak.Array([[1.0], None, [2.0, 3.0]]))
    values, absent = lists.reduced(Reduced("x", how))
    assert np.isnan(values).tolist() == [False, True, False] and not absent.any() and lists.size == 3


def test_arrays_of_one_length_and_booleans():
    values, absent = Lists(ak.Array(np.arange(6.0).reshape(2, 3))).reduced(Reduced("x", "item", -1))
    assert values.tolist() == [2.0, 5.0] and not absent.any()
    assert Lists(ak.Array([[True, False], []])).reduced(Reduced("x", "sum"))[0].tolist() == [1.0, 0.0]


def test_no_events_and_no_objects_at_all():
    for how in ("item", "len", "max", "min", "sum"):
        assert Lists(ak.Array([[1.0]])[:0]).reduced(Reduced("x", how))[0].tolist() == []
        values, absent = Lists(ak.Array([[1.0], [2.0]])[:, :0]).reduced(Reduced("x", how, 10**6))
        assert values.size == 2 and absent.all() == (how in ("item", "max", "min"))


def test_the_first_integer_that_is_rounded():
    array = ak.Array(np.array([1, 2, 2**53 + 1, 4]))
    assert Lists(ak.unflatten(array, [2, 0, 2])).first_inexact() == (2, 2**53 + 1)
    assert Lists(ak.unflatten(array, [2, 0, 2])[:2]).first_inexact() is None


@pytest.mark.parametrize(
    ("column", "how", "name"),
    [
        ("Muon_pt", Reduced("Muon_pt", "item"), "Muon_pt[0]"),
        ("Muon.pt", Reduced("Muon.pt", "len"), "len(Muon.pt)"),
        ("jet pt", Reduced("jet pt", "item", -2), "`jet pt`[-2]"),
    ],
)
def test_the_name_is_how_it_is_written(column, how, name):
    assert how.name == name and how.column == column
