import copy
import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from wilks.errors import InputError, SampleError
from wilks.samples import Origin, Sample, split

TABLES = arrays(np.float64, st.tuples(st.integers(0, 20), st.integers(1, 4)), elements=st.floats(-1e6, 1e6))


@given(TABLES)
def test_a_table_becomes_a_sample_with_unit_weights(table):
    sample = Sample(table)
    np.testing.assert_array_equal(sample.events, table)
    assert sample.features == tuple(f"x{j}" for j in range(table.shape[1]))
    assert sample.event_weights.tolist() == [1.0] * len(table)
    assert (sample.n_events, sample.n_features) == table.shape
    assert not sample.is_weighted and not sample.has_negative_weights and sample.expected_events == len(table)


@given(TABLES, st.randoms())
def test_taking_rows_commutes_with_columns(table, random):
    sample = Sample(table, np.arange(len(table)), extras={"id": np.arange(len(table))})
    rows = [random.randrange(len(table)) for _ in range(5)] if len(table) else []
    taken = sample.take(rows)
    np.testing.assert_array_equal(taken.column("x0"), sample.column("x0")[rows])
    assert taken.column("id").tolist() == taken.event_weights.tolist() == [float(row) for row in rows]


def test_arrays_are_read_only_copies():
    events, weights, extra = np.ones((2, 1)), np.ones(2), np.ones(2)
    sample = Sample(events, weights, extras={"m": extra})
    events[0] = weights[0] = extra[0] = 7.0
    assert sample.events[0, 0] == sample.event_weights[0] == sample.extras["m"][0] == 1.0
    for array in (sample.events, sample.event_weights, sample.extras["m"]):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 2.0
    with pytest.raises(TypeError):
        sample.extras["n"] = extra
    with pytest.raises(dataclasses.FrozenInstanceError):
        sample.events = events


def test_a_read_only_view_of_a_writable_array_is_copied():
    base = np.zeros((3, 2))
    view = base[:]
    view.setflags(write=False)
    sample = Sample(view)
    base[0, 0] = 5.0
    assert sample.events[0, 0] == 0.0


def test_one_dimension_booleans_and_integers_are_accepted():
    assert Sample([1, 2]).events.tolist() == [[1.0], [2.0]]
    assert Sample(np.array([True, False])).events.ravel().tolist() == [1.0, 0.0]
    assert Sample(np.array([1.5], dtype=">f4")).events.dtype == np.dtype("=f8")


def test_no_events_are_allowed():
    assert Sample([]).events.shape == (0, 1)
    assert Sample([], features=("a", "b")).events.shape == (0, 2)
    assert Sample(np.empty((0, 3))).expected_events == 0.0
    assert "0 events" in repr(Sample([]))


def test_replace_keeps_everything_else():
    sample = Sample([1.0], [2.0], features=("a",), extras={"m": [3.0]})
    other = dataclasses.replace(sample, event_weights=[4.0])
    assert other.column("m").tolist() == [3.0] and other.expected_events == 4.0 and other.features == ("a",)


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        (([[1.0], [1.0, 2.0]],), {}, "one shape"),
        ((["a"],), {}, "real numbers"),
        (([1 + 2j],), {}, "real numbers"),
        ((np.ones((2, 2, 2)),), {}, r"shape \(events, features\)"),
        ((np.ones((2, 0)),), {}, r"shape \(events, features\)"),
        ((3.0,), {}, r"shape \(events, features\)"),
        (
            ([1.0, np.nan, np.inf],),
            {},
            r"'x0' must be finite, but 2 values are not \(first: nan in row 1\).*isfinite\(x0\)",
        ),
        (([1.0], [np.inf]), {}, "event_weights"),
        (([1.0], [1.0, 1.0]), {}, "one number for each of 1 events"),
        (([1.0],), {"features": "x"}, r"write \['x'\]"),
        (([1.0],), {"features": ("a", "b")}, "2 names came for 1 column"),
        (([[1.0, 2.0]],), {"features": ("a", "a")}, "repeated: a"),
        (([1.0],), {"features": ("",)}, "not empty"),
        (([1.0],), {"features": (1,)}, "not empty"),
        (([1.0],), {"extras": {"x0": [1.0]}}, "repeated: x0"),
        (([1, 2**53 + 1],), {}, "events must hold numbers that float64 holds exactly, but 9007199254740993 is not"),
        (([1.0],), {"extras": {"e": np.array([2**64 - 1], dtype=np.uint64)}}, "'e' must hold .* 18446744073709551615"),
        (([1.0],), {"extras": {"e": [2**70 + 1]}}, "'e' must hold .* but 1180591620717411303425 is not"),
        (([1.0],), {"features": ["\ud800"]}, "must be text in UTF-8"),
        (([1.0],), {"extras": {"caf\udce9": [1.0]}}, "must be text in UTF-8"),
        (([1.0],), {"extras": {"m": [1.0, 2.0]}}, "'m' must have one number"),
        ((np.ma.masked_equal([1.0, 2.0], 2.0),), {}, "masked"),
    ],
)
def test_bad_input_is_refused(arguments, options, message):
    with pytest.raises(SampleError, match=message):
        Sample(*arguments, **options)


