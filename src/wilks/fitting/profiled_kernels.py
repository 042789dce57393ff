"""The fit of a kernel with nuisances: Delta, then the score statistic there or the minimum of both together."""

from collections.abc import Sequence
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np

from wilks.analysis import Analysis
from wilks.errors import InputError
from wilks.fitting.delta import Delta, DeltaFit
from wilks.fitting.kernel_losses import ProfiledLoss, descend
from wilks.fitting.kernel_responses import KernelResponse, is_faithful
from wilks.fitting.kernel_scores import ScoreForm, score_form
from wilks.fitting.kernels import KernelEngine
from wilks.fitting.objectives import Own, goal_of
from wilks.fitting.points import Inputs, data_points, reference_points, room_for, usual_number
from wilks.fitting.result import Attempt, FitResult, fitted_nuisances
from wilks.optimize import Certificate
from wilks.samples import merge_cells
from wilks.typing import FitStatus, FloatArray

_MOST_TOGETHER = 16


class _Best(NamedTuple):
    """The best fit of f and the nuisances together: t, alpha (r,), z (j,) with variances, and what certifies it."""

    t: float
    alpha: FloatArray
    z: FloatArray
    variances: FloatArray
    certificate: Certificate
    n_steps: int


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
        self._analysis, nuisances = analysis, analysis.nuisances
        plain = KernelEngine(analysis)
        self.is_condensed = is_faithful(analysis, plain.reference)
        if not self.is_condensed:
            plain = KernelEngine(analysis, is_condensed=False)
        self.plain, self.kernel = plain, plain.kernel
        self.reference, self.features = plain.reference, plain.features
        self.response = KernelResponse(analysis, plain.reference)
        reference = analysis.reference
        self._inputs = Inputs(analysis.standardization, nuisances, reference.events[0])
        self._usual = usual_number(analysis)
        near = merge_cells(reference, scale=analysis.standardization.scale)
        self.delta = Delta(
            analysis,
            goal_of(analysis, None),
            near=None if near is reference else reference_points(near, self._inputs),
            whole=reference_points(reference, self._inputs),
        )

    @property
    def n_together(self) -> int:
        """Data sets that are best given at once: their features are summed in one go, all else is one by one."""
        return min(_MOST_TOGETHER, self.plain.n_together)

    def own(self, events: FloatArray, observed: FloatArray | None = None) -> Own:
        """Raw data (n, d) and auxiliary measurements (j,), padded to a size that nearly all data sets share.

        None: the measurements of the real data.
        """
        room = room_for(events.shape[0], self._usual)
        centre = self._analysis.nuisances.observed if observed is None else observed
        return data_points(events, self._inputs, n_points=room), jnp.asarray(centre)

    def form(self, z: FloatArray, observed: FloatArray) -> ScoreForm:
        """The expansion of the loss at f = 0 and z (j,); nuisances at the edge of their range are held there."""
        lower, upper = self._analysis.nuisances.bounds
        is_free = ((z > lower) & (z < upper)).astype(np.float64)
        ridge = self.kernel.ridge
        return score_form(
            self.reference, self.features, self.response, ridge=ridge, z=z, observed=observed, is_free=is_free
        )

    def score(self, form: ScoreForm, events: FloatArray, observed: FloatArray) -> float:
        """q of raw data (n, d) with auxiliary measurements (j,) from an expansion, which may be at any z."""
        slope = self._slope(form, self.own(events, observed))
        b = form.residual(self.plain.sums([events])[0], slope)
        return float(b @ form.coefficients(b))

    def fit_together(
        self, data_sets: Sequence[FloatArray], observed: Sequence[FloatArray] | None = None
    ) -> list[FitResult]:
        """The fits of raw data sets (n, d) with auxiliary measurements (j,) each; None: those of the real data."""
        centres = [self._analysis.nuisances.observed] * len(data_sets) if observed is None else observed
        results = []
        for events, sums, centre in zip(data_sets, self.plain.sums(data_sets), centres, strict=True):
            own = self.own(events, centre)
            delta = self.delta.fit(own)
            best = self._best(sums, own, delta)
            results.append(self._result(best, delta, n_events=events.shape[0], observed=np.asarray(centre)))
        return results

    def evaluate_tau(
        self,
        events: FloatArray,
        params: FloatArray,
        *,
        nuisances: FloatArray | None = None,
        observed: FloatArray | None = None,
    ) -> float:
        """-2 (L + ridge a^T K a), or its expansion, at a (m,) and nuisances (j,) in the user's units.

        Raises:
            InputError: no values of the nuisances.
        """
        told = self._analysis.nuisances
        if nuisances is None:
            raise InputError(f"tau needs values of the nuisances {', '.join(told.names)}, but none came")
        own, z, alpha = self.own(events, observed), nuisances / told.sigmas, self.features.coefficients(params)
        sums, delta = self.plain.sums([events])[0], self.delta.fit(own)
        gain = self._expanded_gain if self.kernel.is_score else self._gain
        return gain(sums, own, delta.z, alpha, z) - 2.0 * delta.value

    def _best(self, sums: FloatArray, own: Own, delta: DeltaFit) -> _Best:
        if not (np.isfinite(delta.value) and np.all(np.isfinite(delta.z))):
            nothing, nan = np.zeros(self.features.n_features), float("nan")
            return _Best(nan, nothing, delta.z, np.full(delta.z.size, nan), _certificate(nan, nan, nan), 0)
        return self._scored(sums, own, delta.z) if self.kernel.is_score else self._converged(sums, own, delta.z)

    def _scored(self, sums: FloatArray, own: Own, z: FloatArray) -> _Best:
        """The minimum of the second-order expansion at f = 0 and the nuisances of Delta."""
        form = self.form(z, np.asarray(own[1]))
        slope = self._slope(form, own)
        b = form.residual(sums, slope)
        alpha = form.coefficients(b)
        certificate = _certificate(0.0, 2.0 * self.kernel.ridge, 0.0)
        return _Best(float(b @ alpha), alpha, z + form.step(alpha, slope), form.variances, certificate, 1)

    def _converged(self, sums: FloatArray, own: Own, z: FloatArray) -> _Best:
        r, (lower, upper) = self.features.n_features, self._analysis.nuisances.bounds
        start, loss, nothing = np.concatenate([np.zeros(r), z]), self._loss(sums, own), np.full(r, np.inf)
        end = descend(loss, start, lower=np.append(-nothing, lower), upper=np.append(nothing, upper))
        t = 2.0 * (loss.value(start) - loss.value(end.theta)) + 0.0
        certificate = _certificate(end.decrement, end.least_curvature, end.residual)
        return _Best(t, end.theta[:r], end.theta[r:], end.variances[r:], certificate, end.n_steps)

    def _loss(self, sums: FloatArray, own: Own) -> ProfiledLoss:
        shared = (self.reference, self.features, self.response)
        return ProfiledLoss(*shared, sums=sums, own=own, ridge=self.kernel.ridge)

    def _gain(self, sums: FloatArray, own: Own, start: FloatArray, alpha: FloatArray, z: FloatArray) -> float:
        """2 (J at f = 0 and ``start``, minus J at alpha and z)."""
        loss = self._loss(sums, own)
        return 2.0 * (loss.value(np.concatenate([np.zeros_like(alpha), start])) - loss.value(np.append(alpha, z)))

    def _expanded_gain(self, sums: FloatArray, own: Own, start: FloatArray, alpha: FloatArray, z: FloatArray) -> float:
        """The same of the expansion at f = 0 and ``start``: 2 alpha.b - alpha.A alpha for the best z."""
        form = self.form(start, np.asarray(own[1]))
        slope = self._slope(form, own)
        away = z - start - form.step(alpha, slope)
        missed = away @ np.linalg.pinv(form.covariance, hermitian=True) @ away
        b = form.residual(sums, slope)
        return float(2.0 * alpha @ b - np.sum((form.root.T @ alpha) ** 2) - missed)

    def _slope(self, form: ScoreForm, own: Own) -> FloatArray:
        """u, the slope of minus the loss in z at f = 0, shape (j,)."""
        return self.response.own_at(form.z, own).gradient - form.weights @ form.slopes

    def _result(self, best: _Best, delta: DeltaFit, *, n_events: int, observed: FloatArray) -> FitResult:
        status, nan = self._status(best, delta), float("nan")
        nuisances, lowest = self._analysis.nuisances, -2.0 * delta.value + 0.0
        return FitResult(
            t=nan if status.is_failure else best.t,
            tau=nan if status.is_failure else best.t + lowest,
            delta=nan if status.is_failure else lowest,
            params=self.features.mix @ best.alpha,
            status=status,
            newton_decrement=float(best.certificate.newton_decrement),
            least_curvature=float(best.certificate.least_curvature),
            kkt_residual=float(best.certificate.kkt_residual),
            share_at_bound=float(best.certificate.share_at_bound),
            n_starts=1,
            start_gap=nan,
            start_t=np.array([best.t]),
            attempts=(Attempt(status, best.t),),
            n_iterations=best.n_steps,
            n_events=n_events,
            fingerprint=self._analysis.fingerprint(),
            observed=tuple(observed.tolist()),
            nuisances=fitted_nuisances(nuisances, best.z, best.variances, observed=observed),
            delta_nuisances=fitted_nuisances(nuisances, delta.z, delta.variances, observed=observed),
            delta_newton_decrement=float(delta.certificate.newton_decrement),
            delta_kkt_residual=float(delta.certificate.kkt_residual),
            began_at_delta=True,
        )

    def _status(self, best: _Best, delta: DeltaFit) -> FitStatus:
        if not (np.isfinite(best.t) and np.isfinite(delta.value)):
            return FitStatus.NON_FINITE
        if not delta.is_certified:
            return FitStatus.DELTA_NOT_CONVERGED
        is_minimum = bool(self._analysis.search.is_certified(best.certificate))
        return FitStatus.CONVERGED if is_minimum else FitStatus.NOT_CONVERGED


def _certificate(decrement: float, least_curvature: float, residual: float) -> Certificate:
    return Certificate(*(jnp.asarray(x) for x in (decrement, least_curvature, residual, 0.0)))
