"""Batches taken together: the sums of a window add, and what leaves it is subtracted.

A window of n events is compared with N good ones that are not of the reference, on whose events Gaussians stand. Their
own fluctuations matter as much as those of the window where n is as large: b has a covariance of 1 + n/N times that of
n events. Its p is that of the law of its statistic over 1 + n/N, from toys in which both fluctuate.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from wilks.monitor.null_laws import NullLaws, size_law
from wilks.monitor.scoring import AdditiveScorer, Baseline
from wilks.significance import z_score_from_log
from wilks.significance.printing import finite_or_none
from wilks.typing import FloatArray

GROWING, SLIDING = "growing", "sliding"
_N_TOYS, _NUMBERS = 20_000, 2**24
_ALL_PARTS = 3  # of a record: the last batch, the growing window, and what the sliding one has left behind


@dataclass(frozen=True)
class WindowResult:
    """A window of batches.

    Attributes:
        n_batches, n_events: in it.
        log_p_value: the logarithm of its p; None where there are too few events to compare it with.
        n_good: events that it is compared with.
        reason: why there is no p; empty where there is one.
    """

    n_batches: int
    n_events: int
    log_p_value: float | None
    n_good: int
    reason: str = ""

    @property
    def p_value(self) -> float | None:
        """p, or None."""
        return None if self.log_p_value is None else math.exp(self.log_p_value)

    @property
    def z_score(self) -> float | None:
        """Z, or None; -inf of p = 1, which JSON has as null."""
        return None if self.log_p_value is None else z_score_from_log(self.log_p_value)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        z = self.z_score
        return {
            "n_batches": self.n_batches,
            "n_events": self.n_events,
            "p_value": self.p_value,
            "z_score": None if z is None else finite_or_none(z),
            "n_good": self.n_good,
            "reason": self.reason,
        }


def window_laws(
    scorer: AdditiveScorer, events: FloatArray, *, smallest: int, largest: int, rng: np.random.Generator
) -> NullLaws:
    """The null of windows of ``smallest`` to ``largest`` events, each size twice the one before.

    Args:
        scorer: of batches.
        events: good ones (N, d), raw, that are not of the reference.
        smallest, largest: windows.
        rng: of the toys.
    """
    steps = max(0, math.ceil(math.log2(largest / smallest)))
    sizes = [smallest * 2**step for step in range(steps + 1)]
    n_toys = min(_N_TOYS, max(_N_TOYS // 10, _NUMBERS // scorer.reference_sums.size))
    toys = scorer.window_toys(events, sizes=sizes, n_toys=n_toys, rng=rng)
    made = (
        size_law(one, n, combination=scorer.combination, pool_z_error=None) for one, n in zip(toys, sizes, strict=True)
    )
    return NullLaws(tuple(made), scorer.combination)


class Windows:
    """The growing window, of all batches since it began, and the sliding one, of the last.

    The growing one is compared with held-out events, which stay the same, and begins anew where it would have more
    events than these. The sliding one is compared with them and with all batches that have left it, so that it knows
    the better what is good the longer it lasts; a batch beyond doubt does not count as good.

    Args:
        scorer: with sums.
        baseline: of held-out events.
        laws: of windows, as `window_laws` makes them.
        n_batches: that the sliding one holds, at most.
    """

    def __init__(self, scorer: AdditiveScorer, baseline: Baseline, laws: NullLaws, *, n_batches: int) -> None:
        self._scorer, self._baseline, self._laws, self.n_kept = scorer, baseline, laws, n_batches
        self.begin_anew()

    def begin_anew(self) -> None:
        """Forget all batches."""
        n_sums = self._baseline.sums.size
        self.n_seen = 0
        # of the last batches: events, whether it counts as good later, sums
        self._kept = np.zeros((self.n_kept, 2 + n_sums))
        # of a total: events, batches, sums
        self._growing, self._left = np.zeros((2, 2 + n_sums))

    def add(self, sums: FloatArray, n_events: int, *, is_good: bool) -> dict[str, WindowResult]:
        """Both windows with one more batch of sums (r,)."""
        slot, batch = self.n_seen % self.n_kept, np.concatenate([[n_events, 1.0], sums])
        leaving = self._kept[slot]
        if leaving[1]:  # of a slot that was never filled it is 0
            self._left = self._left + np.concatenate([[leaving[0], 1.0], leaving[2:]])
        if self._growing[0] + n_events > self._baseline.n_events:
            self._growing = np.zeros_like(self._growing)
        self._growing = self._growing + batch
        self._kept[slot] = [n_events, is_good, *sums]
        self.n_seen += 1
        n_kept = min(self.n_seen, self.n_kept)
        sliding = np.sum(self._kept, axis=0)
        good = self._baseline.joined_by(self._left[2:], int(self._left[0]))
        return {
            GROWING: self._result(self._growing[2:], self._baseline, n=self._growing[0], n_batches=self._growing[1]),
            SLIDING: self._result(sliding[2:], good, n=sliding[0], n_batches=n_kept),
        }

    def _result(self, sums: FloatArray, good: Baseline, *, n: float, n_batches: float) -> WindowResult:
        n_events = int(n)
        if n_events > good.n_events:
            reason = (
                f"the window has {n_events:,} events, and there are {good.n_events:,} good ones to compare it with: it "
                "must not have more than these; use a shorter window, or hold out more"
            )
            return WindowResult(int(n_batches), n_events, None, good.n_events, reason)
        scores = self._scorer.scores_of(sums[None, :], np.array([float(n_events)]), center=good.sums)[0]
        t = self._laws.t(scores / good.inflation(n_events), n_events)
        return WindowResult(int(n_batches), n_events, self._laws.p(t, n_events).log_p_value, good.n_events)

    @property
    def record(self) -> FloatArray:
        """What the last batch leaves behind, shape (`record_size`,): those of the last ``n_kept`` batches are all that
        windows know.
        """
        last = self._kept[(self.n_seen - 1) % self.n_kept]
        return np.concatenate([[self.n_seen], last, self._growing, self._left])

    @property
    def record_size(self) -> int:
        """Numbers in a `record`."""
        return 1 + _ALL_PARTS * self._kept.shape[1]

    def restore(self, records: Sequence[FloatArray]) -> None:
        """Go on after the batches of these records, as many as a sliding window holds or all that there were."""
        self.begin_anew()
        for one in records:
            self.n_seen = int(one[0])
            last, self._growing, self._left = np.split(one[1:], _ALL_PARTS)
            self._kept[(self.n_seen - 1) % self.n_kept] = last
