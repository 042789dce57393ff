import zipfile

import numpy as np
import pytest

from wilks.errors import SampleError
from wilks.samples import columns, read


class Trap:
    """Unpickling this creates a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


def test_python_objects_are_never_loaded(tmp_path):
    path = tmp_path / "objects.npz"
    np.savez(path, x=np.arange(3.0), y=np.array([Trap(tmp_path / "sprung"), None, None], dtype=object))
    (tmp_path / "sprung").unlink(missing_ok=True)
    assert columns(path) == ("x",)
    with pytest.raises(SampleError, match=r"'y' .*never loaded"):
        read(path, features=["y"])
    assert not (tmp_path / "sprung").exists()


def test_matrices_text_and_complex_numbers_are_refused(tmp_path):
    path = tmp_path / "odd.npz"
    np.savez(path, x=np.arange(3.0), m=np.ones((3, 2)), s=np.array(["a"]), z=np.ones(3) * 1j, r=np.zeros(3, "f4,f4"))
    assert columns(path) == ("x",)
    for name, message in [
        ("m", r"shape is \(3, 2\)"),
        ("s", "not a number"),
        ("z", "not a number"),
        ("r", "not a number"),
    ]:
        with pytest.raises(SampleError, match=message):
            read(path, features=[name])


def test_big_endian_and_plain_storage(tmp_path):
    path = tmp_path / "plain.npz"
    np.savez(path, x=np.arange(1000, dtype=">f4"))
    assert read(path, features=["x"], chunk_size=7).events.ravel().tolist() == list(range(1000))


def test_different_lengths_and_changed_bytes_are_refused(tmp_path):
    path = tmp_path / "bad.npz"
    np.savez(path, x=np.arange(3.0), y=np.arange(4.0))
    with pytest.raises(SampleError, match="same length"):
        read(path, features=["x", "y"])
    np.savez(path, x=np.arange(3000.0))
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)
    with pytest.raises(SampleError, match="damaged"):
        read(path, features=["x"])


def test_an_archive_of_other_things_has_no_columns(tmp_path):
    path = tmp_path / "other.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "hello")
    assert columns(path) == ()
    with pytest.raises(SampleError, match="no column 'x'; there are none"):
        read(path, features=["x"])
