"""Histograms of several regions: the bins of all of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, ClassVar

import numpy as np

from wilks.errors import InputError
from wilks.problem import Problem
from wilks.statistics.base import Engine, Statistic
from wilks.statistics.histogram import Histogram
from wilks.statistics.histogram.bins import OUTSIDE, Bins
from wilks.statistics.regions.base import Regions
from wilks.storage import named
from wilks.typing import FloatArray, IntArray

_ENGINE = "wilks.statistics.histogram.engine:HistogramEngine"
_PROFILED_ENGINE = "wilks.statistics.histogram.profiled_engine:ProfiledHistogramEngine"


@dataclass(frozen=True)
class HistogramRegions(Regions):
    """f is constant in each bin of each region, in closed form at every nu; see `Histogram`."""

    kind: ClassVar[str] = "histogram_regions"
    summary: ClassVar[str] = "Histograms of several regions."
    version: ClassVar[int] = 1
    without_clip: ClassVar[str] = Histogram.without_clip

    @classmethod
    def takes(cls, model: Statistic) -> bool:
        return isinstance(model, Histogram)

    @property
    def bins(self) -> "RegionBins":
        """Those of all regions, one region after the other."""
        return RegionBins(self, {k: one.bins for k, one in enumerate(self.models) if isinstance(one, Histogram)})

    def engine(self, problems: Sequence[Problem]) -> Engine:
        (problem,) = problems
        engine: Engine = named(_PROFILED_ENGINE if problem.nuisances else _ENGINE)(problem, self.bins)
        return engine

    def log_ratio(self, params: FloatArray, events: FloatArray) -> FloatArray:
        return self.region_log_ratio(params, events)


@dataclass(frozen=True, eq=False)
class RegionBins:
    """The bins of several regions; a region without f has none."""

    regions: HistogramRegions
    bins: dict[int, Bins]

    @property
    def n_bins(self) -> int:
        return sum(one.n_bins for one in self.bins.values())

    @property
    def are_given(self) -> bool:
        return all(one.are_given for one in self.bins.values())

    @property
    def _firsts(self) -> dict[int, int]:
        sizes = [one.n_bins for one in self.bins.values()]
        return dict(zip(self.bins, [0, *accumulate(sizes)], strict=False))

    def find(self, events: FloatArray) -> IntArray:
        found = np.full(events.shape[0], OUTSIDE, dtype=np.int64)
        for k, first in self._firsts.items():
            own = self.bins[k].find(self.regions.inputs(k, events))
            found[self.regions.layout.is_in(k, events)] = np.where(own == OUTSIDE, OUTSIDE, first + own)
        return found

    def portable(self) -> dict[str, Any]:
        raise InputError("bins of several regions have no form of their own: take those of each region")

    def text(self, index: int, features: Sequence[str]) -> str:
        k, first = max((one for one in self._firsts.items() if one[1] <= index), key=lambda one: one[1])
        own: Any = self.regions.features[k]
        return f"{self.regions.names[k]}: {self.bins[k].text(index - first, own)}"
