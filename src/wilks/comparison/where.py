"""Where two samples differ in one feature: the interval whose counts are farthest from their share."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from wilks.comparison.nulls import Null
from wilks.comparison.pool import in_cells
from wilks.significance import least_tied
from wilks.typing import FloatArray

N_CELLS = 128


@dataclass(frozen=True)
class Interval:
    """Values of a feature from ``low`` to ``high``, both included.

    Attributes:
        low, high: values that occur.
        first, second: events, or their weights, of each sample in it.
        expected: of the second sample, if both had one distribution.
        local_z: (second - expected) over its standard deviation. It is the largest of many, and no significance.
    """

    low: float
    high: float
    first: float
    second: float
    expected: float
    local_z: float

    def to_document(self) -> dict[str, Any]:
        """Plain values."""
        return dict(vars(self))

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "Interval":
        """The inverse of `to_document`."""
        return cls(**document)


class CellContents(NamedTuple):
    """What is in cells of one feature, arrays (cells,).

    Attributes:
        sums, variances: of c, and of its v, as of `Null`.
        in_samples: counts of the one and of the other sample, in the order in which they were given.
        low, high: the least and the largest value.
        units: of the counts.
    """

    sums: FloatArray
    variances: FloatArray
    in_samples: tuple[FloatArray, FloatArray]
    low: FloatArray
    high: FloatArray
    units: tuple[float, float] = (1.0, 1.0)


def most_discrepant_interval(null: Null, column: int) -> Interval:
    """The interval of a feature, of 128 cells of equal mass, with the largest ``|z|``.

    Args:
        null: of the rows.
        column: of the feature.
    """
    cells, values = in_cells(null.pool.ranks[:, column], N_CELLS), null.pool.events[:, column]
    sums, variances, a, b = (
        np.bincount(cells, weights=some).astype(np.float64)
        for some in (null.observed, null.variances, *null.in_samples)
    )
    low, high = np.full(sums.size, np.inf), np.full(sums.size, -np.inf)
    np.minimum.at(low, cells, values)
    np.maximum.at(high, cells, values)
    return most_discrepant_cells(CellContents(sums, variances, (a, b), low, high, null.units))


def most_discrepant_cells(contents: CellContents) -> Interval:
    """The same from the contents of the cells, in the order of their values."""
    sums, variances, a, b = (
        np.append(0.0, np.cumsum(some)) for some in (contents.sums, contents.variances, *contents.in_samples)
    )
    begin, end = _widest_z(sums, variances)
    inside = float((a + b)[end] - (a + b)[begin]) / float((a + b)[-1])
    unit_a, unit_b = contents.units
    second, expected = float(b[end] - b[begin]) / unit_b, float(b[-1]) * inside / unit_b
    z = abs(float((sums[end] - sums[begin]) / _spread(variances, begin, end)))
    return Interval(
        low=float(contents.low[begin]),
        high=float(contents.high[end - 1]),
        first=float(a[end] - a[begin]) / unit_a,
        second=second,
        expected=expected,
        local_z=math.copysign(z, second - expected),
    )


def _widest_z(sums: FloatArray, variances: FloatArray) -> tuple[int, int]:
    """The cells from ``begin`` to before ``end`` with the largest z, not all of them.

    Where all other cells have the same z, as those beside an end have, it is the smaller part.
    """
    begin, end = np.triu_indices(sums.size, k=1)
    is_part = (end - begin) < sums.size - 1
    begin, end = begin[is_part], end[is_part]
    if not begin.size:
        return 0, sums.size - 1
    z = np.abs(sums[end] - sums[begin]) / _spread(variances, begin, end)
    best = np.flatnonzero(z >= least_tied(np.max(z)))
    smallest = best[np.argmin(variances[end[best]] - variances[begin[best]])]
    return int(begin[smallest]), int(end[smallest])


def _spread(variances: FloatArray, begin: Any, end: Any) -> Any:
    """Standard deviation of the sum of c from one cell to another: v_in (1 - v_in / v), v being that of all."""
    inside = variances[end] - variances[begin]
    return np.sqrt(np.maximum(inside * (1.0 - inside / variances[-1]), np.finfo(np.float64).tiny))
