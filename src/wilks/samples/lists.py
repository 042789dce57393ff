"""Jagged columns: a list of numbers for each event, of any length, and the one number that is made of it."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from wilks import lazy
from wilks.samples.checked_arrays import first_inexact
from wilks.samples.nodes import Reduced
from wilks.typing import BoolArray, FloatArray, IntArray

if TYPE_CHECKING:
    import awkward as ak
else:
    ak = lazy.Module("awkward")

HOWS = ("len", "max", "min", "sum")
NEVER_ABSENT = ("len", "sum")
"""What an empty list has: 0 of either."""


@dataclass(frozen=True, eq=False)
class Lists:
    """The lists of n events, as an awkward array of type ``n * var * number``, or ``n * 3 * number``.

    A list may be missing as a whole, which is not the same as an empty one, and so may a number in it.

    Raises:
        ValueError: lists of a damaged file, which reach beyond the numbers that there are.

    >>> import awkward
    >>> pt = Lists(awkward.Array([[30.0, 20.0], [], [50.0]]))
    >>> values, absent = pt.reduced(Reduced("pt", "item", 1))
    >>> values.tolist(), absent.tolist()
    ([20.0, nan, nan], [False, True, True])
    >>> pt.reduced(Reduced("pt", "sum"))[0].tolist(), pt.reduced(Reduced("pt", "len"))[0].tolist()
    ([50.0, 0.0, 50.0], [2.0, 0.0, 1.0])
    """

    array: Any
    _lengths: IntArray = field(init=False, repr=False)
    _missing: BoolArray = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if wrong := ak.validity_error(self.array):
            raise ValueError(wrong)
        missing = np.asarray(ak.is_none(self.array), dtype=np.bool_)
        lengths = ak.fill_none(ak.num(self.array, axis=1), 0)
        object.__setattr__(self, "_missing", missing)
        object.__setattr__(self, "_lengths", np.asarray(lengths, dtype=np.int64))

    @property
    def size(self) -> int:
        """The number of events."""
        return int(self._lengths.size)

    def __getitem__(self, rows: slice) -> "Lists":
        """The lists of some of the events."""
        return Lists(self.array[rows])

    def first_inexact(self) -> tuple[int, int] | None:
        """The event and the value of the first integer that double precision does not hold."""
        flat = np.ma.getdata(self._flat())
        place = first_inexact(flat, np.asarray(flat, dtype=np.float64))
        if place is None:
            return None
        return int(np.searchsorted(np.cumsum(self._lengths), place, side="right")), int(flat[place])

    def reduced(self, how: Reduced) -> tuple[FloatArray, BoolArray]:
        """One number for each event, NaN where there is none, and the events in which that object is absent.

        An item that a list does not have is absent, and so are the largest and the smallest of an empty list. A list,
        or a number in it, that is missing or NaN is not absent: what is made of it is NaN.
        """
        nothing = np.zeros(self.size, dtype=np.bool_)
        if how.how == "len":
            return np.where(self._missing, np.nan, self._lengths), nothing
        numbers = self._numbers()
        if how.how == "item":
            values, absent = _items(numbers, self._lengths, how.index)
        elif how.how == "sum":
            values, absent = np.asarray(ak.sum(numbers, axis=1)), nothing
        else:
            values, absent = _extremes(numbers, how.how), self._lengths == 0
        absent = absent & ~self._missing
        return np.where(absent | self._missing, np.nan, values), absent

    def _flat(self) -> Any:
        """All numbers in one array, masked where one is missing."""
        return ak.to_numpy(ak.flatten(ak.drop_none(self.array, axis=0), axis=1), allow_missing=True)

    def _numbers(self) -> Any:
        """The same lists in double precision, NaN where a number is missing and nothing where a list is."""
        flat = self._flat()
        numbers = np.asarray(np.ma.getdata(flat), dtype=np.float64)
        return ak.unflatten(np.where(np.ma.getmaskarray(flat), np.nan, numbers), self._lengths)


def _items(numbers: Any, lengths: IntArray, index: int) -> tuple[FloatArray, BoolArray]:
    has = lengths > index if index >= 0 else lengths >= -index
    values = np.full(lengths.size, np.nan)
    if has.any():
        values[has] = ak.to_numpy(numbers[has][:, index])
    return values, ~has


def _extremes(numbers: Any, how: str) -> FloatArray:
    """The largest or smallest; NaN, which awkward passes over, where a list has one."""
    values = np.asarray((ak.max if how == "max" else ak.min)(numbers, axis=1, mask_identity=False))
    return np.where(np.asarray(ak.any(np.isnan(numbers), axis=1)), np.nan, values)
