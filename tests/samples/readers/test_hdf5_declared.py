"""What an HDF5 file declares and does not have."""

import h5py
import numpy as np
import pytest

from wilks.errors import SampleError
from wilks.samples import columns, read


@pytest.fixture
def path(tmp_path):
    return tmp_path / "events.h5"


def test_rows_that_were_never_written_are_no_events(path):
    with h5py.File(path, "w") as file:
        part = file.create_dataset("part", (100,), chunks=(10,), dtype="f8")
        part[:30] = 1.0
        file.create_dataset("none", (100,), dtype="f8")
        file.create_dataset("filled", (100,), dtype="f8", chunks=(64,), fillvalue=7.0)
        file.create_dataset("whole", data=np.zeros(100), chunks=(64,), compression="gzip")
        file.create_dataset("records", (100,), dtype=[("x", "f8")], chunks=(10,))
        file.create_dataset("matrix", (100, 2), chunks=(10, 1), dtype="f8")
        file["matrix"].attrs["columns"] = ["a", "b"]
        file["matrix"][:, 0] = 1.0
    for name, message in (("part", "3 of 10 chunks"), ("none", "0 of 800 bytes"), ("filled", "0 of 2 chunks")):
        with pytest.raises(
            SampleError, match=rf"every row of '/{name}' .* must have been written, but it has {message}"
        ):
            read(path, features=[name])
    with pytest.raises(SampleError, match=r"'/records' .* has 0 of 10 chunks"):
        read(path, features=["x"], tree="records")
    with pytest.raises(SampleError, match=r"'/matrix' .* has 10 of 20 chunks"):
        read(path, features=["a"], tree="matrix")
    assert read(path, features=["whole"]).n_events == 100


def test_a_table_without_rows_has_none(path):
    with h5py.File(path, "w") as file:
        file.create_dataset("x", (0,), maxshape=(None,), chunks=(10,), dtype="f8")
    with pytest.raises(SampleError, match="at least one event"):
        read(path, features=["x"])


@pytest.mark.parametrize("options", [{"chunks": (1000,)}, {"chunks": (1 << 28,), "compression": "gzip"}, {}])
def test_a_small_file_that_declares_a_trillion_rows(path, options):
    with h5py.File(path, "w") as file:
        file.create_dataset("x", (10**12,), dtype="f8", **options)
    assert path.stat().st_size < 10_000
    assert columns(path) == ("x",)
    with pytest.raises(SampleError, match="must have been written"):
        read(path, features=["x"])


def test_every_chunk_is_read_once(path, monkeypatch):
    values = np.arange(1000.0)
    with h5py.File(path, "w") as file:
        file.create_dataset("x", data=values, chunks=(300,), compression="gzip")
    read_rows = []
    usual = h5py.Dataset.__getitem__
    monkeypatch.setattr(h5py.Dataset, "__getitem__", lambda self, rows: (read_rows.append(rows), usual(self, rows))[1])
    np.testing.assert_array_equal(read(path, features=["x"], chunk_size=7).column("x"), values)
    assert [(rows.start, rows.stop) for rows in read_rows] == [(0, 300), (300, 600), (600, 900), (900, 1000)]


def test_a_filter_that_is_not_here_is_named(path, monkeypatch):
    with h5py.File(path, "w") as file:
        file.create_dataset("x", data=np.arange(100.0), chunks=(10,), compression="lzf")
    monkeypatch.setattr(h5py.h5z, "filter_avail", lambda code: False)
    with pytest.raises(
        SampleError, match=r"'/x' in .* is compressed with 'lzf', which HDF5 does not know here; .* hdf5plugin"
    ):
        read(path, features=["x"])


def test_names_that_are_no_text(path):
    with h5py.File(path, "w") as file:
        file["x"] = np.arange(3.0)
        file[b"caf\xe9"] = np.arange(3.0)
    assert columns(path) == ("x",)
    with pytest.raises(SampleError, match="must be text in UTF-8"):
        read(path, features=["caf\udce9"])
    for tree in ("\ud800", "caf\udce8", "a\0b"):
        with pytest.raises(SampleError, match="has no table"):
            read(path, features=["x"], tree=tree)
    assert read(path, features=["x"], tree="/").n_events == 3


@pytest.mark.parametrize("group", ["/", "a/b", "deep/er/group"])
@pytest.mark.parametrize("next_block", [1, 88, 128])
@pytest.mark.parametrize("user_block", [0, 1024])
def test_free_space_among_names_that_has_no_end(path, group, next_block, user_block):
    """libhdf5 follows such a list for ever, and takes memory for each step: 1 GB a second."""
    with h5py.File(path, "w", userblock_size=user_block) as file:
        names = file.require_group(group)
        for k in range(8):
            names[f"name_{k}"] = np.zeros(3)
        names["x"] = np.arange(3.0)
    with h5py.File(path, "r+") as file:
        for k in range(8):
            del file[group][f"name_{k}"]
    content = bytearray(path.read_bytes())
    heap = next(at for at in range(0, len(content), 8) if content[at : at + 4] == b"HEAP" and is_large(content, at))
    data = user_block + int.from_bytes(content[heap + 24 : heap + 32], "little")
    content[heap + 16 : heap + 24] = (88).to_bytes(8, "little")
    for at, values in ((88, (128, 40)), (128, (next_block, 48))):
        content[data + at : data + at + 16] = b"".join(value.to_bytes(8, "little") for value in values)
    path.write_bytes(content)
    if next_block == 1:
        assert read(path, features=["x"], tree=group).n_events == 3
        return
    with pytest.raises(SampleError, match="the free space among the names of a group is a list without an end"):
        read(path, features=["x"], tree=group)


def is_large(content, heap):
    return int.from_bytes(content[heap + 8 : heap + 16], "little") >= 176