def test_a_missing_column_suggests_similar_names():
    with pytest.raises(SampleError, match="did you mean 'pt1'"):
        Sample([1.0], features=("pt1",)).column("pt_1")


@pytest.mark.parametrize("rows", [[3], [-4], [0.5], [True], [[0]], ["a"]])
def test_bad_rows_are_refused(rows):
    with pytest.raises(SampleError):
        Sample([1.0, 2.0, 3.0]).take(rows)


def test_a_mask_selects():
    assert Sample([1.0, 2.0, 3.0]).take(np.array([True, False, True])).events.ravel().tolist() == [1.0, 3.0]
    assert Sample([1.0]).take([]).n_events == 0


@given(st.floats(1e-3, 1e9))
def test_rescaled_weights_sum_to_the_request(expected):
    sample = Sample([1.0, 2.0, 3.0], [0.5, 2.0, -0.25]).rescaled(expected)
    assert sample.expected_events == pytest.approx(expected, rel=1e-14)
    assert sample.has_negative_weights and sample.is_weighted


@pytest.mark.parametrize(
    ("weights", "expected"), [([1, -1], 1), ([0, 0], 1), ([1, -2], 1), ([1, 1], 0), ([1, 1], np.nan)]
)
def test_weights_without_a_positive_sum_cannot_be_rescaled(weights, expected):
    with pytest.raises(SampleError, match="positive"):
        Sample([1.0, 2.0], weights).rescaled(expected)


def test_the_origin_is_passed_on_unchanged():
    origin = Origin(("a.csv",), None, "x > 0", {"x": "y"}, "w", 5, 4, expected_events=20.0)
    sample = Sample([1.0, 2.0, 3.0, 4.0], origin=origin)
    parts = (*split(sample, n_first=2, seed=0), sample.take([0]), sample.rescaled(7.0))
    assert all(part.origin is origin for part in parts)
    assert Origin(("a.csv",), None, None, {}, None, 5, 4).expected_events is None
    with pytest.raises(TypeError):
        origin.definitions["z"] = "y"


def test_the_digest_sees_every_part():
    sample = Sample([[1.0, 2.0]], [2.0], features=("a", "b"), extras={"m": [1.0], "n": [2.0]})
    others = [
        dataclasses.replace(sample, events=[[1.0, np.nextafter(2.0, 3.0)]]),
        dataclasses.replace(sample, event_weights=[3.0]),
        dataclasses.replace(sample, features=("a", "c")),
        dataclasses.replace(sample, features=("b", "a")),
        dataclasses.replace(sample, extras={"m": [2.0], "n": [1.0]}),
        dataclasses.replace(sample, extras={"m": [1.0]}),
    ]
    assert len({sample.digest(), *(other.digest() for other in others)}) == 7
    assert sample.digest() == dataclasses.replace(sample, extras={"n": [2.0], "m": [1.0]}).digest()


def test_the_digest_is_the_same_everywhere():
    assert Sample([1.0, 2.0]).digest() == "c75117a7f12ba4392a8768f2c6696911b797594ebd51aa527c31dd07edcb078e"


def test_the_text_of_a_sample():
    sample = Sample([[1.0, 10.0], [3.0, 20.0]], [1.0, -0.5], features=("pt", "m"), extras={"mll": [60.0, 90.0]})
    assert repr(sample).splitlines() == [
        "Sample: 2 events, weights sum to 0.5, 1 of them negative",
        "  feature  mean  std  min  max",
        "  pt       -1    0    1    3",
        "  m        0     0    10   20",
        "  mll      30    0    60   90   (carried)",
    ]
    assert repr(Sample([1.0])).splitlines()[0] == "Sample: 1 events, unweighted"


def test_errors_are_input_errors():
    assert issubclass(SampleError, InputError)
    assert copy.copy(Sample([1.0])).n_events == 1
