"""The fit of a kernel with nuisances: Delta, then the score statistic there or the minimum of both together."""

from collections.abc import Sequence

import numpy as np

from wilks.analysis import Analysis
from wilks.errors import InputError
from wilks.fitting.kernel_losses import ProfiledLoss, descend
from wilks.fitting.kernel_scores import ScoreForm
from wilks.fitting.objectives import Own
from wilks.fitting.profiled_groups import ProfiledGroup
from wilks.fitting.profiled_result import Best, certificate_of, no_best, profiled_result
from wilks.fitting.result import FitPoint, FitResult
from wilks.fitting.shared_delta import MOST_TOGETHER, SharedDelta
from wilks.models import Kernel
from wilks.typing import FloatArray


class ProfiledKernelEngine:
    """What the fits of one analysis with a kernel and nuisances share.

    t is the difference of the loss at two points, (0, nu_hat) of Delta and the best of f and nu together, on the same
    points of the reference, so that it is not negative; tau = t + Delta.

    Args:
        analysis: with a `Kernel` as its model, and nuisances.

    Raises:
        InputError: negative reference weights, as for `KernelEngine`.
    """

    def __init__(self, analysis: Analysis) -> None:
        assert isinstance(analysis.model, Kernel)
        self._analysis, self.kernel = analysis, analysis.model
        self.group = ProfiledGroup(analysis, [self.kernel])
        self.reference, self.features, self.response = self.group.reference, self.group.features, self.group.response
        self.delta = SharedDelta(analysis)

    @property
    def n_together(self) -> int:
        """Data sets that are best given at once: their features are summed in one go, all else is one by one."""
        return min(MOST_TOGETHER, self.group.plain.n_together)

    def form(self, z: FloatArray, observed: FloatArray) -> ScoreForm:
        """The expansion of the loss at f = 0 and z (j,)."""
        return self.group.forms(z, observed)[0]

    def score(self, form: ScoreForm, events: FloatArray, observed: FloatArray) -> float:
        """q of raw data (n, d) with auxiliary measurements (j,) from an expansion, which may be at any z."""
        return self.group.step(form, self.group.sums([events])[0], self.delta.own(events, observed)).q

    def fit_together(
        self, data_sets: Sequence[FloatArray], observed: Sequence[FloatArray] | None = None
    ) -> list[FitResult]:
        """The fits of raw data sets (n, d) with auxiliary measurements (j,) each; None: those of the real data."""
        centres = self.delta.centres(observed, len(data_sets))
        best_of = self._scored if self.kernel.is_score else self._converged
        results = []
        for events, sums, centre in zip(data_sets, self.group.sums(data_sets), centres, strict=True):
            own = self.delta.own(events, centre)
            delta = self.delta.fit(own)
            best = best_of(sums, own, delta.z) if delta.is_finite else no_best(delta, self.kernel.n_centers)
            n_events = events.shape[0]
            results.append(profiled_result(self._analysis, best, delta=delta, n_events=n_events, observed=centre))
        return results

    def evaluate_tau(self, events: FloatArray, at: FitPoint) -> float:
        """-2 (L + ridge a^T K a), or its expansion, at a (m,) and the nuisances.

        Raises:
            InputError: no values of the nuisances.
        """
        told = self._analysis.nuisances
        if at.nuisances is None:
            raise InputError(f"tau needs values of the nuisances {', '.join(told.names)}, but none came")
        own, z = self.delta.own(events, at.observed), at.nuisances / told.sigmas
        alpha, sums, delta = self.features.coefficients(at.params), self.group.sums([events])[0], self.delta.fit(own)
        gain = self._expanded_gain if self.kernel.is_score else self._gain
        return gain(sums, own, delta.z, alpha, z) - 2.0 * delta.value

    def _scored(self, sums: FloatArray, own: Own, z: FloatArray) -> Best:
        """The minimum of the second-order expansion at f = 0 and the nuisances of Delta."""
        form = self.form(z, np.asarray(own[1]))
        q, alpha, at_tau = self.group.step(form, sums, own)
        certificate = certificate_of(0.0, 2.0 * self.kernel.ridge, 0.0)
        return Best(q, self.features.mix @ alpha, at_tau, form.variances, certificate, 1)

    def _converged(self, sums: FloatArray, own: Own, z: FloatArray) -> Best:
        r, (lower, upper) = self.features.n_features, self._analysis.nuisances.bounds
        start, loss, nothing = np.concatenate([np.zeros(r), z]), self._loss(sums, own), np.full(r, np.inf)
        end = descend(loss, start, lower=np.append(-nothing, lower), upper=np.append(nothing, upper))
        t = 2.0 * (loss.value(start) - loss.value(end.theta)) + 0.0
        certificate = certificate_of(end.decrement, end.least_curvature, end.residual)
        return Best(t, self.features.mix @ end.theta[:r], end.theta[r:], end.variances[r:], certificate, end.n_steps)

    def _loss(self, sums: FloatArray, own: Own) -> ProfiledLoss:
        shared = (self.reference, self.features, self.response)
        return ProfiledLoss(*shared, sums=sums, own=own, ridge=self.kernel.ridge)

    def _gain(self, sums: FloatArray, own: Own, start: FloatArray, alpha: FloatArray, z: FloatArray) -> float:
        """2 (J at f = 0 and ``start``, minus J at alpha and z)."""
        loss = self._loss(sums, own)
        return 2.0 * (loss.value(np.concatenate([np.zeros_like(alpha), start])) - loss.value(np.append(alpha, z)))

    def _expanded_gain(self, sums: FloatArray, own: Own, start: FloatArray, alpha: FloatArray, z: FloatArray) -> float:
        """The same of the expansion at f = 0 and ``start``."""
        form = self.form(start, np.asarray(own[1]))
        slope = self.group.slope(form, own)
        return form.gain(alpha, z, residual=form.residual(sums, slope), slope=slope)
