"""The region that a scan found, with its counts and its local p."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from wilks.significance import poisson_log_p_value, z_score_from_log


@dataclass(frozen=True)
class FoundRegion:
    """The region of a scan that deviates most from the reference.

    Attributes:
        features: those that were scanned.
        lower, upper: its ends in each, in their units; they may be infinite.
        where: the same in words.
        n_observed: data events in it.
        n_expected: those that the reference expects there, with nuisances at those of tau.
        n_regions: how many were looked at.
        n_bins: elementary bins in it.
    """

    features: tuple[str, ...]
    lower: tuple[float, ...]
    upper: tuple[float, ...]
    where: str
    n_observed: int
    n_expected: float
    n_regions: int
    n_bins: int

    def __post_init__(self) -> None:
        for name in ("features", "lower", "upper"):  # lists where they were read from a file
            object.__setattr__(self, name, tuple(getattr(self, name)))

    @property
    def is_excess(self) -> bool:
        """Whether more data lie in it than expected."""
        return self.n_observed > self.n_expected

    @property
    def log_p_value(self) -> float:
        """The logarithm of the local p: that of a Poisson count as far off in the same direction, here alone."""
        return poisson_log_p_value(self.n_observed, self.n_expected, is_excess=self.is_excess)

    @property
    def p_value(self) -> float:
        """The local p; 0 where it underflows."""
        return math.exp(self.log_p_value)

    @property
    def z_score(self) -> float:
        """The local Z, negative for a deficit."""
        return z_score_from_log(self.log_p_value) * (1.0 if self.is_excess else -1.0)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; infinite ends become None."""
        ends = {name: [x if np.isfinite(x) else None for x in getattr(self, name)] for name in ("lower", "upper")}
        found = {"features": list(self.features), **ends, "where": self.where, "is_excess": self.is_excess}
        counts = {name: getattr(self, name) for name in ("n_observed", "n_expected", "n_bins", "n_regions")}
        local = {f"local_{name}": getattr(self, name) for name in ("p_value", "log_p_value", "z_score")}
        return {**found, **counts, **local}

    def __str__(self) -> str:
        counts = f"{self.n_observed:,} observed, {self.n_expected:.4g} expected"
        return f"{self.where}: {counts}, local Z {self.z_score:.2f}"
