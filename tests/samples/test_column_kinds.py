"""What one column of a table must be: numbers, or a message that names it and says what it is."""

import awkward as ak
import numpy as np
import pyarrow as pa
import pytest

from wilks.errors import SampleError
from wilks.samples import Sample

from tests.samples.stand_ins import Categorical, PolarsSeries, Series, Text, Zoned
from tests.samples.tables_of import structured


@pytest.mark.parametrize(
    "column",
    [
        np.ma.masked_array([5, 2**53 + 1], mask=[False, True]),
        np.array([5, None]),
        np.array([5.0, np.ma.masked], dtype=object),
        Series([5, 0], missing=[False, True]),
        PolarsSeries([5, None]),
        pa.array([5, None]),
        pa.chunked_array([[5], [None]]),
        ak.Array([5, None]),
    ],
    ids=["masked", "None", "masked object", "NA", "polars", "arrow", "chunked", "awkward"],
)
def test_missing_values_are_none_in_carried_columns_and_refused_elsewhere(column):
    carried = Sample({"pt": [1.0, 2.0], "m": column}, extras=["m"])
    np.testing.assert_array_equal(carried.column("m"), [5.0, np.nan])
    for arguments in ({}, {"event_weights": "m"}):
        with pytest.raises(SampleError, match=r"'m' must be finite, but 1 value is not .*(missing|nan) in row 1"):
            Sample({"pt": [1.0, 2.0], "m": column}, **arguments)


@pytest.mark.parametrize(
    ("column", "reason"),
    [
        (np.array(["a", "b"]), "it holds text; leave it out"),
        (np.array([b"a", b"b"]), "it holds text"),
        (np.array(["a", 1.0], dtype=object), "it holds text"),
        (np.array(["2020", "2021"], dtype="M8[s]"), "it holds times"),
        (np.array([1, 2], dtype="m8[s]"), "it holds times"),
        (np.array([1j, 2j]), "complex"),
        (np.ones((2, 3)), "several numbers for each event"),
        ([[1.0], [2.0, 3.0]], "it is jagged"),
        (np.array([np.ones(1), np.ones(2)], dtype=object), "it is jagged"),
        (np.array([object(), object()]), "objects of type object"),
        (1.0, "it is the one value 1.0"),
        (structured({"pt": np.ones(2)}), r"it has fields of its own \(pt\)"),
        (ak.Array([[1.0], [2.0, 3.0]]), "it is jagged"),
        (ak.Array([None, [2.0]]), "it is jagged"),
        (ak.Array(np.ones((2, 2))), "several numbers"),
        (ak.Array(["a", "b"]), "it holds text"),
        (ak.Array([1.0, "b"]), "is not one number for each event|it holds text"),
        (ak.Array([{"pt": 1.0}, {"pt": 2.0}]), r"fields of its own \(pt\)"),
        (pa.array([[1], [2]]), "it is a list for each event"),
        (pa.array(["a", "b"]).dictionary_encode(), "it holds text"),
        (Series(["a", "b"], dtype=Text()), "it holds text"),
        (Series([0, 1], dtype=Categorical()), r"it is categorical; take its codes \(.cat.codes\)"),
        (Series([0, 1], dtype=Zoned()), "it holds times"),
    ],
)
def test_columns_that_are_no_numbers_are_refused_by_name(column, reason):
    table = {"pt": [1.0, 2.0], "bad": column}
    with pytest.raises(SampleError, match=rf"column 'bad' must hold one number for each event, but .*({reason})"):
        Sample(table)
    assert Sample(table, features=["pt"]).n_events == 2


@pytest.mark.parametrize(
    ("column", "reason"),
    [
        (["a", "b"], "it holds text"),
        ("categorical", "it is categorical"),
        ("times", "it holds times"),
        ("zoned", "it holds times"),
        ("intervals", "its type interval.* is not a number"),
        ("periods", "its type period.* is not a number"),
        ([[1.0], [2.0, 3.0]], "it is jagged"),
    ],
)
def test_columns_of_pandas_that_are_no_numbers(column, reason):
    pandas = pytest.importorskip("pandas")
    times = pandas.to_datetime(["2020-01-01", "2021-01-01"])
    known = {
        "categorical": pandas.Categorical(["a", "b"]),
        "times": times,
        "zoned": times.tz_localize("UTC"),
        "intervals": pandas.interval_range(0, 2),
        "periods": pandas.period_range("2020", periods=2, freq="D"),
    }
    frame = pandas.DataFrame({"pt": [1.0, 2.0], "bad": known[column] if isinstance(column, str) else column})
    with pytest.raises(SampleError, match=f"column 'bad' must hold one number for each event, but {reason}"):
        Sample(frame)


@pytest.mark.parametrize("kind", ["Int64", "UInt8", "Float32", "int64[pyarrow]", "double[pyarrow]", "boolean"])
def test_nullable_columns_of_pandas(kind):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"pt": [1.0, 2.0], "m": pandas.array([1, None], dtype=kind)})
    np.testing.assert_array_equal(Sample(frame, extras=["m"]).column("m"), [1.0, np.nan])
    with pytest.raises(SampleError, match=r"'m' must be finite, but 1 value is not .first: missing in row 1"):
        Sample(frame)


def test_large_integers_beside_missing_ones_are_not_rounded_on_the_way():
    for column in (
        Series([2**53 + 1, 0], missing=[False, True]),
        pa.array([2**53 + 1, None]),
        np.array([2**53 + 1, None]),
    ):
        with pytest.raises(SampleError, match="9007199254740993 in row 0"):
            Sample({"pt": [1.0, 2.0], "event": column}, extras=["event"])
        with pytest.raises(SampleError, match="9007199254740993"):
            Sample([1.0, 2.0], extras={"event": column})
