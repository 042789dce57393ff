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
_BLOCK_NUMBERS, _MOST_KEPT_NUMBERS = 2**20, 2**27  # 8 MiB, above which new memory is slow; 1 GiB
_GRAM_COLUMNS = 256


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
        images = [params @ columns for columns in _gram_columns(self.placement)]
        alpha: FloatArray = self.mix.T @ np.concatenate(images)
        return alpha


class Reference:
    """The reference as a kernel sees it: points (n, d) with weights (n,) > 0, and their features block by block.

    Events of one feature are replaced by two points in each cell of a fortieth of the width, which no sum notices,
    unless ``is_condensed`` is False. Features are kept where they take less than 1 GiB. Elsewhere each pass makes the
    values of the Gaussians anew, and multiplies sums of them, not each of them, by the mix. Memory is thus bounded for
    any size.
    """

    def __init__(self, events: FloatArray, weights: FloatArray, *, width: float, is_condensed: bool = True) -> None:
        counted = weights != 0
        self.points, self.weights = events[counted], weights[counted]
        if is_condensed and self.points.shape[1] == 1:
            points, self.weights = gauss_cells(self.points[:, 0], self.weights, width=width / _CELLS_PER_WIDTH)
            self.points = points[:, None]
        self._kept: list[FloatArray] = []
        self._rotation: FloatArray | None = None  # what the kept ones still lack of phi

    def forget(self) -> None:
        """Keep no features from here on: whoever still needs them has them made anew."""
        self._kept = []

    def rows(self, placement: Placement) -> Iterator[slice]:
        """Blocks whose kernel values take at most 8 MiB; their length is a power of two, so that none is padded."""
        size = 2 ** (max(1, _BLOCK_NUMBERS // placement.centers.shape[0]).bit_length() - 1)
        return (slice(first, first + size) for first in range(0, self.weights.size, size))

    def blocks(self, features: Features) -> Iterator[tuple[FloatArray, slice]]:
        """phi of each block, shape (c, r), and its rows."""
        if not self._kept:
            return self._made(features.placement, features.mix)
        if self._rotation is not None:
            for row, values in enumerate(self._kept):
                self._kept[row] = values @ self._rotation
            self._rotation = None
        return zip(self._kept, self.rows(features.placement), strict=True)

    def pieces(self, features: Features) -> Iterator[tuple[FloatArray, slice]]:
        """Of each block what costs least: what is kept of phi, else the values k(x, Z) of which phi is made.

        ``spread`` and ``gathered`` go with them: f = piece @ spread(alpha), and a sum over rows of phi is ``gathered``
        from that over the same rows of pieces.
        """
        if self._kept:
            return zip(self._kept, self.rows(features.placement), strict=True)
        return self._values(features.placement)

    def spread(self, features: Features, alpha: FloatArray) -> FloatArray:
        """Coefficients of the columns of a piece for f with each alpha (k, r), shape (columns, k)."""
        basis = self._basis(features)
        return alpha.T if basis is None else basis @ alpha.T

    def gathered(self, features: Features, totals: FloatArray) -> FloatArray:
        """Sums over rows of phi, shape (k, r), of those over rows of pieces (k, columns)."""
        basis = self._basis(features)
        return totals if basis is None else totals @ basis

    def _basis(self, features: Features) -> FloatArray | None:
        """B of phi = piece @ B; None where the pieces are phi."""
        return self._rotation if self._kept else features.mix

    def features(self, placement: Placement) -> Features:
        """The features that these Gaussians make of the reference."""
        self._kept = []
        mix = _whitening(placement)
        hessian, mean = self._whitened_moments(placement, mix)
        curvature, rotation = scipy.linalg.eigh(hessian, overwrite_a=True)
        self._rotation = rotation
        return Features(placement, mix @ rotation, np.maximum(curvature, 0.0), rotation.T @ mean)

    def _whitened_moments(self, placement: Placement, mix: FloatArray) -> tuple[FloatArray, FloatArray]:
        """H (r, r) and the mean (r,) of phi_0 = mix^T k, which is kept where it is small.

        Where it is not, and the rank is nearly full, sum_R w k k^T first and the mix afterwards is less work. Rounding
        errors of 1e-16 of its entries are then magnified by the inverse of the least eigenvalue of K that is kept.
        """
        n_centers, n_features = mix.shape
        if self.weights.size * n_features <= _MOST_KEPT_NUMBERS:
            return self._moments(self._keeping(placement, mix), n_features)
        if n_centers**2 < 2 * n_centers * n_features + n_features**2:
            gram, total = self._moments(self._values(placement), n_centers)
            return mix.T @ (gram @ mix), total @ mix
        return self._moments(self._made(placement, mix), n_features)

    def _moments(self, pieces: Iterator[tuple[FloatArray, slice]], size: int) -> tuple[FloatArray, FloatArray]:
        """sum w v v^T, shape (size, size), and sum w v, shape (size,), over the rows v of all pieces."""
        total, mean = np.zeros((size, size), order="F"), np.zeros(size)
        for values, rows in pieces:
            weights = self.weights[rows]
            mean += weights @ values
            total = _add_products(total, values, weights)
        _mirror(total)
        return total, mean

    def _values(self, placement: Placement) -> Iterator[tuple[FloatArray, slice]]:
        return ((placement.kernel(self.points[rows]), rows) for rows in self.rows(placement))

    def _made(self, placement: Placement, mix: FloatArray) -> Iterator[tuple[FloatArray, slice]]:
        return ((values @ mix, rows) for values, rows in self._values(placement))

    def _keeping(self, placement: Placement, mix: FloatArray) -> Iterator[tuple[FloatArray, slice]]:
        for phi, rows in self._made(placement, mix):
            self._kept.append(phi)
            yield phi, rows


def _whitening(placement: Placement) -> FloatArray:
    """V e^-1/2 of the kernel over the centers without the directions that are left out, shape (m, r)."""
    size = placement.centers.shape[0]
    gram = np.empty((size, size), order="F")
    for first, columns in zip(range(0, size, _GRAM_COLUMNS), _gram_columns(placement), strict=True):
        gram[:, first : first + columns.shape[1]] = columns
    scales, directions = scipy.linalg.eigh(gram, overwrite_a=True)
    is_kept = scales > _RANK_TOLERANCE * scales[-1]
    mix: FloatArray = directions[:, is_kept]
    mix /= np.sqrt(scales[is_kept])
    return mix


def _gram_columns(placement: Placement) -> Iterator[FloatArray]:
    """K over the centers, a few columns at a time."""
    centers = placement.centers
    parts = (centers[first : first + _GRAM_COLUMNS] for first in range(0, centers.shape[0], _GRAM_COLUMNS))
    return (placement.kernel(some).T for some in parts)


def _add_products(total: FloatArray, values: FloatArray, weights: FloatArray) -> FloatArray:
    """total + sum w v v^T in the upper triangle of ``total``, which is overwritten: half the work of a full product."""
    scaled = values * np.sqrt(weights)[:, None]
    added: FloatArray = scipy.linalg.blas.dsyrk(1.0, scaled.T, beta=1.0, c=total, overwrite_c=1)
    return added


def _mirror(square: FloatArray) -> None:
    """Copy the upper triangle to the lower one, a few columns at a time."""
    size = square.shape[0]
    for first in range(0, size, _GRAM_COLUMNS):
        some = slice(first, min(first + _GRAM_COLUMNS, size))
        square[some, :first] = square[:first, some].T
        corner = square[some, some]
        square[some, some] = np.triu(corner) + np.triu(corner, 1).T


def reference_and_features(
    analysis: Analysis, placement: Placement, *, is_condensed: bool = True
) -> tuple[Reference, Features]:
    """The reference of an analysis with the features that these Gaussians make of it."""
    events, weights = analysis.standardization.apply(analysis.reference.events), analysis.reference.event_weights
    reference = Reference(events, weights, width=placement.width, is_condensed=is_condensed)
    return reference, reference.features(placement)
