"""Sums of whitened features over the events of many data sets, each by itself."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from wilks.statistics.linear.basis import Basis
from wilks.statistics.linear.feature_map import Resolution
from wilks.statistics.linear.panels import rows_by_panels
from wilks.typing import FloatArray

_NODES_PER_LENGTH = 28
_OFFSETS = np.arange(-2, 4)
_DENOMINATORS = np.array([np.prod([i - j for j in _OFFSETS if j != i]) for i in _OFFSETS], dtype=np.float64)
_MOST_NODES, _MOST_NUMBERS = 100_000, 2**24
_BLOCK_NUMBERS = 2**19  # 4 MiB


class DataSums(Protocol):
    """sum_D phi of data sets."""

    def of(self, data_sets: Sequence[FloatArray]) -> FloatArray:
        """For standardized events (n, d) of each of k data sets, shape (k, r)."""


class DirectSums:
    """Event by event."""

    def __init__(self, basis: Basis) -> None:
        self._basis = basis

    def of(self, data_sets: Sequence[FloatArray]) -> FloatArray:
        """For standardized events (n, d) of each of k data sets, shape (k, r)."""
        features = self._basis.map
        totals = np.zeros((len(data_sets), features.n_values))
        size = max(1, _BLOCK_NUMBERS // features.n_values)
        for total, events in zip(totals, data_sets, strict=True):
            for first in range(0, events.shape[0], size):
                total += np.sum(features.values(events[first : first + size]), axis=0)
        return rows_by_panels(totals, self._basis.mix)


class TabulatedSums:
    """One feature: phi tabulated at 28 nodes in each length, with interpolation of the fifth degree between them.

    Each event shares itself out among six nodes by Lagrange's formula, and a data set is then one row of a product of
    matrices. The error is (5/1024) (step/length)^6 times the sixth derivative in lengths, 2e-10 of a Gaussian. The
    table ends where the map is 0 to rounding.
    """

    def __init__(self, basis: Basis, resolution: Resolution) -> None:
        self._step, self._first = resolution.length / _NODES_PER_LENGTH, resolution.first
        self._nodes = self._first + self._step * np.arange(_n_nodes(resolution), dtype=np.float64)
        self._values = basis.values(self._nodes[:, None])

    def of(self, data_sets: Sequence[FloatArray]) -> FloatArray:
        """For standardized events (n, 1) of each of k data sets, shape (k, r)."""
        return rows_by_panels(np.stack([self._counts(events[:, 0]) for events in data_sets]), self._values)

    def _counts(self, values: FloatArray) -> FloatArray:
        """What each node gets of the events, shape (nodes,)."""
        n_nodes = self._nodes.size
        position = (values - self._first) / self._step
        position = position[(position >= 2) & (position < n_nodes - 3)]
        left = position.astype(np.int64)
        nodes = left + _OFFSETS[:, None]
        counts: FloatArray = np.zeros(n_nodes)
        counts += np.bincount(nodes.ravel(), lagrange_shares(position - left).ravel(), minlength=n_nodes)
        return counts


def lagrange_shares(u: FloatArray) -> FloatArray:
    """prod_{j != i} (u - j) / (i - j) for the nodes i = -2, ..., 3 around u (n,), 0 <= u < 1; shape (6, n).

    >>> lagrange_shares(np.array([0.0, 0.5]))[:, 1].round(6).tolist()
    [0.011719, -0.097656, 0.585938, 0.585938, -0.097656, 0.011719]
    """
    away = u - _OFFSETS[:, None]
    shares = np.ones_like(away)
    for row in range(1, _OFFSETS.size):
        shares[row] = shares[row - 1] * away[row - 1]
    above = np.ones_like(u)
    for row in range(_OFFSETS.size - 1, -1, -1):
        shares[row] *= above / _DENOMINATORS[row]
        above *= away[row]
    return shares


def data_sums(basis: Basis) -> DataSums:
    """The fastest way there is for a basis."""
    resolution = basis.map.resolution
    if resolution is None:
        return DirectSums(basis)
    n_nodes = _n_nodes(resolution)
    is_small = n_nodes <= _MOST_NODES and n_nodes * basis.rank <= _MOST_NUMBERS
    return TabulatedSums(basis, resolution) if is_small else DirectSums(basis)


def _n_nodes(resolution: Resolution) -> int:
    return int((resolution.last - resolution.first) / resolution.length * _NODES_PER_LENGTH) + 2
