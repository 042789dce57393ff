"""Decimal numbers of Arrow as the nearest double each, as a text of theirs would be read."""

from typing import Any

import numpy as np
import numpy.typing as npt

from wilks.samples.checked_arrays import FIRST_INEXACT

_EXACT_POWERS = 22  # 10**22 is the largest power of ten that double precision holds


def decimal_values(column: Any) -> npt.NDArray[Any]:
    """The numbers of a decimal array, masked where one is missing; integers where there are no decimal places.

    An unscaled integer below 2**53 over a power of ten up to 10**22 is rounded once, by the division, so that the
    result is the nearest double (IEEE 754). Others go through Python's own conversion.

    >>> import decimal
    >>> import pyarrow as pa
    >>> decimal_values(pa.array([decimal.Decimal("0.10"), None, decimal.Decimal("-12.35")])).tolist()
    [0.1, None, -12.35]
    """
    if hasattr(column, "combine_chunks"):
        column = column.combine_chunks()
    scale, missing = column.type.scale, np.asarray(column.is_null().to_numpy(zero_copy_only=False))
    unscaled = _unscaled(column)
    if unscaled is None or scale < 0 or scale > _EXACT_POWERS or np.any(np.abs(unscaled) >= FIRST_INEXACT):
        values = _by_python(column)
    else:
        values = unscaled if scale == 0 else unscaled / 10.0**scale
    return np.ma.masked_array(values, mask=missing) if missing.any() else values


def _unscaled(column: Any) -> npt.NDArray[Any] | None:
    """The integers that are stored, 0 where one is missing; None where 64 bits do not hold them."""
    n_bytes = column.type.bit_width // 8
    stored = np.frombuffer(column.buffers()[1], dtype=f"<i{min(n_bytes, 8)}")
    words = stored.reshape(-1, max(n_bytes // 8, 1))[column.offset : column.offset + len(column)]
    present = np.asarray(column.is_valid().to_numpy(zero_copy_only=False))
    low = np.where(present, words[:, 0], 0).astype(np.int64)
    has_more = np.any(words[:, 1:] != (words[:, :1] >> 63), axis=1) & present
    return None if has_more.any() or np.any(low == np.iinfo(np.int64).min) else low


def _by_python(column: Any) -> npt.NDArray[Any]:
    values = [0 if one is None else one for one in column.to_pylist()]
    if column.type.scale > 0:
        return np.array([float(one) for one in values])
    return np.array([int(one) for one in values], dtype=object)
