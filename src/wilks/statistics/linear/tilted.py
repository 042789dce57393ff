"""Sums of features over the reference at any value of the nuisances, from their values at a few.

    sum w r (phi, d),   sum w r (phi, d) (phi, d)^T,   r = r(x; z),   d = d log r / dz,

are what an expansion is made of, and next to all of its time. A nuisance that changes no shape has the same d
everywhere and multiplies r by a number. Where at most one other is left, the sums are smooth functions of it: the
polynomial through their values at Chebyshev points between -2 and 2 sigma, as many as it takes for r and r d to be off
by Delta(x) with

    sqrt(sum w Delta^2) < 1e-5

halfway between them. A sum of f = alpha.phi is then off by at most 1e-5 sqrt(sum w f^2), and a score statistic q by
2e-5 sqrt(q). Beyond 2 sigma, with several such nuisances, or where 11 points do not do, the sums are made anew each
time. Which way is taken depends on the reference and the response alone, so that each process finds the same bits.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from wilks.statistics.linear.basis import Basis, ReferencePoints
from wilks.statistics.responses import ResponseAt, Responses
from wilks.typing import FloatArray

_REACH, _SIZES, _MISSED = 2.0, (3, 5, 7, 9, 11), 1e-5
_MOST_WEIGHTS = 2**24  # 128 MiB for r at the points, which are passed once for so many
_FLAT = 1e-12  # relative: rounding errors of a slope that is the same everywhere


@dataclass(frozen=True, eq=False)
class TiltedSums:
    """At one z: sum w r (phi, d), shape (r + j,), and sum w r (phi, d) (phi, d)^T, shape (r + j, r + j)."""

    mean: FloatArray
    gram: FloatArray


@dataclass(frozen=True, eq=False)
class Tilt:
    """The points of a reference at one z, with nuisances that are held.

    Args:
        points, responses: of the problem.
        z: shape (j,).
        is_free: shape (j,), 0 where held, else 1.
    """

    points: ReferencePoints
    responses: Responses
    z: FloatArray
    is_free: FloatArray

    @cached_property
    def weights(self) -> FloatArray:
        """w' = w r, shape (n,)."""
        weights: FloatArray = self.points.weights * np.exp(self._at.log_ratio)
        return weights

    @cached_property
    def slopes(self) -> FloatArray:
        """d, 0 for what is held, shape (n, j)."""
        slopes: FloatArray = self._at.slopes * self.is_free
        return slopes

    @cached_property
    def _at(self) -> ResponseAt:
        return self.responses.at(self.z)


@dataclass(frozen=True, eq=False)
class _Axis:
    """How the sums depend on z: on the nuisance ``index`` by values at the nodes, on the others by exp(rates . z).

    Args:
        index: of the nuisance that changes shapes, if any.
        rates: d of the others, 0 for that one, shape (j,).
        nodes: shape (m,), in rising order; one, at 0, where no nuisance changes a shape.
    """

    index: int
    rates: FloatArray
    nodes: FloatArray

    def holds(self, z: FloatArray) -> bool:
        """Whether z (j,) lies between the nodes."""
        return self.nodes.size == 1 or bool(self.nodes[0] <= z[self.index] <= self.nodes[-1])

    def shares(self, z: FloatArray) -> FloatArray:
        """What the sums at each node count at z (j,), shape (m,)."""
        shares: FloatArray = lagrange(self.nodes, z[self.index]) * np.exp(self.rates @ z)
        return shares

    def place(self, value: float) -> FloatArray:
        """z (j,) with this value of the nuisance, the others at 0."""
        place = np.zeros_like(self.rates)
        place[self.index] = value
        return place


