"""What every reader promises, tried for every format and layout."""

from pathlib import Path

import numpy as np
import pytest

from wilks.errors import SampleError
from wilks.samples.readers import READERS, Reader, TableFile, reader_for

COLUMNS = {
    "x": np.linspace(-1.0, 1.0, 23),
    "y": np.arange(23.0) ** 2,
    "weight": np.full(23, 0.1),
}


def gathered(reader, source, names, chunk_size):
    chunks = list(reader.chunks(source, names, chunk_size=chunk_size))
    assert all(list(chunk) == list(names) for chunk in chunks)
    assert all(values.dtype == np.float64 and values.ndim == 1 for chunk in chunks for values in chunk.values())
    sizes = [{values.size for values in chunk.values()} for chunk in chunks]
    assert all(len(size) == 1 and max(size) <= chunk_size for size in sizes)
    return {name: np.concatenate([chunk[name] for chunk in chunks]) for name in names}


@pytest.mark.parametrize("chunk_size", [1, 5, 7, 22, 23, 24, 1000])
def test_chunks_of_any_size_give_the_same_values(write_file, format_name, chunk_size):
    path = write_file(format_name, COLUMNS)
    reader = reader_for(path)
    result = gathered(reader, TableFile(path), ("y", "x"), chunk_size)
    for name in ("y", "x"):
        np.testing.assert_array_equal(result[name], COLUMNS[name])


def test_names_are_in_the_order_of_the_file_or_sorted(write_file, format_name):
    path = write_file(format_name, COLUMNS)
    names = reader_for(path).names(TableFile(path))
    assert names in (tuple(COLUMNS), tuple(sorted(COLUMNS)))


@pytest.mark.parametrize("kind", ["f4", "i4", "i8", "u1", "f8"])
def test_numbers_of_any_type_become_float64(write_file, format_name, kind):
    if format_name == "matrix.h5":
        pytest.skip("a matrix has one type")
    values = np.array([0, 1, 2, 100], dtype=kind)
    path = write_file(format_name, {"a": values, "b": np.arange(4.0)})
    result = gathered(reader_for(path), TableFile(path), ("a", "b"), 3)
    assert result["a"].tolist() == [0.0, 1.0, 2.0, 100.0]


@pytest.mark.parametrize("fraction", [0.0, 0.3, 0.6, 0.9, 0.99])
def test_truncated_files_are_named(write_file, format_name, fraction):
    rng = np.random.default_rng(0)
    path = write_file(format_name, {"x": rng.normal(size=2000), "y": rng.normal(size=2000)})
    data = path.read_bytes()
    path.write_bytes(data[: int(fraction * len(data))])
    reader = reader_for(path)
    if format_name in ("table.csv", "table.tsv") and fraction > 0:
        return  # a text file cut between digits cannot be told from a whole one
    with pytest.raises(SampleError, match=path.name):
        gathered(reader, TableFile(path), reader.names(TableFile(path)), 100)


def test_files_of_another_kind_are_named(tmp_path, format_name):
    path = tmp_path / format_name
    path.write_bytes(b"\x89\x00\xff\xfe not what the ending says \r\n" * 50)
    reader = reader_for(path)
    with pytest.raises(SampleError, match=path.name):
        gathered(reader, TableFile(path), reader.names(TableFile(path)) or ("x",), 100)


def test_a_tree_is_refused_where_there_is_none(write_file, format_name):
    path = write_file(format_name, COLUMNS)
    reader = reader_for(path)
    message = "leave tree out" if not reader.has_trees else "no t"
    with pytest.raises(SampleError, match=message):
        reader.listing(TableFile(path, tree="elsewhere"))


@pytest.mark.parametrize("suffix", READERS)
def test_every_ending_has_its_reader(suffix):
    assert isinstance(reader_for(Path(f"DATA{suffix.upper()}")), Reader)


def test_another_ending_is_refused():
    with pytest.raises(SampleError, match=r"must be one of \.root, \.parquet"):
        reader_for(Path("data.txt"))
