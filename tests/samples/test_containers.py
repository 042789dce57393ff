"""What users hold becomes a sample, by name: frames, tables, records, structured arrays, dicts."""

import importlib.util

import awkward as ak
import numpy as np
import pytest
import uproot
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from wilks.errors import SampleError
from wilks.samples import Sample, as_sample, check_data, is_events, split

from tests.samples.stand_ins import Frame, Series
from tests.samples.tables_of import KINDS, NUMBERS, TABLES


@TABLES
def test_data_are_taken_by_name(make):
    data = check_data(make({"n": NUMBERS["n"], "eta": NUMBERS["eta"], "pt": NUMBERS["pt"]}), features=("pt", "eta"))
    assert data.features == ("pt", "eta") and not data.extras and not data.is_weighted
    assert data.column("pt").tolist() == [30.5, 40.25, 50.0]
    with pytest.raises(SampleError, match=r"features pt, phi, but 'phi' is missing; .* pt, n, is_b, eta, w"):
        check_data(make(NUMBERS), features=("pt", "phi"))
    with pytest.raises(SampleError, match="reference has only names given by default"):
        check_data(make(NUMBERS), features=("x0", "x1"))


def test_data_without_names_are_taken_by_place():
    frame = Frame([np.ones(2), np.zeros(2)], labels=[0, 1])
    assert check_data(frame, features=("pt", "eta")).column("pt").tolist() == [1.0, 1.0]
    with pytest.raises(SampleError, match=r"one column for each of 1 features .*but have 2"):
        check_data(frame, features=("pt",))
    assert check_data(Series([1.0, 2.0]), features=("pt",)).features == ("pt",)
    with pytest.raises(SampleError, match="'pt' is missing"):
        check_data(Series([1.0, 2.0], name="eta"), features=("pt",))


@TABLES
def test_as_sample(make):
    sample = as_sample(make(NUMBERS))
    assert sample.features == tuple(NUMBERS) and as_sample(sample) is sample
    assert as_sample(make(NUMBERS), features=["eta"]).features == ("eta",)
    assert is_events(make(NUMBERS))


def test_as_sample_of_arrays_and_of_what_is_none():
    assert as_sample(np.ones((2, 2)), features=("pt", "eta")).features == ("pt", "eta")
    assert as_sample([1.0, 2.0]).features == ("x0",)
    for thing in (None, 5, Sample, "f.root", len):
        with pytest.raises(
            SampleError, match=r"reference must be a wilks\.Sample, a table with named columns or an array"
        ):
            as_sample(thing, what="reference")


def test_tables_are_split():
    first, second = split({"pt": np.arange(10.0), "eta": np.arange(10.0)}, n_first=4, seed=0)
    assert first.features == second.features == ("pt", "eta") and (first.n_events, second.n_events) == (4, 6)


NAMES = st.lists(
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(str.strip), min_size=1, max_size=4
)


DTYPES = st.sampled_from([np.float64, np.float32, np.int64, np.int32, np.uint8, np.bool_])


def _columns(name_list, n_rows):
    finite = {"allow_nan": False, "allow_infinity": False}

    def of(dtype):
        limits = {"min_value": -(2**53), "max_value": 2**53} if dtype is np.int64 else {}
        return arrays(dtype, n_rows, elements=finite if np.dtype(dtype).kind == "f" else (limits or None))

    return st.fixed_dictionaries({name: DTYPES.flatmap(of) for name in name_list})


@settings(max_examples=30)
@given(st.data(), NAMES, st.integers(0, 4))
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("pandas arrow", "pandas nullable")])
def test_any_numbers_and_names_come_back(kind, data, given_names, n_rows):
    if kind.split()[0] in ("pandas", "polars") and importlib.util.find_spec(kind.split()[0]) is None:
        pytest.skip("not installed")
    names = list(dict.fromkeys(name.replace("\0", "_") for name in given_names))
    drawn = data.draw(_columns(names, n_rows))
    columns = {name: drawn[name] for name in names}
    sample = Sample(KINDS[kind](columns))
    assert sample.features == tuple(names) and sample.n_events == n_rows
    for name, values in columns.items():
        np.testing.assert_array_equal(sample.column(name), values.astype(np.float64))


def test_what_uproot_gives(tmp_path):
    with uproot.recreate(tmp_path / "f.root") as file:
        content = {"pt": np.array([1.0, 2.0, 3.0]), "n": np.array([0, 1, 2]), "jets": ak.Array([[], [1.0], [2.0, 3.0]])}
        file.mktree("events", {"pt": "float64", "n": "int32", "jets": "var * float64"}).extend(content)
    with uproot.open(tmp_path / "f.root") as file:
        for library in ("ak", "np"):
            table = file["events"].arrays(["pt", "n", "jets"], library=library)
            assert Sample(table, features=["n", "pt"]).events.tolist() == [[0.0, 1.0], [1.0, 2.0], [2.0, 3.0]]
            with pytest.raises(
                SampleError, match="column 'jets' must hold one number for each event, but it is jagged"
            ):
                Sample(table)
