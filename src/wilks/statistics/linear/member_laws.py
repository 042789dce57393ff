"""From the statistics of several members to one t."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

from wilks.significance import COMBINATIONS, gamma_log_sf
from wilks.statistics.fits import MemberFit
from wilks.statistics.linear.feature_map import Member
from wilks.typing import FloatArray


@dataclass(frozen=True, eq=False)
class MemberLaws:
    """The gamma law of each member's score statistic.

    Args:
        combination: of their p-values, one of `COMBINATIONS`.
        members: placed, map by map.
        mean, variance: of their score statistics under the null, shape (members,).
    """

    combination: str
    members: tuple[Member, ...]
    mean: FloatArray
    variance: FloatArray

    def scaled(self, factors: FloatArray) -> "MemberLaws":
        """With means and variances multiplied by ``factors`` (members, 2)."""
        return dataclasses.replace(self, mean=self.mean * factors[:, 0], variance=self.variance * factors[:, 1])

    def log_p(self, t: FloatArray) -> FloatArray:
        """log p_j of the members' t_j (..., members)."""
        return gamma_log_sf(t, mean=self.mean, variance=self.variance)

    def combined(self, t: FloatArray) -> FloatArray:
        """t of the model from the members' t_j (..., members)."""
        return COMBINATIONS[self.combination](self.log_p(t)) + 0.0

    def fits(self, t: FloatArray, z: Sequence[FloatArray]) -> tuple[MemberFit, ...]:
        """What is said of each member of one data set, with t (members,) and z (j,) of each."""
        rows = zip(self.members, t.tolist(), self.log_p(t).tolist(), z, strict=True)
        return tuple(
            MemberFit(one.width, one.ridge, t_j, log_p, one.name, tuple(at.tolist())) for one, t_j, log_p, at in rows
        )
