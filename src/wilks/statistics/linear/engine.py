"""The engine of every model that is linear in its parameters, whatever its features and however many its members.

Each member has its own fit, converged or of one Newton step, and its own t; where there are several, their p-values are
combined in one. A kernel is a set of one member; without nuisances Delta is 0, and fits of many data sets go side by
side with diagonal Hessians.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from wilks.kept import kept
from wilks.optimize.certificate import Certificate
from wilks.problem import Problem
from wilks.samples import Sample
from wilks.statistics.base import Parts
from wilks.statistics.fits import Data, DeltaFit, FitResult, Found, fit_result
from wilks.statistics.linear.group import Group
from wilks.statistics.linear.member_ends import MemberEnd
from wilks.statistics.linear.member_laws import MemberLaws
from wilks.statistics.linear.model import LinearModel
from wilks.statistics.linear.nature import Nature, nature_of, nature_of_reference
from wilks.statistics.linear.score_law import ScoreNull, score_law
from wilks.typing import FloatArray

_NOTHING = np.empty(0)


class Ends(NamedTuple):
    """What the members of one data set found, beside its Delta; the laws are those at the nuisances of Delta."""

    delta: DeltaFit
    members: Sequence[MemberEnd]
    laws: MemberLaws | None


class LinearEngine:
    """The fits of one problem with a linear model, without nuisances; `ProfiledLinearEngine` has them.

    Args:
        problem: what is fitted.
        model: placed.

    Raises:
        InputError: negative reference weights, with which the losses have no lower bound where events are few.
    """

    def __init__(self, problem: Problem, model: LinearModel) -> None:
        self.problem, self.model = problem, model
        self.groups = tuple(Group(problem, members) for members in model.groups)
        self.laws = self._laws()
        self._nature: tuple[Sample | None, Nature | None] = (None, None)
        if model.is_score and self.laws:  # from here on sums over the data alone are needed
            for group in self.groups:
                group.points.forget()

    def _laws(self) -> MemberLaws | None:
        """What puts several members on one scale."""
        if self.model.combination is None:
            return None
        moments = [group.null_moments() for group in self.groups]
        mean, variance = (np.concatenate(parts) for parts in zip(*moments, strict=True))
        return MemberLaws(self.model.combination, self.model.members, mean, variance)

    @property
    def n_together(self) -> int:
        """Data sets that may be fitted side by side."""
        return min(group.n_together for group in self.groups)

    def scores(self, data_sets: Sequence[FloatArray]) -> FloatArray:
        """The score statistics q_j of all members for raw data sets (n, d), shape (k, members)."""
        return np.concatenate([group.score(group.sums(data_sets)) for group in self.groups], axis=1)

    def fit(self, data: Sequence[Data]) -> list[FitResult]:
        """The fits of these data sets, in portions of `n_together`."""
        results: list[FitResult] = []
        for first in range(0, len(data), self.n_together):
            portion = data[first : first + self.n_together]
            results += [self._result(*one) for one in zip(portion, self._ends(portion), strict=True)]
        return results

    def evaluate(self, data: Data, at: FitResult) -> Parts:
        """tau and Delta at the parameters of a fit: of every member at its own."""
        t = []
        for group, params in zip(self.groups, self.model.split(at.params), strict=True):
            if self.model.is_score:
                t.append(group.expanded_t(group.sums([data.events])[0], params))
            else:
                t.append(group.converged_t(data.events, params))
        return Parts(self._combined(np.concatenate(t), self.laws), 0.0)

    def nature(self, pool: Sample | None) -> Nature:
        """Nature as the reference and a pool show it to the first member; the last one is kept."""
        known, nature = self._nature
        if nature is None or known is not pool:
            nature = nature_of(self.groups[0], pool)
            self._nature = pool, nature
        return nature

    def law(self, *, pool: Sample | None, n_events: int | None) -> ScoreNull:
        """The null law of the score statistic of the first member."""
        return score_law(self.nature(pool), expected_events=self.problem.expected_events, n_events=n_events)

    @kept(most=4)
    def null_moments(self, *, n_events: int | None = None) -> tuple[float, float]:
        """Mean and variance of the first member's q by the reference alone, the latter in the Gaussian limit."""
        nature, expected = nature_of_reference(self.groups[0]), self.problem.expected_events
        factor, data = 1.0, nature.second
        if n_events is not None:
            factor = n_events / expected
            data = factor * (nature.second - np.outer(nature.mean, nature.mean) / expected)
        covariance, shift = data + factor**2 * nature.unknown, (factor - 1.0) * nature.mean
        mean = float(np.trace(covariance) + shift @ shift)
        return mean, float(2.0 * np.sum(covariance**2) + 4.0 * shift @ covariance @ shift)

    def _ends(self, data: Sequence[Data]) -> Iterable[Ends]:
        """What was found for each data set."""
        minima = []
        for group in self.groups:
            sums = group.sums([one.events for one in data])
            found = group.score_minima(sums) if self.model.is_score else group.converged_minima(sums)
            minima += [
                (one, group.basis.params(one.params), ridge) for one, ridge in zip(found, group.ridges, strict=True)
            ]
        for row in range(len(data)):
            ends = [
                MemberEnd(
                    t=float(-2.0 * one.value[row] + 0.0),
                    params=params[row],
                    z=_NOTHING,
                    variances=_NOTHING,
                    certificate=Certificate(
                        float(one.gap[row]), 2.0 * ridge, float(np.max(np.abs(one.gradient[row]), initial=0.0)), 0.0
                    ),
                    n_iterations=int(one.n_iterations[row]),
                )
                for one, params, ridge in minima
            ]
            yield Ends(DeltaFit.of_none(), ends, self.laws)

    def _combined(self, t: FloatArray, laws: MemberLaws | None) -> float:
        """t of the model from those of its members (members,)."""
        return float(t[0] if laws is None else laws.combined(t))

    def _result(self, data: Data, ends: Ends) -> FitResult:
        """One t from those of the members; the certificate is that of the worst of them, the nuisances their mean."""
        t = np.array([one.t for one in ends.members])
        certificates = [one.certificate for one in ends.members]
        found = Found(
            t=self._combined(t, ends.laws),
            params=np.concatenate([one.params for one in ends.members]),
            z=np.mean([one.z for one in ends.members], axis=0),
            variances=np.mean([one.variances for one in ends.members], axis=0),
            certificate=_worst(certificates),
            n_iterations=sum(one.n_iterations for one in ends.members),
        )
        members = () if ends.laws is None else ends.laws.fits(t, [one.z for one in ends.members])
        return fit_result(self.problem, found, delta=ends.delta, data=data, members=members)


def _worst(certificates: Sequence[Certificate]) -> Certificate:
    """The largest gap and slope of any, and the least curvature."""
    decrement, curvature, residual, share = zip(*certificates, strict=True)
    return Certificate(max(decrement), min(curvature), max(residual), max(share))
