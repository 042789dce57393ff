from pathlib import Path

import h5py
import numpy as np
import pytest

from wilks.errors import SampleError
from wilks.samples import columns, read


@pytest.fixture
def path(tmp_path):
    return tmp_path / "events.h5"


def test_one_data_set_for_each_variable_in_a_group(path):
    with h5py.File(path, "w") as file:
        file["run/x"] = np.arange(3.0)
        file["run/name"] = ["a", "b", "c"]
        file["run/jets"] = np.zeros((3, 2))
    assert columns(path, tree="run") == ("x",)
    assert read(path, features=["x"], tree="/run/").n_events == 3
    with pytest.raises(SampleError, match=r"choose with tree=...: run"):
        columns(path)
    with pytest.raises(SampleError, match=r"'name' .*holds text"):
        read(path, features=["name"], tree="run")
    with pytest.raises(SampleError, match=r"'jets' .*shape is \(3, 2\)"):
        read(path, features=["jets"], tree="run")
    with pytest.raises(SampleError, match="no table 'rum'; did you mean 'run'"):
        columns(path, tree="rum")
    with pytest.raises(SampleError, match="is not a table"):
        columns(path, tree="run/jets")


def test_ragged_and_structured_columns_are_refused(path):
    with h5py.File(path, "w") as file:
        jets = file.create_dataset("jets", (2,), dtype=h5py.vlen_dtype(np.float32))
        jets[0], jets[1] = [1.0], [2.0, 3.0]
        file["x"] = np.arange(2.0)
        file["z"] = np.array([1j, 2j])
        file["nothing"] = h5py.Empty("f4")
    assert columns(path) == ("x",)
    for name, message in [("jets", "jagged"), ("z", "not a number"), ("nothing", "shape is None")]:
        with pytest.raises(SampleError, match=message):
            read(path, features=[name])


def test_records_with_vectors_and_text(path):
    records = np.zeros(3, dtype=[("x", "f4"), ("v", "f4", 2), ("s", "S3")])
    with h5py.File(path, "w") as file:
        file["frame/table"] = records
    assert columns(path, tree="frame") == columns(path, tree="frame/table") == ("x",)
    with pytest.raises(SampleError, match=r"'v' .*several numbers"):
        read(path, features=["v"], tree="frame")


def test_several_tables_must_be_named(path):
    with h5py.File(path, "w") as file:
        for name in ("a", "b"):
            file[name] = np.zeros(2, dtype=[("x", "f4")])
    with pytest.raises(SampleError, match=r"choose with tree=...: a, b"):
        columns(path)
    assert columns(path, tree="b") == ("x",)


def test_column_names_must_fit_the_matrix(path):
    with h5py.File(path, "w") as file:
        file["table"] = np.zeros((2, 2))
        file["table"].attrs["columns"] = ["x"]
    with pytest.raises(SampleError, match="must name each of 2 columns once"):
        columns(path)


def test_different_lengths_are_refused(path):
    with h5py.File(path, "w") as file:
        file["x"], file["y"] = np.arange(3.0), np.arange(4.0)
    with pytest.raises(SampleError, match="x has 3, y has 4"):
        read(path, features=["x", "y"])
    assert read(path, features=["y"]).n_events == 4


def test_external_links_are_never_followed(path, tmp_path):
    with h5py.File(tmp_path / "other.h5", "w") as other:
        other["x"] = np.arange(3.0)
    with h5py.File(path, "w") as file:
        file["y"] = np.arange(3.0)
        file["x"] = h5py.ExternalLink("other.h5", "x")
    with pytest.raises(SampleError, match=r"'x' .*link to another file"):
        read(path, features=["y"])
    with pytest.raises(SampleError, match="link to another file"):
        columns(path, tree="x")


def test_soft_links_stay_inside_the_file(path, tmp_path):
    with h5py.File(tmp_path / "other.h5", "w") as other:
        other["group/x"] = np.arange(3.0)
    with h5py.File(path, "w") as file:
        file["hidden/x"] = np.arange(3.0)
        file["hidden/outside"] = h5py.ExternalLink("other.h5", "/group")
        file["good/a"] = h5py.SoftLink("/hidden/x")
        file["good/b"] = h5py.SoftLink("a")
        file["good/lost"] = h5py.SoftLink("/nowhere")
        file["bad/a"] = h5py.SoftLink("/hidden/outside/x")
        file["circle/a"] = h5py.SoftLink("b")
        file["circle/b"] = h5py.SoftLink("a")
    assert columns(path, tree="good") == ("a", "b")
    assert read(path, features=["b"], tree="good").n_events == 3
    with pytest.raises(SampleError, match=r"'outside' .*link to another file"):
        columns(path, tree="bad")
    with pytest.raises(SampleError, match="circle"):
        columns(path, tree="circle")


def test_external_storage_is_refused(path, tmp_path):
    (tmp_path / "raw.bin").write_bytes(np.arange(3.0).tobytes())
    with h5py.File(path, "w") as file:
        file.create_dataset("x", (3,), dtype="f8", external=[(str(tmp_path / "raw.bin"), 0, 24)])
    with pytest.raises(SampleError, match="'/x' keeps them in other files"):
        columns(path)


def test_virtual_data_sets_are_refused(path, tmp_path):
    with h5py.File(tmp_path / "other.h5", "w") as other:
        other["x"] = np.arange(3.0)
    layout = h5py.VirtualLayout(shape=(3,), dtype="f8")
    layout[:] = h5py.VirtualSource(str(tmp_path / "other.h5"), "x", shape=(3,))
    with h5py.File(path, "w") as file:
        file.create_virtual_dataset("x", layout)
    with pytest.raises(SampleError, match="'/x' keeps them in other files"):
        columns(path)


SHARED = Path(__file__).parents[4] / "shared" / "data" / "fourmu_zz.h5"


@pytest.mark.skipif(not SHARED.is_file(), reason="the published files are not here")
def test_a_file_in_the_published_layout():
    sample = read(SHARED, features=["z1_mass", "z2_mass"], where="m4l > 100", carry=["m4l"])
    assert sample.origin.n_read == 10_000 and sample.column("m4l").min() > 100
