"""The fit of a kernel: converged, or its first Newton step, for many data sets at once."""

from collections.abc import Sequence

import numpy as np

from wilks.analysis import Analysis
from wilks.errors import InputError
from wilks.fitting.convex_result import convex_result
from wilks.fitting.features import Features, Reference, reference_and_features
from wilks.fitting.result import FitResult
from wilks.fitting.sums import feature_sums
from wilks.models import Kernel
from wilks.optimize import Expansion, Minima, NewtonCG
from wilks.typing import FloatArray, IntArray

NEWTON = NewtonCG()
_MOST_TOGETHER, _LANE_NUMBERS = 256, 2**26  # 512 MiB
_EXPONENT_LIMIT = 700.0


class KernelEngine:
    """The features of one analysis with a kernel, and the fits without nuisances that share them.

    Args:
        analysis: with a `Kernel` as its model.
        is_condensed: whether few points may stand for the events of a reference of one feature.

    Raises:
        InputError: negative reference weights, with which the loss has no lower bound where events are few.
    """

    def __init__(self, analysis: Analysis, *, is_condensed: bool = True) -> None:
        assert isinstance(analysis.model, Kernel)
        refuse_negative_weights(analysis)
        self._analysis, self.kernel = analysis, analysis.model
        placement = self.kernel.placement
        self.reference, self.features = reference_and_features(analysis, placement, is_condensed=is_condensed)
        self._sums = feature_sums(self.features)

    @property
    def n_together(self) -> int:
        """Data sets that may be fitted side by side: each takes a number for each point of the reference."""
        return n_side_by_side(self.reference)

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

    def fit_together(
        self, data_sets: Sequence[FloatArray], observed: Sequence[FloatArray] | None = None
    ) -> list[FitResult]:
        """The fits of raw data sets (n, d), in portions of `n_together`; nothing was ``observed`` without nuisances."""
        results: list[FitResult] = []
        for first in range(0, len(data_sets), self.n_together):
            portion = data_sets[first : first + self.n_together]
            sums = self.sums(portion)
            minima = self._scored(sums) if self.kernel.is_score else self._converged(sums)
            results += [self._result(minima, row, events.shape[0]) for row, events in enumerate(portion)]
        return results

    def _scored(self, sums: FloatArray) -> Minima:
        return score_minima(sums - self.features.mean, self.scale)

    def _converged(self, sums: FloatArray) -> Minima:
        losses = PenalizedLosses(self.reference, self.features, sums=sums, ridge=self.kernel.ridge)
        return NEWTON.run(losses, np.zeros_like(sums), self.scale)

    def evaluate_tau(
        self,
        events: FloatArray,
        params: FloatArray,
        *,
        nuisances: FloatArray | None = None,
        observed: FloatArray | None = None,
    ) -> float:
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
        return convex_result(
            self._analysis,
            t=float(-2.0 * minima.value[row] + 0.0),
            params=self.features.mix @ minima.params[row],
            excess=float(minima.excess[row]),
            residual=float(minima.residual[row]),
            least_curvature=2.0 * self.kernel.ridge,
            n_iterations=int(minima.n_iterations[row]),
            n_events=n_events,
        )


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


def score_minima(b: FloatArray, scale: FloatArray) -> Minima:
    """The minima of the second-order expansions at f = 0 with gradients -b (k, r), which one step reaches."""
    params, nothing = b / scale, np.zeros(b.shape[0])
    return Minima(params, -0.5 * np.sum(b * params, axis=1), nothing, nothing, np.ones(b.shape[0], dtype=np.int64))


def n_side_by_side(reference: Reference) -> int:
    """Data sets that may be fitted side by side: each takes a number for each point of the reference."""
    return int(np.clip(_LANE_NUMBERS // reference.weights.size, 1, _MOST_TOGETHER))


def refuse_negative_weights(analysis: Analysis) -> None:
    """Raise where the loss of a kernel has no lower bound.

    Raises:
        InputError: negative reference weights.
    """
    if analysis.reference.has_negative_weights:
        n_negative = int(np.sum(analysis.reference.event_weights < 0))
        raise InputError(
            f"a kernel needs a reference without negative weights, but {n_negative:,} of "
            f"{analysis.reference.n_events:,} events have one: the loss is then neither convex nor bounded; "
            "use a wilks.MLP, whose box bounds it, or an unweighted reference"
        )
