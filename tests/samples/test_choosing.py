"""`Sample` of tables: which columns become features, weights and carried columns."""

import awkward as ak
import numpy as np
import pyarrow as pa
import pytest

from wilks.errors import SampleError
from wilks.samples import Sample

from tests.samples.stand_ins import Frame, Lazy, PolarsSeries, Series
from tests.samples.tables_of import KINDS, NUMBERS, TABLES


@TABLES
def test_names_and_numbers_are_those_of_the_columns(make):
    sample = Sample(make(NUMBERS))
    assert sample.features == tuple(NUMBERS)
    for name, values in NUMBERS.items():
        np.testing.assert_array_equal(sample.column(name), values.astype(float))
    assert sample.digest() == Sample(np.stack(list(NUMBERS.values()), axis=1), features=list(NUMBERS)).digest()


@TABLES
def test_columns_are_chosen_by_name(make):
    sample = Sample(make(NUMBERS), "w", features=["eta", "pt"], extras=["n"])
    assert sample.features == ("eta", "pt") and list(sample.extras) == ["n"]
    assert sample.event_weights.tolist() == [1.0, -0.5, 2.0]
    assert sample.events[:, 1].tolist() == [30.5, 40.25, 50.0]
    assert Sample(make(NUMBERS), "w", extras=["n", "is_b"]).features == ("pt", "eta")


@TABLES
def test_what_is_not_chosen_is_not_looked_at(make):
    columns = {"pt": np.array([1.0, 2.0]), "nothing": np.array([np.nan, 1.0]), "name": np.array(["a", "b"])}
    if make is KINDS["pandas-like"]:
        columns["name"] = Series(columns["name"].astype(object))
    assert Sample(make(columns), features=["pt"]).features == ("pt",)
    with pytest.raises(SampleError, match="column 'name' must hold one number for each event, but it holds text"):
        Sample(make(columns), features=["pt", "name"])
    with pytest.raises(SampleError, match=r"value of 'nothing' must be finite, but 1 value is not .* in row 0"):
        Sample(make(columns), features=["pt", "nothing"])
    assert Sample(make(columns), features=["pt"], extras=["nothing"]).n_without("nothing") == 1


@TABLES
def test_columns_that_are_not_there_are_named(make):
    table = make(NUMBERS)
    for arguments in ({"features": ["pt", "etta"]}, {"event_weights": "etta"}, {"extras": ["etta"]}):
        with pytest.raises(SampleError, match="no column 'etta'; did you mean 'eta'"):
            Sample(table, **arguments)
    with pytest.raises(SampleError, match="repeated: pt"):
        Sample(table, features=["pt", "pt"])
    with pytest.raises(SampleError, match="at least one feature"):
        Sample(table, "w", extras=["pt", "n", "is_b", "eta"])


@TABLES
def test_tables_without_rows(make):
    empty = Sample(make({"pt": np.empty(0), "n": np.empty(0, dtype=np.int64)}))
    assert empty.events.shape == (0, 2) and empty.features == ("pt", "n")


@TABLES
def test_integers_that_would_be_rounded_are_refused(make):
    table = make({"pt": np.ones(2), "event": np.array([1, 2**53 + 1])})
    for arguments in ({}, {"features": ["pt"], "extras": ["event"]}, {"event_weights": "event"}):
        with pytest.raises(SampleError, match=r"integers of 'event' .* 9007199254740993 in row 1 is not"):
            Sample(table, **arguments)
    assert Sample(table, features=["pt"]).n_events == 2


@TABLES
def test_the_arrays_of_a_sample_are_its_own(make):
    columns = {name: values.copy() for name, values in NUMBERS.items()}
    sample = Sample(make(columns), "w", extras=["n"])
    for values in columns.values():
        values[:] = 0
    assert sample.column("pt").tolist() == [30.5, 40.25, 50.0]
    assert sample.event_weights.sum() == 2.5 and sample.column("n")[2] == 2**53
    assert not any(one.flags.writeable for one in (sample.events, sample.event_weights, sample.extras["n"]))


