"""What is common to models that are linear in their parameters: members, each with a feature map and a ridge."""

import abc
from collections.abc import Sequence
from itertools import accumulate
from typing import Any

import numpy as np

from wilks.problem import Problem
from wilks.samples import Sample
from wilks.statistics.analytic import AnalyticLaw
from wilks.statistics.base import Engine, Statistic
from wilks.statistics.fits import FitResult
from wilks.statistics.linear.feature_map import Member
from wilks.statistics.linear.gaussians import Gaussians
from wilks.storage import named
from wilks.typing import FloatArray

_BLOCK_NUMBERS = 2**22  # 32 MiB
# By their names, so that JAX, which traces log r and nothing else here, is loaded where there are nuisances.
_ENGINE = "wilks.statistics.linear.engine:LinearEngine"
_PROFILED_ENGINE = "wilks.statistics.linear.profiled_engine:ProfiledLinearEngine"


class LinearModel(Statistic):
    """f(x) = sum_m a_m k_m(x) with the penalty ridge a^T K a; the parameters are the a of one member after the other.

    A subclass says which members it has; they share an engine, whatever their features are, and a null law where there
    is one. The learned f is the mean of the members' f.
    """

    version = 6

    @property
    @abc.abstractmethod
    def is_score(self) -> bool:
        """Whether t comes from score statistics, the first step of the fit."""

    @property
    @abc.abstractmethod
    def combination(self) -> str | None:
        """How the p-values of the members make one t, a name of `COMBINATIONS`; None: t is that of the one member."""

    @property
    @abc.abstractmethod
    def groups(self) -> tuple[tuple[Member, ...], ...]:
        """The members, those of one map together.

        Raises:
            InputError: the model is not part of an analysis yet, and has no features.
        """

    @property
    def members(self) -> tuple[Member, ...]:
        """All of them, in order."""
        return tuple(member for group in self.groups for member in group)

    @property
    def is_convex(self) -> bool:
        return True

    @property
    def is_penalized(self) -> bool:
        return True

    @property
    def is_combined(self) -> bool:
        return self.combination is not None

    def has_law(self, *, is_profiled: bool) -> bool:
        """That of the score statistic of one member is known."""
        return self.is_score and self.combination is None

    def law(
        self, engine: Any, *, at: FitResult | None, pool: Sample | None, n_events: int | None = None
    ) -> AnalyticLaw | None:
        if not self.has_law(is_profiled=at is not None):
            return None
        law: AnalyticLaw = engine.law(pool=pool, n_events=n_events) if at is None else engine.law_at(at)
        return law

    def null_moments(self, engine: Any, *, z: FloatArray, n_events: int | None = None) -> tuple[float, float] | None:
        if not self.has_law(is_profiled=bool(z.size)) or (z.size and n_events is not None):
            return None
        moments: tuple[float, float] = engine.null_moments_at(z) if z.size else engine.null_moments(n_events=n_events)
        return moments

    def engine(self, problems: Sequence[Problem]) -> Engine:
        (problem,) = problems
        engine: Engine = named(_PROFILED_ENGINE if problem.nuisances else _ENGINE)(problem, self)
        return engine

    def split(self, params: FloatArray) -> list[FloatArray]:
        """The parameters a of each group, shape (members, m), from those of the model (p,)."""
        shapes = [(len(group), group[0].map.n_values) for group in self.groups]
        ends = list(accumulate(n * m for n, m in shapes))[:-1]
        parts = np.split(np.asarray(params), ends)
        return [part.reshape(shape) for part, shape in zip(parts, shapes, strict=True)]

    def log_ratio(self, params: FloatArray, events: FloatArray) -> FloatArray:
        self._check_params(params, events.shape[1])
        total, groups = np.zeros(events.shape[0]), self.groups
        for group, each in zip(groups, self.split(params), strict=True):
            total += _sum(group, np.sum(each, axis=0), events)
        return total / len(self.members)

    def log_ratios(self, params: Sequence[FloatArray], events: FloatArray) -> FloatArray:
        total, splits = np.zeros((len(params), events.shape[0])), [self.split(one) for one in params]
        for place, group in enumerate(self.groups):
            coefficients = np.stack([np.sum(one[place], axis=0) for one in splits], axis=1)
            size = max(1, _BLOCK_NUMBERS // coefficients.shape[0])
            for first in range(0, events.shape[0], size):
                rows = slice(first, first + size)
                total[:, rows] += (group[0].map.values(events[rows]) @ coefficients).T
        return total / len(self.members)

    def portable(self, params: FloatArray) -> dict[str, Any]:
        groups, n_members = [], len(self.members)
        for group, each in zip(self.groups, self.split(params), strict=True):
            features = group[0].map
            if not isinstance(features, Gaussians):
                return super().portable(params)
            groups.append({**features.portable(), "coefficients": (np.sum(each, axis=0) / n_members).tolist()})
        return {"form": "gaussians", "groups": groups}


def _sum(group: Sequence[Member], params: FloatArray, events: FloatArray) -> FloatArray:
    """sum_m a_m k_m at standardized events (n, d), shape (n,)."""
    size, values = max(1, _BLOCK_NUMBERS // params.size), np.empty(events.shape[0])
    for first in range(0, events.shape[0], size):
        rows = slice(first, first + size)
        values[rows] = group[0].map.values(events[rows]) @ params
    return values
