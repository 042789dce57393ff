"""Frames with the interface of pandas and polars that tables are asked for, where these are not installed."""

import numpy as np
import pyarrow as pa


class Series:
    """As `pandas.Series`: of numbers of NumPy, or with ``missing`` of a nullable type."""

    def __init__(self, values, *, name=None, missing=None, dtype=None):
        self._values, self.name, self._missing = np.asarray(values), name, missing
        self.dtype = dtype or (self._values.dtype if missing is None else Nullable(self._values.dtype))

    @property
    def iloc(self):
        return self._values

    @property
    def array(self):
        return Extension(self._values)

    def isna(self):
        return Extension(np.asarray(self._missing))

    def to_numpy(self):
        return self._values


class Nullable:
    """As ``Int64``."""

    def __init__(self, numpy_dtype):
        self.numpy_dtype, self.kind = numpy_dtype, numpy_dtype.kind


class Categorical:
    """As ``category``."""

    kind, categories = "O", ("a", "b")


class Zoned:
    """As ``datetime64[ns, UTC]``."""

    kind = "M"


class Text:
    """As ``str``."""

    kind = "O"

    def __str__(self):
        return "str"


class Extension:
    """As the arrays of pandas."""

    def __init__(self, values):
        self._values = values

    def __getitem__(self, chosen):
        return Extension(self._values[chosen])

    def to_numpy(self, dtype=None):
        return np.asarray(self._values, dtype=dtype)


class Frame:
    """As `pandas.DataFrame`, with labels that may repeat."""

    def __init__(self, columns, labels=None):
        self._columns = [
            one if isinstance(one, Series) else Series(one)
            for one in (columns.values() if isinstance(columns, dict) else columns)
        ]
        self._labels = list(columns) if labels is None else labels

    @property
    def columns(self):
        return self._labels

    @property
    def iloc(self):
        return self

    def __getitem__(self, place):
        rows, j = place
        assert rows == slice(None)
        return self._columns[j]

    def __array__(self, dtype=None, copy=None):
        return np.stack([one.to_numpy() for one in self._columns], axis=1)


class PolarsSeries:
    """As `polars.Series`."""

    def __init__(self, values, name=""):
        self._values, self._name = values, name

    @property
    def name(self):
        return self._name

    def to_arrow(self):
        return self._values if isinstance(self._values, pa.Array) else pa.array(self._values)


class PolarsFrame:
    """As `polars.DataFrame`."""

    def __init__(self, columns):
        self._columns = columns

    @property
    def columns(self):
        return list(self._columns)

    def get_column(self, name):
        return PolarsSeries(self._columns[name], name)


class Lazy:
    """As `polars.LazyFrame`."""

    @property
    def columns(self):
        return ["pt"]

    def collect(self):
        return PolarsFrame({"pt": [1.0]})


class Exported:
    """As a relation of DuckDB: columns by the protocol of Arrow alone."""

    def __init__(self, columns):
        self._columns = columns

    def __arrow_c_stream__(self, requested_schema=None):
        return pa.table(self._columns).__arrow_c_stream__(requested_schema)
