"""f = 0: a control region, which says something about the nuisances and is not tested itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from wilks.errors import InputError
from wilks.problem import Problem
from wilks.statistics.base import Engine, Statistic
from wilks.statistics.words import Words
from wilks.typing import FloatArray


@dataclass(frozen=True)
class Fixed(Statistic):
    """f = 0: the model of a control region, whose data say something about the nuisances.

    An analysis of it alone has nothing to test; beside others it takes part in Delta and in tau.

    >>> Fixed().n_parameters(3)
    0
    """

    kind: ClassVar[str] = "fixed"
    summary: ClassVar[str] = "f = 0: a control region beside others."
    version: ClassVar[int] = 1

    @property
    def is_convex(self) -> bool:
        return True

    def n_parameters(self, n_features: int) -> int:
        return 0

    def engine(self, problems: Sequence[Problem]) -> Engine:
        raise InputError(
            "an analysis must have an f to be tested, but its model is wilks.Fixed(), f = 0; add it to an analysis of "
            "another region: analysis + control"
        )

    def log_ratio(self, params: FloatArray, events: FloatArray) -> FloatArray:
        return np.zeros(events.shape[0])

    def portable(self, params: FloatArray) -> dict[str, Any]:
        return {"form": "zero"}

    def to_dict(self) -> dict[str, Any]:
        return {"kind": self.kind}

    def describe(self) -> str:
        return "f = 0"

    def words(self, *, is_profiled: bool) -> Words:
        return Words(("f = 0",), ("Nothing is learned: f = 0.",), "-2 min L over the nuisances", "none", "none", False)
