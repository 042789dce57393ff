"""The engine of a scan without nuisances: sums of counts over all regions, and the largest likelihood ratio.

With f = f_r in region r and 0 elsewhere, b_r = sum of the reference weights in r and n_r data events there,

    t = max_r 2 [ n_r log(n_r / b_r) - n_r + b_r ],   f_r = log(n_r / b_r).
"""

from collections.abc import Iterator, Sequence

import numpy as np

from wilks.problem import Problem
from wilks.statistics.fits import Data, DeltaFit, FitResult, Found, fit_result
from wilks.statistics.found import FoundRegion
from wilks.statistics.histogram.bins import Grid
from wilks.statistics.histogram.deviance import deviance, log_ratios
from wilks.statistics.histogram.engine import BinnedEngine, certificate_of
from wilks.statistics.scan.places import found_region
from wilks.statistics.scan.regions import NONE, Regions
from wilks.typing import FloatArray, IntArray

_NOTHING = np.empty(0)
_VALUES = 1 << 21


class ScanEngine(BinnedEngine):
    """The fits of one problem without nuisances; `ProfiledScanEngine` has them.

    Args:
        problem: what is fitted.
        bins: elementary ones.
        regions: of these bins, with a positive sum of reference weights in each.
    """

    def __init__(self, problem: Problem, bins: Grid, regions: Regions) -> None:
        super().__init__(problem, bins)
        self.grid, self.regions = bins, regions
        self._of_regions = regions.sums(self.expected)

    def fit(self, data: Sequence[Data]) -> list[FitResult]:
        if not data:
            return []
        counts = np.stack([self.counts(one) for one in data])
        return [self._fit(*each) for each in zip(data, counts, self.best(counts).tolist(), strict=True)]

    def best(self, counts: FloatArray) -> IntArray:
        """The region of the largest likelihood ratio, for counts in the bins (m, k): (m,); `NONE` where none deviates.

        Of equal ones the first.
        """
        found = [self._best(rows) for rows in self._rows(counts)]
        return np.concatenate(found) if found else np.empty(0, dtype=np.int64)

    def gains(self, counts: FloatArray) -> FloatArray:
        """The likelihood ratio of all regions for counts (..., k), shape (..., r); -1 where it does not count."""
        return self.regions.gains(self.regions.sums(counts), self._of_regions)

    def _rows(self, counts: FloatArray) -> Iterator[FloatArray]:
        """Of so many data sets that their regions fit into a few megabytes."""
        n = max(1, _VALUES // max(self.regions.n_regions, 1))
        yield from (counts[i : i + n] for i in range(0, counts.shape[0], n))

    def _best(self, counts: FloatArray) -> IntArray:
        gains = self.gains(counts)
        found = np.argmax(gains, axis=1)
        return np.where(gains[np.arange(found.size), found] >= 0.0, found, NONE)

    def _fit(self, data: Data, counts: FloatArray, index: int) -> FitResult:
        f, t, n, reached = np.zeros(counts.size), 0.0, _NOTHING, _NOTHING
        regions: tuple[FoundRegion, ...] = ()
        if index != NONE:
            rows = self.regions.bins_of(index)
            n, expected = (np.array([float(np.sum(one[rows]))]) for one in (counts, self.expected))
            f[rows] = log_ratios(n, expected)
            t, reached = float(deviance(n, expected)[0]), expected * np.exp(f[rows[:1]])
            regions = (self._region(index, float(n[0]), float(expected[0])),)
        found = Found(t, f, _NOTHING, _NOTHING, certificate_of(n, reached), n_iterations=0)
        return fit_result(self.problem, found, delta=DeltaFit.of_none(), data=data, regions=regions)

    def _region(self, index: int, n: float, expected: float) -> FoundRegion:
        features = self.problem.reference.features
        return found_region(self.grid, self.regions, index, counts=(n, expected), features=features)
