"""The whitened features of a kernel, in which the penalty is a square and the Hessian at f = 0 is diagonal.

With K = V e V^T over the centers and Q h Q^T the Hessian sum_R w phi_0 phi_0^T of phi_0 = e^-1/2 V^T k(x, Z),

    phi(x) = Q^T e^-1/2 V^T k(x, Z) = U^T k(x, Z),   f = alpha . phi,   a = U alpha,   a^T K a = |alpha|^2,

and H = sum_R w phi phi^T = diag(h). Directions with e below 1e-8 of the largest are left out: their functions are
sums of Gaussians that cancel to eight digits.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import scipy.linalg

from wilks.analysis import Analysis
from wilks.models import Placement
from wilks.samples import gauss_cells
from wilks.typing import FloatArray

_RANK_TOLERANCE = 1e-8
_CELLS_PER_WIDTH = 40
_BLOCK_NUMBERS, _MOST_KEPT_NUMBERS = 2**22, 2**27  # 32 MiB, 1 GiB


@dataclass(frozen=True, eq=False)
class Features:
    """phi of a kernel with what the reference says of it.

    Args:
        placement: the Gaussians.
        mix: U, shape (m, r).
        curvature: h, shape (r,).
        mean: sum_R w phi, shape (r,).
    """

    placement: Placement
    mix: FloatArray
    curvature: FloatArray
    mean: FloatArray

    @property
    def n_features(self) -> int:
        """r, the rank of the kernel."""
        return int(self.curvature.size)

    def values(self, events: FloatArray) -> FloatArray:
        """phi at standardized events (n, d), shape (n, r)."""
        return self.placement.kernel(events) @ self.mix

    def coefficients(self, params: FloatArray) -> FloatArray:
        """alpha (r,) of f with parameters a (m,): U^T K a."""
        return self.mix.T @ (self.placement.kernel(self.placement.centers) @ params)


class Reference:
    """The reference as a kernel sees it: points (n, d) with weights (n,), and their features block by block.

    Events of one feature without negative weights are replaced by two points in each cell of a fortieth of the width,
    which no sum notices, unless ``is_condensed`` is False. Features are kept where they take less than 1 GiB and made
    anew for each pass elsewhere, so that the memory is bounded for any size.
    """

    def __init__(self, events: FloatArray, weights: FloatArray, *, width: float, is_condensed: bool = True) -> None:
        counted = weights != 0
        self.points, self.weights = events[counted], weights[counted]
        if is_condensed and self.points.shape[1] == 1 and np.all(self.weights > 0):
            points, self.weights = gauss_cells(self.points[:, 0], self.weights, width=width / _CELLS_PER_WIDTH)
            self.points = points[:, None]
        self._kept: list[FloatArray] = []

    def rows(self, placement: Placement) -> Iterator[slice]:
        """Blocks whose kernel values take 32 MiB."""
        size = max(1, _BLOCK_NUMBERS // placement.centers.shape[0])
        return (slice(first, first + size) for first in range(0, self.weights.size, size))

    def blocks(self, features: Features) -> Iterator[tuple[FloatArray, slice]]:
        """phi of each block, shape (c, r), and its rows."""
        if self._kept:
            return zip(self._kept, self.rows(features.placement), strict=True)
        return self._made(features.placement, features.mix)

    def features(self, placement: Placement) -> Features:
        """The features that these Gaussians make of the reference."""
        scales, directions = scipy.linalg.eigh(placement.kernel(placement.centers))
        is_kept = scales > _RANK_TOLERANCE * scales[-1]
        mix = directions[:, is_kept] / np.sqrt(scales[is_kept])
        n_features = mix.shape[1]
        is_small = self.weights.size * n_features <= _MOST_KEPT_NUMBERS
        hessian, mean, kept = np.zeros((n_features, n_features)), np.zeros(n_features), []
        for values, rows in self._made(placement, mix):
            hessian += (values * self.weights[rows, None]).T @ values
            mean += self.weights[rows] @ values
            kept += [values] if is_small else []
        curvature, rotation = scipy.linalg.eigh(hessian)
        self._kept = []
        while kept:  # one block after the other, so that they are not there twice
            self._kept.append(kept.pop(0) @ rotation)
        return Features(placement, mix @ rotation, np.maximum(curvature, 0.0), rotation.T @ mean)

    def _made(self, placement: Placement, mix: FloatArray) -> Iterator[tuple[FloatArray, slice]]:
        return ((placement.kernel(self.points[rows]) @ mix, rows) for rows in self.rows(placement))


def reference_and_features(
    analysis: Analysis, placement: Placement, *, is_condensed: bool = True
) -> tuple[Reference, Features]:
    """The reference of an analysis with the features that these Gaussians make of it."""
    events, weights = analysis.standardization.apply(analysis.reference.events), analysis.reference.event_weights
    reference = Reference(events, weights, width=placement.width, is_condensed=is_condensed)
    return reference, reference.features(placement)
