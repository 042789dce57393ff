"""The engine of a histogram with nuisances: f in closed form at every nu, and Newton's method in nu.

What it shares with a scan stands in `BinnedProfiledEngine`.
"""

import abc
from collections.abc import Sequence
from typing import Any

import numpy as np

from wilks.optimize.certificate import Certificate, certify_by, variances
from wilks.optimize.numpy_newton import NumpyNewton
from wilks.optimize.problem import Box
from wilks.problem import Problem
from wilks.statistics.base import Parts
from wilks.statistics.delta import Delta
from wilks.statistics.fits import Data, DeltaFit, FitResult, Found, fit_result
from wilks.statistics.histogram.bins import Bins
from wilks.statistics.histogram.contents import counts_in
from wilks.statistics.histogram.deviance import log_ratios
from wilks.statistics.histogram.profiled_loss import BinnedPoints, ProfiledLoss
from wilks.statistics.points import ProblemPoints
from wilks.statistics.responses import Responses
from wilks.typing import FloatArray

_NEWTON = NumpyNewton(tolerance=1e-10)


class BinnedProfiledEngine(abc.ABC):
    """What fits with nuisances share whose f is constant in bins: Delta, the reference by bins, and its responses.

    Args:
        problem: with nuisances.
        bins: of events.
    """

    def __init__(self, problem: Problem, bins: Bins) -> None:
        self.problem, self.bins = problem, bins
        self.delta = Delta(problem, ProblemPoints(problem))
        self.points = BinnedPoints.of(bins, problem)
        self.responses = Responses(problem, self.points.events, self.points.weights)

    @property
    def n_together(self) -> int:
        """Data sets are fitted one by one."""
        return 1

    def fit(self, data: Sequence[Data]) -> list[FitResult]:
        """The fits of these data sets."""
        return [self._fit(one) for one in data]

    def evaluate(self, data: Data, at: FitResult) -> Parts:
        """tau and Delta at the f and the nuisances of a fit."""
        loss, sigmas = self.loss(data), self.problem.nuisances.sigmas
        at_tau, at_delta = (
            np.array([one.value for one in found]) / sigmas for found in (at.nuisances, at.delta_nuisances)
        )
        return Parts(-2.0 * loss.of(at.params, at_tau), -2.0 * self.delta.value(at_delta, loss.own))

    def loss(self, data: Data) -> ProfiledLoss:
        """The loss of f in all bins and of nu."""
        return ProfiledLoss(self.points, self.responses, self.counts(data), self.delta.points.own(data))

    def counts(self, data: Data) -> FloatArray:
        """Events in each bin (k,)."""
        return counts_in(self.bins, self.problem, data.events)[:-1].astype(np.float64)

    @abc.abstractmethod
    def _fit(self, data: Data) -> FitResult: ...


class ProfiledHistogramEngine(BinnedProfiledEngine):
    """The fits of one problem with nuisances and a histogram.

    t is the difference of the loss at two points, (0, nu_hat) of Delta and the best of f and nu together, on the same
    events of the reference, so that it is not negative; tau = t + Delta. The descent begins at the nuisances of Delta.
    """

    def _fit(self, data: Data) -> FitResult:
        loss = self.loss(data)
        delta = self.delta.fit(loss.own)
        found = self._found(loss, delta) if delta.is_finite else nothing_found(delta, self.bins.n_bins)
        return fit_result(self.problem, found, delta=delta, data=data)

    def _found(self, loss: ProfiledLoss, delta: DeltaFit) -> Found:
        end = _NEWTON.run(loss, delta.z[None])
        at = loss.at(end.params[0])
        certificate, spread = certified(loss, at.z, at.gradient[0], at.hessian)
        return Found(
            t=2.0 * (loss.at(delta.z).without_f - float(at.value[0])) + 0.0,
            params=log_ratios(loss.counts, at.expected),
            z=at.z,
            variances=spread,
            certificate=certificate,
            n_iterations=int(end.n_iterations[0]),
        )


def certified(
    loss: ProfiledLoss, z: FloatArray, gradient: FloatArray, hessian: FloatArray
) -> tuple[Certificate, FloatArray]:
    """What is known of the end of a descent, and the variances of its nuisances (j,).

    At their best f the gradient in f is 0, so that the decrement in z is that in both together.
    """
    if not (np.all(np.isfinite(hessian)) and np.all(np.isfinite(gradient))):
        nan = float("nan")
        return Certificate(nan, nan, nan, 0.0), np.full(z.size, nan)
    sides: Any = loss.bounds
    state = (z, gradient, hessian, Box(*sides))
    found = Certificate(*(float(x) for x in certify_by(*state)))
    share = found.share_at_bound * z.size / (z.size + loss.counts.size)
    return found._replace(share_at_bound=share), np.asarray(variances(*state))


def nothing_found(delta: DeltaFit, n_bins: int) -> Found:
    """What there is where Delta has no finite end."""
    nan = float("nan")
    nowhere = np.full(delta.z.size, nan)
    return Found(nan, np.zeros(n_bins), delta.z, nowhere, Certificate(nan, nan, nan, 0.0), 0)
