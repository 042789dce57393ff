"""The columns of what a user holds: data frames, Arrow tables, awkward records, structured arrays, dicts of arrays.

None of these libraries is imported here: whoever has such an object has imported its library already.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from wilks import lazy
from wilks.errors import SampleError
from wilks.samples.checked_arrays import check_names, closest
from wilks.samples.column_kinds import JAGGED, TEXT, TIMES, NotNumbersError, column_numbers, refused
from wilks.typing import FloatArray

if TYPE_CHECKING:
    from wilks.samples.readers import parquet
else:
    parquet = lazy.Module("wilks.samples.readers.parquet")


@dataclass(frozen=True)
class Table:
    """Columns and how to get one.

    Attributes:
        names: of the columns, text; ``x0, x1, ...`` where the columns have none.
        is_named: whether the columns have names of their own: those that a library counts, 0, 1, ..., are none.
        values: of column j, an array, masked where a value is missing.
    """

    names: tuple[str, ...]
    is_named: bool
    values: Callable[[int], npt.ArrayLike]

    @classmethod
    def of(cls, labels: Sequence[object], values: Callable[[int], npt.ArrayLike]) -> "Table":
        """With labels as a library has them.

        Raises:
            SampleError: a label is no text.
        """
        counted = list(labels) == list(range(len(labels)))
        if not counted:
            for label in labels:
                check_label(label)
        names = tuple(f"x{j}" if counted else str(label) for j, label in enumerate(labels))
        return cls(names, not counted, values)

    def renamed(self, names: Sequence[str]) -> "Table":
        """Columns without names, with names in their order."""
        given = check_names(names, "features")
        if len(given) != len(self.names):
            raise SampleError(
                f"there must be one name for each feature, but {len(given)} names came for {len(self.names)} columns"
            )
        return Table(given, True, self.values)

    def numbers(self, name: str, *, may_lack: bool = False) -> FloatArray:
        """One column, shape (n,); NaN where it has no value, if it may lack some.

        Raises:
            SampleError: there is no such column, or more than one; it is none of numbers (`column_numbers`).
        """
        if name not in self.names:
            raise SampleError(f"there is no column {name!r}; {closest(name, self.names)}")
        if self.names.count(name) > 1:
            raise SampleError(
                f"there is more than one column of the name {name!r}; rename them, so that it is clear which one counts"
            )
        try:
            values = self.values(self.names.index(name))
        except NotNumbersError as reason:
            raise refused(name, str(reason)) from reason
        return column_numbers(values, name, may_lack=may_lack)


def check_label(label: object) -> None:
    """Raise unless a label of a column is a text that can be its name.

    >>> check_label(("muon", "pt"))
    Traceback (most recent call last):
    wilks.errors.SampleError: the names of columns must be texts, but ('muon', 'pt') came; join the levels first: \
