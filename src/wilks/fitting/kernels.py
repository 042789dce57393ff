"""The fit of a kernel: converged, or its first Newton step, for many data sets at once."""

from collections.abc import Sequence

import numpy as np

from wilks.analysis import Analysis
from wilks.errors import InputError
from wilks.fitting.features import Features, Reference, reference_and_features
from wilks.fitting.result import Attempt, FitResult
from wilks.fitting.sums import feature_sums
from wilks.models import Kernel
from wilks.optimize import Expansion, Minima, NewtonCG
from wilks.typing import FitStatus, FloatArray, IntArray

_NEWTON = NewtonCG()
_MOST_TOGETHER, _LANE_NUMBERS = 256, 2**26  # 512 MiB
_EXPONENT_LIMIT = 700.0


class KernelEngine:
    """The features of one analysis with a kernel, and the fits that share them.

    Args:
        analysis: with a `Kernel` as its model.

    Raises:
        InputError: negative reference weights, with which the loss has no lower bound where events are few.
    """

    def __init__(self, analysis: Analysis) -> None:
        assert isinstance(analysis.model, Kernel)
        _refuse_negative_weights(analysis)
        self._analysis, self.kernel = analysis, analysis.model
        self.reference, self.features = reference_and_features(analysis, self.kernel.placement)
        self._sums = feature_sums(self.features)

    @property
    def n_together(self) -> int:
        """Data sets that may be fitted side by side: each takes a number for each point of the reference."""
        return int(np.clip(_LANE_NUMBERS // self.reference.weights.size, 1, _MOST_TOGETHER))

    def sums(self, data_sets: Sequence[FloatArray]) -> FloatArray:
        """sum_D phi of raw data sets (n, d), shape (k, r)."""
        apply = self._analysis.standardization.apply
        return self._sums.sums([apply(events) for events in data_sets])

    def score(self, data_sets: Sequence[FloatArray]) -> FloatArray:
        """q = sum_j b_j^2 / (h_j + 2 ridge) with b = sum_D phi - sum_R w phi, shape (k,)."""
        q: FloatArray = np.sum((self.sums(data_sets) - self.features.mean) ** 2 / self.scale, axis=1)
        return q

    @property
    def scale(self) -> FloatArray:
        """h + 2 ridge, shape (r,): the Hessian of the penalized loss at f = 0."""
        return self.features.curvature + 2.0 * self.kernel.ridge

    def fit_together(self, data_sets: Sequence[FloatArray]) -> list[FitResult]:
        """The fits of raw data sets (n, d), in portions of `n_together`."""
        results: list[FitResult] = []
        for first in range(0, len(data_sets), self.n_together):
            portion = data_sets[first : first + self.n_together]
            sums = self.sums(portion)
            minima = self._scored(sums) if self.kernel.is_score else self._converged(sums)
            results += [self._result(minima, row, events.shape[0]) for row, events in enumerate(portion)]
        return results

    def _scored(self, sums: FloatArray) -> Minima:
        """The minima of the second-order expansions at f = 0, which one step reaches."""
        b = sums - self.features.mean
        rows, params = b.shape[0], b / self.scale
        nothing = np.zeros(rows)
        return Minima(params, -0.5 * np.sum(b * params, axis=1), nothing, nothing, np.ones(rows, dtype=np.int64))

    def _converged(self, sums: FloatArray) -> Minima:
        losses = PenalizedLosses(self.reference, self.features, sums=sums, ridge=self.kernel.ridge)
        return _NEWTON.run(losses, np.zeros_like(sums), self.scale)

    def evaluate_t(self, events: FloatArray, params: FloatArray) -> float:
        """t at parameters a (m,) for raw data (n, d): -2 (L + ridge a^T K a) on all events, or its expansion."""
        analysis, features = self._analysis, self.features
        alpha = features.coefficients(params)
        if self.kernel.is_score:
            b = self.sums([events])[0] - features.mean
            return float(2.0 * alpha @ b - alpha @ (self.scale * alpha))
        at_reference = analysis.log_ratio(analysis.reference.events, params)
        loss = analysis.reference.event_weights @ np.expm1(at_reference) - np.sum(analysis.log_ratio(events, params))
        return float(-2.0 * (loss + self.kernel.ridge * alpha @ alpha))

    def _result(self, minima: Minima, row: int, n_events: int) -> FitResult:
        t, excess, residual = -2.0 * minima.value[row] + 0.0, float(minima.excess[row]), float(minima.residual[row])
        status, nan = self._status(t, excess, residual), float("nan")
        return FitResult(
            t=nan if status.is_failure else float(t),
            tau=nan if status.is_failure else float(t),
            delta=nan if status.is_failure else 0.0,
            params=self.features.mix @ minima.params[row],
            status=status,
            newton_decrement=excess,
            least_curvature=2.0 * self.kernel.ridge,
            kkt_residual=residual,
            share_at_bound=0.0,
            n_starts=1,
            start_gap=nan,
            start_t=np.array([t]),
            attempts=(Attempt(status, float(t)),),
            n_iterations=int(minima.n_iterations[row]),
            n_events=n_events,
            fingerprint=self._analysis.fingerprint(),
        )

    def _status(self, t: float, excess: float, residual: float) -> FitStatus:
        search = self._analysis.search
        if not (np.isfinite(t) and np.isfinite(excess)):
            return FitStatus.NON_FINITE
        is_certified = excess < search.decrement_tolerance and residual < search.kkt_tolerance
        return FitStatus.CONVERGED if is_certified else FitStatus.NOT_CONVERGED


class PenalizedLosses:
    """J[alpha] = sum_R w (exp(f) - 1) - alpha . sum_D phi + ridge |alpha|^2 of k data sets, for `NewtonCG`.

    Args:
        reference, features: of the analysis.
        sums: sum_D phi, shape (k, r).
        ridge: of the kernel.
    """

    def __init__(self, reference: Reference, features: Features, *, sums: FloatArray, ridge: float) -> None:
        self._reference, self._features, self._sums, self._ridge = reference, features, sums, ridge

    @property
    def modulus(self) -> float:
        """2 ridge: no Hessian has a smaller eigenvalue, since w exp(f) is positive."""
        return 2.0 * self._ridge

    def expand(self, params: FloatArray, lanes: IntArray) -> Expansion:
        """The losses ``lanes`` (k,) at alpha (k, r)."""
        if not np.any(params):
            return self._expand_at_zero(lanes)
        sums, weights = self._sums[lanes], self._reference.weights
        tilted = np.empty((weights.size, params.shape[0]))
        value = self._ridge * np.sum(params**2, axis=1) - np.sum(params * sums, axis=1)
        coefficients = self._reference.spread(self._features, params)
        totals = np.zeros_like(coefficients.T)
        for piece, rows in self._reference.pieces(self._features):
            # Where f is so large the loss is rejected anyway.
            excess = np.expm1(np.minimum(piece @ coefficients, _EXPONENT_LIMIT))
            value += weights[rows] @ excess
            tilted[rows] = weights[rows, None] * (excess + 1.0)
            totals += tilted[rows].T @ piece
        gradient = 2.0 * self._ridge * params - sums + self._reference.gathered(self._features, totals)

        def product(vectors: FloatArray, some: IntArray) -> FloatArray:
            coefficients = self._reference.spread(self._features, vectors)
            totals = np.zeros_like(coefficients.T)
            for piece, rows in self._reference.pieces(self._features):
                totals += (tilted[rows][:, some] * (piece @ coefficients)).T @ piece
            return 2.0 * self._ridge * vectors + self._reference.gathered(self._features, totals)

        return Expansion(value, gradient, product)

    def _expand_at_zero(self, lanes: IntArray) -> Expansion:
        """At f = 0, where fits start, no event is needed: the Hessian is h + 2 ridge, on the diagonal."""
        scale = self._features.curvature + self.modulus
        gradient = self._features.mean - self._sums[lanes]
        return Expansion(np.zeros(lanes.size), gradient, lambda vectors, some: vectors * scale)


def _refuse_negative_weights(analysis: Analysis) -> None:
    if analysis.reference.has_negative_weights:
        n_negative = int(np.sum(analysis.reference.event_weights < 0))
        raise InputError(
            f"a kernel needs a reference without negative weights, but {n_negative:,} of "
            f"{analysis.reference.n_events:,} events have one: the loss is then neither convex nor bounded; "
            "use a wilks.MLP, whose box bounds it, or an unweighted reference"
        )
