"""Integers beyond 2**53, which double precision rounds, such as event numbers and hashes."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from wilks.errors import SampleError
from wilks.samples import read

X = np.arange(4.0)
FIRST_ROUNDED = 2**53 + 1


@pytest.mark.parametrize(
    ("values", "row", "first"),
    [
        (np.array([1, 2**53, FIRST_ROUNDED, 2**53 + 3]), 2, FIRST_ROUNDED),
        (np.array([0, 0, 0, -FIRST_ROUNDED]), 3, -FIRST_ROUNDED),
        (np.array([2**63, 2**64 - 1, 5, 6], dtype=np.uint64), 1, 2**64 - 1),
        (np.array([2**63 - 1, 1, 1, 1]), 0, 2**63 - 1),
    ],
)
@pytest.mark.parametrize("use", [{"carry": ["e"]}, {"where": "e == 9007199254740993"}, {"weight": "e"}])
def test_they_are_refused_by_row_and_value(write_file, format_name, values, row, first, use):
    if format_name == "matrix.h5":
        pytest.skip("a matrix has one type")
    path = write_file(format_name, {"e": values, "x": X})
    with pytest.raises(SampleError, match=rf"integers of 'e' must be held exactly .* {first} in row {row} of"):
        read(path, features=["x"], chunk_size=2, **use)
    assert read(path, features=["x"]).n_events == 4


def test_those_that_are_exact_are_read(write_file, format_name):
    exact = np.array([2**53, 2**54, -(2**60), 3])
    path = write_file(format_name, {"e": exact, "x": exact[::-1].copy()})
    assert read(path, features=["x"], carry=["e"]).column("e").tolist() == [float(value) for value in exact]


def test_beside_missing_values(tmp_path):
    path = tmp_path / "missing.parquet"
    pq.write_table(pa.table({"e": pa.array([None, FIRST_ROUNDED, 1]), "x": [1.0, 2.0, 3.0]}), path)
    with pytest.raises(SampleError, match=f"{FIRST_ROUNDED} in row 1 of"):
        read(path, features=["x"], where="e > 0")


def test_text_with_a_fraction_or_an_exponent_is_rounded_as_all_text_is(tmp_path):
    path = tmp_path / "large.csv"
    path.write_text("x\n9007199254740993.0\n1e300\n12345678901234567.5\n")
    assert read(path, features=["x"]).column("x").tolist() == [9007199254740992.0, 1e300, 12345678901234568.0]
