"""The fits of a set of kernels: features shared by the ridges of a width, and p-values combined in one t."""

from collections.abc import Sequence

import numpy as np

from wilks.analysis import Analysis
from wilks.fitting.convex_result import convex_result
from wilks.fitting.features import reference_and_features
from wilks.fitting.kernels import NEWTON, PenalizedLosses, n_side_by_side, refuse_negative_weights, score_minima
from wilks.fitting.moments import score_moments
from wilks.fitting.result import FitResult, MemberFit
from wilks.fitting.sums import feature_sums
from wilks.models import Kernel, KernelSet
from wilks.optimize import Minima
from wilks.significance import COMBINATIONS, gamma_log_sf
from wilks.typing import FloatArray

_BLOCK_NUMBERS = 2**22  # 32 MiB


class KernelSetEngine:
    """The features of one analysis with a set of kernels, and the fits that share them.

    Args:
        analysis: with a `KernelSet` as its model.

    Raises:
        InputError: negative reference weights, with which the losses have no lower bound where events are few.
    """

    def __init__(self, analysis: Analysis) -> None:
        assert isinstance(analysis.model, KernelSet)
        refuse_negative_weights(analysis)
        self._analysis, self.model = analysis, analysis.model
        self.groups = tuple(WidthGroup(analysis, kernels) for kernels in self.model.groups)
        self.members = tuple(kernel for group in self.groups for kernel in group.kernels)
        self.mean = np.concatenate([group.mean for group in self.groups])
        self.variance = np.concatenate([group.variance for group in self.groups])

    @property
    def n_together(self) -> int:
        """Data sets that may be fitted side by side."""
        return min(n_side_by_side(group.reference) for group in self.groups)

    def score(self, data_sets: Sequence[FloatArray]) -> FloatArray:
        """The score statistics q_j of all members for raw data sets (n, d), shape (k, members)."""
        standardized = self._standardized(data_sets)
        return np.concatenate([group.score(group.sums(standardized)) for group in self.groups], axis=1)

    def log_p(self, t: FloatArray) -> FloatArray:
        """log p_j of the members' t_j (..., members), by the gamma law of each."""
        return gamma_log_sf(t, mean=self.mean, variance=self.variance)

    def combined(self, t: FloatArray) -> FloatArray:
        """t of the set from the members' t_j (..., members)."""
        return COMBINATIONS[self.model.combination](self.log_p(t)) + 0.0

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

    def evaluate_tau(
        self,
        events: FloatArray,
        params: FloatArray,
        *,
        nuisances: FloatArray | None = None,
        observed: FloatArray | None = None,
    ) -> float:
        """t of raw data (n, d) with every member's t_j evaluated at its own parameters, all in ``params`` (p,)."""
        (standardized,), parts = self._standardized([events]), self.model.split(params)
        t = [group.evaluate_t(standardized, part) for group, part in zip(self.groups, parts, strict=True)]
        return float(self.combined(np.concatenate(t)))

    def _standardized(self, data_sets: Sequence[FloatArray]) -> list[FloatArray]:
        return [self._analysis.standardization.apply(events) for events in data_sets]

    def _results(self, minima: Sequence[Minima], data_sets: Sequence[FloatArray]) -> list[FitResult]:
        """One for each data set from the minima of each member; the certificate is that of the worst member."""
        t = -2.0 * np.stack([one.value for one in minima], axis=1) + 0.0
        log_p, combined = self.log_p(t), self.combined(t)
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
                members=self._members(t[row], log_p[row]),
            )
            for row, events in enumerate(data_sets)
        ]

    def _members(self, t: FloatArray, log_p: FloatArray) -> tuple[MemberFit, ...]:
        rows = zip(self.members, t.tolist(), np.exp(log_p).tolist(), strict=True)
        return tuple(MemberFit(kernel.placement.width, kernel.ridge, one, p) for kernel, one, p in rows)


class WidthGroup:
    """The kernels of one width: one set of features, in which each ridge has a diagonal Hessian h + 2 ridge.

    Args:
        analysis: what they belong to.
        kernels: placed alike.
    """

    def __init__(self, analysis: Analysis, kernels: Sequence[Kernel]) -> None:
        self._analysis, self.kernels = analysis, kernels
        self.reference, self.features = reference_and_features(analysis, kernels[0].placement)
        self._sums = feature_sums(self.features)
        self.scales = self.features.curvature + 2.0 * np.array([[kernel.ridge] for kernel in kernels])
        self.mean, self.variance = score_moments(analysis, self.reference, self.features, scales=self.scales)
        if kernels[0].is_score:
            self.reference.forget()

    def sums(self, data_sets: Sequence[FloatArray]) -> FloatArray:
        """sum_D phi of standardized data sets (n, d), shape (k, r)."""
        return self._sums.sums(data_sets)

    def score(self, sums: FloatArray) -> FloatArray:
        """q of each ridge, shape (k, ridges)."""
        q: FloatArray = (sums - self.features.mean) ** 2 @ (1.0 / self.scales).T
        return q

    def minima(self, sums: FloatArray) -> list[Minima]:
        """For each ridge those of all data sets."""
        if self.kernels[0].is_score:
            return [score_minima(sums - self.features.mean, scale) for scale in self.scales]
        pairs = zip(self.kernels, self.scales, strict=True)
        return [self._converged(sums, scale, kernel.ridge) for kernel, scale in pairs]

    def evaluate_t(self, events: FloatArray, params: FloatArray) -> FloatArray:
        """t_j at parameters a (ridges, m) for standardized data (n, d), on all events; shape (ridges,)."""
        ridges = np.array([kernel.ridge for kernel in self.kernels])
        alpha = np.stack([self.features.coefficients(one) for one in params])
        if self.kernels[0].is_score:
            b = self.sums([events])[0] - self.features.mean
            expanded: FloatArray = np.sum(alpha * (2.0 * b - self.scales * alpha), axis=1)
            return expanded
        sample = self._analysis.reference
        at_reference = self._log_ratios(self._analysis.standardization.apply(sample.events), params)
        loss = np.expm1(at_reference) @ sample.event_weights - np.sum(self._log_ratios(events, params), axis=1)
        t: FloatArray = -2.0 * (loss + ridges * np.sum(alpha**2, axis=1))
        return t

    def _log_ratios(self, events: FloatArray, params: FloatArray) -> FloatArray:
        """f of each ridge at standardized events (n, d), shape (ridges, n)."""
        placement, ratios = self.kernels[0].placement, np.empty((len(params), events.shape[0]))
        size = max(1, _BLOCK_NUMBERS // params.shape[1])
        for first in range(0, events.shape[0], size):
            rows = slice(first, first + size)
            ratios[:, rows] = params @ placement.kernel(events[rows]).T
        return ratios

    def _converged(self, sums: FloatArray, scale: FloatArray, ridge: float) -> Minima:
        losses = PenalizedLosses(self.reference, self.features, sums=sums, ridge=ridge)
        return NEWTON.run(losses, np.zeros_like(sums), scale)
