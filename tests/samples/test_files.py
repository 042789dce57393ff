"""Which files a name stands for, and what is no file of events."""

import os
import shutil

import numpy as np
import pytest

import wilks
from wilks.errors import SampleError
from wilks.samples import columns, read
from wilks.samples.readers import TableFile, reader_for

NAMES = (
    "run2:v3",
    "a::b",
    "http:",
    "file:",
    "root:",
    "s3:",
    "memory:",
    "zip:",
    "x y",
    "a#b",
    "a?b",
    "a%20b",
    "~",
    "[1]",
)


@pytest.mark.parametrize("folder", NAMES)
def test_no_name_is_taken_for_an_address(write_file, format_name, tmp_path, folder, monkeypatch):
    path = write_file(format_name, {"x": np.arange(3.0), "y": np.zeros(3)})
    os.makedirs(tmp_path / folder)
    shutil.move(path, tmp_path / folder / format_name)
    monkeypatch.chdir(tmp_path)
    assert read(f"./{folder}/{format_name}", features=["x"]).n_events == 3
    shutil.move(tmp_path / folder / format_name, tmp_path / f"{folder}.{format_name}")
    assert read([tmp_path / f"{folder}.{format_name}"], features=["x"]).n_events == 3


@pytest.mark.parametrize("name", ["gsiftp://a/b.root", "file:///a/b.root", "s3://a/b.parquet"])
def test_addresses_are_refused(name):
    with pytest.raises(SampleError, match="remote address"):
        read(name, features=["x"])


def test_devices_and_pipes_are_no_files(tmp_path):
    (tmp_path / "zero.csv").symlink_to("/dev/zero")
    os.mkfifo(tmp_path / "pipe.csv")
    os.mkdir(tmp_path / "folder.csv")
    for name in ("zero.csv", "pipe.csv", "zer*.csv", "pip*.csv", "fold*.csv"):
        with pytest.raises(SampleError, match=r"must be an ordinary file, but is a (device or pipe|folder)"):
            read(tmp_path / name, features=["x"])
    for name in ("zero.csv", "pipe.csv"):
        source = TableFile(tmp_path / name)
        with pytest.raises(SampleError, match="must be an ordinary file"):
            reader_for(source.path).listing(source)


def test_a_name_that_is_no_text_is_read_and_shown(tmp_path):
    path = os.path.join(os.fsencode(tmp_path), b"caf\xe9.csv")
    with open(path, "wb") as file:
        file.write(b"x\n1\n2\n")
    for files in (str(tmp_path / "*.csv"), path, os.fsdecode(path)):
        sample = read(files, features=["x"])
        assert sample.n_events == 2 and sample.origin.files[0].endswith(r"caf\udce9.csv")
    sample.save(tmp_path / "kept")
    assert sample.digest() == wilks.load(tmp_path / "kept").digest()


@pytest.mark.parametrize("name", ["~nosuchuser/a.root", "\ud800.root", "a\0b.root", "x" * 5000 + ".root"])
def test_names_that_no_file_can_have(name):
    with pytest.raises(SampleError, match=r"must be one that a file can have|cannot be looked up"):
        read(name, features=["x"])


def test_a_folder_says_what_to_write(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "hive" / "run=1").mkdir(parents=True)
    np.savez(tmp_path / "hive" / "run=1" / "a.npz", x=np.ones(2))
    with pytest.raises(SampleError, match=r"is a folder; .* 'hive/\*\*/\*\.npz'; what only the names of folders say"):
        read("hive", features=["x"])
    with pytest.raises(SampleError, match=r"no column 'run'.*: it is a part of the name of its folder"):
        read("hive/**/*.npz", features=["x"], where="run == 1")


@pytest.mark.parametrize(
    ("files", "options", "message"),
    [
        ({"f.root": "t"}, {}, r'files must be a path, .* a mapping came; the tree .* tree="events"'),
        (None, {}, "files must be a path"),
        (3, {}, "files must be a path, a pattern or a list of them, but 3 came"),
        ([3], {}, "every file must be a path or a pattern, but 3 came"),
        ("f.npz", {"chunk_size": 1.5}, "chunk_size must be a whole number of at least 1, but 1.5 came"),
        ("f.npz", {"chunk_size": "5"}, "chunk_size must be a whole number"),
        ("f.npz", {"chunk_size": True}, "chunk_size must be a whole number"),
        ("f.npz", {"weight": 0.5}, "weight must name a column .* but 0.5 came; write weight='0.5'"),
        ("f.npz", {"weight": np.ones(4)}, "type ndarray came; weights of your own go to wilks.Sample"),
        ("f.npz", {"where": np.ones(4) > 0}, r"where must be a condition .* type ndarray came; .* sample.take\(mask\)"),
        ("f.npz", {"where": lambda x: x}, "where must be a condition .* type function came"),
        ("f.npz", {"define": ["a"]}, "define must be names with expressions"),
        ("f.npz", {"define": {"a": 2}}, "the expression must be a text .* but 2 came"),
        ("f.npz", {"define": {3: "x"}}, "plain name and no function, but '3' came"),
        ("f.npz", {"features": None}, "features must be a list of names"),
        ("f.npz", {"carry": 3}, "carry must be a list of names, but 3 came"),
        ("f.npz", {"tree": 3}, "tree must be a name, but 3 came"),
        ("f.npz", {"tree": ""}, "tree must be a name, but '' came"),
    ],
)
def test_arguments_of_another_kind(tmp_path, monkeypatch, files, options, message):
    monkeypatch.chdir(tmp_path)
    np.savez("f.npz", x=np.arange(4.0))
    with pytest.raises(SampleError, match=message):
        read(files, **{"features": ["x"], **options})


def test_a_chunk_size_may_be_written_as_1e6(tmp_path):
    np.savez(tmp_path / "f.npz", x=np.arange(4.0))
    assert read(tmp_path / "f.npz", features=["x"], chunk_size=1e6).n_events == 4


def test_columns_that_cannot_be_read_are_named_where_no_other_is_there(tmp_path):
    path = tmp_path / "matrix.npz"
    np.savez(path, np.ones((5, 3)), np.ones((5, 1)))
    assert columns(path) == ()
    with pytest.raises(
        SampleError, match=r"none that can be read; 'arr_0': its shape is \(5, 3\).*; 'arr_1': its shape"
    ):
        read(path, features=["x"])


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (MemoryError("Unable to allocate 7 TiB"), r"needs more memory than there is; read fewer columns, .*7 TiB"),
        (OSError("Can't read data (memory allocation failed for chunk)"), "needs more memory"),
        (PermissionError(13, "Permission denied"), "must be readable for you"),
        (OSError(5, "Input/output error"), "cannot be read from its disk"),
        (ValueError("odd"), r"it may be truncated, damaged or of another kind \(odd\)"),
    ],
)
def test_what_went_wrong_is_not_called_damage_where_it_is_none(tmp_path, monkeypatch, error, message):
    np.savez(tmp_path / "f.npz", x=np.arange(4.0))

    def fail(*arguments, **options):
        raise error

    monkeypatch.setattr("zipfile.ZipFile", fail)
    with pytest.raises(SampleError, match=message):
        read(tmp_path / "f.npz", features=["x"])
