"""Numbers at one precision: what was written in single precision, or with few digits, meets its origin again."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, partial

import numpy as np

from wilks.typing import BoolArray, FloatArray, IntArray

Rounding = Callable[[FloatArray], FloatArray]
Roundings = tuple[int | None, ...]
_FEW = 64
_OF_SINGLE = 6e-8  # half a unit in the last place


@dataclass(frozen=True, eq=False)
class Table:
    """Values (n, d) that are brought to one precision with several other tables: what is known of them is found once.

    A column that single precision, 4 to 8 significant digits or 1 to 6 decimals hold exactly in one of two tables alone
    is rounded to that in the other. Values that are equal stay so.

    >>> a, b = np.array([[0.1]]), np.array([[0.1]], dtype=np.float32).astype(np.float64)
    >>> ours, theirs = Table(a).shared_precision(b)
    >>> bool(a == b), bool(rounded(a, ours) == rounded(b, theirs))
    (False, True)
    """

    values: FloatArray
    _changes: dict[tuple[int, int], float] = field(default_factory=dict, init=False, repr=False)

    def shared_precision(self, other: FloatArray) -> tuple[Roundings, Roundings]:
        """By which rounding each column of this and of the other table (m, d) comes to the precision of both."""
        theirs = unchanged(other)
        pairs = [self._rounding(j, other[:, j], theirs[:, j]) for j in range(other.shape[1])]
        return tuple(ours for ours, _ in pairs), tuple(rounding for _, rounding in pairs)

    def _rounding(self, j: int, other: FloatArray, is_coarse: BoolArray) -> tuple[int | None, int | None]:
        """That which changes one of two columns most and leaves the other as it is."""
        best: tuple[int | None, int | None] = (None, None)
        most = 0.0
        for k in np.flatnonzero(self._is_coarse[:, j] != is_coarse).tolist():
            change = self._change(k, j) if is_coarse[k] else mean_change(other, k)
            if change > most:
                best, most = (k, None) if is_coarse[k] else (None, k), change
        return best

    @cached_property
    def _is_coarse(self) -> BoolArray:
        return unchanged(self.values)

    def _change(self, k: int, j: int) -> float:
        if (k, j) not in self._changes:
            self._changes[k, j] = mean_change(self.values[:, j], k)
        return self._changes[k, j]


def rounded(values: FloatArray, roundings: Roundings) -> FloatArray:
    """The columns of (n, d), each by its rounding; None leaves it as it is."""
    if not any(k is not None for k in roundings):
        return values
    columns = zip(values.T, roundings, strict=True)
    return np.column_stack([column if k is None else _ROUNDINGS[k](column) for column, k in columns])


def mean_change(column: FloatArray, k: int) -> float:
    """How far the k-th rounding moves the values on average."""
    return float(np.mean(np.abs(_ROUNDINGS[k](column) - column)))


def unchanged(values: FloatArray) -> BoolArray:
    """Which roundings leave which columns of (n, d) as they are, shape (roundings, d); the first rows tell most."""
    few = values[:_FEW]
    digits, decimals = to_digits(few, _DIGITS[:, None, None]), [to_decimals(few, n) for n in _DECIMALS]
    found: BoolArray = np.all(np.stack([to_single(few), *digits, *decimals]) == few, axis=1)
    for k, j in zip(*np.nonzero(found), strict=True):
        found[k, j] = np.array_equal(_ROUNDINGS[k](values[:, j]), values[:, j])
    return found


def to_single(values: FloatArray) -> FloatArray:
    """Rounded to single precision; what that cannot hold as it is."""
    with np.errstate(over="ignore"):
        single = values.astype(np.float32).astype(np.float64)
    return np.where(np.isfinite(single), single, values)


def to_decimals(values: FloatArray, n: int) -> FloatArray:
    """Rounded to n decimals: the double that is nearest to the decimal number."""
    scaled = values * 10.0**n
    return np.where(np.abs(scaled) < 2.0**53, np.rint(scaled) / 10.0**n, values)


def to_digits(values: FloatArray, n: int | IntArray) -> FloatArray:
    """Rounded to n significant digits, for sizes from 1e-12 to 1e12; others as they are. Several n broadcast."""
    sizes = np.abs(values)
    usual = (sizes >= 1e-12) & (sizes < 1e12)
    power = n - 1 - np.floor(np.log10(np.where(usual, sizes, 1.0)))
    up, down = 10.0 ** np.maximum(power, 0.0), 10.0 ** np.maximum(-power, 0.0)
    return np.where(usual, np.rint(values * up / down) * down / up, values)


def to_single_fractions(values: FloatArray) -> FloatArray:
    """Rounded to single precision; whole numbers, and what is too large or too small for it, as they are.

    >>> to_single_fractions(np.array([0.15, 2.0**24 + 1.0, 1e-50])).tolist()
    [0.15000000596046448, 16777217.0, 1e-50]
    """
    single = to_single(values)
    stays = (values == np.rint(values)) | (np.abs(single) < np.finfo(np.float32).tiny)
    return np.where(stays, values, single)


def is_in_part_single(column: FloatArray) -> bool:
    """Whether some values (n,) are stored in single precision and others in double: one occurs in both.

    Numbers of few bits, 12 in all or 6 after the point, say nothing: short decimal numbers are such, by chance.

    >>> both = np.array([0.15, np.float32(0.15)])
    >>> is_in_part_single(both), is_in_part_single(both[:1]), is_in_part_single(np.array([0.5, 0.5 + 1e-12]))
    (True, False, False)
    """
    single = to_single_fractions(column)
    is_double = single != column
    if is_double.all() or not is_double.any():
        return False
    stored = column[~is_double & ~_has_few_bits(column)]
    return bool(stored.size and np.any(np.isin(single[is_double], stored)))


def decimals_of(column: FloatArray, *, fewest: int) -> int | None:
    """How many decimals, 1 to 4, hold all values (n,); None: none does, or fewer than ``fewest`` have any.

    >>> decimals_of(np.array([0.25, 0.5, 0.75]), fewest=3), decimals_of(np.array([0.25, 1.0, 2.0]), fewest=3)
    (2, None)
    """
    if np.count_nonzero(column != np.rint(column)) < fewest:
        return None
    few = column[:_FEW]
    return next((n for n in range(1, 5) if np.all(has_decimals(few, n)) and np.all(has_decimals(column, n))), None)


def has_decimals(values: FloatArray, n: int) -> BoolArray:
    """Which values n decimals hold, as far as single precision tells.

    >>> has_decimals(np.array([0.15, np.float32(0.15), 0.151]), 2).tolist()
    [True, True, False]
    """
    with np.errstate(over="ignore"):
        found: BoolArray = np.abs(to_decimals(values, n) - values) <= _OF_SINGLE * np.abs(values)
    return found


def _has_few_bits(values: FloatArray) -> BoolArray:
    """Of numbers of single precision."""
    with np.errstate(over="ignore"):
        ends = np.frexp(values)[0] * 2.0**12, values * 2.0**6
    found: BoolArray = np.logical_or.reduce([end == np.rint(end) for end in ends])
    return found


_DIGITS, _DECIMALS = np.arange(8, 3, -1, dtype=np.int64), range(6, 0, -1)
_ROUNDINGS: tuple[Rounding, ...] = (
    to_single,
    *(partial(to_digits, n=int(n)) for n in _DIGITS),
    *(partial(to_decimals, n=n) for n in _DECIMALS),
)
