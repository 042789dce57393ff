"""The fits of a set of kernels: features shared by the ridges of a width, and p-values combined in one t."""

from collections.abc import Sequence

import numpy as np

from wilks.analysis import Analysis
from wilks.fitting.convex_result import convex_result
from wilks.fitting.member_laws import MemberLaws
from wilks.fitting.moments import score_moments
from wilks.fitting.result import FitPoint, FitResult
from wilks.fitting.width_groups import WidthGroup
from wilks.models import KernelSet
from wilks.optimize import Minima
from wilks.typing import FloatArray


class KernelSetEngine:
    """The features of one analysis with a set of kernels, and the fits that share them.

    Args:
        analysis: with a `KernelSet` as its model.

    Raises:
        InputError: negative reference weights, with which the losses have no lower bound where events are few.
    """

    def __init__(self, analysis: Analysis) -> None:
        assert isinstance(analysis.model, KernelSet)
        self._analysis, self.model = analysis, analysis.model
        self.groups: list[WidthGroup] = []
        moments = []
        for kernels in self.model.groups:
            group = WidthGroup(analysis, kernels)
            moments.append(score_moments(analysis, group.reference, group.features, scales=group.scales))
            if kernels[0].is_score:  # from here on sums over the data alone are needed
                group.reference.forget()
            self.groups.append(group)
        mean, variance = (np.concatenate(parts) for parts in zip(*moments, strict=True))
        members = tuple(kernel for group in self.groups for kernel in group.kernels)
        self.laws = MemberLaws(self.model, members, mean, variance)

    @property
    def n_together(self) -> int:
        """Data sets that may be fitted side by side."""
        return min(group.n_together for group in self.groups)

    def score(self, data_sets: Sequence[FloatArray]) -> FloatArray:
        """The score statistics q_j of all members for raw data sets (n, d), shape (k, members)."""
        standardized = self._standardized(data_sets)
        return np.concatenate([group.score(group.sums(standardized)) for group in self.groups], axis=1)

    def fit_together(
        self, data_sets: Sequence[FloatArray], observed: Sequence[FloatArray] | None = None
    ) -> list[FitResult]:
        """The fits of raw data sets (n, d), in portions of `n_together`; nothing was ``observed`` without nuisances."""
        results: list[FitResult] = []
        for first in range(0, len(data_sets), self.n_together):
            portion = data_sets[first : first + self.n_together]
            standardized = self._standardized(portion)
            minima = [one for group in self.groups for one in group.minima(group.sums(standardized))]
            results += self._results(minima, portion)
        return results

    def evaluate_tau(self, events: FloatArray, at: FitPoint) -> float:
        """t of raw data (n, d) with every member's t_j evaluated at its own parameters, one after the other."""
        (standardized,), parts = self._standardized([events]), self.model.split(at.params)
        t = [group.evaluate_t(standardized, part) for group, part in zip(self.groups, parts, strict=True)]
        return float(self.laws.combined(np.concatenate(t)))

    def _standardized(self, data_sets: Sequence[FloatArray]) -> list[FloatArray]:
        return [self._analysis.standardization.apply(events) for events in data_sets]

    def _results(self, minima: Sequence[Minima], data_sets: Sequence[FloatArray]) -> list[FitResult]:
        """One for each data set from the minima of each member; the certificate is that of the worst member."""
        t = -2.0 * np.stack([one.value for one in minima], axis=1) + 0.0
        combined = self.laws.combined(t)
        mixes = [group.features.mix for group in self.groups for _ in group.kernels]
        params = np.concatenate([one.params @ mix.T for one, mix in zip(minima, mixes, strict=True)], axis=1)
        return [
            convex_result(
                self._analysis,
                t=float(combined[row]),
                params=params[row],
                excess=float(np.max([one.excess[row] for one in minima])),
                residual=float(np.max([one.residual[row] for one in minima])),
                least_curvature=2.0 * min(self.model.ridges),
                n_iterations=sum(int(one.n_iterations[row]) for one in minima),
                n_events=events.shape[0],
                members=self.laws.fits(t[row]),
            )
            for row, events in enumerate(data_sets)
        ]
