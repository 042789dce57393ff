"""All contiguous regions of elementary bins: runs of one feature, rectangles of two."""

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np

from wilks.errors import InputError
from wilks.statistics.histogram.deviance import deviance
from wilks.typing import BoolArray, FloatArray, IntArray

MOST_REGIONS = 1_000_000
NONE = -1
Deviations = Literal["both", "excesses", "deficits"]


@dataclass(frozen=True, eq=False)
class Regions:
    """Runs of ``narrowest`` to ``widest`` bins along each axis, and their products; of all of them those that are kept.

    Args:
        shape: bins of each axis, of which there are one or two; the last runs fastest.
        narrowest, widest: bins of a run.
        kept: indices of those that are looked at, shape (r,).
        deviations: which count.

    >>> regions = Regions.all_of((3,), narrowest=1, widest=2, deviations="both")
    >>> regions.sums(np.array([1.0, 2.0, 4.0])).tolist(), regions.bins_of(1).tolist()
    ([1.0, 3.0, 2.0, 6.0, 4.0], [0, 1])
    """

    shape: tuple[int, ...]
    narrowest: int
    widest: int
    kept: IntArray
    deviations: Deviations

    @classmethod
    def all_of(cls, shape: tuple[int, ...], *, narrowest: int, widest: int | None, deviations: Deviations) -> "Regions":
        """All that there are; ``widest`` None: as wide as they can be.

        Raises:
            InputError: there are none, or more than a million.
        """
        most = max(shape) if widest is None else widest
        n_runs = [sum(max(0, k - width + 1) for width in range(narrowest, min(most, k) + 1)) for k in shape]
        n_regions = math.prod(n_runs)
        if not 0 < n_regions <= MOST_REGIONS:
            raise InputError(
                f"a scan must have between 1 and {MOST_REGIONS:,} regions, but runs of {narrowest} to {most} of "
                f"{' x '.join(map(str, shape))} bins make {n_regions:,}; change n_bins, narrowest or widest"
            )
        return cls(shape, narrowest, most, np.arange(n_regions), deviations)

    @property
    def n_regions(self) -> int:
        """How many are looked at."""
        return int(self.kept.size)

    def only(self, chosen: BoolArray) -> "Regions":
        """Those of them (r,)."""
        return replace(self, kept=self.kept[chosen])

    def sums(self, values: FloatArray) -> FloatArray:
        """Sums over each region of values of the bins (..., k), shape (..., r): sums alone, and no difference."""
        ahead = values.shape[:-1]
        sums = values.reshape(*ahead, *self.shape)
        for axis in range(-1, -len(self.shape) - 1, -1):
            sums = np.moveaxis(self._of_runs(np.moveaxis(sums, axis, -1)), -1, axis)
        return sums.reshape(*ahead, -1)[..., self.kept]

    def ends(self, index: int) -> tuple[tuple[int, int], ...]:
        """The first bin of a region along each axis, and the one after its last."""
        places = np.unravel_index(self.kept[index], tuple(first.size for first, _ in self._runs))
        return tuple((int(a[i]), int(b[i])) for (a, b), i in zip(self._runs, places, strict=True))

    def bins_of(self, index: int) -> IntArray:
        """The bins of a region, ascending."""
        ranges = [np.arange(*one) for one in self.ends(index)]
        bins: IntArray = np.ravel_multi_index(np.meshgrid(*ranges, indexing="ij"), self.shape).ravel()
        return bins

    def gains(self, counts: FloatArray, expected: FloatArray) -> FloatArray:
        """2 [ n log(n/b) - n + b ] of regions with these n for b, (..., r); -1 where they deviate to the other side."""
        gains = np.where(expected > 0, deviance(counts, np.where(expected > 0, expected, 1.0)), np.nan)
        return np.where(self.counted(counts, expected), gains, -1.0)

    def counted(self, counts: FloatArray, expected: FloatArray) -> BoolArray:
        """Which regions deviate to the side that is looked at, (..., r)."""
        sides = {"both": counts != expected, "excesses": counts > expected, "deficits": counts < expected}
        counted: BoolArray = sides[self.deviations]
        return counted

    @cached_property
    def _runs(self) -> tuple[tuple[IntArray, IntArray], ...]:
        """First bin and the one after the last, of every run of each axis: by their first, and then by their width."""
        runs = []
        for k in self.shape:
            pairs = [(i, j) for i in range(k) for j in range(i + self.narrowest, min(i + self.widest, k) + 1)]
            first, last = np.array(pairs, dtype=np.int64).T
            runs.append((first, last))
        return tuple(runs)

    def _of_runs(self, values: FloatArray) -> FloatArray:
        """Sums over all runs of the last axis."""
        starts = range(values.shape[-1] - self.narrowest + 1)
        sums = (np.cumsum(values[..., i : i + self.widest], axis=-1)[..., self.narrowest - 1 :] for i in starts)
        return np.concatenate(list(sums), axis=-1)
