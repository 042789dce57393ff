import numpy as np
import pytest

from wilks.errors import SampleError
from wilks.samples import columns, read


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("kind", ["<f8", ">f4", "<i2", "?"])
@pytest.mark.parametrize("chunk_size", [1, 3, 100])
def test_a_table_without_names_has_those_of_arrays(tmp_path, order, kind, chunk_size):
    values = np.asarray(np.arange(21).reshape(7, 3) % 5, dtype=kind, order=order)
    np.save(tmp_path / "x.npy", values)
    assert columns(tmp_path / "x.npy") == ("x0", "x1", "x2")
    sample = read(tmp_path / "x.npy", features=["x2", "x0"], chunk_size=chunk_size)
    assert sample.events.tolist() == values[:, [2, 0]].astype(float).tolist()
    assert sample.origin.precisions == ({"x2": "float32", "x0": "float32"} if kind == ">f4" else {})


@pytest.mark.parametrize("chunk_size", [2, 100])
def test_one_column_and_records(tmp_path, chunk_size):
    np.save(tmp_path / "one.npy", np.arange(5.0))
    assert read(tmp_path / "one.npy", features=["x0"], chunk_size=chunk_size).events[:, 0].tolist() == [0, 1, 2, 3, 4]
    records = np.array([(1.0, b"a", (1, 2)), (2.0, b"b", (3, 4))], dtype=[("x", "f8"), ("s", "S1"), ("v", "i4", (2,))])
    np.save(tmp_path / "records.npy", records)
    assert columns(tmp_path / "records.npy") == ("x",)
    for name, message in (("s", "is not a number"), ("v", "several numbers for each event")):
        with pytest.raises(SampleError, match=message):
            read(tmp_path / "records.npy", features=[name])


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.array([{}], dtype=object), "holds Python objects, which are never loaded"),
        (np.ones((2, 2, 2)), r"its shape is \(2, 2, 2\)"),
        (np.ones(()), r"its shape is \(\)"),
        (np.ones((1, 200_000), dtype="i1"), "at most 100,000 columns"),
    ],
)
def test_other_arrays_are_refused(tmp_path, array, message):
    np.save(tmp_path / "x.npy", array, allow_pickle=True)
    with pytest.raises(SampleError, match=message):
        columns(tmp_path / "x.npy")


@pytest.mark.parametrize("n_bytes", [-8, 8])
def test_a_file_must_end_where_its_header_says(tmp_path, n_bytes):
    np.save(tmp_path / "x.npy", np.arange(6.0).reshape(3, 2))
    content = (tmp_path / "x.npy").read_bytes()
    (tmp_path / "x.npy").write_bytes(content[:n_bytes] if n_bytes < 0 else content + bytes(n_bytes))
    with pytest.raises(SampleError, match=rf"must hold 48 bytes of numbers, as it says, but holds {48 + n_bytes}"):
        read(tmp_path / "x.npy", features=["x0"])
