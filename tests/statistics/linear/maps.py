"""Cosine waves on mid-ranks, and a set whose members have different maps."""

import dataclasses
import hashlib
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from wilks.problem import Problem
from wilks.statistics.linear.centers import Candidates
from wilks.statistics.linear.feature_map import Member
from wilks.statistics.linear.kernel import gaussian_member, gaussians_of
from wilks.statistics.linear.model import LinearModel
from wilks.statistics.words import Words
from wilks.typing import FloatArray


@dataclass(frozen=True, eq=False)
class Waves:
    """sqrt(2) cos(pi k u_j(x)), k = 1, ..., n_waves, u_j the mid-rank among the sorted values (n, d) of a reference.

    A tie shares its mean rank, so that a discrete feature has one value for each of its own.
    """

    n_waves: int
    sorted_values: FloatArray
    resolution: ClassVar[None] = None

    @property
    def n_values(self) -> int:
        return self.n_waves * self.sorted_values.shape[1]

    def values(self, events: FloatArray) -> FloatArray:
        columns = zip(self.sorted_values.T, events.T, strict=True)
        ranks = np.column_stack([_mid_ranks(known, asked) for known, asked in columns])
        waves = np.sqrt(2.0) * np.cos(np.pi * ranks[:, :, None] * np.arange(1, self.n_waves + 1))
        return waves.reshape(len(events), self.n_values)

    def penalty(self) -> FloatArray:
        return np.eye(self.n_values)

    def digest(self) -> str:
        told = hashlib.sha256(f"waves {self.n_waves} {self.sorted_values.shape}".encode())
        told.update(np.ascontiguousarray(self.sorted_values).tobytes())
        return told.hexdigest()


def _mid_ranks(known: FloatArray, asked: FloatArray) -> FloatArray:
    below, upto = (np.searchsorted(known, asked, side=side) for side in ("left", "right"))
    ranks: FloatArray = (below + upto) / (2.0 * known.size)
    return ranks


def waves_of(problem: Problem, n_waves: int) -> Waves:
    """On the ranks of a reference."""
    return Waves(n_waves, np.sort(problem.standardized, axis=0))


@dataclass(frozen=True)
class Mixed(LinearModel):
    """Gaussians of one width with two ridges, and waves with one, as a set; or the one of them with this number."""

    is_score: bool = True
    combination: str | None = "product"
    alone: int | None = None
    _groups: tuple[tuple[Member, ...], ...] = field(default=(), init=False, repr=False, compare=False)
    kind: ClassVar[str] = "maps:Mixed"
    summary: ClassVar[str] = "Gaussians and waves together."

    @property
    def groups(self) -> tuple[tuple[Member, ...], ...]:
        return self._groups

    def placed(self, problem: Problem) -> "Mixed":
        gaussians, waves = gaussians_of(Candidates.of(problem), n_centers=9, width=1.0, seed=5), waves_of(problem, 4)
        groups = (
            tuple(gaussian_member(gaussians, ridge) for ridge in (0.5, 3.0)),
            (Member(waves, 1.0, "waves"),),
        )
        placed, every = dataclasses.replace(self), [member for group in groups for member in group]
        object.__setattr__(placed, "_groups", groups if self.alone is None else ((every[self.alone],),))
        return placed

    def n_parameters(self, n_features: int) -> int:
        return sum(member.map.n_values for member in self.members)

    def to_dict(self) -> dict[str, Any]:
        return {"kind": self.kind, "is_score": self.is_score, "combination": self.combination, "alone": self.alone}

    def describe(self) -> str:
        return "Gaussians and waves"

    def words(self, *, is_profiled: bool) -> Words:
        return Words(("t = −2 Σ log p_j",), ("f is a mean.", "t_j.", "t."), "t + Δ", "decrement", "slope", False)