def test_columns_of_frames_are_weights_and_extras_by_position():
    for column in (Series([2.0, 3.0]), PolarsSeries([2.0, 3.0]), pa.array([2.0, 3.0]), ak.Array([2.0, 3.0])):
        sample = Sample([1.0, 2.0], column, extras={"m": column})
        assert sample.event_weights.tolist() == sample.column("m").tolist() == [2.0, 3.0]
    with pytest.raises(SampleError, match="column 'event_weights' must hold one number"):
        Sample([1.0, 2.0], ak.Array([[1.0], [2.0, 3.0]]))
    with pytest.raises(SampleError, match="'event_weights' must be finite, but 1 value is not"):
        Sample([1.0, 2.0], Series([2, 3], missing=[True, False]))


def test_columns_without_names_are_an_array():
    for table in (Frame([np.ones(2), np.zeros(2)], labels=[0, 1]), ak.zip((np.ones(2), np.zeros(2)))):
        assert Sample(table).features == ("x0", "x1")
        assert Sample(table, features=["pt", "eta"]).column("pt").tolist() == [1.0, 1.0]
        with pytest.raises(SampleError, match="one name for each feature, but 1 names came for 2 columns"):
            Sample(table, features=["pt"])
        with pytest.raises(SampleError, match="extras must be arrays by name"):
            Sample(table, extras=["x1"])


def test_a_column_keeps_its_name():
    for one in (Series([1.0, 2.0], name="pt"), PolarsSeries([1.0, 2.0], "pt")):
        assert Sample(one).features == ("pt",)
    for one in (Series([1.0, 2.0]), Series([1.0], name=0), PolarsSeries([1.0]), pa.array([1.0]), ak.Array([1.0])):
        assert Sample(one).features == ("x0",)
        assert Sample(one, features=["pt"]).features == ("pt",)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (
            [("mu", "pt"), ("mu", "eta")],
            r"columns must be texts, but \('mu', 'pt'\) came; join the levels first",
        ),
        (["pt", 5], "names of columns must be texts, but 5 came"),
        (["pt", " "], "a text that is not empty"),
        (["pt", "caf\udce9"], "text in UTF-8"),
        (["pt", "pt"], "more than one column of the name 'pt'"),
        ([], "no column that is one"),
    ],
)
def test_names_that_are_none_are_refused(labels, message):
    with pytest.raises(SampleError, match=message):
        Sample(Frame([np.ones(2)] * len(labels), labels=labels))


def test_of_two_columns_of_one_name_neither_is_taken():
    twice = Frame([np.ones(2), np.zeros(2), np.ones(2)], labels=["pt", "pt", "eta"])
    assert Sample(twice, features=["eta"]).n_events == 2
    with pytest.raises(SampleError, match="more than one column of the name 'pt'"):
        Sample(twice, features=["eta"], extras=["pt"])
    with pytest.raises(SampleError, match="more than one column"):
        Sample(pa.table([[1.0], [2.0]], names=["pt", "pt"]))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([1.0], "w"), "event_weights must be numbers where the events have no named columns, but the text 'w' came"),
        (({"pt": [1.0], "eta": [1.0, 2.0]},), "same number of events, but have pt 1, eta 2"),
        (({"pt": [1.0]}, [1.0, 2.0]), "one number for each of 1 events"),
        (({},), "at least one feature"),
        ((Lazy(),), r"must hold its rows, but a Lazy came; give its \.collect\(\)"),
    ],
)
def test_what_does_not_fit_is_refused(arguments, message):
    with pytest.raises(SampleError, match=message):
        Sample(*arguments)


def test_extras_are_columns_or_names():
    with pytest.raises(SampleError, match="names of columns, but 5 came"):
        Sample({"pt": [1.0]}, extras=5)
    with pytest.raises(SampleError, match="list of names, but came as the text 'pt'"):
        Sample({"pt": [1.0]}, extras="pt")
    assert Sample({"pt": [1.0]}, extras={"m": [2.0]}).column("m").tolist() == [2.0]
    with pytest.raises(SampleError, match="repeated: pt"):
        Sample({"pt": [1.0]}, extras={"pt": [2.0]})
