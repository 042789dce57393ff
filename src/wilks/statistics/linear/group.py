"""Members of one feature map: what their fits share, without and with nuisances, for many data sets at once."""

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from wilks.errors import InputError
from wilks.optimize.numpy_newton import Minima, NumpyNewton
from wilks.problem import Problem
from wilks.samples import StandardizedEvents
from wilks.statistics.linear.basis import ReferencePoints, points_and_basis
from wilks.statistics.linear.data_sums import data_sums
from wilks.statistics.linear.feature_map import Member
from wilks.statistics.linear.losses import PenalizedLosses
from wilks.typing import FloatArray

NEWTON = NumpyNewton()
_MOST_TOGETHER, _LANE_NUMBERS = 256, 2**26  # 512 MiB
_BLOCK_NUMBERS = 2**22  # 32 MiB


class Group:
    """Members that share a map: one basis, in which each ridge has a diagonal Hessian h + 2 ridge.

    Args:
        problem: what they belong to.
        members: with one map.

    Raises:
        InputError: negative reference weights, with which the loss has no lower bound where events are few.
    """

    def __init__(self, problem: Problem, members: Sequence[Member], *, is_condensed: bool = True) -> None:
        _refuse_negative_weights(problem)
        self.problem, self.members = problem, tuple(members)
        self.points, self.basis = points_and_basis(problem, members[0].map, is_condensed=is_condensed)
        self._sums = data_sums(self.basis)
        self.ridges = np.array([one.ridge for one in members])
        self.scales = self.basis.curvature + 2.0 * self.ridges[:, None]

    @property
    def n_together(self) -> int:
        """Data sets that may be fitted side by side: each takes a number for each point of the reference."""
        return int(np.clip(_LANE_NUMBERS // self.points.weights.size, 1, _MOST_TOGETHER))

    def sums(self, data_sets: Sequence[FloatArray]) -> FloatArray:
        """sum_D phi of raw data sets (n, d), shape (k, r)."""
        return self._sums.of([self.problem.standardization.apply(events) for events in data_sets])

    def score(self, sums: FloatArray) -> FloatArray:
        """q = sum_j b_j^2 / (h_j + 2 ridge) with b = sum_D phi - sum_R w phi, for each ridge, shape (k, ridges)."""
        squares = (sums - self.basis.mean) ** 2
        return np.stack([np.sum(squares / scale, axis=1) for scale in self.scales], axis=1)

    def score_minima(self, sums: FloatArray) -> list[Minima]:
        """For each ridge those of the second-order expansions at f = 0, which one step reaches."""
        b, nothing = sums - self.basis.mean, np.zeros(sums.shape[0])
        one_step = np.ones(nothing.size, dtype=np.int64)
        return [
            Minima(b / scale, -0.5 * np.sum(b * b / scale, axis=1), np.zeros_like(b), nothing, one_step)
            for scale in self.scales
        ]

    def converged_minima(self, sums: FloatArray) -> list[Minima]:
        """For each ridge those of the penalized losses."""
        losses = [PenalizedLosses(self.points, self.basis, sums=sums, ridge=ridge) for ridge in self.ridges]
        return [NEWTON.run(one, np.zeros_like(sums)) for one in losses]

    def expanded_t(self, sums: FloatArray, params: FloatArray) -> FloatArray:
        """For each ridge -2 times the expansion at parameters a (ridges, m), for sum_D phi (r,)."""
        alpha, b = np.stack([self.basis.coefficients(one) for one in params]), sums - self.basis.mean
        expanded: FloatArray = np.sum(alpha * (2.0 * b - self.scales * alpha), axis=1)
        return expanded

    def converged_t(self, events: FloatArray, params: FloatArray) -> FloatArray:
        """For each ridge -2 (L + ridge a^T K a) at parameters a (ridges, m) for raw data, on all events."""
        alpha = np.stack([self.basis.coefficients(one) for one in params])
        at_data = self._log_ratios(self.problem.standardization.apply(events), params)
        at_reference = self._log_ratios(self.problem.standardized, params)
        loss = np.expm1(at_reference) @ self.problem.reference.event_weights - np.sum(at_data, axis=1)
        t: FloatArray = -2.0 * (loss + self.ridges * np.sum(alpha**2, axis=1))
        return t

    def _log_ratios(self, events: FloatArray | StandardizedEvents, params: FloatArray) -> FloatArray:
        """f of each ridge at standardized events (n, d), shape (ridges, n)."""
        ratios = np.empty((len(params), events.shape[0]))
        size = max(1, _BLOCK_NUMBERS // params.shape[1])
        for first in range(0, events.shape[0], size):
            rows = slice(first, first + size)
            ratios[:, rows] = params @ self.basis.map.values(events[rows]).T
        return ratios

    def null_moments(self) -> tuple[FloatArray, FloatArray]:
        """E q and Var q of the score statistic of each ridge over data and references, exact; two arrays (ridges,).

        With F = sum_R w phi phi^T + `fluctuations`, the covariance of b,

            E q = sum_j F_jj / s_j,   Var q = 2 sum_ij F_ij^2 / (s_i s_j) + sum_R w (sum_j phi_j^2 / s_j)^2 ,

        s = h + 2 ridge, which are those of the analytic null, without what its tail needs.
        """
        covariance, inverse = np.diag(self.basis.curvature) + self.fluctuations, 1.0 / self.scales
        mean = inverse @ np.diag(covariance)
        variance = 2.0 * np.sum((inverse @ covariance**2) * inverse, axis=1)
        for phi, rows in self.points.blocks(self.basis):
            variance += self.points.weights[rows] @ (phi**2 @ inverse.T) ** 2
        return mean, variance

    @cached_property
    def fluctuations(self) -> FloatArray:
        """sum_R w^2 (phi - m/N)(phi - m/N)^T with m = sum_R w phi, shape (r, r): the reference's own part of Cov b.

        Equal weights w make it w (H - m m^T / N).
        """
        weights, expected = self.problem.reference.event_weights, self.problem.expected_events
        counted, mean = weights[weights != 0], self.basis.mean
        if np.ptp(counted) == 0:
            equal: FloatArray = counted[0] * (np.diag(self.basis.curvature) - np.outer(mean, mean) / expected)
            return equal
        squares = ReferencePoints(self.problem.standardized, weights**2, features=self.basis.map)
        return squares.moments(self.basis).about(mean / expected)


def _refuse_negative_weights(problem: Problem) -> None:
    """Raise where the loss has no lower bound.

    Raises:
        InputError: negative reference weights.
    """
    if problem.reference.has_negative_weights:
        n_negative = int(np.sum(problem.reference.event_weights < 0))
        raise InputError(
            f"a kernel needs a reference without negative weights, but {n_negative:,} of "
            f"{problem.reference.n_events:,} events have one: the loss is then neither convex nor bounded; "
            "use a wilks.MLP, whose box bounds it, or an unweighted reference"
        )
