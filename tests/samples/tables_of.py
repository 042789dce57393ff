"""One set of columns as every kind of table."""

import awkward as ak
import numpy as np
import pyarrow as pa
import pytest

from tests.samples.stand_ins import Exported, Frame, PolarsFrame


def structured(columns):
    result = np.empty(len(next(iter(columns.values()))), dtype=[(name, one.dtype) for name, one in columns.items()])
    for name, values in columns.items():
        result[name] = values
    return result


def pandas_frame(columns):
    return pytest.importorskip("pandas").DataFrame(columns)


def nullable_frame(columns):
    kinds = {"b": "boolean", "i": "Int64", "f": "Float64"}
    known = {name: kinds[values.dtype.kind] for name, values in columns.items() if values.dtype.kind in kinds}
    return pandas_frame(columns).astype(known)


def arrow_backed_frame(columns):
    kinds = {"b": "bool[pyarrow]", "i": "int64[pyarrow]", "f": "double[pyarrow]", "U": "string[pyarrow]"}
    return pandas_frame(columns).astype({name: kinds[values.dtype.kind] for name, values in columns.items()})


def indexed_frame(columns):
    frame = pandas_frame(columns)
    frame.index = np.arange(len(frame))[::-1] + 100
    return frame


def polars_frame(columns):
    return pytest.importorskip("polars").DataFrame(columns)


KINDS = {
    "dict": dict,
    "structured": structured,
    "recarray": lambda columns: structured(columns).view(np.recarray),
    "arrow": pa.table,
    "batch": pa.RecordBatch.from_pydict,
    "awkward": lambda columns: ak.zip(columns),
    "pandas-like": Frame,
    "polars-like": PolarsFrame,
    "exported": Exported,
    "pandas": pandas_frame,
    "pandas nullable": nullable_frame,
    "pandas arrow": arrow_backed_frame,
    "pandas index": indexed_frame,
    "polars": polars_frame,
}


TABLES = pytest.mark.parametrize("make", KINDS.values(), ids=KINDS)


NUMBERS = {
    "pt": np.array([30.5, 40.25, 50.0]),
    "n": np.array([2, 3, 2**53]),
    "is_b": np.array([True, False, True]),
    "eta": np.array([0.5, -0.25, 2.0], dtype=np.float32),
    "w": np.array([1.0, -0.5, 2.0]),
}