class Nodes:
    """The axis of a response at some points, which maps of the same points share.

    Args:
        responses, weights: r and w at the points; the latter of shape (n,).
    """

    def __init__(self, responses: Responses, weights: FloatArray) -> None:
        self.responses, self._weights = responses, weights

    @cached_property
    def axis(self) -> _Axis | None:
        """None where values at nodes do not do."""
        lower, upper = (np.clip(side, -_REACH, _REACH) for side in self.responses.bounds)
        slopes = np.array([self.responses.at(share * upper + (1 - share) * lower).slopes for share in (0.2, 0.7)])
        rates = slopes[0, 0]
        is_flat = np.max(np.abs(slopes - rates), axis=(0, 1)) <= _FLAT * np.abs(rates)  # never where it is not a number
        moving, rates = np.flatnonzero(~is_flat), np.where(is_flat, rates, 0.0)
        if moving.size == 0:
            return _Axis(0, rates, np.zeros(1))
        if moving.size > 1:
            return None
        index = int(moving[0])
        candidates = (_Axis(index, rates, chebyshev(lower[index], upper[index], n)) for n in _SIZES)
        return next((one for one in candidates if self._missed(one) < _MISSED), None)

    def _missed(self, axis: _Axis) -> float:
        """The largest sqrt(sum w Delta^2) of r and r d halfway between nodes."""
        with np.errstate(all="ignore"):  # what is not finite is not below any limit
            at_nodes = [self._tilts(axis.place(node), axis.index) for node in axis.nodes]
            middles = 0.5 * (axis.nodes[1:] + axis.nodes[:-1])
            return float(np.max([self._off(axis.place(middle), axis, at_nodes) for middle in middles]))

    def _off(self, z: FloatArray, axis: _Axis, at_nodes: Sequence[FloatArray]) -> FloatArray:
        """sqrt(sum w Delta^2) of r and r d at z (j,), shape (2,)."""
        away = -self._tilts(z, axis.index)
        for share, one in zip(axis.shares(z), at_nodes, strict=True):
            away += share * one
        return np.sqrt(away**2 @ self._weights)

    def _tilts(self, z: FloatArray, index: int) -> FloatArray:
        """r and r d of one nuisance at the points, shape (2, n)."""
        at = self.responses.at(z)
        ratio = np.exp(at.log_ratio)
        return np.array([ratio, ratio * at.slopes[:, index]])


class TiltedReference:
    """The sums of one feature map.

    Args:
        points, basis: of a problem with nuisances.
        nodes: of its response at these points.

    Nothing is made before it is asked for: the values at the nodes cost as much as as many expansions.
    """

    def __init__(self, points: ReferencePoints, basis: Basis, nodes: Nodes) -> None:
        self.points, self.basis, self.responses, self._nodes = points, basis, nodes.responses, nodes

    def sums(self, z: FloatArray) -> TiltedSums:
        """At z (j,)."""
        if not np.any(z):
            return self._at_zero
        axis = self._nodes.axis
        if axis is None or not axis.holds(z):
            return self.made(z)
        shares = axis.shares(z)
        pairs = list(zip(shares, self._at_nodes, strict=True))
        return TiltedSums(sum(s * one.mean for s, one in pairs), sum(s * one.gram for s, one in pairs))

    def made(self, z: FloatArray) -> TiltedSums:
        """At z (j,), by a pass over the reference."""
        return self._made([z])[0]

    @property
    def _n_nuisances(self) -> int:
        return len(self.responses.bounds[0])

    @cached_property
    def _at_zero(self) -> TiltedSums:
        return self.made(np.zeros(self._n_nuisances))

    @cached_property
    def _at_nodes(self) -> list[TiltedSums]:
        axis = self._nodes.axis
        assert axis is not None, "there must be nodes"
        places = [axis.place(node) for node in axis.nodes if node]
        together = max(1, _MOST_WEIGHTS // self.points.weights.size)
        portions = [places[first : first + together] for first in range(0, len(places), together)]
        others = iter([one for portion in portions for one in self._made(portion)])
        return [next(others) if node else self._at_zero for node in axis.nodes]

    def _made(self, places: Sequence[FloatArray]) -> list[TiltedSums]:
        """At several z, in one pass over the reference."""
        r, size = self.basis.rank, self.basis.rank + self._n_nuisances
        ats = [self.responses.at(z) for z in places]
        roots = [np.sqrt(self.points.weights * np.exp(at.log_ratio)) for at in ats]
        found = [TiltedSums(np.zeros(size), np.zeros((size, size))) for _ in places]
        for phi, rows in self.points.blocks(self.basis):
            both = np.empty((phi.shape[0], size))
            for at, root, sums in zip(ats, roots, found, strict=True):
                both[:, :r], both[:, r:] = phi, at.slopes[rows]
                both *= root[rows, None]
                sums.mean[:] += root[rows] @ both
                sums.gram[:] += both.T @ both
        return found


def chebyshev(lower: float, upper: float, n: int) -> FloatArray:
    """n extrema of a Chebyshev polynomial between two ends, which are the first and the last; 0 is one if n is odd and
    the ends are alike.

    >>> chebyshev(-2.0, 2.0, 5).round(3).tolist()
    [-2.0, -1.414, 0.0, 1.414, 2.0]
    """
    ends = np.sin(0.5 * np.pi * np.linspace(-1.0, 1.0, n))
    nodes: FloatArray = 0.5 * (lower + upper) + 0.5 * (upper - lower) * ends
    return nodes


def lagrange(nodes: FloatArray, value: float) -> FloatArray:
    """What the values at the nodes (m,) count in the polynomial through them, shape (m,); exactly 0 and 1 at a node.

    >>> lagrange(np.array([0.0, 1.0, 2.0]), 0.5).tolist()
    [0.375, 0.75, -0.125]
    """
    others = [np.delete(nodes, k) for k in range(nodes.size)]
    return np.array([np.prod((value - other) / (node - other)) for node, other in zip(nodes, others, strict=True)])
