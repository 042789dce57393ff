"""The fit of a kernel: converged, or its first Newton step, for many data sets at once."""

from collections.abc import Sequence

from wilks.analysis import Analysis
from wilks.fitting.convex_result import convex_result
from wilks.fitting.result import FitPoint, FitResult
from wilks.fitting.width_groups import WidthGroup
from wilks.models import Kernel
from wilks.optimize import Minima
from wilks.typing import FloatArray


class KernelEngine:
    """The features of one analysis with a kernel, and the fits without nuisances that share them.

    Args:
        analysis: with a `Kernel` as its model.

    Raises:
        InputError: negative reference weights, with which the loss has no lower bound where events are few.
    """

    def __init__(self, analysis: Analysis) -> None:
        assert isinstance(analysis.model, Kernel)
        self._analysis, self.kernel = analysis, analysis.model
        self._group = WidthGroup(analysis, [self.kernel])
        self.reference, self.features = self._group.reference, self._group.features

    @property
    def n_together(self) -> int:
        """Data sets that may be fitted side by side."""
        return self._group.n_together

    @property
    def scale(self) -> FloatArray:
        """h + 2 ridge, shape (r,): the Hessian of the penalized loss at f = 0."""
        scale: FloatArray = self._group.scales[0]
        return scale

    def sums(self, data_sets: Sequence[FloatArray]) -> FloatArray:
        """sum_D phi of raw data sets (n, d), shape (k, r)."""
        return self._group.sums([self._analysis.standardization.apply(events) for events in data_sets])

    def score(self, data_sets: Sequence[FloatArray]) -> FloatArray:
        """q of raw data sets (n, d), shape (k,)."""
        q: FloatArray = self._group.score(self.sums(data_sets))[:, 0]
        return q

    def fit_together(
        self, data_sets: Sequence[FloatArray], observed: Sequence[FloatArray] | None = None
    ) -> list[FitResult]:
        """The fits of raw data sets (n, d), in portions of `n_together`; nothing was ``observed`` without nuisances."""
        results: list[FitResult] = []
        for first in range(0, len(data_sets), self.n_together):
            portion = data_sets[first : first + self.n_together]
            (minima,) = self._group.minima(self.sums(portion))
            results += [self._result(minima, row, events.shape[0]) for row, events in enumerate(portion)]
        return results

    def evaluate_tau(self, events: FloatArray, at: FitPoint) -> float:
        """t at parameters a (m,) for raw data (n, d)."""
        return float(self._group.evaluate_t(self._analysis.standardization.apply(events), at.params[None])[0])

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
