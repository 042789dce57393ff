import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from wilks.errors import SampleError
from wilks.samples import columns, read
from wilks.samples.readers import TableFile, reader_for


def test_types_that_are_not_numbers_are_refused_with_advice(tmp_path):
    path = tmp_path / "odd.parquet"
    table = {
        "x": [1.0, 2.0],
        "b": [True, False],
        "jets": [[1.0], []],
        "s": ["a", "b"],
        "t": pa.array([1, 2], pa.timestamp("s")),
    }
    pq.write_table(pa.table(table), path)
    assert columns(path) == ("x", "b")
    assert read(path, features=["x", "b"]).column("b").tolist() == [1.0, 0.0]
    for name, message in [
        ("jets", r"is jagged .*: jets\[0\], jets\[-1\], len"),
        ("s", "holds text"),
        ("t", "type timestamp"),
    ]:
        with pytest.raises(SampleError, match=message):
            read(path, features=[name])


@pytest.mark.parametrize("values", [[1.0, None, 0.5], [1, None, 0], [True, None, False]])
def test_missing_values_are_found(tmp_path, values):
    path = tmp_path / "missing.parquet"
    pq.write_table(pa.table({"x": values, "y": [1.0, 2.0, 3.0]}), path)
    with pytest.raises(SampleError, match=r"'x' must be finite, but 1 value is not \(first: nan in row 1"):
        read(path, features=["x"])
    assert read(path, features=["x"], where="isfinite(x)").n_events == 2


def test_names_with_dots_and_nested_names(tmp_path):
    path = tmp_path / "dots.parquet"
    pq.write_table(pa.table({"mu.pt": np.arange(3.0), "mu": [{"pt": 7.0}] * 3, "mux": np.arange(3.0)}), path)
    assert columns(path) == ("mu.pt", "mux")
    assert read(path, features=["mux"]).n_features == 1


def test_row_groups_are_not_read_ahead(tmp_path):
    path, n_rows = tmp_path / "large.parquet", 1_000_000
    values = np.random.default_rng(0).normal(size=n_rows)
    pq.write_table(pa.table({"x": values, "y": values}), path, row_group_size=20_000)
    before, most = pa.total_allocated_bytes(), 0
    for _ in reader_for(path).chunks(TableFile(path), ["x", "y"], chunk_size=10_000):
        most = max(most, pa.total_allocated_bytes() - before)
    assert most < 0.25 * 2 * 8 * n_rows


@pytest.mark.parametrize("step", [13, pytest.param(1, marks=pytest.mark.nightly)])
def test_a_footer_that_contradicts_itself_is_refused(tmp_path, step):
    """Pages have checksums, the footer has none: every ``step``-th bit of a small file is changed, none passes."""
    path = tmp_path / "small.parquet"
    values = {"x": np.array([1.5, 2.5, 3.5]), "y": np.array([1.0, -1.0, 0.0])}
    pq.write_table(pa.table(values), path, compression="none", write_page_checksum=True, use_dictionary=False)
    content, silent = path.read_bytes(), []
    for place in range(0, 8 * len(content), step):
        changed = bytearray(content)
        changed[place // 8] ^= 1 << place % 8
        path.write_bytes(bytes(changed))
        try:
            found = read(path, features=["x", "y"]).events
        except SampleError:
            continue
        if not np.array_equal(found, np.column_stack(list(values.values()))):
            silent.append(place)
    assert not silent


@pytest.mark.parametrize("version", ["1.0", "2.4", "2.6"])
def test_types_that_are_stored_as_others_are_read(tmp_path, version):
    """Categories of numbers lie there as numbers, and in version 1.0 unsigned integers of 32 bits as those of 64."""
    category = pa.dictionary(pa.int8(), pa.float64())
    columns_of = {
        "njet": pa.array([2, 3, None]).dictionary_encode(),
        "q": pa.array([0.5, 1.5, 0.5]).dictionary_encode(),
        "n": pa.array([1, 2**32 - 1, 7], pa.uint32()),
        "code": pa.array([1, 2**32 - 1, 7], pa.uint32()).dictionary_encode(),
        "ns": pa.array([[1, 2**32 - 1], [], [7]], pa.list_(pa.uint32())),
        "more": pa.array([[1], [2], [3]], pa.large_list(pa.uint32())),
        "two": pa.array([[1, 2], [3, 4], [5, 6]], pa.list_(pa.uint32(), 2)),
        "qs": pa.array([[0.5], [1.5], [2.5, 0.5]], pa.list_(category)),
        "word": pa.array(["a", "b", "a"]).dictionary_encode(),
    }
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table(columns_of), path, version=version)
    assert columns(path) == ("njet", "q", "n", "code")
    features = ["q", "n", "code", "sum(ns)", "more[0]", "two[1]", "qs[0]"]
    largest = 2**32 - 1
    assert read(path, features=features).events.T.tolist() == [
        [0.5, 1.5, 0.5],
        *[[1, largest, 7]] * 2,
        [1 + largest, 0, 7],
        [1, 2, 3],
        [2, 4, 6],
        [0.5, 1.5, 2.5],
    ]
    np.testing.assert_array_equal(read(path, features=["q"], carry=["njet"]).column("njet"), [2, 3, np.nan])
    with pytest.raises(SampleError, match="it holds text"):
        read(path, features=["word"])
