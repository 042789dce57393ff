"""Data frames in HDF5 as pandas stores them; the contract of the readers has stand-ins that h5py writes."""

import pickle

import h5py
import numpy as np
import pytest

from wilks.errors import SampleError
from wilks.samples import columns, read


def store(group, *, items=(b"pt", b"eta"), values=None, variety="regular", kind="string", more=()):
    """A fixed frame of one block."""
    group.attrs.update({"pandas_type": np.bytes_("frame"), "nblocks": 1, "block0_items_variety": np.bytes_(variety)})
    group["block0_items"] = np.array(items)
    group["block0_items"].attrs["kind"] = np.bytes_(kind)
    group["block0_values"] = np.arange(8.0).reshape(4, 2) if values is None else values
    group["axis1"] = np.arange(4)
    for name, value in more:
        group["block0_values"].attrs[name] = np.bytes_(value)


def table(group, *, fields, kinds, more=()):
    group.attrs["pandas_type"] = np.bytes_("frame_table")
    group["table"] = np.ones(4, dtype=[("index", "i8"), *fields])
    for name, value in {**kinds, **dict(more)}.items():
        group["table"].attrs[name] = np.bytes_(value)


NAMES = pickle.dumps(["pt", "ηta"], protocol=0)


def test_a_store_is_found_by_its_key_or_alone(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        store(file.create_group("deep/df"))
        table(
            file.create_group("t"),
            fields=[("values_block_0", "f4", 2), ("n", "i8")],
            kinds={"values_block_0_kind": NAMES},
        )
    assert read(tmp_path / "a.h5", features=["eta", "pt"], tree="deep/df").events.tolist() == [
        [1.0, 0.0],
        [3.0, 2.0],
        [5.0, 4.0],
        [7.0, 6.0],
    ]
    assert columns(tmp_path / "a.h5") == ("pt", "ηta", "n")
    for tree in ("t", "t/table"):
        sample = read(tmp_path / "a.h5", features=["ηta", "n"], tree=tree)
        assert sample.events.tolist() == [[1.0, 1.0]] * 4 and sample.origin.precisions == {"ηta": "float32"}


def test_several_stores_must_be_named(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        store(file.create_group("a"))
        store(file.create_group("b"))
    with pytest.raises(SampleError, match=r"holds several stores of pandas; choose with tree=...: a, b"):
        columns(tmp_path / "a.h5")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kind": "integer", "items": (0, 1)}, "whose columns have other names than texts; .* pandas.read_hdf"),
        ({"variety": "multi"}, "whose columns have other names than texts"),
        ({"values": np.zeros((4, 3))}, r"a block of shape \(4, 3\) for 2 columns"),
    ],
)
def test_frames_that_cannot_be_read_are_named(tmp_path, options, message):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        store(file.create_group("df"), **options)
    with pytest.raises(SampleError, match=message):
        columns(tmp_path / "a.h5")


def test_columns_that_are_no_numbers_are_named(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        store(file.create_group("times"), values=np.zeros((4, 2), "i8"), more=[("value_type", "datetime64[ns]")])
        fields = [("t", "i8"), ("c", "i1"), ("s", "S3"), ("values_block_0", "S2", 2)]
        kinds = {"values_block_0_kind": NAMES, "t_dtype": "datetime64[us]", "c_meta": "category"}
        table(file.create_group("mixed"), fields=fields, kinds=kinds)
    for tree, name, message in (
        ("times", "pt", "it holds times"),
        ("mixed", "t", "it holds times"),
        ("mixed", "c", "it is categorical"),
        ("mixed", "s", "it holds text"),
        ("mixed", "ηta", "it holds text"),
    ):
        with pytest.raises(SampleError, match=rf"'{name}' .*{message}"):
            read(tmp_path / "a.h5", features=[name], tree=tree)


@pytest.mark.parametrize(
    "names",
    [
        pickle.dumps(["pt", "eta"], protocol=2),
        pickle.dumps([1, 2], protocol=0),
        b"cos\nsystem\n(S'touch gone'\ntR.",
        pickle.dumps(["pt"], protocol=0),
        b"",
    ],
)
def test_names_are_a_list_of_texts_and_nothing_is_unpickled(tmp_path, monkeypatch, names):
    monkeypatch.chdir(tmp_path)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        table(
            file.create_group("df"), fields=[("values_block_0", "f8", 2)], kinds={"values_block_0_kind": np.void(names)}
        )
    with pytest.raises(SampleError, match=r"other names than texts; .* pandas.read_hdf\(path, 'df'\).to_parquet"):
        columns(tmp_path / "a.h5")
    assert [one.name for one in tmp_path.iterdir()] == ["a.h5"]


@pytest.mark.parametrize("layout", ["fixed", "table"])
def test_what_pandas_writes(tmp_path, layout):
    pytest.importorskip("tables")
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(
        {
            "pt": np.arange(5.0),
            "é": np.arange(5) - 2,
            "f": np.arange(5, dtype="f4"),
            "b": np.arange(5) > 2,
            "s": list("abcde"),
        }
    )
    for options in ({}, {"complevel": 5, "complib": "zlib"}):
        frame.to_hdf(tmp_path / "a.h5", key="df", mode="w", format=layout, **options)
        sample = read(tmp_path / "a.h5", features=["b", "é", "pt", "f"], chunk_size=2)
        assert np.array_equal(sample.events, frame[["b", "é", "pt", "f"]].to_numpy(dtype=float))
        with pytest.raises(SampleError, match=r"'s' .* text"):
            read(tmp_path / "a.h5", features=["s"])
    frame.to_hdf(tmp_path / "a.h5", key="df", mode="w", format=layout, complevel=5, complib="blosc")
    with pytest.raises(SampleError, match="is compressed with 'blosc'"):
        read(tmp_path / "a.h5", features=["pt"])
    if layout == "fixed":
        frame.iloc[:0].to_hdf(tmp_path / "a.h5", key="df", mode="w")
        with pytest.raises(SampleError, match="at least one event"):
            read(tmp_path / "a.h5", features=["f"])
