import tracemalloc

import h5py
import numpy as np
import pytest

from wilks.errors import SampleError
from wilks.samples import columns, parse_expression, read

N = 200
RNG = np.random.default_rng(0)
COLUMNS = {
    "pt1": RNG.uniform(10, 100, N),
    "pt2": RNG.uniform(10, 100, N),
    "eta1": RNG.normal(size=N),
    "eta2": RNG.normal(size=N),
    "delta_phi": RNG.uniform(0, 2 * np.pi, N),
    "w": RNG.uniform(0.5, 1.5, N),
}
MLL = "sqrt(2*pt1*pt2*(cosh(eta1-eta2)-cos(delta_phi)))"


def test_every_format_gives_the_same_sample(write_file, format_name):
    path = write_file(format_name, COLUMNS)
    sample = read(
        path,
        features=["pt1", "log(pt2)"],
        define={"mll": MLL, "mll_tev": "mll / 1000"},
        where="mll > 60 and abs(eta1) < 2",
        weight="w",
        carry=["mll_tev"],
        expected_events=50,
        chunk_size=33,
    )
    mll = parse_expression(MLL).evaluate(COLUMNS)
    keep = (mll > 60) & (np.abs(COLUMNS["eta1"]) < 2)
    np.testing.assert_array_equal(sample.events[:, 0], COLUMNS["pt1"][keep])
    np.testing.assert_array_equal(sample.column("log(pt2)"), np.log(COLUMNS["pt2"][keep]))
    np.testing.assert_array_equal(sample.column("mll_tev"), mll[keep] / 1000)
    np.testing.assert_allclose(sample.event_weights, COLUMNS["w"][keep] * 50 / COLUMNS["w"][keep].sum())
    origin = sample.origin
    assert (origin.files, origin.n_read, origin.n_selected) == ((str(path),), N, int(keep.sum()))
    assert (origin.selection, origin.weight) == ("mll > 60 and abs(eta1) < 2", "w")
    assert origin.definitions == {"mll": MLL, "mll_tev": "mll / 1000"}
    assert origin.expected_events == 50.0


@pytest.mark.parametrize("chunk_size", [1, 7, 10_000])
def test_chunks_change_nothing(write_file, chunk_size):
    path = write_file("sets.h5", COLUMNS)
    options = {"features": ["pt1"], "where": "eta1 > 0", "carry": ["eta1", "eta1 * 2"]}
    assert read(path, chunk_size=chunk_size, **options).digest() == read(path, **options).digest()


def test_patterns_and_lists_of_files(write_file, tmp_path, monkeypatch):
    first = write_file("table.csv", {"x": np.array([1.0, 2.0]), "y": np.zeros(2)})
    second = write_file("arrays.npz", {"x": np.array([3.0])})
    assert read([second, first], features=["x"]).events.ravel().tolist() == [3.0, 1.0, 2.0]
    assert read(str(tmp_path / "*"), features=["x"]).events.ravel().tolist() == [3.0, 1.0, 2.0]
    assert columns([first, second]) == ("x",)
    monkeypatch.chdir(tmp_path)
    assert read("t*.csv", features=["x"]).origin.files == ("table.csv",)
    with pytest.raises(SampleError, match=r"arrays.npz has no column 'y'"):
        read([first, second], features=["y"])
    with pytest.raises(SampleError, match="comes twice"):
        read([first, "*.csv"], features=["x"])


def test_a_file_name_with_pattern_characters_is_a_file(tmp_path):
    path = tmp_path / "run[1].csv"
    path.write_text("x\n1\n")
    assert read(path, features=["x"]).n_events == 1


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ("missing.root", "there is no file 'missing.root'"),
        ("missing*.root", "no file matches"),
        ("s3://server/file.root", "remote address"),
        ([], "empty list"),
        (".", "is a folder"),
        ("/dev/null", "ordinary file"),
    ],
)
def test_files_that_are_not_there(files, message):
    with pytest.raises(SampleError, match=message):
        read(files, features=["x"])


def test_unknown_endings_are_refused(tmp_path):
    path = tmp_path / "events.txt"
    path.write_text("x\n1\n")
    with pytest.raises(SampleError, match=r"one of \.root, \.parquet"):
        read(path, features=["x"])


