"""Batches taken together: their sums add, and what leaves a window is subtracted.

A window of n events is compared with N held-out events. Their own fluctuations matter as much as those of the window
where n is as large: the covariance of b is that of n events times 1 + n/N. Without it a window twice as large is always
BAD. The reference itself would be a poor measure: Gaussians stand on events of its own.
"""

import math
from collections import deque
from dataclasses import dataclass
from typing import Any

import numpy as np

from wilks.monitor.scoring import AdditiveScorer, Baseline
from wilks.significance import COMBINATIONS, gamma_log_sf, z_score_from_log
from wilks.typing import FloatArray

LARGEST_SHARE = 1.0
_RENEWED = 256


@dataclass(frozen=True)
class WindowResult:
    """A window of batches.

    Attributes:
        n_batches, n_events: in it.
        log_p_value: the logarithm of its p, by gamma laws in the Gaussian limit and, of several members, their
            half-Cauchy combination: approximate. None where too few events are held out.
        reason: why there is no p; empty where there is one.
    """

    n_batches: int
    n_events: int
    log_p_value: float | None
    reason: str = ""

    @property
    def p_value(self) -> float | None:
        """p, or None."""
        return None if self.log_p_value is None else math.exp(self.log_p_value)

    @property
    def z_score(self) -> float | None:
        """Z, or None."""
        return None if self.log_p_value is None else z_score_from_log(self.log_p_value)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {"n_batches": self.n_batches, "n_events": self.n_events, "p_value": self.p_value} | {
            "z_score": self.z_score,
            "reason": self.reason,
        }


class Window:
    """Sums of the last batches, or of all since it began.

    Args:
        scorer: with sums.
        baseline: of good events.
        n_batches: that it holds, at most; None: all, until the baseline is too small, and then it begins anew.
    """

    def __init__(self, scorer: AdditiveScorer, baseline: Baseline, *, n_batches: int | None) -> None:
        self._scorer, self._baseline, self._most = scorer, baseline, n_batches
        self._kept: deque[tuple[FloatArray, int]] = deque()
        self._empty()

    def _empty(self) -> None:
        self._total, self.n_events, self.n_batches, self._n_taken = np.zeros_like(self._baseline.sums), 0, 0, 0
        self._kept.clear()

    def add(self, sums: FloatArray, n_events: int) -> WindowResult:
        """The window with one more batch of sums (r,)."""
        if self._most is None and self.n_events + n_events > LARGEST_SHARE * self._baseline.n_events and self.n_batches:
            self._empty()
        self._put(sums, n_events)
        if self._most is not None:
            self._keep(sums, n_events)
        if self.n_events > LARGEST_SHARE * self._baseline.n_events:
            return WindowResult(self.n_batches, self.n_events, None, self._too_small())
        return WindowResult(self.n_batches, self.n_events, self._log_p())

    def _put(self, sums: FloatArray, n_events: int) -> None:
        self._total = self._total + sums
        self.n_events, self.n_batches = self.n_events + n_events, self.n_batches + 1

    def _keep(self, sums: FloatArray, n_events: int) -> None:
        """Remember the batch, and take away what leaves; now and then all sums are made anew, for rounding adds up."""
        self._kept.append((sums, n_events))
        if len(self._kept) > (self._most or 0):
            old, n_old = self._kept.popleft()
            self._total = self._total - old
            self.n_events, self.n_batches, self._n_taken = self.n_events - n_old, self.n_batches - 1, self._n_taken + 1
        if self._n_taken >= _RENEWED:
            self._total, self._n_taken = np.sum([one for one, _ in self._kept], axis=0), 0

    def _log_p(self) -> float:
        center = self._baseline.sums
        scores = self._scorer.scores_of(self._total[None, :], np.array([float(self.n_events)]), center=center)[0]
        mean, variance = self._scorer.moments(self._baseline, self.n_events)
        log_p = gamma_log_sf(scores, mean=mean, variance=variance)
        if log_p.size == 1:
            return float(log_p[0])
        return -0.5 * float(COMBINATIONS["half_cauchy"](log_p))

    def _too_small(self) -> str:
        return (
            f"the window has {self.n_events:,} events, and {self._baseline.n_events:,} are held out to compare it "
            "with: it must not have more than these; use a shorter window, or hold out more"
        )
