"""What a reference puts into bins, and what must be said of it."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from wilks.errors import InputError
from wilks.problem import Problem
from wilks.samples import Sample, in_order
from wilks.statistics.histogram.bins import Bins, found_in
from wilks.statistics.histogram.splitting import ENOUGH
from wilks.typing import BoolArray, FloatArray, IntArray

_MOST_NAMED = 3
_NOTABLE_SHARE = 0.001  # of the expected events that lie in no bin


class Contents(NamedTuple):
    """Sums of weights, and of their squares, in the bins and, last, in none of them: each (k + 1,)."""

    sums: FloatArray
    squares: FloatArray

    @classmethod
    def of(cls, bins: Bins, problem: Problem, sample: Sample) -> "Contents":
        """Those of a sample, a function of the set of its events."""
        events, weights = in_order(sample.events, sample.event_weights)
        found, size = found_in(bins, problem, events), bins.n_bins + 1
        sums, squares = (np.bincount(found, each, minlength=size) for each in (weights, weights**2))
        return cls(sums.astype(np.float64), squares.astype(np.float64))

    @property
    def effective(self) -> FloatArray:
        """(sum w)^2 / sum w^2 of each, 0 where there is nothing."""
        nothing = np.zeros_like(self.sums)
        return np.divide(self.sums**2, self.squares, out=nothing, where=self.squares > 0)


def counts_in(bins: Bins, problem: Problem, events: FloatArray) -> IntArray:
    """The numbers of raw events (n, d) in the bins and, last, in none of them, shape (k + 1,)."""
    return np.bincount(found_in(bins, problem, events), minlength=bins.n_bins + 1)


def require_filled(bins: Bins, problem: Problem) -> None:
    """Raise unless the reference expects events in every bin: data in one without would make t infinite.

    Raises:
        InputError: the sum of its weights is not positive in a bin.
    """
    sums = Contents.of(bins, problem, problem.reference).sums[:-1]
    bad = np.flatnonzero(~(sums > 0))
    if bad.size:
        named = "; ".join(f"{bins.text(k, problem.reference.features)}: {sums[k]:.3g}" for k in bad[:_MOST_NAMED])
        more = f", and {bad.size - _MOST_NAMED} more" if bad.size > _MOST_NAMED else ""
        raise InputError(
            "the reference must expect events in every bin of a histogram, but in "
            f"{bad.size} of {bins.n_bins} the sum of its weights is not positive ({named}{more}); give edges that join "
            "these bins to their neighbors, n_bins in place of edges, or a larger reference"
        )


def few_notices(bins: Bins, problem: Problem) -> Iterator[str]:
    """A sentence on the bins that rest on few events of the reference."""
    effective = Contents.of(bins, problem, problem.reference).effective[:-1]
    few = np.flatnonzero(_is_few(effective))
    if few.size:
        worst = few[np.argsort(effective[few], kind="stable")][:_MOST_NAMED]
        named = "; ".join(f"{bins.text(k, problem.reference.features)}: {effective[k]:.2g}" for k in worst)
        more = ", ..." if few.size > _MOST_NAMED else ""
        yield (
            f"{few.size} of the {bins.n_bins} bins of the histogram rest on fewer than {ENOUGH:.0f} effective events "
            f"of the reference ({named}{more}): what it expects there is hardly known; join them to their neighbors, "
            "or use a larger reference"
        )


def outside_notices(bins: Bins, problem: Problem, data: Sample | None) -> Iterator[str]:
    """A sentence on what lies in no bin, where f = 0."""
    expected = float(Contents.of(bins, problem, problem.reference).sums[-1])
    n_outside = 0 if data is None else int(counts_in(bins, problem, data.events)[-1])
    if n_outside or expected > _NOTABLE_SHARE * problem.expected_events:
        seen = "" if data is None else f"{n_outside:,} of {data.n_events:,} data events, and "
        yield (
            f"{seen}{expected:.4g} of {problem.expected_events:,.6g} expected events lie outside the edges of all "
            "bins, where f = 0: the test does not see them; widen the edges (the outermost may be -inf and inf) "
            "if it should"
        )


def _is_few(effective: FloatArray) -> BoolArray:
    few: BoolArray = effective < ENOUGH * (1.0 - 1e-9)
    return few
