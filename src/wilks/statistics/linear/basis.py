"""The whitened features of a map, in which the penalty is a square and the Hessian at f = 0 is diagonal.

With K = V e V^T the penalty and Q h Q^T the Hessian sum_R w phi_0 phi_0^T of phi_0 = e^-1/2 V^T k(x),

    phi(x) = Q^T e^-1/2 V^T k(x) = U^T k(x),   f = alpha . phi,   a = U alpha,   a^T K a = |alpha|^2,

and H = sum_R w phi phi^T = diag(h). Directions with e below 1e-8 of the largest are left out: their functions are
sums of Gaussians that cancel to eight digits.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import scipy.linalg

from wilks.problem import Problem
from wilks.samples import StandardizedEvents, gauss_cells, in_order
from wilks.statistics.linear.feature_map import FeatureMap
from wilks.statistics.linear.moments import Moments
from wilks.statistics.linear.panels import by_panels, rows_by_panels
from wilks.typing import FloatArray

_RANK_TOLERANCE = 1e-8
_CELLS_PER_LENGTH = 40  # the rule of two points errs there by 4e-10 of sum w |g''''|
_BLOCK_NUMBERS, _MOST_KEPT_NUMBERS = 2**20, 2**27  # 8 MiB, above which new memory is slow; 1 GiB
Blocks = Iterator[tuple[FloatArray, slice]]


@dataclass(frozen=True, eq=False)
class Basis:
    """phi of a map with what the reference says of it.

    Args:
        map: k.
        mix: U, shape (m, r).
        curvature: h, shape (r,).
        mean: sum_R w phi, shape (r,).
    """

    map: FeatureMap
    mix: FloatArray
    curvature: FloatArray
    mean: FloatArray

    @property
    def rank(self) -> int:
        """r."""
        return int(self.curvature.size)

    def values(self, events: FloatArray) -> FloatArray:
        """phi at standardized events (n, d), shape (n, r)."""
        return self.map.values(events) @ self.mix

    def params(self, alpha: FloatArray) -> FloatArray:
        """a = U alpha of each alpha (k, r), shape (k, m)."""
        return rows_by_panels(alpha, self.mix.T)

    def coefficients(self, params: FloatArray) -> FloatArray:
        """alpha (r,) of f with parameters a (m,): U^T K a."""
        alpha: FloatArray = self.mix.T @ (self.map.penalty() @ params)
        return alpha


class ReferencePoints:
    """The reference as a map sees it: points (n, d) with weights (n,) > 0, and their features block by block.

    Points stand in the order of their coordinates, so that sums do not depend on that of the events, but for those of
    several features that lie on disk: there another order of the rows changes the last bits. Where the map has
    a `Resolution`, events are replaced by two points in each cell of a fortieth of its length, which no sum notices,
    unless ``is_condensed`` is False. Features are kept where they take less than 1 GiB. Elsewhere each pass makes the
    values of the map anew, and multiplies sums of them, not each of them, by the mix. Memory is thus bounded for any
    size.
    """

    points: FloatArray | StandardizedEvents
    is_condensed: bool

    def __init__(
        self,
        events: FloatArray | StandardizedEvents,
        weights: FloatArray,
        *,
        features: FeatureMap,
        is_condensed: bool = True,
    ) -> None:
        self._map, resolution = features, features.resolution
        if isinstance(events, StandardizedEvents) and events.shape[1] > 1:
            self.points, self.weights = events, weights
        else:
            self.points, self.weights = in_order(events[:], weights)
        self.is_condensed = False
        if is_condensed and resolution is not None and not isinstance(self.points, StandardizedEvents):
            width = resolution.length / _CELLS_PER_LENGTH
            points, self.weights = gauss_cells(self.points[:, 0], self.weights, width=width)
            self.points, self.is_condensed = points[:, None], True
        self._kept: list[FloatArray] = []
        self._rotation: FloatArray | None = None  # what the kept ones still lack of phi

    def forget(self) -> None:
        """Keep no features from here on: whoever still needs them has them made anew."""
        self._kept = []

    def rows(self) -> Iterator[slice]:
        """Blocks whose values take at most 8 MiB; their length is a power of two."""
        size = 2 ** (max(1, _BLOCK_NUMBERS // self._map.n_values).bit_length() - 1)
        return (slice(first, first + size) for first in range(0, self.weights.size, size))

    def blocks(self, basis: Basis) -> Blocks:
        """phi of each block, shape (c, r), and its rows."""
        if not self._kept:
            return self._made(basis.mix)
        if self._rotation is not None:
            for row, values in enumerate(self._kept):
                self._kept[row] = values @ self._rotation
            self._rotation = None
        return zip(self._kept, self.rows(), strict=True)

    def pieces(self) -> Blocks:
        """Of each block what costs least: what is kept of phi, else the values k of which phi is made.

        ``spread`` and ``gathered`` go with them: f = piece @ spread(alpha), and a sum over rows of phi is ``gathered``
        from that over the same rows of pieces.
        """
        return zip(self._kept, self.rows(), strict=True) if self._kept else self._values()

    def spread(self, basis: Basis, alpha: FloatArray) -> FloatArray:
        """Coefficients of the columns of a piece for f with each alpha (k, r), shape (columns, k)."""
        mix = self._mix(basis)
        return alpha.T if mix is None else by_panels(mix, alpha.T)

    def gathered(self, basis: Basis, totals: FloatArray) -> FloatArray:
        """Sums over rows of phi, shape (k, r), of those over rows of pieces (columns, k)."""
        mix = self._mix(basis)
        return np.ascontiguousarray((totals if mix is None else by_panels(mix.T, totals)).T)

    def _mix(self, basis: Basis) -> FloatArray | None:
        """B of phi = piece @ B; None where the pieces are phi."""
        return self._rotation if self._kept else basis.mix

    def basis(self) -> Basis:
        """phi of the map, as these points weigh it."""
        self._kept = []
        mix = _whitening(self._map.penalty())
        moments = self._whitened_moments(mix)
        curvature, rotation = scipy.linalg.eigh(moments.second, overwrite_a=True)
        self._rotation = rotation
        return Basis(self._map, mix @ rotation, np.maximum(curvature, 0.0), rotation.T @ moments.first)

    def moments(self, basis: Basis) -> Moments:
        """Those of phi."""
        pieces = ((phi, self.weights[rows]) for phi, rows in self.blocks(basis))
        return Moments.of(pieces, size=basis.rank, digest=self._map.digest())

    def _whitened_moments(self, mix: FloatArray) -> Moments:
        """Those of phi_0 = mix^T k, which is kept where it is small.

        Where it is not, and the rank is nearly full, sum_R w k k^T first and the mix afterwards is less work. Rounding
        errors of 1e-16 of its entries are then magnified by the inverse of the least eigenvalue of K that is kept.
        """
        n_values, rank = mix.shape
        if self.weights.size * rank <= _MOST_KEPT_NUMBERS:
            return self._moments(self._keeping(mix), rank)
        if n_values**2 < 2 * n_values * rank + rank**2:
            return self._moments(self._values(), n_values).turned(mix)
        return self._moments(self._made(mix), rank)

    def _moments(self, pieces: Blocks, size: int) -> Moments:
        weighted = ((values, self.weights[rows]) for values, rows in pieces)
        return Moments.of(weighted, size=size, digest=self._map.digest())

    def _values(self) -> Blocks:
        return ((self._map.values(self.points[rows]), rows) for rows in self.rows())

    def _made(self, mix: FloatArray) -> Blocks:
        return ((values @ mix, rows) for values, rows in self._values())

    def _keeping(self, mix: FloatArray) -> Blocks:
        for phi, rows in self._made(mix):
            self._kept.append(phi)
            yield phi, rows


def points_and_basis(
    problem: Problem, features: FeatureMap, *, is_condensed: bool = True
) -> tuple[ReferencePoints, Basis]:
    """The reference of a problem as a map sees it, with the basis that it makes."""
    weights = problem.reference.event_weights
    points = ReferencePoints(problem.standardized, weights, features=features, is_condensed=is_condensed)
    return points, points.basis()


def _whitening(penalty: FloatArray) -> FloatArray:
    """V e^-1/2 of K (m, m) without the directions that are left out, shape (m, r)."""
    scales, directions = scipy.linalg.eigh(np.asfortranarray(penalty), overwrite_a=True)
    is_kept = scales > _RANK_TOLERANCE * scales[-1]
    mix: FloatArray = directions[:, is_kept]
    mix /= np.sqrt(scales[is_kept])
    return mix
