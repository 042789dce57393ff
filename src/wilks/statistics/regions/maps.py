"""Kernels of several regions: features that are 0 outside their own region."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import scipy.linalg

from wilks.errors import InputError
from wilks.statistics.base import Statistic
from wilks.statistics.linear.feature_map import FeatureMap, Member, Resolution
from wilks.statistics.linear.model import LinearModel
from wilks.statistics.regions.base import Regions, require_alike
from wilks.typing import FloatArray


@dataclass(frozen=True)
class LinearRegions(Regions, LinearModel):
    """f_k = sum_m a_km k(x, z_km) with the penalties of all regions added; see `Kernel` and `KernelSet`.

    Member j holds member j of every region, with one t for all; of a set with fewer widths the last stands for those
    that it lacks. The penalty of region k is its own ridge, whatever that of the others.
    """

    kind: ClassVar[str] = "linear_regions"
    summary: ClassVar[str] = "Kernels of several regions."
    version = LinearModel.version

    @classmethod
    def takes(cls, model: Statistic) -> bool:
        return isinstance(model, LinearModel)

    def __post_init__(self) -> None:
        super().__post_init__()
        require_alike(self._linear, "is_score")
        require_alike(self._linear, "combination")

    @property
    def _linear(self) -> tuple[LinearModel, ...]:
        return tuple(one for one in self.models if isinstance(one, LinearModel))

    @property
    def is_score(self) -> bool:
        return self._linear[0].is_score

    @property
    def combination(self) -> str | None:
        return self._linear[0].combination

    def has_law(self, *, is_profiled: bool) -> bool:
        return False  # that of references which were rescaled region by region

    @property
    def groups(self) -> tuple[tuple[Member, ...], ...]:
        each = [one.groups for one in self._linear]
        n_groups = max(map(len, each))
        return tuple(self._group([one[min(j, len(one) - 1)] for one in each]) for j in range(n_groups))

    def _group(self, groups: Sequence[Sequence[Member]]) -> tuple[Member, ...]:
        """Members of all regions at once, each with the ridges of its own."""
        ratios = np.array([[member.ridge / group[0].ridge for member in group] for group in groups], dtype=object)
        if len({len(one) for one in groups}) > 1 or not np.allclose(ratios.astype(np.float64), ratios[0].astype(float)):
            raise InputError(
                "sets of kernels of regions must have as many ridges, in the same ratios, but those of these regions "
                "differ; give KernelSet(ridges=...) the same in all"
            )
        strengths = [group[0].ridge / groups[0][0].ridge for group in groups]
        features = RegionMap(self, tuple(group[0].map for group in groups), tuple(strengths))
        named = [" + ".join(dict.fromkeys(one.name for one in members)) for members in zip(*groups, strict=True)]
        return tuple(Member(features, one.ridge, name, one.width) for one, name in zip(groups[0], named, strict=True))

    @property
    def sizes(self) -> tuple[int, ...]:
        raise InputError("the parameters of kernels of regions belong to members, not to regions")

    def n_parameters(self, n_features: int) -> int:
        return sum(len(group) * group[0].map.n_values for group in self.groups)

    def split(self, params: FloatArray) -> list[FloatArray]:
        return LinearModel.split(self, params)

    def region_params(self, params: FloatArray, k: int) -> FloatArray:
        if k not in self.free:
            return np.empty(0)
        j = self.free.index(k)
        own, n_all = self._linear[j].groups, len(self.members)
        n_own = sum(map(len, own))
        found = [np.zeros((len(group), group[0].map.n_values)) for group in own]
        for i, each in enumerate(self.split(params)):
            sizes = [one.n_values for one in self.groups[i][0].map.maps]  # type: ignore[attr-defined]
            found[min(i, len(own) - 1)] += np.split(each, np.cumsum(sizes)[:-1], axis=1)[j] * (n_own / n_all)
        return np.concatenate([one.ravel() for one in found])

    def log_ratio(self, params: FloatArray, events: FloatArray) -> FloatArray:
        return LinearModel.log_ratio(self, params, events)


@dataclass(frozen=True, eq=False)
class RegionMap:
    """The features of a map for each region that has an f, one region after the other.

    Args:
        regions: whose they are.
        maps: of those with an f.
        strengths: by which the penalty of each is multiplied.
    """

    regions: LinearRegions
    maps: tuple[FeatureMap, ...]
    strengths: tuple[float, ...]

    @property
    def n_values(self) -> int:
        return sum(one.n_values for one in self.maps)

    @property
    def resolution(self) -> Resolution | None:
        return None

    def values(self, events: FloatArray) -> FloatArray:
        values, first = np.zeros((events.shape[0], self.n_values)), 0
        for k, one in zip(self.regions.free, self.maps, strict=True):
            inside = self.regions.layout.is_in(k, events)
            values[inside, first : first + one.n_values] = one.values(self.regions.inputs(k, events))
            first += one.n_values
        return values

    def penalty(self) -> FloatArray:
        blocks = [strength * one.penalty() for strength, one in zip(self.strengths, self.maps, strict=True)]
        whole: FloatArray = scipy.linalg.block_diag(*blocks)
        return whole

    def digest(self) -> str:
        told = [one.digest() for one in self.maps], self.strengths, self.regions.free
        return hashlib.sha256(repr((told, self.regions.standardizations)).encode()).hexdigest()
