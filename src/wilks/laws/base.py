"""What every answer has, however its p came about."""

import math
from dataclasses import dataclass, field

from wilks.laws.notices import ObservedFit
from wilks.laws.text import finite_or_none, z_interval

NO_NUMBERS = (("t", "failed"), ("p-value", "none"), ("Z", "none"))


@dataclass(frozen=True, eq=False, repr=False)
class Answer:
    """p and Z of the data. All numbers are NaN if there is no p."""

    t: float
    p_value: float
    z_score: float
    interval: tuple[float, float]
    warnings: tuple[str, ...]
    fit: ObservedFit
    method: str = field(kw_only=True)

    @property
    def is_answered(self) -> bool:
        """Whether there is a p at all."""
        return not math.isnan(self.p_value)

    @property
    def z_interval(self) -> tuple[float, float]:
        """The interval of Z that belongs to ``interval``; its upper end is ``inf`` where nothing bounds it."""
        return z_interval(*self.interval) if self.is_answered else (math.nan, math.nan)

    def __repr__(self) -> str:
        numbers = f"t={self.t:.4g}, p_value={self.p_value:.4g}, z_score={self.z_score:.4g}"
        return f"{type(self).__name__}({numbers}, method={self.method!r})"

    def numbers_to_dict(self) -> dict[str, object]:
        """The figures that every answer has, ready for JSON; NaN and infinities become None."""
        return {
            "t": finite_or_none(self.t),
            "p_value": finite_or_none(self.p_value),
            "z_score": finite_or_none(self.z_score),
            "interval": [finite_or_none(p) for p in self.interval],
            "z_interval": [finite_or_none(z) for z in self.z_interval],
        }
