"""Taylor coefficients of log r that are constant in bins: the usual template of a binned analysis."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from wilks.errors import InputError
from wilks.nuisances.response import Polynomial, Term
from wilks.samples.stored_precision import beginnings
from wilks.typing import FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class BinnedPolynomial(Polynomial):
    """log[ N_b(nu) / N_b(0) ] as a polynomial in each bin b of one or several features.

    Events outside the edges take the nearest bin. Section 2.3 of "Learning New Physics from an Imperfect Machine"
    calls it the standard approach.

    Args:
        names: of the nuisances.
        terms: one for each coefficient.
        axes: positions of the binned features among those of an event.
        edges: ascending edges (b + 1,) of each binned feature.
        values: (cells, k), the coefficients of each cell, the last axis running fastest.

    Raises:
        InputError: edges that do not ascend, or values that do not fit them.

    >>> response = BinnedPolynomial(("scale",), ((1,),), (0,), ([0.0, 1.0, 2.0],), [[-1.0], [0.5]])
    >>> response.coefficients(np.array([[0.3], [1.5], [99.0]])).ravel().tolist()
    [-1.0, 0.5, 0.5]
    """

    names: tuple[str, ...]
    terms: tuple[Term, ...]
    axes: tuple[int, ...]
    edges: tuple[FloatArray, ...]
    values: FloatArray
    kind = "binned_polynomial"

    def __post_init__(self) -> None:
        object.__setattr__(self, "edges", tuple(_checked_edges(one) for one in self.edges))
        values = np.array(self.values, dtype=np.float64)
        values.setflags(write=False)
        object.__setattr__(self, "values", values)
        expected = (n_cells(self.edges), len(self.terms))
        if len(self.axes) != len(self.edges) or values.shape != expected or not np.all(np.isfinite(values)):
            raise InputError(
                f"values must be finite with the shape {expected}, one axis for each of {len(self.edges)} lists of "
                f"edges, but their shape is {values.shape} and {len(self.axes)} axes came"
            )

    def coefficients(self, events: FloatArray) -> FloatArray:
        return self.values[cell_of(events[:, list(self.axes)], self.edges)]

    def to_dict(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "names": list(self.names),
            "terms": [list(term) for term in self.terms],
            "axes": list(self.axes),
            "edges": [one.tolist() for one in self.edges],
            "values": self.values.tolist(),
        }

    @classmethod
    def from_dict(cls, document: dict[str, Any]) -> "BinnedPolynomial":
        """The inverse of `to_dict`."""
        return cls(
            names=tuple(document["names"]),
            terms=tuple(tuple(term) for term in document["terms"]),
            axes=tuple(document["axes"]),
            edges=tuple(document["edges"]),
            values=document["values"],
        )


def cell_of(columns: FloatArray, edges: Sequence[FloatArray]) -> IntArray:
    """The cell of each event for columns (n, axes), shape (n,); the first and the last bin of an axis are open.

    What an edge is in single precision, .699999988 for .7, lies on it.

    >>> cell_of(np.array([[0.5, 7.0], [-3.0, 1.5]]), ([0.0, 1.0, 2.0], [0.0, 1.0, 2.0])).tolist()
    [1, 1]
    """
    cell = np.zeros(columns.shape[0], dtype=np.int64)
    for values, one in zip(columns.T, edges, strict=True):
        cell = cell * (len(one) - 1) + np.searchsorted(beginnings(one[1:-1]), values, side="right")
    return cell


def n_cells(edges: Sequence[FloatArray]) -> int:
    """Number of cells."""
    return int(np.prod([len(one) - 1 for one in edges]))


def _checked_edges(edges: npt.ArrayLike) -> FloatArray:
    values = np.array(edges, dtype=np.float64)
    if values.ndim != 1 or values.size < 2 or not (np.all(np.isfinite(values)) and np.all(np.diff(values) > 0)):
        raise InputError(f"edges must be at least two ascending finite numbers, but {edges!r} came")
    values.setflags(write=False)
    return values
