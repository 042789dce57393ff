"""Sums of kernel features over the events of many data sets."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from wilks.fitting.features import Features
from wilks.typing import FloatArray

_NODES_PER_WIDTH, _REACH_IN_WIDTHS = 28, 9.0
_OFFSETS = np.arange(-2, 4)
_DENOMINATORS = np.array([np.prod([i - j for j in _OFFSETS if j != i]) for i in _OFFSETS], dtype=np.float64)
_MOST_NODES, _MOST_NUMBERS = 100_000, 2**24
_BLOCK_NUMBERS = 2**19  # 4 MiB


class FeatureSums(Protocol):
    """sum_D phi of data sets."""

    def sums(self, data_sets: Sequence[FloatArray]) -> FloatArray:
        """For standardized events (n, d) of each of k data sets, shape (k, r)."""


class DirectSums:
    """Event by event, all data sets in one stream of blocks of equal length."""

    def __init__(self, features: Features) -> None:
        self._features = features

    def sums(self, data_sets: Sequence[FloatArray]) -> FloatArray:
        """For standardized events (n, d) of each of k data sets, shape (k, r)."""
        placement = self._features.placement
        totals = np.zeros((len(data_sets), placement.centers.shape[0]))
        owners = np.repeat(np.arange(len(data_sets)), [events.shape[0] for events in data_sets])
        stream, size = np.concatenate(data_sets), max(1, _BLOCK_NUMBERS // totals.shape[1])
        for first in range(0, owners.size, size):
            own, starts = np.unique(owners[first : first + size], return_index=True)
            totals[own] += np.add.reduceat(placement.kernel(stream[first : first + size]), starts, axis=0)
        return totals @ self._features.mix


class TabulatedSums:
    """One feature: phi tabulated at 28 nodes in each width, with interpolation of the fifth degree between them.

    Each event shares itself out among six nodes by Lagrange's formula, and a data set is then one row of a product of
    matrices. The error is (5/1024) (step/width)^6 times the sixth derivative in widths, 2e-10 of a Gaussian.
    Beyond nine widths from all centers phi is 0 to rounding, and the table ends there.
    """

    def __init__(self, features: Features) -> None:
        centers, width = features.placement.centers, features.placement.width
        self._step = width / _NODES_PER_WIDTH
        self._first = float(np.min(centers)) - _REACH_IN_WIDTHS * width
        self._nodes = self._first + self._step * np.arange(_n_nodes(features), dtype=np.float64)
        self._values = features.values(self._nodes[:, None])

    @staticmethod
    def is_possible(features: Features) -> bool:
        """Whether there is one feature and the table stays below 128 MiB."""
        if features.placement.centers.shape[1] > 1:
            return False
        n_nodes = _n_nodes(features)
        return n_nodes <= _MOST_NODES and n_nodes * features.n_features <= _MOST_NUMBERS

    def sums(self, data_sets: Sequence[FloatArray]) -> FloatArray:
        """For standardized events (n, 1) of each of k data sets, shape (k, r)."""
        return np.stack([self._counts(events[:, 0]) for events in data_sets]) @ self._values

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


def feature_sums(features: Features) -> FeatureSums:
    """The fastest way there is for these features."""
    return TabulatedSums(features) if TabulatedSums.is_possible(features) else DirectSums(features)


def _n_nodes(features: Features) -> int:
    centers, width = features.placement.centers, features.placement.width
    span = float(np.ptp(centers)) + 2 * _REACH_IN_WIDTHS * width
    return int(span / width * _NODES_PER_WIDTH) + 2
