"""Sums over events of features and of their products: what every quadratic answer is made of, and what is additive."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import scipy.linalg

from wilks.errors import InputError
from wilks.storage import Storable
from wilks.typing import FloatArray

_COLUMNS = 256


@dataclass(frozen=True, eq=False)
class Moments(Storable):
    """sum w, sum w v and sum w v v^T over events with values v.

    Those of disjoint sets of events add, and what was added can be taken away again: sums over files, machines and
    times are merged, and windows slide. Nothing but sums is kept.

    Args:
        total: sum w.
        first: sum w v, shape (r,).
        second: sum w v v^T, shape (r, r).
        digest: of the map that the values come from; sums of different maps do not add.

    >>> one = Moments.of([(np.array([[1.0, 2.0]]), np.array([4.0]))], size=2)
    >>> (one + one).second.tolist(), (one + one - one).first.tolist()
    ([[8.0, 16.0], [16.0, 32.0]], [4.0, 8.0])
    """

    total: float
    first: FloatArray
    second: FloatArray
    digest: str = ""
    stored_as: ClassVar[str] = "moments"

    @classmethod
    def of(cls, blocks: Iterable[tuple[FloatArray, FloatArray]], *, size: int, digest: str = "") -> "Moments":
        """Those of blocks of values (c, r) with weights (c,), r = ``size``; weights of either sign."""
        total, first, second = 0.0, np.zeros(size), np.zeros((size, size), order="F")
        for values, weights in blocks:
            total += float(np.sum(weights))
            first += weights @ values
            second = _with_products(second, values, weights)
        _mirror(second)
        return cls(total, first, second, digest)

    def __add__(self, other: "Moments") -> "Moments":
        return self._combined(other, 1.0)

    def __sub__(self, other: "Moments") -> "Moments":
        return self._combined(other, -1.0)

    def _combined(self, other: "Moments", sign: float) -> "Moments":
        """The sums of both.

        Raises:
            InputError: they are of different maps.
        """
        if (self.digest, self.first.shape) != (other.digest, other.first.shape):
            raise InputError(
                "moments must be of one feature map to be added or subtracted, but these are of "
                f"{self.first.size} and {other.first.size} features with different definitions; make both with the "
                "same model of the same analysis"
            )
        return Moments(
            self.total + sign * other.total,
            self.first + sign * other.first,
            self.second + sign * other.second,
            self.digest,
        )

    def turned(self, mix: FloatArray) -> "Moments":
        """Those of mix^T v for a mix (r, s)."""
        return Moments(self.total, self.first @ mix, mix.T @ (self.second @ mix), self.digest)

    def about(self, center: FloatArray) -> FloatArray:
        """sum w (v - c)(v - c)^T for c (r,), shape (r, r)."""
        crossed = np.outer(self.first, center)
        around: FloatArray = self.second - crossed - crossed.T + self.total * np.outer(center, center)
        return around

    def to_document(self) -> dict[str, Any]:
        return dict(vars(self))

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "Moments":
        return cls(**document)


def _with_products(total: FloatArray, values: FloatArray, weights: FloatArray) -> FloatArray:
    """total + sum w v v^T in the upper triangle of ``total``, which is overwritten: half the work of a full product."""
    roots = np.sqrt(np.abs(weights))[:, None]
    for sign, rows in ((1.0, weights > 0), (-1.0, weights < 0)):
        if np.any(rows):
            chosen = slice(None) if np.all(rows) else rows
            scaled = values[chosen] * roots[chosen]
            total = scipy.linalg.blas.dsyrk(sign, scaled.T, beta=1.0, c=total, overwrite_c=1)
    return total


def _mirror(square: FloatArray) -> None:
    """Copy the upper triangle to the lower one, a few columns at a time."""
    size = square.shape[0]
    for first in range(0, size, _COLUMNS):
        some = slice(first, min(first + _COLUMNS, size))
        square[some, :first] = square[:first, some].T
        corner = square[some, some]
        square[some, some] = np.triu(corner) + np.triu(corner, 1).T
