"""The engine of a linear model with nuisances: one Delta for all members, and the fit of each from there."""

from collections.abc import Iterable, Sequence

import numpy as np

from wilks.problem import Problem
from wilks.statistics.base import Parts
from wilks.statistics.delta import Delta
from wilks.statistics.fits import Data, DeltaFit, FitResult
from wilks.statistics.linear.engine import Ends, LinearEngine
from wilks.statistics.linear.expansion import ScoreForm
from wilks.statistics.linear.member_ends import MemberEnd
from wilks.statistics.linear.member_laws import MemberLaws
from wilks.statistics.linear.model import LinearModel
from wilks.statistics.linear.profiled_group import ProfiledGroup
from wilks.statistics.linear.profiled_law import profiled_law
from wilks.statistics.linear.profiled_loss import ProfiledLoss
from wilks.statistics.linear.score_law import ScoreNull
from wilks.statistics.points import Own, ProblemPoints
from wilks.typing import FloatArray

_MOST_TOGETHER = 16  # data sets whose features are summed in one go; all else with nuisances is one by one


class ProfiledLinearEngine(LinearEngine):
    """What the fits of one problem with nuisances share.

    t is the difference of the loss at two points, (0, nu_hat) of Delta and the best of f and nu together, on the same
    points of the reference, so that it is not negative; tau = t + Delta. The moments of a member's gamma law are the
    exact ones of its score statistic at nu = 0, multiplied by what those of Gaussian counts change from there to Delta.

    Args:
        problem: with nuisances.
        model: placed.

    Raises:
        InputError: negative reference weights, as for `LinearEngine`.
    """

    def __init__(self, problem: Problem, model: LinearModel) -> None:
        self.problem, self.model = problem, model
        first, *others = model.groups
        leading = ProfiledGroup(problem, first)
        self.profiled = (leading, *(ProfiledGroup(problem, members, beside=leading) for members in others))
        self.groups = tuple(one.plain for one in self.profiled)
        self.delta = Delta(problem, ProblemPoints(problem))
        self._limits = np.empty((0, 2))
        self.laws = self._laws()

    def _laws(self) -> MemberLaws | None:
        if self.model.combination is None:
            return None
        at_zero, observed = np.zeros(len(self.problem.nuisances)), self.problem.nuisances.observed
        pairs = [(group, form) for group in self.profiled for form in group.forms(at_zero, observed)]
        mean, variance = np.array([group.moments(form) for group, form in pairs]).T
        self._limits = np.array([form.limit_moments() for _, form in pairs])
        return MemberLaws(self.model.combination, self.model.members, mean, variance)

    @property
    def n_together(self) -> int:
        """Data sets that are best given at once: their features are summed in one go, all else is one by one."""
        return min(_MOST_TOGETHER, super().n_together)

    def form(self, z: FloatArray, observed: FloatArray) -> ScoreForm:
        """The expansion of the loss of the first member at f = 0 and z (j,)."""
        return self.profiled[0].forms(z, observed)[0]

    def law_at(self, fit: FitResult) -> ScoreNull:
        """The null law of the first member's score statistic at the nuisances of Delta of a fit."""
        z = np.array([one.value for one in fit.delta_nuisances]) / self.problem.nuisances.sigmas
        return profiled_law(self.profiled[0], self.form(z, np.array(fit.observed)))

    def null_moments_at(self, z: FloatArray) -> tuple[float, float]:
        """Mean and variance of the first member's q at z (j,), were these the true nuisances."""
        return self.profiled[0].moments(self.form(z, self.problem.nuisances.observed))

    def score(self, form: ScoreForm, data: Data) -> float:
        """q of data from an expansion of the first member, which may be at any z."""
        group = self.profiled[0]
        return group.scored(form, group.plain.sums([data.events])[0], self.delta.points.own(data)).t

    def evaluate(self, data: Data, at: FitResult) -> Parts:
        """tau and Delta at the parameters and nuisances of a fit: of every member at its own."""
        own, sigmas = self.delta.points.own(data), self.problem.nuisances.sigmas
        at_tau, at_delta = (
            np.array([one.value for one in found]) / sigmas for found in (at.nuisances, at.delta_nuisances)
        )
        delta, gains, forms = self.delta.fit(own), [], []
        z = iter([np.array(one.z) for one in at.members] or [at_tau])
        for group, params in zip(self.profiled, self.model.split(at.params), strict=True):
            sums, expanded = group.plain.sums([data.events])[0], self._forms(group, delta, data.observed)
            points = [np.append(group.basis.coefficients(one), next(z)) for one in params]
            if self.model.is_score:
                pairs = zip(expanded, points, strict=True)
                gains += [_expanded_gain(group, form, point, sums=sums, own=own) for form, point in pairs]
            else:
                losses = [group.loss(ridge, sums, own) for ridge in group.plain.ridges]
                gains += [_gain(loss, point, start=delta.z) for loss, point in zip(losses, points, strict=True)]
            forms += expanded
        t = self._combined(np.array(gains), self._laws_at(forms))
        return Parts(t - 2.0 * delta.value, -2.0 * self.delta.value(at_delta, own))

    def _ends(self, data: Sequence[Data]) -> Iterable[Ends]:
        sums = [group.plain.sums([one.events for one in data]) for group in self.profiled]
        for row, one in enumerate(data):
            own = self.delta.points.own(one)
            delta = self.delta.fit(own)
            if not delta.is_finite:
                yield Ends(delta, self._no_ends(delta), self.laws)
                continue
            members, forms = [], []
            for group, totals in zip(self.profiled, sums, strict=True):
                expanded = self._forms(group, delta, one.observed)
                members += self._members(group, expanded, totals[row], own=own, delta=delta)
                forms += expanded
            yield Ends(delta, members, self._laws_at(forms))

    def _members(
        self, group: ProfiledGroup, forms: Sequence[ScoreForm], sums: FloatArray, *, own: Own, delta: DeltaFit
    ) -> list[MemberEnd]:
        """The ends of the members of one map for one data set."""
        if self.model.is_score:
            return [group.scored(form, sums, own) for form in forms]
        return [group.converged(group.loss(ridge, sums, own), delta.z) for ridge in group.plain.ridges]

    def _forms(self, group: ProfiledGroup, delta: DeltaFit, observed: FloatArray) -> list[ScoreForm]:
        """The expansions at Delta where they are needed: for score statistics, and to scale several members."""
        needs_them = self.model.is_score or self.laws is not None
        return group.forms(delta.z, observed) if needs_them else []

    def _laws_at(self, forms: Sequence[ScoreForm]) -> MemberLaws | None:
        """The laws at the nuisances of these expansions."""
        if self.laws is None:
            return None
        return self.laws.scaled(np.array([form.limit_moments() for form in forms]) / self._limits)

    def _no_ends(self, delta: DeltaFit) -> list[MemberEnd]:
        """What there is where Delta has no finite end."""
        nan, nothing = float("nan"), np.full(delta.z.size, np.nan)
        sizes = [one.map.n_values for one in self.model.members]
        return [MemberEnd.of_score(nan, np.zeros(n), z=delta.z, variances=nothing, ridge=nan) for n in sizes]


def _gain(loss: ProfiledLoss, point: FloatArray, *, start: FloatArray) -> float:
    """2 (J at f = 0 and ``start`` (j,), minus J at a point (r + j,))."""
    nothing = np.zeros(point.size - start.size)
    return float(2.0 * (loss.at(np.append(nothing, start)).value[0] - loss.at(point).value[0]))


def _expanded_gain(group: ProfiledGroup, form: ScoreForm, point: FloatArray, *, sums: FloatArray, own: Own) -> float:
    """The same of an expansion."""
    slope, rank = group.slope(form, own), group.basis.rank
    return form.gain(point[:rank], point[rank:], residual=form.residual(sums, slope), slope=slope)
