"""Numbers at one precision: what was written in single precision, or with few digits, meets its origin again."""

from collections.abc import Callable
from functools import partial

import numpy as np

from wilks.typing import FloatArray

Rounding = Callable[[FloatArray], FloatArray]
_FEW = 64


def at_one_precision(a: FloatArray, b: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Two tables (n, d) and (m, d) whose columns have the coarser precision of both.

    A column that single precision, 4 to 8 significant digits or 1 to 6 decimals hold exactly in one of the tables alone
    is rounded to that in the other. Values that are equal stay so.

    >>> a, b = at_one_precision(np.array([[0.1]]), np.array([[0.1]], dtype=np.float32).astype(np.float64))
    >>> bool(a == b)
    True
    """
    columns = [_at_one_precision(a[:, j], b[:, j]) for j in range(a.shape[1])]
    return np.column_stack([one for one, _ in columns]), np.column_stack([one for _, one in columns])


def _at_one_precision(a: FloatArray, b: FloatArray) -> tuple[FloatArray, FloatArray]:
    """By the rounding that changes one column most and leaves the other as it is."""
    best, most = (a, b), 0.0
    for rounding in _ROUNDINGS:
        is_coarse = _is_unchanged(a, rounding), _is_unchanged(b, rounding)
        if is_coarse[0] == is_coarse[1]:
            continue
        fine = b if is_coarse[0] else a
        rounded = rounding(fine)
        change = float(np.mean(np.abs(rounded - fine)))
        if change > most:
            best, most = (a, rounded) if is_coarse[0] else (rounded, b), change
    return best


def to_single(values: FloatArray) -> FloatArray:
    """Rounded to single precision; what that cannot hold as it is."""
    with np.errstate(over="ignore"):
        single = values.astype(np.float32).astype(np.float64)
    return np.where(np.isfinite(single), single, values)


def to_decimals(values: FloatArray, n: int) -> FloatArray:
    """Rounded to n decimals: the double that is nearest to the decimal number."""
    scaled = values * 10.0**n
    return np.where(np.abs(scaled) < 2.0**53, np.rint(scaled) / 10.0**n, values)


def to_digits(values: FloatArray, n: int) -> FloatArray:
    """Rounded to n significant digits, for sizes from 1e-12 to 1e12; others as they are."""
    sizes = np.abs(values)
    usual = (sizes >= 1e-12) & (sizes < 1e12)
    power = n - 1 - np.floor(np.log10(np.where(usual, sizes, 1.0)))
    up, down = 10.0 ** np.maximum(power, 0.0), 10.0 ** np.maximum(-power, 0.0)
    return np.where(usual, np.rint(values * up / down) * down / up, values)


_ROUNDINGS: tuple[Rounding, ...] = (
    to_single,
    *(partial(to_digits, n=n) for n in range(8, 3, -1)),
    *(partial(to_decimals, n=n) for n in range(6, 0, -1)),
)


def _is_unchanged(values: FloatArray, rounding: Rounding) -> bool:
    return bool(np.array_equal(rounding(values[:_FEW]), values[:_FEW]) and np.array_equal(rounding(values), values))
