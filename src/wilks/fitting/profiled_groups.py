"""Kernels of one width with nuisances: the expansions of their loss, their statistics, and the covariance of those."""

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np

from wilks.analysis import Analysis
from wilks.fitting.features import Reference
from wilks.fitting.kernel_responses import KernelResponse, is_faithful
from wilks.fitting.kernel_scores import ScoreForm, score_forms
from wilks.fitting.objectives import Own
from wilks.fitting.width_groups import WidthGroup
from wilks.models import Kernel
from wilks.typing import FloatArray


class Step(NamedTuple):
    """The minimum of an expansion: q, alpha (r,) and z (j,)."""

    q: float
    alpha: FloatArray
    z: FloatArray


class _Squares(NamedTuple):
    """The reference with the squares of its weights, and the response there."""

    reference: Reference
    response: KernelResponse


class ProfiledGroup:
    """The kernels of one width with the response at the points of their reference.

    Args:
        analysis: with nuisances.
        kernels: placed alike.

    Raises:
        InputError: negative reference weights, as for `WidthGroup`.
    """

    def __init__(self, analysis: Analysis, kernels: Sequence[Kernel]) -> None:
        self._analysis, self.kernels = analysis, kernels
        plain = WidthGroup(analysis, kernels)
        self.is_condensed = is_faithful(analysis, plain.reference)
        self.plain = plain if self.is_condensed else WidthGroup(analysis, kernels, is_condensed=False)
        self.reference, self.features = self.plain.reference, self.plain.features
        self.response = KernelResponse(analysis, self.reference)

    def sums(self, data_sets: Sequence[FloatArray]) -> FloatArray:
        """sum_D phi of raw data sets (n, d), shape (k, r)."""
        return self.plain.sums([self._analysis.standardization.apply(events) for events in data_sets])

    def forms(self, z: FloatArray, observed: FloatArray) -> list[ScoreForm]:
        """For each ridge the expansion of the loss at f = 0 and z (j,); nuisances at their edge are held there."""
        lower, upper = self._analysis.nuisances.bounds
        is_free = ((z > lower) & (z < upper)).astype(np.float64)
        ridges = [kernel.ridge for kernel in self.kernels]
        shared = (self.reference, self.features, self.response)
        return score_forms(*shared, ridges=ridges, z=z, observed=observed, is_free=is_free)

    def slope(self, form: ScoreForm, own: Own) -> FloatArray:
        """u, the slope of minus the loss in z at f = 0, shape (j,)."""
        gradient: FloatArray = self.response.own_at(form.z, own).gradient - form.weights @ form.slopes
        return gradient

    def step(self, form: ScoreForm, sums: FloatArray, own: Own) -> Step:
        """The minimum of an expansion for sum_D phi (r,) and the data."""
        slope = self.slope(form, own)
        b = form.residual(sums, slope)
        alpha = form.coefficients(b)
        return Step(float(b @ alpha), alpha, form.z + form.step(alpha, slope))

    def effective_blocks(self, form: ScoreForm) -> Iterator[tuple[FloatArray, FloatArray]]:
        """psi (c, r), in coordinates in which A is 1, with the weights w' (c,)."""
        for phi, rows in self.reference.blocks(self.features):
            yield form.effective(phi, form.slopes[rows]), form.weights[rows]

    def covariance(self, form: ScoreForm) -> FloatArray:
        """Cov b over data and references, were the nuisances of the expansion the true ones, in those coordinates.

        See `wilks.laws.profiled_score`.
        """
        turned = form.whitened(form.pull.T)
        total = turned.T @ form.information @ turned + self._fluctuations(form)
        for psi, weights in self.effective_blocks(form):
            total += (weights[:, None] * psi).T @ psi
        return total

    def moments(self, form: ScoreForm) -> tuple[float, float]:
        """E q and Var q = 2 tr V^2 + sum_R w' |psi|^4 there, V = Cov b."""
        covariance = self.covariance(form)
        fourth = sum(weights @ np.sum(psi**2, axis=1) ** 2 for psi, weights in self.effective_blocks(form))
        return float(np.trace(covariance)), float(2.0 * np.sum(covariance**2) + fourth)

    def _fluctuations(self, form: ScoreForm) -> FloatArray:
        """The third term of Cov b."""
        squares = self._squares
        total_weight = float(self.reference.weights @ np.exp(self.response.learned(form.z)))
        sums = form.effective(form.mean[None], (form.weights @ form.slopes)[None])
        at, learned = squares.response.at(form.z), squares.response.learned(form.z)
        is_free = np.diag(form.covariance) > 0
        ratio, weights = np.exp(at.log_ratio - learned), squares.reference.weights * np.exp(2.0 * learned)
        covariance = np.zeros((form.mean.size, form.mean.size))
        for phi, rows in squares.reference.blocks(self.features):
            psi = form.effective(phi, at.slopes[rows] * is_free)
            away = ratio[rows, None] * psi - sums / total_weight
            covariance += (away * weights[rows, None]).T @ away
        return covariance

    @cached_property
    def _squares(self) -> _Squares:
        analysis, width = self._analysis, self.features.placement.width
        events, weights = analysis.standardization.apply(analysis.reference.events), analysis.reference.event_weights
        reference = Reference(events, weights**2, width=width, is_condensed=self.is_condensed)
        return _Squares(reference, KernelResponse(analysis, self.reference, points=reference))
