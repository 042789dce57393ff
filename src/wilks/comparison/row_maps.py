"""What members sum over rows, for rows that are not in their pool: the same functions, of coordinates of any rows."""

import abc
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, NamedTuple

import numpy as np

from wilks.typing import FloatArray, IntArray

_LEAST_EXPONENT = -200.0


class Placed(NamedTuple):
    """Rows in the coordinates of a pool, each of shape (r, d): standardized features, and their normal scores."""

    standardized: FloatArray
    scores: FloatArray

    def some(self, rows: slice) -> "Placed":
        """Some of the rows."""
        return Placed(self.standardized[rows], self.scores[rows])


class RowMap(abc.ABC):
    """phi of a block, a function of one row at a time."""

    kind: ClassVar[str]

    @property
    @abc.abstractmethod
    def n_columns(self) -> int:
        """Numbers of a row."""

    @abc.abstractmethod
    def values(self, rows: Placed) -> FloatArray:
        """phi of each row, shape (r, columns)."""

    @abc.abstractmethod
    def bound(self, largest_score: float) -> float:
        """No ``|phi|`` is larger, where no ``|score|`` is larger than that."""

    def to_document(self) -> dict[str, Any]:
        """Plain values and arrays."""
        return {"kind": self.kind, **vars(self)}

    @staticmethod
    def from_document(document: Mapping[str, Any]) -> "RowMap":
        """The inverse of `to_document`."""
        content = dict(document)
        made: RowMap = _KINDS[content.pop("kind")](**content)
        return made


@dataclass(frozen=True, eq=False)
class GaussianMap(RowMap):
    """exp(-r_m |x - z_m|^2).

    Args:
        is_of_scores: whether x are normal scores; else standardized features.
        centers: z, shape (m, d).
        rates: r, shape (m,).
    """

    is_of_scores: bool
    centers: FloatArray
    rates: FloatArray
    kind: ClassVar[str] = "gaussians"

    @property
    def n_columns(self) -> int:
        return int(self.rates.size)

    def values(self, rows: Placed) -> FloatArray:
        x = rows.scores if self.is_of_scores else rows.standardized
        if x.shape[1] == 1:
            exponents: FloatArray = (x - self.centers.T) ** 2
            exponents *= -self.rates
        else:  # one product of matrices: -r |x|^2 + 2 r x.z - r |z|^2
            left = np.column_stack([x, np.einsum("ij,ij->i", x, x), np.ones(x.shape[0])])
            exponents = left @ self._right
        np.clip(exponents, _LEAST_EXPONENT, 0.0, out=exponents)
        return np.exp(exponents, out=exponents)

    @cached_property
    def _right(self) -> FloatArray:
        lengths = np.sum(self.centers**2, axis=1)
        return np.vstack([2.0 * (self.centers * self.rates[:, None]).T, -self.rates, -self.rates * lengths])

    def bound(self, largest_score: float) -> float:
        return 1.0

    def to_document(self) -> dict[str, Any]:
        names = ("is_of_scores", "centers", "rates")
        return {"kind": self.kind, **{name: getattr(self, name) for name in names}}


@dataclass(frozen=True, eq=False)
class PairMap(RowMap):
    """Products of Hermite polynomials of the normal scores of two features.

    Args:
        degree: 1 or 2.
        means: that are taken from the polynomials, shape (d * degree,).
    """

    degree: int
    means: FloatArray
    kind: ClassVar[str] = "pairs"

    @property
    def n_columns(self) -> int:
        return int(products(self.means.size // self.degree, self.degree)[0].size)

    def values(self, rows: Placed) -> FloatArray:
        first, second = products(rows.scores.shape[1], self.degree)
        polynomials = hermite(rows.scores, self.degree) - self.means
        product: FloatArray = polynomials[:, first] * polynomials[:, second]
        return product

    def bound(self, largest_score: float) -> float:
        largest = max(largest_score, largest_score**2) + float(np.max(np.abs(self.means)))
        return largest**2


_KINDS: dict[str, Any] = {GaussianMap.kind: GaussianMap, PairMap.kind: PairMap}


def hermite(scores: FloatArray, degree: int) -> FloatArray:
    """h_1(y) = y and h_2(y) = (y^2 - 1) / sqrt 2 of each feature side by side, shape (r, d * degree).

    >>> hermite(np.array([[1.0, 3.0]]), 2).round(3).tolist()
    [[1.0, 0.0, 3.0, 5.657]]
    """
    values = np.stack([scores, (scores**2 - 1.0) / np.sqrt(2.0)][:degree], axis=2)
    return values.reshape(scores.shape[0], -1)


def products(n_features: int, degree: int) -> tuple[IntArray, IntArray]:
    """Which columns of the polynomials are multiplied."""
    feature = np.repeat(np.arange(n_features), degree)
    first, second = np.nonzero(feature[:, None] < feature)
    return first, second
