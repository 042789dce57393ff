"""Toys for one fit of data, as many as its p needs."""

import math
from concurrent.futures import Executor
from dataclasses import dataclass, field

import numpy as np

from wilks.analysis import Analysis
from wilks.campaign import run_toys_until
from wilks.campaign.coordinator import Progress
from wilks.errors import CalibrationError
from wilks.hypotheses import Hypothesis, Null
from wilks.laws.inputs import toy_summary
from wilks.laws.sequential import Stopping
from wilks.laws.sequential_law import SequentialLaw, tally_of
from wilks.statistics.fits import FitResult
from wilks.storage import Folder
from wilks.typing import Count, FloatArray, Seed, check_options

_MORE = 1.1  # toys beyond those that are expected to be needed, so that another portion is seldom


@dataclass(frozen=True)
class SequentialToys:
    """Toys that are made until enough of them reach the t of the data.

    p = h/L where the h-th such toy is toy L, (k + 1)/(n + 1) where only k of all n reach it (Besag and Clifford,
    Biometrika 78 (1991) 301). Both are valid, P(p <= a) <= a, where h and n are fixed before the data are seen. A
    p near 1 takes about h toys, one near 0 all n: with h = 10 and n = 1,000 the mean over data that the reference
    describes is 56.

    Toys count in the order of their index, however they are made: p is the same in one process and in many, and after
    an interruption. The toys are those of `run_toys` with the same seed and hypothesis, and may be gone on with.

    Args:
        until_exceeding: h.
        n_toys: n, the largest number of toys; it limits how small p can be.
        seed: of the toys.
        hypothesis: what they are drawn from. For a kernel with nuisances `ShiftedNuisance` at those of Delta.
        store: the folder of a campaign, which keeps the toys; finished ones in it count. None keeps them in memory.
        executor, progress: as for `run_toys`.

    Raises:
        InputError: a number that is none, or too small.
    """

    until_exceeding: Count = 10
    n_toys: Count = 1_000
    seed: Seed = 1
    hypothesis: Hypothesis = field(default_factory=Null)
    store: Folder | None = None
    executor: Executor | None = None
    progress: Progress | None = None

    def __post_init__(self) -> None:
        check_options(self)

    @property
    def stopping(self) -> Stopping:
        """When they stop."""
        return Stopping(self.until_exceeding, self.n_toys)

    def law(self, analysis: Analysis, fit: FitResult) -> SequentialLaw:
        """Make the toys for a fit of data.

        Raises:
            CalibrationError: the fit failed.
            InputError, StoreError, CampaignError: as `run_toys`.
        """
        if not (fit.converged and math.isfinite(fit.t)):
            raise CalibrationError(f"a p-value needs a fit of the data, but it failed: {fit.status.message}")
        stopping = self.stopping

        def n_wanted(t: FloatArray) -> int:
            return next_number(t, observed_t=fit.t, stopping=stopping)

        toys = run_toys_until(
            analysis,
            self.hypothesis,
            n_wanted=n_wanted,
            n_toys=self.n_toys,
            seed=self.seed,
            store=None if self.store is None else str(self.store),
            executor=self.executor,
            progress=self.progress,
        )
        used = toys.first(tally_of(toys.t, observed_t=fit.t, stopping=stopping).n_draws)
        return SequentialLaw(fit.t, np.array(used.t), stopping, toy_summary(used))


def next_number(t: FloatArray, *, observed_t: float, stopping: Stopping) -> int:
    """How many toys there must be, after those with these t (k,) by index; at most k where these are enough.

    First twice the number of hits that are wanted; then as many as the share of hits so far lets expect.

    >>> stopping = Stopping(n_hits=10, n_most=1_000)
    >>> next_number(np.empty(0), observed_t=3.0, stopping=stopping)
    20
    >>> next_number(np.arange(20.0) / 6.0, observed_t=3.0, stopping=stopping)
    82
    """
    tally = tally_of(t, observed_t=observed_t, stopping=stopping)
    hits = stopping.n_hits or stopping.n_most
    if tally.is_stopped(stopping):
        return tally.n_draws
    if not t.size:
        return min(2 * hits, stopping.n_most)
    expected = _MORE * (hits - tally.n_hits) * (t.size + 1) / (tally.n_hits + 1)
    return min(t.size + math.ceil(max(expected, 1.0)), stopping.n_most)
