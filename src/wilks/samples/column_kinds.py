"""One column that came from outside as float64 numbers, or the reason why it is none."""

from typing import Any

import numpy as np
import numpy.typing as npt

from wilks.errors import SampleError
from wilks.samples.checked_arrays import first_inexact
from wilks.typing import FloatArray, is_number

JAGGED = (
    "it is jagged (a list of any length for each event); write one number for each event first, "
    "for example the leading object: ak.firsts(array) in awkward, or Define in RDataFrame"
)
SEVERAL = "it has several numbers for each event; write each of them as a column of its own first"
TEXT = "it holds text"
NOT_ALL = "not all of its values are numbers"
TIMES = "it holds times; make numbers of them first, such as seconds since the first of them"
_OF_KIND = {"S": TEXT, "U": TEXT, "T": TEXT, "M": TIMES, "m": TIMES, "c": "its numbers are complex"}
_NO_VALUE = frozenset({"NoneType", "NAType", "NaTType", "MaskedConstant"})


def holds_words(reason: str) -> bool:
    """Whether a column has one value for each event, of which some are text, by the reason why it holds no numbers.

    >>> holds_words(f"{NOT_ALL}: 'n/a' in row 3 is none"), holds_words(JAGGED)
    (True, False)
    """
    return reason.startswith((TEXT, NOT_ALL))


class NotNumbersError(ValueError):
    """The reason why a column does not hold one number for each event."""


def column_numbers(values: npt.ArrayLike, name: str, *, may_lack: bool) -> FloatArray:
    """The numbers of one column, shape (n,); NaN where a value is missing, which ``may_lack`` allows.

    Missing are masked values, None and the NA of pandas. Booleans are 0 and 1.

    Raises:
        SampleError: text, times, lists and other things that are no numbers; integers that float64 would round; values
            that are missing, NaN or infinite, unless ``may_lack``.

    >>> column_numbers(np.ma.masked_array([1, 2], mask=[False, True]), "mass", may_lack=True).tolist()
    [1.0, nan]
    >>> column_numbers(np.array([1.0, None]), "pt", may_lack=False)
    Traceback (most recent call last):
    wilks.errors.SampleError: every value of 'pt' must be finite, but 1 value is not (first: missing in row 1); select \
such events away first
    """
    try:
        found = _as_numbers(values)
    except NotNumbersError as reason:
        raise refused(name, str(reason)) from reason
    data = np.ma.filled(found, 0) if np.ma.is_masked(found) else np.ma.getdata(found)
    numbers = np.array(data, dtype=np.float64)
    if (place := first_inexact(data, numbers)) is not None:
        raise SampleError(
            f"the integers of {name!r} must be held exactly by a float64 number, but {data[place]} in row "
            f"{place:,} is not: beyond 2**53 they would be rounded; give what you need of them as columns of their "
            "own, such as their last digits"
        )
    missing = np.ma.getmaskarray(found)
    numbers[missing] = np.nan
    if not may_lack:
        _require_values(numbers, missing, name)
    return numbers


def refused(name: str, reason: str) -> SampleError:
    """The complaint about a column that has not one number for each event."""
    advice = "" if ";" in reason else "; leave it out, or make numbers of it first"
    return SampleError(f"the column {name!r} must hold one number for each event, but {reason}{advice}")


def _require_values(numbers: FloatArray, missing: npt.NDArray[np.bool_], name: str) -> None:
    bad = np.flatnonzero(~np.isfinite(numbers))
    if bad.size:
        first = "missing" if missing[bad[0]] else str(numbers[bad[0]])
        count = "1 value is" if bad.size == 1 else f"{bad.size:,} values are"
        raise SampleError(
            f"every value of {name!r} must be finite, but {count} not (first: {first} in row {bad[0]:,}); "
            "select such events away first"
        )


def _as_numbers(values: npt.ArrayLike) -> npt.NDArray[Any]:
    """An array (n,) of booleans, integers, floats, or of Python's, masked where a value is missing."""
    try:
        array = np.ma.asanyarray(values) if isinstance(values, np.ma.MaskedArray) else np.asarray(values)
    except ValueError as error:  # lists of different lengths
        raise NotNumbersError(JAGGED) from error
    if array.dtype.names is not None:
        raise NotNumbersError(f"it has fields of its own ({', '.join(array.dtype.names)}); give each as a column")
    if array.dtype.kind not in "biufO":
        raise NotNumbersError(_OF_KIND.get(array.dtype.kind, f"its type {array.dtype} is not a number"))
    if array.ndim != 1:
        raise NotNumbersError(SEVERAL if array.ndim else f"it is the one value {array}")
    return _of_objects(array) if array.dtype.kind == "O" else array


def _of_objects(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Python's numbers, masked where there is none."""
    objects = np.ma.getdata(array)
    gone = np.fromiter((type(one).__name__ in _NO_VALUE for one in objects), dtype=np.bool_, count=objects.size)
    missing = gone | np.ma.getmaskarray(array)
    for one in objects[~missing]:
        if not (is_number(one) or isinstance(one, bool | np.bool_)):
            raise NotNumbersError(_reason(one))
    return np.ma.masked_array(np.where(missing, 0, objects), mask=missing)


def _reason(value: object) -> str:
    if isinstance(value, str | bytes):
        return TEXT
    if isinstance(value, list | tuple | np.ndarray) or hasattr(value, "__array__"):
        return JAGGED
    return f"it holds objects of type {type(value).__name__}"
