"""Both samples as one set of rows, in an order that does not tell which row came from where.

A permutation p is exact only if everything that scales or chooses is a function of the set of pooled rows and of the
two sizes. Rows stand therefore in an order of their own, that of a hash of their ranks: the first rows are a random
subset, whatever order the samples came in, and a change of units changes nothing.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.special

from wilks.samples import Sample, Standardization
from wilks.samples.rows import row_hashes
from wilks.typing import FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class Pool:
    """Rows of both samples together.

    Args:
        events: shape (u, d), raw.
        masses: what each row counts in the pooled distribution, shape (u,), positive: how many events are equal to it,
            or the size of its weight.
        levels: the place of each value among the distinct ones of its feature, shape (u, d).
        features: d names.
    """

    events: FloatArray
    masses: FloatArray
    levels: IntArray
    features: tuple[str, ...]

    @property
    def n_rows(self) -> int:
        """u."""
        return int(self.masses.size)

    @cached_property
    def standardized(self) -> FloatArray:
        """By mean and standard deviation of the pooled rows, or by their quantiles (`Standardization.of`)."""
        sample = Sample(self.events, self.masses, features=self.features)
        return Standardization.of(sample).apply(self.events)

    @cached_property
    def ranks(self) -> FloatArray:
        """The share of the pooled mass below each value, with half of that at it (mid-ranks), shape (u, d).

        >>> Pool(np.zeros((3, 1)), np.ones(3), np.array([[0], [1], [1]]), ("x",)).ranks.ravel().round(3).tolist()
        [0.167, 0.667, 0.667]
        """
        found = np.empty(self.levels.shape)
        for column, levels in zip(found.T, self.levels.T, strict=True):
            at = np.bincount(levels, weights=self.masses)
            column[:] = ((np.cumsum(at) - 0.5 * at) / np.sum(at))[levels]
        return found

    @cached_property
    def scores(self) -> FloatArray:
        """Normal scores: what the normal distribution has at the ranks, shape (u, d)."""
        return np.asarray(scipy.special.ndtri(self.ranks))


@dataclass(frozen=True, eq=False)
class Arranged:
    """Rows of two samples in their own order, before equal ones are put together.

    Args:
        order: of the n rows, those of the first sample before those of the second, shape (n,).
        starts: where a row begins that differs from the one before, in that order, shape (u,).
        levels: those of the rows in the order that they came in, shape (n, d).
    """

    order: IntArray
    starts: IntArray
    levels: IntArray


def arranged(events: FloatArray) -> Arranged:
    """The order of rows (n, d) that depends on their set alone, and which of them are equal."""
    levels = np.empty(events.shape, dtype=np.int64)
    for column, values in zip(levels.T, events.T, strict=True):
        column[:] = np.unique(values, return_inverse=True)[1]
    order = np.argsort(row_hashes(levels.astype(np.float64)), kind="stable")
    in_order = levels[order]
    is_new = np.ones(order.size, dtype=bool)
    is_new[1:] = np.any(in_order[1:] != in_order[:-1], axis=1)
    return Arranged(order, np.flatnonzero(is_new), levels)


def in_cells(ranks: FloatArray, n_cells: int) -> IntArray:
    """Cells of equal mass for ranks (u,), numbered without gaps; equal ranks share one.

    >>> in_cells(np.array([0.1, 0.2, 0.9]), 4).tolist()
    [0, 0, 1]
    """
    return np.unique(np.floor(ranks * n_cells), return_inverse=True)[1].astype(np.int64)
