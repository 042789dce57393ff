"""What models of several regions share: f(x) = f_k(x) for an event of region k, with the parameters of all."""

import abc
import dataclasses
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import accumulate
from typing import Any, Self

import numpy as np

from wilks.errors import InputError
from wilks.nuisances import Nuisances
from wilks.problem import Problem
from wilks.samples import RegionLayout, Sample, Standardization
from wilks.statistics import statistic_from_dict
from wilks.statistics.base import Statistic
from wilks.statistics.words import Words
from wilks.typing import FloatArray


@dataclasses.dataclass(frozen=True)
class Regions(Statistic):
    """f of several regions, whose losses add: the loss of all rows with f(x) = f_k(x) where x is an event of region k.

    With nuisances that regions share L = sum_k L_k[f_k, nu] - log[ L(nu|A) / L(0|A) ], the auxiliary measurements once,
    is the loss of section 3 of "Learning New Physics from an Imperfect Machine" on the rows of all regions; its engines
    fit it as they fit one region, and t = tau - Delta is that of the joint fit.

    Args:
        names: of the regions.
        features: of each.
        models: f of each, one family, or `Fixed`.
        standardizations: of each.
    """

    names: tuple[str, ...]
    features: tuple[tuple[str, ...], ...]
    models: tuple[Statistic, ...]
    standardizations: tuple[Any, ...]

    def __post_init__(self) -> None:
        for name in ("names", "features"):
            object.__setattr__(self, name, getattr(self.layout, name))
        given: Sequence[Any] = self.models  # documents, where a file was read
        models = tuple(one if isinstance(one, Statistic) else statistic_from_dict(one) for one in given)
        maps = [_plain(one) for one in self.standardizations]
        object.__setattr__(self, "models", models)
        object.__setattr__(self, "standardizations", tuple(maps))

    @cached_property
    def layout(self) -> RegionLayout:
        """Where regions and features stand in a row."""
        return RegionLayout(self.names, self.features)

    @cached_property
    def maps(self) -> tuple[Standardization, ...]:
        """The standardization at the input of each f."""
        return tuple(Standardization(*one) for one in self.standardizations)

    @property
    def free(self) -> tuple[int, ...]:
        """The regions that have an f."""
        return tuple(k for k, one in enumerate(self.models) if one.kind != "fixed")

    def inputs(self, k: int, events: FloatArray) -> FloatArray:
        """Standardized features of the rows (n, D) that are of region k."""
        return self.maps[k].apply(self.layout.own(k, events))

    def problems(self, problem: Problem) -> Iterator[Problem]:
        """The problem of each region, without nuisances."""
        for one, standardization in zip(self.layout.split(problem.reference), self.maps, strict=True):
            yield Problem(one, standardization, Nuisances(), problem.search)

    def placed(self, problem: Problem) -> Self:
        models = zip(self.models, self.problems(problem), strict=True)
        return dataclasses.replace(self, models=tuple(one.placed(own) for one, own in models))

    @property
    def is_penalized(self) -> bool:
        return any(one.is_penalized for one in self.models)

    @property
    def is_combined(self) -> bool:
        return any(one.is_combined for one in self.models)

    @property
    def is_convex(self) -> bool:
        return all(one.is_convex for one in self.models)

    def n_parameters(self, n_features: int) -> int:
        return sum(self.sizes)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Parameters of each region."""
        return tuple(one.n_parameters(len(names)) for one, names in zip(self.models, self.features, strict=True))

    def split(self, params: FloatArray) -> list[FloatArray]:
        """Parameters of each region."""
        return np.split(np.asarray(params), list(accumulate(self.sizes))[:-1])

    def region_params(self, params: FloatArray, k: int) -> FloatArray:
        """The parameters of region k, as its own model takes them."""
        return self.split(params)[k]

    def region_log_ratio(self, params: FloatArray, events: FloatArray) -> FloatArray:
        """f(x; w) of rows (n, D), by the f of each region."""
        self._check_params(params, events.shape[1])
        values = np.zeros(events.shape[0])
        for k, own in enumerate(self.split(params)):
            inside = self.layout.is_in(k, events)
            values[inside] = self.models[k].log_ratio(own, self.inputs(k, events))
        return values

    def notices(self, problem: Problem, data: Sample | None) -> tuple[str, ...]:
        samples: Sequence[Sample | None] = [None] * len(self.models) if data is None else self.layout.split(data)
        rows = zip(self.names, self.models, self.problems(problem), samples, strict=True)
        return tuple(f"In region {name}: {text}" for name, one, own, some in rows for text in one.notices(own, some))

    def to_dict(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            **self.layout.to_dict(),
            "models": [one.to_dict() for one in self.models],
            "standardizations": [[list(side) for side in one] for one in self.standardizations],
        }

    def describe(self) -> str:
        return "; ".join(f"{name}: {one.describe()}" for name, one in zip(self.names, self.models, strict=True))

    def words(self, *, is_profiled: bool) -> Words:
        first = self.models[self.free[0]].words(is_profiled=is_profiled)
        shared = "they share nuisances, and t is that of the fit of all together" if is_profiled else "t is their sum"
        more = f"Each of the {len(self.models)} regions ({', '.join(self.names)}) has an f of its own; {shared}."
        return dataclasses.replace(first, sentences=(*first.sentences, more))

    @classmethod
    @abc.abstractmethod
    def takes(cls, model: Statistic) -> bool:
        """Whether a model is of the family."""


def require_alike(models: Sequence[Statistic], what: str) -> None:
    """Raise InputError unless these options of all models are one."""
    told = {getattr(one, what) for one in models}
    if len(told) > 1:
        found = ", ".join(map(str, sorted(told, key=str)))
        raise InputError(f"models of regions must have one {what}, but {found} came")


def _plain(standardization: Any) -> tuple[tuple[float, ...], tuple[float, ...]]:
    if isinstance(standardization, Standardization):
        return tuple(standardization.shift.tolist()), tuple(standardization.scale.tolist())
    shift, scale = standardization
    return tuple(shift), tuple(scale)