frame.columns = ["_".join(map(str, one)) for one in frame.columns]
    """
    if isinstance(label, str):
        check_names([label], "columns")
        return
    advice = (
        'join the levels first: frame.columns = ["_".join(map(str, one)) for one in frame.columns]'
        if isinstance(label, tuple)
        else "give the columns names that are texts"
    )
    raise SampleError(f"the names of columns must be texts, but {label!r} came; {advice}")


def table_of(thing: object) -> Table | None:
    """The columns of a table or of a named column; None for what is a plain array, or nothing of the kind.

    >>> table = table_of({"pt": [30.0, 40.0], "n_jets": [2, 3]})
    >>> table.names, table.numbers("n_jets").tolist()
    (('pt', 'n_jets'), [2.0, 3.0])
    >>> table_of([1.0, 2.0]) is None
    True
    """
    found: Any = thing
    if isinstance(thing, type | str | bytes | list | tuple):
        return None
    if _has(thing, "iloc"):
        return _pandas_table(found)
    if _has(thing, "get_column"):  # polars
        names = list(found.columns)
        return Table.of(names, lambda j: arrow_column(found.get_column(names[j])))
    if _is_of(thing, "pyarrow") and _has(thing, "column_names"):
        return Table.of(list(found.column_names), lambda j: arrow_values(found.column(j)))
    if _is_of(thing, "awkward") and found.fields:
        return _awkward_table(found)
    if getattr(getattr(thing, "dtype", None), "names", None):
        return Table.of(list(found.dtype.names), lambda j: found[found.dtype.names[j]])
    if isinstance(thing, Mapping):
        keys = list(thing)
        return Table.of(keys, lambda j: plain_column(thing[keys[j]]))
    return _other_table(found)


def plain_column(thing: Any) -> Any:
    """An array of NumPy, masked where values are missing, for a column of another library; anything else as it is.

    Raises:
        NotNumbersError: it cannot be numbers.
    """
    if _has(thing, "columns"):  # a whole frame
        return thing
    if _has(thing, "iloc"):
        return pandas_values(thing)
    if _is_of(thing, "awkward"):
        return awkward_values(thing)
    if _has(thing, "to_arrow"):
        return arrow_column(thing)
    return arrow_values(thing) if _is_of(thing, "pyarrow") and _has(thing, "type") else thing


def pandas_values(series: Any) -> npt.NDArray[Any]:
    """Of a column of a pandas frame; masked where it has NA."""
    kind = series.dtype
    if isinstance(kind, np.dtype):
        return np.asarray(series.to_numpy())
    numbers = getattr(kind, "numpy_dtype", getattr(kind, "subtype", None))
    if not isinstance(numbers, np.dtype) or {numbers.kind, kind.kind} - set("biuf"):  # intervals of numbers are objects
        raise NotNumbersError(_pandas_reason(kind))
    missing = np.asarray(series.isna().to_numpy(), dtype=np.bool_)
    values = np.zeros(missing.size, dtype=numbers)
    values[~missing] = np.asarray(series.array[~missing].to_numpy(dtype=numbers))
    return np.ma.masked_array(values, mask=missing)


def _pandas_reason(kind: Any) -> str:
    if hasattr(kind, "categories"):
        return "it is categorical; take its codes (.cat.codes), or its values if they are numbers (.astype(float))"
    if getattr(kind, "kind", "") in "Mm":
        return TIMES
    return TEXT if str(kind).startswith("str") else f"its type {kind} is not a number"


def awkward_values(array: Any) -> npt.NDArray[Any]:
    """Of an awkward array; masked where it has None."""
    if not array.ndim == 1 and "var *" in str(array.type):
        raise NotNumbersError(JAGGED)
    if "string" in str(array.type) or "bytes" in str(array.type):
        raise NotNumbersError(TEXT)
    try:
        return sys.modules["awkward"].to_numpy(array, allow_missing=True)  # type: ignore[no-any-return]
    except (TypeError, ValueError) as error:
        raise NotNumbersError(f"its type {array.type} is not one number for each event") from error


def arrow_column(series: Any) -> npt.NDArray[Any]:
    """Of a column of polars, by way of Arrow."""
    try:
        column = series.to_arrow()
    except Exception as error:  # polars raises what Rust does
        raise NotNumbersError(f"its type {series.dtype} is not a number") from error
    return arrow_values(column)


def arrow_values(column: Any) -> npt.NDArray[Any]:
    """Of a column of Arrow; NaN, or masked among integers, where it has null."""
    if reason := parquet.why_not(column.type):
        raise NotNumbersError(reason)
    return parquet.column_values(column)


def _pandas_table(thing: Any) -> Table:
    if not _has(thing, "columns"):  # a Series
        return _single(thing.name, lambda: pandas_values(thing))
    return Table.of(list(thing.columns), lambda j: pandas_values(thing.iloc[:, j]))


def _awkward_table(thing: Any) -> Table:
    fields = list(thing.fields)
    labels: Sequence[object] = range(len(fields)) if thing.is_tuple else fields
    return Table.of(labels, lambda j: awkward_values(thing[fields[j]]))


def _other_table(thing: Any) -> Table | None:
    if _has(thing, "to_arrow") and _has(thing, "name"):  # a Series of polars
        return _single(thing.name, lambda: arrow_column(thing))
    if _has(thing, "columns") and not _has(thing, "__array__"):  # frames that only promise their rows
        how = next((verb for verb in ("collect", "compute") if _has(thing, verb)), None)
        if how is not None:
            raise SampleError(f"a table must hold its rows, but a {type(thing).__name__} came; give its .{how}()")
    if _has(thing, "__arrow_c_stream__") and not _has(thing, "__array__"):
        return table_of(parquet.arrow_table(thing))
    return None


def _single(name: object, values: Callable[[], npt.ArrayLike]) -> Table:
    named = isinstance(name, str) and name != ""
    return Table.of([name] if named else [0], lambda _: values())


def _has(thing: object, attribute: str) -> bool:
    """Of its class: columns and rows of some tables are attributes, whatever they are called."""
    return hasattr(type(thing), attribute)


def _is_of(thing: object, library: str) -> bool:
    return any(one.__module__.partition(".")[0] == library for one in type(thing).__mro__)
