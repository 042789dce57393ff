"""Checked, read-only float64 arrays and the wording of complaints about names."""

import difflib
import re
import unicodedata
from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from wilks.errors import SampleError
from wilks.typing import FloatArray, IntArray, has_masked
from wilks.wording import is_text

FIRST_INEXACT = 2.0**53  # its neighbor, 2**53 + 1, becomes this number
_FORMULA_LIKE = re.compile(r"[\w.()+\-*/%,]+")


def frozen_array(values: npt.ArrayLike, what: str) -> FloatArray:
    """A read-only, C-ordered float64 copy of ``values``; one that is already so, or mapped so, is not copied."""
    if (
        isinstance(values, np.memmap)
        and _is_sealed(values)
        and values.dtype == np.float64
        and values.flags.c_contiguous
    ):
        return values
    if has_masked(values):
        raise SampleError(f"{what} must hold plain numbers, but some are masked; select the masked events away first")
    try:
        array = np.asarray(values)
        is_numeric = array.dtype.kind in "biufO"
        numbers = np.asarray(array, dtype=np.float64, order="C") if is_numeric else None
    except (TypeError, ValueError, OverflowError) as error:
        raise SampleError(f"{what} must be an array of numbers with one shape: {error}") from error
    if numbers is None:
        raise SampleError(f"{what} must hold real numbers, but their type is {array.dtype}")
    if (place := first_inexact(array, numbers)) is not None:
        raise SampleError(
            f"{what} must hold numbers that float64 holds exactly, but {array.flat[place]} is not one: beyond 2**53 "
            "integers would be rounded; give what you need of them, such as their last digits"
        )
    return seal(numbers if _is_sealed(numbers) else numbers.copy())


def first_inexact(values: npt.NDArray[Any], numbers: FloatArray) -> int | None:
    """The place of the first integer that is another number in double precision; None where there is none.

    >>> integers = np.array([1, 2**53, 2**53 + 1])
    >>> first_inexact(integers, integers.astype(float))
    2
    """
    if values.dtype.kind not in "iuO" or values.dtype.itemsize < 8:
        return None
    for place in np.flatnonzero(np.abs(numbers) >= FIRST_INEXACT).tolist():
        value = values.flat[place]
        if isinstance(value, int | np.integer) and int(value) != int(numbers.flat[place]):
            return int(place)
    return None


def seal(array: FloatArray) -> FloatArray:
    """Make an array that nobody else holds read-only, without a copy."""
    array.setflags(write=False)
    return array


def effective_number(event_weights: FloatArray) -> float:
    """(sum w)^2 / sum w^2: the number of events of one weight that have the same relative error.

    >>> effective_number(np.array([3.0, 3.0, 0.0]))
    2.0
    """
    return float(np.sum(event_weights) ** 2 / np.sum(event_weights**2))


def weighted_quantile(values: FloatArray, weights: FloatArray, probability: float) -> float:
    """Smallest value below or at which at least this share of the weight lies; negative weights count as none.

    >>> weighted_quantile(np.array([3.0, 1.0, 2.0]), np.ones(3), 0.5)
    2.0
    """
    order = np.argsort(values, kind="stable")
    cumulative = np.cumsum(np.maximum(weights[order], 0.0))
    position = int(np.searchsorted(cumulative, probability * cumulative[-1]))
    return float(values[order[min(position, len(values) - 1)]])


def in_order(events: FloatArray, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The events (n, d) that have a weight, and the weights, in the order of their features and then their weight.

    What is summed, drawn or chosen from them is then a function of the set of events, not of the order of rows.

    >>> in_order(np.array([[2.0], [1.0], [3.0]]), np.array([1.0, 2.0, 0.0]))[0].ravel().tolist()
    [1.0, 2.0]
    """
    rows = rows_in_order(events, weights)
    return events[rows], weights[rows]


def rows_in_order(events: FloatArray, weights: FloatArray) -> IntArray:
    """Which rows `in_order` takes, in its order, shape (m,)."""
    rows: IntArray = np.lexsort((weights, *events.T[::-1]))
    kept: IntArray = rows[weights[rows] != 0]
    return kept


def _is_sealed(array: FloatArray) -> bool:
    return (array.flags.owndata or isinstance(array, np.memmap)) and not array.flags.writeable


def require_finite(values: FloatArray, what: str) -> None:
    """Raise if any value is NaN or infinite, naming how many and the first."""
    bad = np.flatnonzero(~np.isfinite(values))
    if bad.size:
        raise SampleError(non_finite_message(what, count=bad.size, first_row=int(bad[0]), value=float(values[bad[0]])))


def non_finite_message(what: str, *, count: int, first_row: int, value: float, where: str = "") -> str:
    """The complaint about NaN or infinity in one column."""
    values = "value is" if count == 1 else "values are"
    formula = what if is_formula_like(what) else f"`{what}`"
    advice = "or by hand" if "`" in what else f'read them with where="isfinite({formula})"'
    return (
        f"every value of {what!r} must be finite, but {count:,} {values} not "
        f"(first: {value} in row {first_row:,}{where}); select such events away, {advice}"
    )


def is_formula_like(name: str) -> bool:
    """Whether a name can stand in an expression, as a column or as a formula.

    >>> is_formula_like("log(pt1)"), is_formula_like("pt [GeV]")
    (True, False)
    """
    return _FORMULA_LIKE.fullmatch(name) is not None


def closest(name: str, known: Iterable[str]) -> str:
    """A sentence about the names that exist, the similar ones first.

    >>> closest("pt_1", ["pt1", "eta1"])
    "did you mean 'pt1'? There are: pt1, eta1"
    """
    names = list(known)
    if not names:
        return "there are none"
    listed = ", ".join(names[:30]) + (f" and {len(names) - 30} more" if len(names) > 30 else "")
    alike = [one for one in names if unicodedata.normalize("NFKC", one) == unicodedata.normalize("NFKC", name)]
    similar = alike or difflib.get_close_matches(name, names, n=2, cutoff=0.6)
    if not similar:
        return f"there are: {listed}"
    return f"did you mean {' or '.join(map(repr, similar))}? There are: {listed}"


def came(value: object) -> str:
    """What came, in a few words.

    >>> came(0.5), came(np.ones(3))
    ('0.5', 'an object of type ndarray')
    """
    return repr(value) if isinstance(value, str | bytes | int | float) else f"an object of type {type(value).__name__}"


def check_names(names: Iterable[object], what: str) -> tuple[str, ...]:
    """The names as a tuple: non-empty text, each once."""
    if isinstance(names, str):
        raise SampleError(f"{what} must be a list of names, but came as the text {names!r}; write [{names!r}]")
    if not isinstance(names, Iterable):
        raise SampleError(f"{what} must be a list of names, but {came(names)} came")
    result: tuple[str, ...] = ()
    for name in names:
        if not isinstance(name, str) or not name.strip():
            raise SampleError(f"every name in {what} must be a text that is not empty, but {name!r} came")
        if not is_text(name):
            raise SampleError(f"every name in {what} must be text in UTF-8, but {name!r} came; give it another name")
        result += (name,)
    repeated = sorted({name for name in result if result.count(name) > 1})
    if repeated:
        raise SampleError(f"every name in {what} must occur once, but these are repeated: {', '.join(repeated)}")
    return result
