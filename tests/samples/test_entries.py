"""Some of the rows alone, counted through all files."""

import numpy as np
import pytest

from wilks.errors import SampleError
from wilks.samples import read
from wilks.samples.readers.npz import NpzReader


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for k in range(3):
        np.savez(f"f{k}.npz", x=np.arange(10.0) + 10 * k, w=np.full(10, 1.0 + k))
    return tmp_path


@pytest.mark.parametrize("chunk_size", [1, 3, 10, 100])
@pytest.mark.parametrize(
    ("start", "stop"), [(0, 7), (3, None), (4, 25), (10, 20), (19, 21), (0, 30), (29, 99), (9, 10)]
)
def test_rows_of_all_files_together(folder, start, stop, chunk_size):
    sample = read("f*.npz", features=["x"], weight="w", entry_start=start, entry_stop=stop, chunk_size=chunk_size)
    wanted = list(range(30))[start:stop]
    assert sample.events[:, 0].tolist() == wanted and sample.expected_events == sum(1 + x // 10 for x in wanted)
    assert sample.origin.n_read == len(wanted) and sample.origin.entries == (start, stop)


def test_every_format(write_file, format_name):
    path = write_file(format_name, {"x": np.arange(23.0), "y": np.zeros(23)})
    for start, stop in ((0, 5), (6, 22), (20, None)):
        sample = read(path, features=["x"], entry_start=start, entry_stop=stop, chunk_size=4)
        assert sample.events[:, 0].tolist() == list(range(23))[start:stop]


def test_later_rows_and_files_are_not_read(folder, monkeypatch):
    usual, seen = NpzReader._chunks, []

    def watched(self, source, names, chunk_size):
        for chunk in usual(self, source, names, chunk_size):
            seen.append((source.path.name, len(chunk["x"])))
            yield chunk

    monkeypatch.setattr(NpzReader, "_chunks", watched)
    assert read("f*.npz", features=["x"], entry_stop=12, chunk_size=4).n_events == 12
    assert seen == [("f0.npz", 4), ("f0.npz", 4), ("f0.npz", 2), ("f1.npz", 2)]


def test_rows_in_messages_are_those_of_the_file(folder):
    np.savez("bad.npz", x=np.where(np.arange(10) == 8, np.nan, 1.0))
    with pytest.raises(SampleError, match=r"nan in row 8 of bad.npz"):
        read(["f0.npz", "bad.npz"], features=["x"], entry_start=15, chunk_size=2)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"entry_start": -1}, "entry_start must be a whole number of at least 0"),
        ({"entry_stop": 0}, "entry_stop must be a whole number of at least 1"),
        ({"entry_start": 5, "entry_stop": 5}, "entry_stop must be a whole number of at least 6"),
        ({"entry_stop": 1.5}, "entry_stop must be a whole number"),
        ({"entry_start": 30}, "entry_start must be less than the number of rows, but 3 files hold 30"),
        (
            {"entry_start": 99, "entry_stop": 120},
            "entry_start must be less than the number of rows, but 3 files hold 30",
        ),
    ],
)
def test_what_is_no_range(folder, options, message):
    with pytest.raises(SampleError, match=message):
        read("f*.npz", features=["x"], **options)
