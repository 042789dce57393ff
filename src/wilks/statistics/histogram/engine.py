"""The engine of a histogram without nuisances: counts in bins, and t in closed form.

With f = f_k in bin k and 0 outside all bins, b_k = sum of the reference weights in k and n_k data events there,

    L[f] = sum_k [ b_k (e^f_k - 1) - n_k f_k ],   f_k = log(n_k / b_k),
    t = 2 sum_k [ n_k log(n_k / b_k) - n_k + b_k ].

A bin without data has f_k = -inf, at which L is b_k below 0.
"""

import abc
from collections.abc import Sequence

import numpy as np

from wilks.optimize.certificate import Certificate
from wilks.problem import Problem
from wilks.samples import Sample
from wilks.statistics.base import Parts
from wilks.statistics.fits import Data, DeltaFit, FitResult, Found, fit_result
from wilks.statistics.histogram.bins import Bins
from wilks.statistics.histogram.contents import Contents, counts_in
from wilks.statistics.histogram.deviance import deviance, gain, log_ratios
from wilks.statistics.histogram.law import HistogramLaw, histogram_law
from wilks.statistics.histogram.nature import nature_of
from wilks.typing import FloatArray

_NOTHING = np.empty(0)
_TOGETHER = 256


class BinnedEngine(abc.ABC):
    """What fits without nuisances share whose f is constant in bins: the reference and data by bins.

    Args:
        problem: what is fitted.
        bins: of events.
    """

    def __init__(self, problem: Problem, bins: Bins) -> None:
        self.problem, self.bins = problem, bins
        self.contents = Contents.of(bins, problem, problem.reference)

    @property
    def n_together(self) -> int:
        """Their counts are small."""
        return _TOGETHER

    @property
    def expected(self) -> FloatArray:
        """b, shape (k,)."""
        return self.contents.sums[:-1]

    def counts(self, data: Data) -> FloatArray:
        """n, shape (k,)."""
        return counts_in(self.bins, self.problem, data.events)[:-1].astype(np.float64)

    def evaluate(self, data: Data, at: FitResult) -> Parts:
        """tau at the f of a fit."""
        f = at.params
        return Parts(2.0 * (gain(self.counts(data), f) - float(self.expected @ np.expm1(f))), 0.0)

    @abc.abstractmethod
    def fit(self, data: Sequence[Data]) -> list[FitResult]:
        """The fits of these data sets."""


class HistogramEngine(BinnedEngine):
    """The fits of one problem and a histogram without nuisances; `ProfiledHistogramEngine` has them."""

    def fit(self, data: Sequence[Data]) -> list[FitResult]:
        return [self._fit(one) for one in data]

    def law(self, *, pool: Sample | None, n_events: int | None = None) -> HistogramLaw:
        """The null law of t, given this reference as far as a pool tells."""
        nature, total = nature_of(self.bins, self.problem, pool), self.problem.expected_events
        is_open = bool(np.any(self.problem.reference.event_weights < 0))
        return histogram_law(self.contents, nature, total=total, n_events=n_events, is_open=is_open)

    def _fit(self, data: Data) -> FitResult:
        counts = self.counts(data)
        f = log_ratios(counts, self.expected)
        found = Found(
            t=float(np.sum(deviance(counts, self.expected))),
            params=f,
            z=_NOTHING,
            variances=_NOTHING,
            certificate=certificate_of(counts, self.expected * np.exp(f)),
            n_iterations=0,
        )
        return fit_result(self.problem, found, delta=DeltaFit.of_none(), data=data)


def certificate_of(counts: FloatArray, reached: FloatArray) -> Certificate:
    """That of f at which the bins expect ``reached`` events (k,): gradient and curvature of bins with data.

    In a bin without data f is at its end, minus infinity, where both are 0.
    """
    is_filled = counts > 0
    slopes, curvatures = (reached - counts)[is_filled], reached[is_filled]
    return Certificate(
        newton_decrement=float(np.sum(slopes**2 / curvatures)),
        least_curvature=float(np.min(curvatures)) if curvatures.size else 0.0,
        kkt_residual=float(np.max(np.abs(slopes), initial=0.0)),
        share_at_bound=0.0,
    )
