"""Kernels of one width: what their fits share, converged or of one Newton step, for many data sets at once."""

from collections.abc import Sequence

import numpy as np

from wilks.analysis import Analysis
from wilks.errors import InputError
from wilks.fitting.features import reference_and_features
from wilks.fitting.penalized_losses import PenalizedLosses
from wilks.fitting.sums import feature_sums
from wilks.models import Kernel
from wilks.optimize import Minima, NewtonCG
from wilks.typing import FloatArray

_NEWTON = NewtonCG()
_MOST_TOGETHER, _LANE_NUMBERS = 256, 2**26  # 512 MiB
_BLOCK_NUMBERS = 2**22  # 32 MiB


class WidthGroup:
    """The kernels of one width: one set of features, in which each ridge has a diagonal Hessian h + 2 ridge.

    Args:
        analysis: what they belong to.
        kernels: placed alike.
    """

    def __init__(self, analysis: Analysis, kernels: Sequence[Kernel], *, is_condensed: bool = True) -> None:
        _refuse_negative_weights(analysis)
        self._analysis, self.kernels, placement = analysis, kernels, kernels[0].placement
        self.reference, self.features = reference_and_features(analysis, placement, is_condensed=is_condensed)
        self._sums = feature_sums(self.features)
        self.scales = self.features.curvature + 2.0 * np.array([[kernel.ridge] for kernel in kernels])

    @property
    def n_together(self) -> int:
        """Data sets that may be fitted side by side: each takes a number for each point of the reference."""
        return int(np.clip(_LANE_NUMBERS // self.reference.weights.size, 1, _MOST_TOGETHER))

    def sums(self, data_sets: Sequence[FloatArray]) -> FloatArray:
        """sum_D phi of standardized data sets (n, d), shape (k, r)."""
        return self._sums.sums(data_sets)

    def score(self, sums: FloatArray) -> FloatArray:
        """q = sum_j b_j^2 / (h_j + 2 ridge) with b = sum_D phi - sum_R w phi, for each ridge, shape (k, ridges)."""
        q: FloatArray = (sums - self.features.mean) ** 2 @ (1.0 / self.scales).T
        return q

    def minima(self, sums: FloatArray) -> list[Minima]:
        """For each ridge those of all data sets."""
        if self.kernels[0].is_score:
            return [_score_minima(sums - self.features.mean, scale) for scale in self.scales]
        pairs = zip(self.kernels, self.scales, strict=True)
        return [self._converged(sums, scale, kernel.ridge) for kernel, scale in pairs]

    def evaluate_t(self, events: FloatArray, params: FloatArray) -> FloatArray:
        """t at parameters a (ridges, m) for standardized data (n, d): -2 (L + ridge a^T K a) on all events, or its
        expansion; shape (ridges,).
        """
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
        return _NEWTON.run(losses, np.zeros_like(sums), scale)


def _score_minima(b: FloatArray, scale: FloatArray) -> Minima:
    """The minima of the second-order expansions at f = 0 with gradients -b (k, r), which one step reaches."""
    params, nothing = b / scale, np.zeros(b.shape[0])
    return Minima(params, -0.5 * np.sum(b * params, axis=1), nothing, nothing, np.ones(b.shape[0], dtype=np.int64))


def _refuse_negative_weights(analysis: Analysis) -> None:
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
