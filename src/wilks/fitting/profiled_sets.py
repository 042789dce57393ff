"""The fits of a set of kernels with nuisances: one Delta for all members, and their score statistics there."""

from collections.abc import Sequence

import numpy as np

from wilks.analysis import Analysis
from wilks.fitting.delta import DeltaFit
from wilks.fitting.member_laws import MemberLaws
from wilks.fitting.objectives import Own
from wilks.fitting.profiled_groups import ProfiledGroup, Step
from wilks.fitting.profiled_result import Best, certificate_of, no_best, profiled_result
from wilks.fitting.result import FitPoint, FitResult, MemberFit
from wilks.fitting.shared_delta import MOST_TOGETHER, SharedDelta
from wilks.models import KernelSet
from wilks.typing import FloatArray


class ProfiledKernelSetEngine:
    """What the fits of one analysis with a set of kernels and nuisances share.

    Every member has its score statistic at the nuisances of Delta. The moments of its gamma law are the exact ones at
    nu = 0, multiplied by what those of Gaussian counts change from there to Delta. The nuisances at tau are the mean of
    the members', as the learned f is the mean of theirs.

    Args:
        analysis: with a `KernelSet` of score statistics as its model, and nuisances.

    Raises:
        InputError: negative reference weights, as for `KernelEngine`.
    """

    def __init__(self, analysis: Analysis) -> None:
        assert isinstance(analysis.model, KernelSet)
        self._analysis, self.model = analysis, analysis.model
        self.groups = [ProfiledGroup(analysis, kernels) for kernels in self.model.groups]
        self.delta = SharedDelta(analysis)
        at_zero, observed = np.zeros(len(analysis.nuisances)), analysis.nuisances.observed
        pairs = [(group, form) for group in self.groups for form in group.forms(at_zero, observed)]
        mean, variance = np.array([group.moments(form) for group, form in pairs]).T
        members = tuple(kernel for group in self.groups for kernel in group.kernels)
        self.laws = MemberLaws(self.model, members, mean, variance)
        self._limits = np.array([form.limit_moments() for _, form in pairs])

    @property
    def n_together(self) -> int:
        """Data sets that are best given at once: their features are summed in one go, all else is one by one."""
        return min(MOST_TOGETHER, *(group.plain.n_together for group in self.groups))

    def fit_together(
        self, data_sets: Sequence[FloatArray], observed: Sequence[FloatArray] | None = None
    ) -> list[FitResult]:
        """The fits of raw data sets (n, d) with auxiliary measurements (j,) each; None: those of the real data."""
        centres = self.delta.centres(observed, len(data_sets))
        sums = [group.sums(data_sets) for group in self.groups]
        return [
            self._fit(events, centre, [one[row] for one in sums])
            for row, (events, centre) in enumerate(zip(data_sets, centres, strict=True))
        ]

    def evaluate_tau(self, events: FloatArray, at: FitPoint) -> float:
        """t of raw data (n, d) with every member's t_j at its own parameters, plus Delta.

        Each member has the nuisances that are best with its f; those given are their mean, and not looked at.
        """
        own = self.delta.own(events, at.observed)
        delta, gains, limits = self.delta.fit(own), [], []
        for group, part in zip(self.groups, self.model.split(at.params), strict=True):
            sums = group.sums([events])[0]
            for form, one in zip(group.forms(delta.z, np.asarray(own[1])), part, strict=True):
                alpha, slope = group.features.coefficients(one), group.slope(form, own)
                at_tau = form.z + form.step(alpha, slope)
                gains.append(form.gain(alpha, at_tau, residual=form.residual(sums, slope), slope=slope))
                limits.append(form.limit_moments())
        return float(self._laws_at(limits).combined(np.array(gains))) - 2.0 * delta.value

    def _fit(self, events: FloatArray, observed: FloatArray, sums: Sequence[FloatArray]) -> FitResult:
        own = self.delta.own(events, observed)
        delta = self.delta.fit(own)
        if delta.is_finite:
            best, members = self._best(sums, own, delta, observed)
        else:
            best = no_best(delta, self.model.n_parameters(events.shape[1]))
            members = self.laws.fits(np.full(self.model.n_members, np.nan))
        n_events = events.shape[0]
        return profiled_result(self._analysis, best, delta=delta, n_events=n_events, observed=observed, members=members)

    def _best(
        self, sums: Sequence[FloatArray], own: Own, delta: DeltaFit, observed: FloatArray
    ) -> tuple[Best, tuple[MemberFit, ...]]:
        """What the set has of the minima of its members, and what is said of each."""
        steps: list[Step] = []
        params, variances, limits = [], [], []
        for group, one in zip(self.groups, sums, strict=True):
            for form in group.forms(delta.z, observed):
                steps.append(group.step(form, one, own))
                params.append(group.features.mix @ steps[-1].alpha)
                variances.append(form.variances)
                limits.append(form.limit_moments())
        t, laws = np.array([step.q for step in steps]), self._laws_at(limits)
        certificate = certificate_of(0.0, 2.0 * min(self.model.ridges), 0.0)
        z, spread = np.mean([step.z for step in steps], axis=0), np.mean(variances, axis=0)
        best = Best(float(laws.combined(t)), np.concatenate(params), z, spread, certificate, len(steps))
        return best, laws.fits(t)

    def _laws_at(self, limits: Sequence[FloatArray]) -> MemberLaws:
        """The laws where the members have these `ScoreForm.limit_moments`."""
        return self.laws.scaled(np.array(limits) / self._limits)
