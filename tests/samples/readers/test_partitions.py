"""Columns that stand in the names of folders."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from wilks.errors import SampleError
from wilks.samples import columns, read


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for year in (2016, 2018):
        for era in ("B", "__HIVE_DEFAULT_PARTITION__"):
            here = tmp_path / "events" / f"year={year}" / f"era={era}" / "eta%20max=2.5"
            here.mkdir(parents=True)
            pq.write_table(pa.table({"pt": np.arange(3.0) + year}), here / "part.parquet")
    return tmp_path


FILES = "events/**/*.parquet"


@pytest.mark.parametrize("chunk_size", [2, 100])
def test_numbers_of_folders_are_columns(folder, chunk_size):
    assert columns(FILES) == ("pt", "year", "eta max")
    sample = read(FILES, features=["pt - year"], where="year > 2017", carry=["`eta max`"], chunk_size=chunk_size)
    assert sample.events[:, 0].tolist() == [0.0, 1.0, 2.0] * 2 and set(sample.extras["`eta max`"]) == {2.5}
    assert read(FILES, features=["year"], chunk_size=chunk_size).n_events == 12


def test_what_is_no_number_is_said(folder):
    with pytest.raises(SampleError, match=r"'era' .*: it holds text, 'B' in the name of its folder"):
        read("events/year=2016/era=B/*/*.parquet", features=["era"])
    with pytest.raises(SampleError, match=r"is a folder; give a pattern such as 'events/\*\*/\*.parquet'"):
        read("events", features=["pt"])
    missing = "events/year=2016/era=__HIVE_DEFAULT_PARTITION__/*/*.parquet"
    with pytest.raises(SampleError, match="'era' must be finite, but 3 values are not"):
        read(missing, features=["era"])


def test_the_column_of_the_file_comes_first(tmp_path):
    (tmp_path / "run=7").mkdir()
    pq.write_table(pa.table({"run": [1, 2]}), tmp_path / "run=7" / "a.parquet")
    assert read(tmp_path / "run=7" / "a.parquet", features=["run"]).events[:, 0].tolist() == [1.0, 2.0]


@pytest.mark.parametrize("value", [str(2**53 + 1), "1e999", "0x10", "1_000", "inf"])
def test_numbers_that_cannot_be_held(tmp_path, value):
    (tmp_path / f"n={value}").mkdir()
    pq.write_table(pa.table({"x": [1.0, 2.0]}), tmp_path / f"n={value}" / "a.parquet")
    with pytest.raises(SampleError, match=r"'n' .*(would be rounded|too large|it holds text)"):
        read(tmp_path / f"n={value}" / "a.parquet", features=["n"])
    assert columns(tmp_path / f"n={value}" / "a.parquet") == ("x",)