def test_an_unreadable_file_is_named(tmp_path):
    path = tmp_path / "events.h5"
    path.write_bytes(b"")
    with pytest.raises(SampleError, match=r"events\.h5 cannot be read"):
        columns(path)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"features": []}, "at least one column"),
        ({"features": "pt1"}, r"write \['pt1'\]"),
        ({"features": ["pt1", "pt1"]}, "repeated: pt1"),
        ({"features": ["pt1"], "carry": ["pt1"]}, "repeated: pt1"),
        ({"features": ["pt_1"]}, "no column 'pt_1'; did you mean 'pt1'"),
        ({"features": ["log(pt3)"]}, r"no column 'pt3' \(needed by 'log\(pt3\)'\)"),
        ({"features": ["pt1"], "weight": "weight"}, "no column 'weight'"),
        ({"features": ["pt1"], "where": "mll > 60"}, r"no column 'mll' \(needed by where\)"),
        ({"features": ["pt1"], "where": "pt1"}, "true or false for every event"),
        ({"features": ["pt1"], "where": "pt1 >"}, "cannot be understood"),
        ({"features": ["pt1"], "where": "pt1 > 1e6"}, "none of 200 events"),
        ({"features": ["pt1"], "define": {"pt2": "pt1"}}, "'pt2' is already a column"),
        ({"features": ["pt1"], "define": {"log": "pt1"}}, "plain name and no function"),
        ({"features": ["pt1"], "define": {"a b": "pt1"}}, "plain name"),
        ({"features": ["a"], "define": {"a": "b", "b": "a + pt1"}}, "need themselves, but a -> b -> a"),
        ({"features": ["a"], "define": {"a": "pt9"}}, "no column 'pt9' .needed by the definition of 'a'."),
        ({"features": ["1 + 1"]}, "at least one column"),
        ({"features": ["log(eta1)"]}, r"'log\(eta1\)' must be finite, but \d+ values are not"),
        ({"features": ["pt1"], "carry": ["w"], "weight": "log(eta1)"}, r"'log\(eta1\)' must be finite"),
        ({"features": ["pt1"], "weight": "pt1 * 0", "expected_events": 5}, "positive sum"),
        ({"features": ["pt1"], "expected_events": 0}, "expected_events must be a positive number"),
        ({"features": ["pt1"], "chunk_size": 0}, "chunk_size"),
        ({"features": ["pt1"], "tree": "events"}, "leave tree out"),
    ],
)
def test_requests_that_cannot_be_met(write_file, options, message):
    path = write_file("arrays.npz", COLUMNS)
    with pytest.raises(SampleError, match=message):
        read(path, **options)


def test_non_finite_values_are_counted_over_chunks_and_can_be_selected_away(write_file):
    x = np.arange(100.0)
    x[[17, 60, 61]] = [np.inf, np.nan, np.nan]
    path = write_file("sets.h5", {"x": x, "y": np.arange(100.0)})
    with pytest.raises(SampleError, match=r"3 values are not \(first: inf in row 17 of .*isfinite\(x\)"):
        read(path, features=["x"], chunk_size=10)
    assert read(path, features=["x"], where="isfinite(x)", chunk_size=10).n_events == 97
    with pytest.raises(SampleError, match=r"2 values are not \(first: nan in row 60 of"):
        read(path, features=["x"], where="y > 50", chunk_size=30)
    assert read(path, features=["y"], chunk_size=30).n_events == 100


def test_negative_weights_are_read_and_weights_may_be_expressions(write_file):
    path = write_file("table.parquet", {"x": np.arange(4.0), "w": np.array([1.0, -1.0, 2.0, 2.0])})
    sample = read(path, features=["x"], weight="w * 0.5")
    assert sample.has_negative_weights and sample.expected_events == 2.0
    assert read(path, features=["x"], weight="0.25").expected_events == 1.0
    assert read(path, features=["x"], weight="w", carry=["w"]).column("w").tolist() == [1.0, -1.0, 2.0, 2.0]


def test_a_selection_may_use_columns_that_are_not_kept(write_file):
    path = write_file("table.csv", {"x": np.arange(10.0), "flag": np.arange(10.0) % 2})
    sample = read(path, features=["x"], where="flag != 0", chunk_size=3)
    assert sample.column("x").tolist() == [1.0, 3.0, 5.0, 7.0, 9.0]


def test_only_selected_rows_stay_in_memory(tmp_path):
    path, n_rows = tmp_path / "large.h5", 1_000_000
    with h5py.File(path, "w") as file:
        for name in ("x", "y", "unused"):
            file.create_dataset(name, data=np.arange(n_rows, dtype=np.float64), chunks=(10_000,))
    read(path, features=["x"], where="y < 10", chunk_size=10_000)
    tracemalloc.start()
    sample = read(path, features=["x"], where="y % 100 == 0", chunk_size=10_000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert sample.n_events == 10_000
    assert peak < 0.1 * 2 * 8 * n_rows


def test_a_carried_column_may_lack_values(write_file):
    """To select such events away would change what is tested."""
    mass = np.r_[np.nan, np.inf, np.arange(2.0, 20.0)]
    path = write_file("table.parquet", {"x": np.arange(20.0), "mass": mass})
    sample = read(path, features=["x"], carry=["mass"], chunk_size=7)
    assert (sample.n_events, sample.n_without("mass"), sample.n_without("x")) == (20, 2, 0)
    np.testing.assert_array_equal(sample.column("mass"), mass)
    assert str(sample).splitlines()[-1].split() == ["mass", "10.5", "5.188", "2", "19", "(carried)"]
    for options in ({"features": ["mass"]}, {"features": ["x"], "weight": "mass"}):
        with pytest.raises(SampleError, match=r"'mass' must be finite, but 2 values are not \(first: nan in row 0"):
            read(path, **options, carry=["x * 2"])
