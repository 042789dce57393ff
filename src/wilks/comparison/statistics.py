"""All members of a comparison, for the observed coefficients and for drawn ones."""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from wilks.campaign.side_by_side import LARGE, side_by_side
from wilks.comparison.blocks import Block, Member, row_slices
from wilks.comparison.nulls import Drawn, Null
from wilks.comparison.where import Interval, most_discrepant_interval
from wilks.significance import half_cauchy
from wilks.typing import FloatArray

_FEWEST_COLUMNS, _RANGE = 128, 2**17


class Scores(NamedTuple):
    """What was found for k sets of coefficients.

    Attributes:
        t: of each member, shape (k, members).
        log_p: by the laws that put members on one scale, shape (k, members).
        total: t of the comparison, shape (k,).
    """

    t: FloatArray
    log_p: FloatArray
    total: FloatArray


@dataclass(frozen=True, eq=False)
class ComparisonStatistics:
    """The members of a comparison, combined in two levels: within each kind, then across kinds.

        t = -2 log h_kinds( h_members( p_j ) ),   1/tan(pi h/2) = mean 1/tan(pi p/2)

    (`half_cauchy`). A single member is t itself.

    Args:
        null: of the rows.
        blocks: of members.
    """

    null: Null
    blocks: tuple[Block, ...]

    @property
    def members(self) -> tuple[Member, ...]:
        """Of all blocks, in their order."""
        return tuple(member for block in self.blocks for member in block.members)

    @property
    def n_summed(self) -> int:
        """Rows that are summed for each draw."""
        return self.null.pool.n_rows

    def interval(self, column: int) -> Interval:
        """Where the samples differ most in a feature."""
        return most_discrepant_interval(self.null, column)

    def observed(self) -> Scores:
        """For the two samples as they are."""
        observed = self.null.observed[None]
        return self._scores(lambda rows: observed[:, rows])

    def drawn(self, drawn: Drawn) -> Scores:
        """For draws of the null (k, u)."""
        return self._scores(lambda rows: self.null.coefficients(drawn, rows))

    def _scores(self, coefficients: Callable[[slice], FloatArray]) -> Scores:
        """For the coefficients (k, rows) of some rows; blocks, and ranges of many rows, side by side."""
        n_rows = self.null.pool.n_rows
        jobs = [
            functools.partial(self._summed, block, coefficients, first)
            for block in self.blocks
            for first in range(0, n_rows, _RANGE)
        ]
        found = iter(side_by_side(jobs, is_large=n_rows >= LARGE))
        n_ranges = -(-n_rows // _RANGE)
        sums = [functools.reduce(np.add, [next(found) for _ in range(n_ranges)]) for _ in self.blocks]
        return self.scores_of(sums)

    def scores_of(self, sums: Sequence[FloatArray]) -> Scores:
        """From sum_i c_i phi_i of each block, shape (k, columns)."""
        t = [block.statistics(one) for block, one in zip(self.blocks, sums, strict=True)]
        log_p = [block.log_p_values(one) for block, one in zip(self.blocks, t, strict=True)]
        all_t, all_log_p = np.concatenate(t, axis=1), np.concatenate(log_p, axis=1)
        return Scores(all_t, all_log_p, self.combined(all_t, all_log_p))

    def _summed(self, block: Block, coefficients: Callable[[slice], FloatArray], first: int) -> FloatArray:
        """sum_i c_i phi_i over a range of rows, shape (k, columns)."""
        last = min(first + _RANGE, self.null.pool.n_rows)
        portions = row_slices(last, max(block.n_products, _FEWEST_COLUMNS), first=first)
        return functools.reduce(np.add, (block.sums(coefficients(rows), rows) for rows in portions))

    def combined(self, t: FloatArray, log_p: FloatArray) -> FloatArray:
        """t (k,) from that of members and their log p, each (k, members)."""
        if t.shape[1] == 1:
            return t[:, 0]
        kinds = np.array([member.kind for member in self.members])
        within = [half_cauchy(log_p[:, kinds == kind]) for kind in dict.fromkeys(kinds.tolist())]
        return half_cauchy(-0.5 * np.stack(within, axis=1))
