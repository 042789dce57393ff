"""From the statistics of the members of a set of kernels to one t."""

import dataclasses
from dataclasses import dataclass

from wilks.fitting.result import MemberFit
from wilks.models import Kernel, KernelSet
from wilks.significance import COMBINATIONS, gamma_log_sf
from wilks.typing import FloatArray


@dataclass(frozen=True, eq=False)
class MemberLaws:
    """The gamma law of each member's score statistic.

    Args:
        model: the set.
        members: its kernels, placed, by width and then by ridge.
        mean, variance: of their score statistics under the null, shape (members,).
    """

    model: KernelSet
    members: tuple[Kernel, ...]
    mean: FloatArray
    variance: FloatArray

    def scaled(self, factors: FloatArray) -> "MemberLaws":
        """With means and variances multiplied by ``factors`` (members, 2)."""
        return dataclasses.replace(self, mean=self.mean * factors[:, 0], variance=self.variance * factors[:, 1])

    def log_p(self, t: FloatArray) -> FloatArray:
        """log p_j of the members' t_j (..., members)."""
        return gamma_log_sf(t, mean=self.mean, variance=self.variance)

    def combined(self, t: FloatArray) -> FloatArray:
        """t of the set from the members' t_j (..., members)."""
        return COMBINATIONS[self.model.combination](self.log_p(t)) + 0.0

    def fits(self, t: FloatArray) -> tuple[MemberFit, ...]:
        """What is said of each member of one data set, t (members,)."""
        rows = zip(self.members, t.tolist(), self.log_p(t).tolist(), strict=True)
        return tuple(MemberFit(kernel.placement.width, kernel.ridge, one, log_p) for kernel, one, log_p in rows)
