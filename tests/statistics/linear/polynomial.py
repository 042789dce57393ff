"""A family of its own, as a user would write it: polynomials in each feature, without a cross term.

All that it needs is a feature map; fits, toys, nuisances and the null law come from `LinearModel`.
"""

import dataclasses
import hashlib
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from numpy.polynomial import legendre

from wilks.problem import Problem
from wilks.statistics.linear.feature_map import Member
from wilks.statistics.linear.model import LinearModel
from wilks.statistics.words import Words
from wilks.typing import FloatArray


@dataclass(frozen=True, eq=False)
class Legendre:
    """1 and P_k(x_j / reach) for k = 1, ..., degree and every feature j; the penalty is the identity."""

    degree: int
    reach: FloatArray
    resolution: ClassVar[None] = None

    @property
    def n_values(self) -> int:
        return 1 + self.degree * self.reach.size

    def values(self, events: FloatArray) -> FloatArray:
        each = legendre.legvander(events / self.reach, self.degree)[:, :, 1:]
        return np.column_stack([np.ones(len(events)), each.reshape(len(events), self.n_values - 1)])

    def penalty(self) -> FloatArray:
        return np.eye(self.n_values)

    def digest(self) -> str:
        return hashlib.sha256(f"legendre {self.degree} {self.reach.tolist()}".encode()).hexdigest()


@dataclass(frozen=True)
class Polynomial(LinearModel):
    """f(x) = a_0 + sum_j sum_k a_jk P_k(x_j) up to a degree, with the penalty ridge |a|^2."""

    degree: int = 3
    ridge: float = 0.3
    is_score: bool = True
    _map: Legendre | None = field(default=None, init=False, repr=False, compare=False)
    kind: ClassVar[str] = "polynomial:Polynomial"
    summary: ClassVar[str] = "A polynomial in each feature."
    combination: ClassVar[str | None] = None

    @property
    def groups(self) -> tuple[tuple[Member, ...], ...]:
        assert self._map is not None, "take the model of an analysis"
        return ((Member(self._map, self.ridge, "polynomial"),),)

    def placed(self, problem: Problem) -> "Polynomial":
        placed = dataclasses.replace(self)
        object.__setattr__(placed, "_map", Legendre(self.degree, np.max(np.abs(problem.standardized), axis=0)))
        return placed

    def n_parameters(self, n_features: int) -> int:
        return 1 + self.degree * n_features

    def to_dict(self) -> dict[str, Any]:
        return {"kind": self.kind, "degree": self.degree, "ridge": self.ridge, "is_score": self.is_score}

    def describe(self) -> str:
        return f"polynomial of degree {self.degree}, ridge {self.ridge:g}"

    def words(self, *, is_profiled: bool) -> Words:
        sentences = ("f(x; w) is a polynomial in each feature.", "Its penalty is ridge · |w|².", "t ≥ 0.")
        return Words(("t = −2 min L",), sentences, "-2 min L", "in units of t", "slope", is_searched=False)
