"""The engine of a scan with nuisances: bounds on all regions, and fits of those that may be the best."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from wilks.optimize.numpy_newton import NumpyNewton
from wilks.problem import Problem
from wilks.statistics.fits import Data, DeltaFit, FitResult, Found, fit_result
from wilks.statistics.found import FoundRegion
from wilks.statistics.histogram.bins import Grid
from wilks.statistics.histogram.deviance import log_ratios
from wilks.statistics.histogram.profiled_engine import BinnedProfiledEngine, certified, nothing_found
from wilks.statistics.histogram.profiled_loss import ProfiledLoss
from wilks.statistics.points import Own
from wilks.statistics.scan.bounds import Expander, tightest
from wilks.statistics.scan.places import found_region
from wilks.statistics.scan.regions import Regions
from wilks.typing import BoolArray, FloatArray, IntArray

_NEWTON = NumpyNewton(tolerance=1e-10)
CERTAIN = 1e-6  # of t: a region that may be better by less is not fitted


class RegionPoints(NamedTuple):
    """The points of a reference with one bin, the region, in which those at ``rows`` lie."""

    weights: FloatArray
    rows: IntArray

    def sums(self, values: FloatArray) -> FloatArray:
        """Over the region, of values (n, ...): shape (1, ...)."""
        total: FloatArray = np.sum(values[self.rows], axis=0)
        return total[None]

    def spread(self, values: FloatArray, outside: float) -> FloatArray:
        """The value of the region (1, ...) at its points, shape (n, ...)."""
        spread = np.full((self.weights.size, *values.shape[1:]), outside)
        spread[self.rows] = values[0]
        return spread


class RegionFit(NamedTuple):
    """The end of the fit of one region: its loss and z (j,), t and what that may be at most, and the steps it took."""

    region: int
    loss: ProfiledLoss
    z: FloatArray
    t: float
    upper: float
    n_iterations: int


class ProfiledScanEngine(BinnedProfiledEngine):
    """The fits of one problem with nuisances and a scan.

    t = max_r t_r, t_r the difference of the loss at two points, (0, nu_hat) of Delta and the best of f_r and nu. A
    region counts if it deviates to the side that is looked at, at the nuisances of Delta. Bounds from an expansion at
    these (`wilks.statistics.scan.bounds`) say which regions may have the largest t_r; the likeliest is fitted by
    Newton's method on all events, an expansion about its nuisances tightens the bounds of the others, and so on until
    none that was not fitted can exceed the best by 1e-6. What any may exceed it by is in the certificate.

    Args:
        problem: with nuisances.
        bins: elementary ones.
        regions: of these bins, with a positive sum of reference weights in each.
    """

    def __init__(self, problem: Problem, bins: Grid, regions: Regions) -> None:
        super().__init__(problem, bins)
        self.grid, self.regions = bins, regions

    def region_fits(self, data: Data, own: Own, delta: DeltaFit) -> "RegionFits":
        """The fits of regions for one data set and its Delta, of which none is made yet."""
        return RegionFits(self, self.counts(data), own=own, delta=delta)

    def _fit(self, data: Data) -> FitResult:
        own = self.delta.points.own(data)
        delta = self.delta.fit(own)
        if not delta.is_finite:
            return fit_result(self.problem, nothing_found(delta, self.bins.n_bins), delta=delta, data=data)
        fits = self.region_fits(data, own, delta)
        fits.run()
        if not fits.done:
            nothing = np.zeros(self.bins.n_bins)
            found = Found(0.0, nothing, delta.z, delta.variances, delta.certificate, n_iterations=0)
            return fit_result(self.problem, found, delta=delta, data=data)
        found, region = fits.found(self.problem.reference.features)
        return fit_result(self.problem, found, delta=delta, data=data, regions=(region,))


class RegionFits:
    """The regions of one data set: those that were fitted, and bounds on the others.

    Args:
        engine: of the problem.
        counts: n in the bins, shape (k,).
        own, delta: the data with their auxiliary measurements, and their fit with f = 0.
    """

    def __init__(self, engine: ProfiledScanEngine, counts: FloatArray, *, own: Own, delta: DeltaFit) -> None:
        self._engine, self._counts, self._own = engine, counts, own
        self._of_regions = engine.regions.sums(counts)
        self._expander = Expander(engine.points, engine.responses, own, engine.regions)
        first = self._expander.at(delta.z)
        self._at_delta = first.value
        self.is_counted = engine.regions.counted(self._of_regions, first.expected)
        self._bounds = [first.bounds(self._of_regions, at_delta=self._at_delta)]
        self._starts = [delta.z]
        self.bounds = self._bounds[0]
        self.done: dict[int, RegionFit] = {}

    def run(self) -> None:
        """Fit regions until the largest t is certain."""
        open_ = self._open()
        while np.any(open_):
            index = int(np.argmax(np.where(open_, self.bounds.estimate, -np.inf)))
            self.done[index] = end = self.fit(index)
            open_ = self._open()
            if np.any(open_):
                self._expand(end.z)
                open_ = self._open()

    def fit(self, index: int) -> RegionFit:
        """By Newton's method on all events, from the expansion with the largest lower bound."""
        rows = self._rows(index)
        points = RegionPoints(self._engine.points.weights, rows)
        loss = ProfiledLoss(points, self._engine.responses, self._of_regions[index : index + 1], self._own)
        start = self._starts[int(np.argmax([one.lower[index] for one in self._bounds]))]
        end = _NEWTON.run(loss, start[None])
        t, gap = 2.0 * (self._at_delta - float(end.value[0])) + 0.0, float(end.gap[0])
        t, upper = (t, t + gap) if np.isfinite(t) and np.isfinite(gap) else (-np.inf, np.inf)
        return RegionFit(index, loss, end.params[0], t, upper, int(end.n_iterations[0]))

    def found(self, features: Sequence[str]) -> tuple[Found, FoundRegion]:
        """The best region, with what t may lack by it or any other as its Newton decrement."""
        best = max(self.done.values(), key=lambda one: one.t)
        at, bins = best.loss.at(best.z), self._engine.regions.bins_of(best.region)
        certificate, spread = certified(best.loss, at.z, at.gradient[0], at.hessian)
        rest = np.where(self._unfitted(), self.bounds.upper, -np.inf)
        upper = max(float(np.max(rest)), *(one.upper for one in self.done.values()))
        missing = float(np.maximum(certificate.newton_decrement, upper - best.t))
        share = certificate.share_at_bound * (at.z.size + 1) / (at.z.size + self._counts.size)
        params = np.zeros(self._counts.size)
        params[bins] = log_ratios(best.loss.counts, at.expected)
        found = Found(
            t=best.t,
            params=params,
            z=at.z,
            variances=spread,
            certificate=certificate._replace(newton_decrement=missing, share_at_bound=share),
            n_iterations=sum(one.n_iterations for one in self.done.values()),
        )
        counts = float(best.loss.counts[0]), float(at.expected[0])
        engine = self._engine
        return found, found_region(engine.grid, engine.regions, best.region, counts=counts, features=features)

    def _unfitted(self) -> BoolArray:
        unfitted = self.is_counted.copy()
        unfitted[list(self.done)] = False
        return unfitted

    def _open(self) -> BoolArray:
        """Which regions may be better than the best of those that were fitted, (r,)."""
        best = max((one.t for one in self.done.values()), default=-np.inf)
        return self._unfitted() & ~(self.bounds.upper <= best + CERTAIN)

    def _expand(self, z: FloatArray) -> None:
        if not np.all(np.isfinite(z)):
            return
        self._starts.append(z)
        self._bounds.append(self._expander.at(z).bounds(self._of_regions, at_delta=self._at_delta))
        self.bounds = tightest(self._bounds)

    def _rows(self, index: int) -> IntArray:
        """The points of the reference that lie in a region."""
        starts = self._engine.points.starts
        rows = [np.arange(starts[k], starts[k + 1]) for k in self._engine.regions.bins_of(index)]
        return np.concatenate(rows)
