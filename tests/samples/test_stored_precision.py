"""Columns in single precision, compared with constants."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from wilks.nuisances import Unselected
from wilks.samples import Sample, enrich, parse_selection, read

STEPS = np.round(np.arange(0, 40) * 0.01, 2)
COLUMNS = {"iso": STEPS, "eta": np.where(np.arange(40) % 2, STEPS, -STEPS), "x": np.arange(40.0)}
CUTS = (
    *(f"iso {operator} 0.15" for operator in ("<", "<=", ">", ">=", "==", "!=")),
    *(f"0.07 {operator} iso" for operator in ("<", "<=", ">", ">=", "==", "!=")),
    *("0.1 < iso <= 0.3", "abs(eta) < 0.21", "abs(eta) >= 0.21", "-iso > -0.15", "eta == -0.06", "not iso > 0.29"),
    *("(iso <= 0.15) * 2 + (eta < 0.33) > 1", "where(iso <= 0.15, 1, 0) == 1", "iso <= 1.5e-1", "edge", "low <= 0.15"),
)
DEFINE = {"twice": "iso * 2", "low": "iso", "kept": "(iso <= 0.15) * 1.0"}


def single(columns):
    return {name: values.astype(np.float32) for name, values in columns.items()}


def passing(path, where):
    where = "kept == 1" if where == "edge" else where
    return read(path, features=["x"], where=where, define=DEFINE, chunk_size=7).column("x").tolist()


@pytest.mark.parametrize("where", CUTS)
def test_the_same_events_pass_in_both_precisions(tmp_path, where):
    paths = [tmp_path / "double.parquet", tmp_path / "single.parquet"]
    for path, columns in zip(paths, (COLUMNS, single(COLUMNS)), strict=True):
        pq.write_table(pa.table(columns), path)
    double = passing(paths[0], where)
    assert passing(paths[1], where) == double
    assert 0 < len(double) < 40


def test_every_format_knows_its_precision(write_file, format_name):
    path = write_file(format_name, single(COLUMNS))
    sample = read(path, features=["x", "-iso"], where="iso <= 0.15", carry=["iso", "iso * 2", "eta"])
    assert sample.n_events == 16
    if "csv" not in format_name and "tsv" not in format_name:
        assert sample.origin.precisions == dict.fromkeys(("x", "iso", "-iso", "eta"), "float32")
        assert Sample.from_document(sample.to_document()).origin.precisions == sample.origin.precisions


def test_two_files_of_different_precision_are_cut_alike(write_file, tmp_path):
    double = write_file("table.parquet", COLUMNS)
    other = write_file("sets.h5", single(COLUMNS))
    sample = read([double, other], features=["x"], where="iso <= 0.15", carry=["iso"])
    assert sample.column("x").tolist() == [*range(16), *range(16)]


@pytest.mark.parametrize("where", CUTS)
def test_numbers_of_single_precision_in_double_precision_or_text(write_file, where):
    """As converted by pandas, or written by C++ with all digits."""
    double = passing(write_file("table.parquet", COLUMNS), where)
    stored = {name: values.astype(np.float64) for name, values in single(COLUMNS).items()}
    assert passing(write_file("sets.h5", stored), where) == passing(write_file("table.csv", stored), where) == double


@pytest.mark.parametrize(
    ("values", "where", "n"),
    [
        ([16777216.0, 16777217.0], "x == 16777217", 1),
        ([1700000000.0, 1700000128.0], "x >= 1700000000.1", 1),
        ([0.25, 0.5], "x > 0.2500000001", 1),
        ([1000.0, 1001.0], "x > 1000.00001", 1),
        ([1000000.125, 1000000.0], "x > 1000000.1", 1),
        ([0.15, 0.15 + 1e-9], "x > 0.15", 1),
    ],
)
def test_numbers_that_are_near_a_constant_by_chance_are_not_taken_for_it(write_file, values, where, n):
    path = write_file("sets.h5", {"x": np.array(values)})
    assert read(path, features=["x"], where=where).n_events == n


def test_half_precision(tmp_path):
    path = tmp_path / "half.npz"
    np.savez(path, iso=STEPS.astype(np.float16), x=np.arange(40.0))
    assert read(path, features=["x"], where="iso <= 0.15").n_events == 16


def test_selections_of_samples_that_were_read(write_file):
    """Toys of events before the selection, and enriched samples, are cut as `read` cuts."""
    path = write_file("table.parquet", single({**COLUMNS, "x": np.linspace(0, 1, 40)}))
    loose = read(path, features=["x"], where="iso <= 0.3", carry=["iso"])
    assert Unselected(loose, where="iso <= 0.15").nominal().n_events == 16
    tail = Sample(np.linspace(0.01, 0.02, 3)[:, None], np.full(3, 5.0), features=["x"], extras={"iso": np.full(3, 0.1)})
    merged = enrich(loose.rescaled(31.0), tail, where="iso <= 0.15")
    assert int((merged.event_weights[:31] != 1).sum()) == 16


def test_a_number_beyond_the_precision_stays_as_it_is(tmp_path):
    path = tmp_path / "large.npz"
    np.savez(path, x=np.array([1.0, 3e38, np.inf], dtype=np.float32))
    assert read(path, features=["x"], where="x < 1e300").n_events == 2
    assert read(path, features=["x"], where="x >= 1e-60 and x < 2").n_events == 1


def test_a_selection_by_itself_knows_of_no_file():
    stored = STEPS.astype(np.float32).astype(np.float64)
    selection = parse_selection("iso <= 0.15")
    assert int(selection.evaluate({"iso": stored}).sum()) == 15
    assert int(selection.at_precision({"iso": np.dtype(np.float32)}).evaluate({"iso": stored}).sum()) == 16
