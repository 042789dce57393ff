"""Members of one feature map with nuisances: their expansions, their fits, and the covariance of their statistics."""

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from wilks.optimize.certificate import Certificate, certify_by, variances
from wilks.optimize.problem import Box
from wilks.problem import Problem
from wilks.statistics.linear.basis import ReferencePoints
from wilks.statistics.linear.expansion import ScoreForm, score_forms
from wilks.statistics.linear.faithful import is_faithful, raw_points
from wilks.statistics.linear.feature_map import Member
from wilks.statistics.linear.group import NEWTON, Group
from wilks.statistics.linear.member_ends import MemberEnd
from wilks.statistics.linear.profiled_loss import ProfiledLoss
from wilks.statistics.linear.tilted import Nodes, TiltedReference
from wilks.statistics.points import Own
from wilks.statistics.responses import Responses
from wilks.typing import FloatArray


class _Squares(NamedTuple):
    """Points with the squares of the weights of the reference (n,), and the response there."""

    points: ReferencePoints
    weights: FloatArray
    responses: Responses


class ProfiledGroup:
    """Members that share a map, with the response at the points of their reference.

    Args:
        problem: with nuisances.
        members: with one map.
        beside: of the same problem with another map, whose response is taken where both stand at all events.

    Raises:
        InputError: negative reference weights, as for `Group`.
    """

    def __init__(self, problem: Problem, members: Sequence[Member], *, beside: "ProfiledGroup | None" = None) -> None:
        self.problem = problem
        plain = Group(problem, members)
        has_all = not plain.points.is_condensed or is_faithful(problem, plain.points)
        self.plain = plain if has_all else Group(problem, members, is_condensed=False)
        self.members, self.points, self.basis = self.plain.members, self.plain.points, self.plain.basis
        if beside is None or self.points.is_condensed or beside.points.is_condensed:
            self.nodes = Nodes(Responses(problem, self._raw, self.points.weights), self.points.weights)
        else:
            self.nodes = beside.nodes
        self.responses = self.nodes.responses
        self._tilted = TiltedReference(self.points, self.basis, self.nodes)

    @cached_property
    def _raw(self) -> FloatArray:
        """The points in the units of the user (n, d)."""
        return raw_points(self.problem, self.points)

    def forms(self, z: FloatArray, observed: FloatArray) -> list[ScoreForm]:
        """For each ridge the expansion of the loss at f = 0 and z (j,); nuisances at their edge are held there."""
        lower, upper = self.responses.bounds
        is_free = ((z > lower) & (z < upper)).astype(np.float64)
        return score_forms(self._tilted, ridges=self.plain.ridges, z=z, observed=observed, is_free=is_free)

    def slope(self, form: ScoreForm, own: Own) -> FloatArray:
        """u, the slope of minus the loss in z at f = 0, shape (j,)."""
        gradient: FloatArray = self.responses.own_at(form.z, own).gradient - form.drift
        return gradient

    def scored(self, form: ScoreForm, sums: FloatArray, own: Own) -> MemberEnd:
        """The minimum of an expansion for sum_D phi (r,) and the data."""
        slope = self.slope(form, own)
        b = form.residual(sums, slope)
        alpha = form.coefficients(b)
        z = form.z + form.step(alpha, slope)
        return MemberEnd.of_score(
            float(b @ alpha), self._params(alpha), z=z, variances=form.variances, ridge=form.ridge
        )

    def converged(self, loss: ProfiledLoss, z: FloatArray) -> MemberEnd:
        """The minimum of a loss, from f = 0 and z (j,)."""
        start = np.concatenate([np.zeros(self.basis.rank), z])
        end = NEWTON.run(loss, start[None])
        theta, at = end.params[0], loss.at(end.params[0])
        certificate, spread = _certified(loss, theta)
        return MemberEnd(
            t=float(2.0 * (loss.at(start).value[0] - at.value[0])) + 0.0,
            params=self._params(at.alpha),
            z=at.z,
            variances=spread[self.basis.rank :],
            certificate=certificate,
            n_iterations=int(end.n_iterations[0]),
        )

    def loss(self, ridge: float, sums: FloatArray, own: Own) -> ProfiledLoss:
        """That of one member for sum_D phi (r,) and the data."""
        return ProfiledLoss(self.points, self.basis, self.responses, sums=sums, own=own, ridge=ridge)

    def _params(self, alpha: FloatArray) -> FloatArray:
        """a (m,) of alpha (r,)."""
        params: FloatArray = self.basis.params(alpha[None])[0]
        return params

    def effective_blocks(self, form: ScoreForm) -> Iterator[tuple[FloatArray, FloatArray]]:
        """psi (c, r), in coordinates in which A is 1, with the weights w' (c,)."""
        for phi, rows in self.points.blocks(self.basis):
            yield form.effective(phi, form.tilt.slopes[rows]), form.tilt.weights[rows]

    def covariance(self, form: ScoreForm) -> FloatArray:
        """Cov b over data and references, were the nuisances of the expansion the true ones, in those coordinates.

        See `wilks.statistics.linear.profiled_law`.
        """
        turned = form.whitened(form.pull.T)
        total = turned.T @ form.information @ turned + self._fluctuations(form)
        for psi, weights in self.effective_blocks(form):
            total += (weights[:, None] * psi).T @ psi
        return total

    def moments(self, form: ScoreForm) -> tuple[float, float]:
        """E q and Var q = 2 tr V^2 + sum_R w' |psi|^4 there, V = Cov b."""
        covariance = self.covariance(form)
        fourth = sum(weights @ np.sum(psi**2, axis=1) ** 2 for psi, weights in self.effective_blocks(form))
        return float(np.trace(covariance)), float(2.0 * np.sum(covariance**2) + fourth)

    def _fluctuations(self, form: ScoreForm) -> FloatArray:
        """The third term of Cov b."""
        squares = self._squares
        total_weight = float(self.points.weights @ np.exp(self.responses.learned(form.z)))
        sums = form.effective(form.mean[None], form.drift[None])
        at, learned = squares.responses.at(form.z), squares.responses.learned(form.z)
        is_free = np.diag(form.covariance) > 0
        ratio, weights = np.exp(at.log_ratio - learned), squares.weights * np.exp(2.0 * learned)
        covariance = np.zeros((form.mean.size, form.mean.size))
        for phi, rows in squares.points.blocks(self.basis):
            psi = form.effective(phi, at.slopes[rows] * is_free)
            away = ratio[rows, None] * psi - sums / total_weight
            covariance += (away * weights[rows, None]).T @ away
        return covariance

    @cached_property
    def _squares(self) -> _Squares:
        if not self.points.is_condensed:
            return _Squares(self.points, self.points.weights**2, self.responses)
        squares = self.problem.reference.event_weights**2
        points = ReferencePoints(self.problem.standardized, squares, features=self.basis.map)
        wanted = raw_points(self.problem, points)
        return _Squares(points, points.weights, Responses(self.problem, self._raw, self.points.weights, wanted=wanted))


def _certified(loss: ProfiledLoss, theta: FloatArray) -> tuple[Certificate, FloatArray]:
    """What is known of the end of a descent, and the variances of its parameters (p,)."""
    at = loss.at(theta)
    if not (np.all(np.isfinite(at.hessian)) and np.all(np.isfinite(at.gradient))):
        nan = float("nan")
        return Certificate(nan, nan, nan, 0.0), np.full(theta.size, nan)
    sides: Any = loss.bounds
    state = (theta, at.gradient[0], at.hessian, Box(*sides))
    return Certificate(*(float(x) for x in certify_by(*state))), np.asarray(variances(*state))
