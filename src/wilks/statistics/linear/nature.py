"""What is known of the law of events: from the reference, and from a pool of further events of the same law.

A reference has fluctuations of its own: m = sum_R w psi differs from that of nature by a vector with the covariance
C_R = sum_R w^2 (psi - m/N)(psi - m/N)^T. With N_R and N_P the effective numbers of events of reference and pool, and
s = N_P / (N_P + N_R) the share of the pool, both together know m of nature to the covariance (1 - s) C_R. Equal weights
make this the posterior mean and covariance of Gaussian fluctuations. Without a pool s = 0.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from wilks.samples import Sample, effective_number
from wilks.statistics.linear.basis import Basis, ReferencePoints
from wilks.statistics.linear.group import Group
from wilks.typing import FloatArray

_MOST_POOL = 4


@dataclass(frozen=True, eq=False)
class Nature:
    """Points with weights that stand for nature, in coordinates psi in which H + 2 ridge of the reference is 1.

    Args:
        parts: the points, and what their weights are to be multiplied by: together they sum to N.
        basis: phi.
        root: sqrt(h + 2 ridge), shape (r,).
        mean: sum w psi, shape (r,).
        second: sum w psi psi^T, shape (r, r).
        distance: the mean less that of the reference, shape (r,).
        unknown: the covariance of what is unknown of the distance, shape (r, r).
        known_share: s.
        disparity: (1 - s) [ tr of ``second`` by the reference, less that by the pool ]: what the reference moves E q
            because it is not like other events, as Gaussians stand on some of its own.
    """

    parts: tuple[tuple[ReferencePoints, float], ...]
    basis: Basis
    root: FloatArray
    mean: FloatArray
    second: FloatArray
    distance: FloatArray
    unknown: FloatArray
    known_share: float
    disparity: float

    def blocks(self) -> Iterator[tuple[FloatArray, FloatArray]]:
        """psi (c, r) with weights (c,)."""
        for points, factor in self.parts:
            for phi, rows in points.blocks(self.basis):
                yield phi / self.root, factor * points.weights[rows]


def nature_of(group: Group, pool: Sample | None) -> Nature:
    """The nature of the first member of a group without nuisances, from its reference and a pool, if there is one."""
    alone = nature_of_reference(group)
    if pool is None:
        return alone
    basis, root, given, gram, fluctuations = alone.basis, alone.root, alone.mean, alone.second, alone.unknown
    points, n_pool = _pool_points(group, pool)
    share = n_pool / (n_pool + effective_number(group.problem.reference.event_weights))
    of_pool = share * group.problem.expected_events / float(np.sum(points.weights))
    mean, second = np.zeros_like(given), np.zeros_like(gram)
    for phi, rows in points.blocks(basis):
        psi, weights = phi / root, of_pool * points.weights[rows]
        mean += weights @ psi
        second += (weights[:, None] * psi).T @ psi
    disparity = (1.0 - share) * float(np.trace(gram) - np.trace(second) / share)
    mean, second = mean + (1.0 - share) * given, second + (1.0 - share) * gram
    parts = ((group.points, 1.0 - share), (points, of_pool))
    return Nature(parts, basis, root, mean, second, mean - given, (1.0 - share) * fluctuations, share, disparity)


def nature_of_reference(group: Group) -> Nature:
    """Nature as the reference alone shows it, whatever pool there is."""
    basis, scale = group.basis, group.scales[0]
    root = np.sqrt(scale)
    given, gram = basis.mean / root, np.diag(basis.curvature / scale)
    fluctuations = group.fluctuations / np.outer(root, root)
    return Nature(((group.points, 1.0),), basis, root, given, gram, np.zeros_like(root), fluctuations, 0.0, 0.0)


def _pool_points(group: Group, pool: Sample) -> tuple[ReferencePoints, float]:
    """The pool as points, and the effective number of events that they stand for.

    Of several features at most four times as many events as the reference has are taken, spread evenly over the pool:
    more would take longer than they tell.
    """
    n_reference = group.problem.reference.n_events
    step = 1 if pool.n_features == 1 else -(-pool.n_events // (_MOST_POOL * n_reference))
    taken = Sample(pool.events[::step], pool.event_weights[::step], features=pool.features)
    events = group.problem.standardization.apply(taken.events)
    points = ReferencePoints(
        events, taken.event_weights, features=group.basis.map, is_condensed=not taken.has_negative_weights
    )
    return points, effective_number(taken.event_weights)
