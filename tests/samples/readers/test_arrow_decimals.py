"""Decimal numbers become the double that is nearest to each."""

import decimal
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from wilks.errors import SampleError
from wilks.samples import Sample, columns, read
from wilks.samples.readers.arrow_decimals import decimal_values

RNG = np.random.default_rng(5)


def numbers(n_digits: int, scale: int) -> list[Decimal | None]:
    digits = [int("".join(map(str, RNG.integers(0, 10, RNG.integers(1, n_digits + 1))))) for _ in range(300)]
    with decimal.localcontext(prec=80):
        made = [Decimal(-d if i % 2 else d).scaleb(-scale) for i, d in enumerate(digits)]
    return [None if i % 17 == 5 else one for i, one in enumerate(made)]


@pytest.mark.parametrize(
    ("n_digits", "scale"), [(7, 2), (15, 6), (16, 15), (18, 0), (18, 18), (22, 22), (38, 9), (38, 30), (38, 0)]
)
@pytest.mark.parametrize("kind", [pa.decimal128, pa.decimal256])
def test_the_nearest_double(n_digits, scale, kind):
    values = numbers(n_digits, scale)
    array = pa.array(values, kind(max(n_digits, scale), scale))
    for part, wanted in ((array, values), (array.slice(7, 100), values[7:107]), (pa.chunked_array([array]), values)):
        found = np.ma.asarray(decimal_values(part))
        assert np.ma.getmaskarray(found).tolist() == [one is None for one in wanted]
        as_floats = np.asarray(np.ma.getdata(found), dtype=float)
        assert as_floats[~np.ma.getmaskarray(found)].tolist() == [float(one) for one in wanted if one is not None]


@pytest.mark.skipif(not hasattr(pa, "decimal32"), reason="an older pyarrow")
def test_narrow_ones():
    for kind in (pa.decimal32(6, 2), pa.decimal64(12, 3)):
        array = pa.array([Decimal("1.25"), None, Decimal("-0.10")], kind)
        assert np.ma.asarray(decimal_values(array)).tolist() == [1.25, None, -0.1]
    assert decimal_values(pa.array([], pa.decimal128(5, 1))).tolist() == []


def test_a_file_of_them(tmp_path):
    prices = pa.array([Decimal("0.10"), Decimal("12.30"), Decimal("-7.05")], pa.decimal128(9, 2))
    pq.write_table(
        pa.table({"x": prices, "n": pa.array([1, 2, 3], pa.int32()).cast(pa.decimal128(10, 0))}), tmp_path / "d.parquet"
    )
    assert columns(tmp_path / "d.parquet") == ("x", "n")
    sample = read(tmp_path / "d.parquet", features=["x", "n"], where="x > -8", chunk_size=2)
    assert sample.events.tolist() == [[0.1, 1.0], [12.3, 2.0], [-7.05, 3.0]] and sample.origin.precisions == {}
    assert Sample(pa.table({"x": prices})).events[:, 0].tolist() == [0.1, 12.3, -7.05]


def test_whole_numbers_that_would_be_rounded_are_refused(tmp_path):
    for value in (2**53 + 1, 10**20 + 1):
        pq.write_table(
            pa.table({"x": pa.array([Decimal(1), Decimal(value)], pa.decimal128(38, 0))}), tmp_path / "d.parquet"
        )
        with pytest.raises(SampleError, match=rf"integers of 'x' .* but {value} in row 1"):
            read(tmp_path / "d.parquet", features=["x"])
