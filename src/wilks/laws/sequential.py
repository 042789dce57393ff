"""A p that is counted among draws of the null, one after the other, until it is known well enough."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.special

from wilks.significance import clopper_pearson, clopper_pearson_upper, least_tied
from wilks.significance.text import probability
from wilks.statistics.law import Probability
from wilks.typing import FloatArray

_TAIL = 0.16
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Stopping:
    """When to stop: at the ``n_hits``-th draw that reaches the observed t, or after ``n_most`` draws.

    Stopped early p = h/L for h hits among L draws, else (k + 1)/(n + 1) (Besag and Clifford, Biometrika 78 (1991) 301).
    Both are valid: P(p <= a) <= a for every a. Values that differ by rounding alone tie (`least_tied`).

    Attributes:
        n_hits: h; None: all draws are made.
        n_most: n.
    """

    n_hits: int | None
    n_most: int


@dataclass(frozen=True)
class HitTally:
    """Draws so far, and how many of them reach the observed t.

    Attributes:
        n_hits: that reach it, or failed.
        n_draws: all of them.
        n_failed: of the hits; 0 in a stored result that does not say it.

    >>> stopping = Stopping(n_hits=2, n_most=99)
    >>> tally = HitTally().after(np.array([0.1, 5.0, 0.2, 7.0, 9.0]), t=3.0, stopping=stopping)
    >>> tally, tally.is_stopped(stopping), round(tally.probability("permutation", stopping).p_value, 3)
    (HitTally(n_hits=2, n_draws=4, n_failed=0), True, 0.5)
    """

    n_hits: int = 0
    n_draws: int = 0
    n_failed: int = 0

    def after(self, values: FloatArray, *, t: float, stopping: Stopping) -> "HitTally":
        """With further draws (k,), as many of them as are needed, in their order; one that failed, NaN, is a hit."""
        values = values[: stopping.n_most - self.n_draws]
        reached = np.cumsum(~(values < least_tied(t)))
        if stopping.n_hits is not None and reached.size and self.n_hits + reached[-1] >= stopping.n_hits:
            values = values[: int(np.searchsorted(reached, stopping.n_hits - self.n_hits)) + 1]
        n_hits = int(reached[values.size - 1]) if values.size else 0
        n_failed = int(np.count_nonzero(np.isnan(values)))
        return HitTally(self.n_hits + n_hits, self.n_draws + int(values.size), self.n_failed + n_failed)

    def is_early(self, stopping: Stopping) -> bool:
        """Whether the hits are complete."""
        return stopping.n_hits is not None and self.n_hits >= stopping.n_hits

    def is_stopped(self, stopping: Stopping) -> bool:
        """Whether no further draw is needed."""
        return self.is_early(stopping) or self.n_draws >= stopping.n_most

    def probability(self, method: str, stopping: Stopping) -> Probability:
        """p with its 68 % interval: that of a fixed number of hits where it stopped early, else Clopper-Pearson.

        Draws that failed count as hits in p and at the upper end; the lower end takes none of them for one.
        """
        hits, n, valid = self.n_hits, self.n_draws, self.n_hits - self.n_failed
        if not self.is_early(stopping):
            interval = clopper_pearson(valid, n)[0], clopper_pearson(hits, n)[1]
            return Probability.of((hits + 1) / (n + 1), interval, method=method)
        low = float(scipy.special.betaincinv(valid, n - valid + 1, _TAIL)) if valid else 0.0
        high = 1.0 if hits == n else float(scipy.special.betainccinv(hits, n - hits, _TAIL))
        return Probability.of(hits / n, (low, high), method=method)

    def text(self, stopping: Stopping, *, what: str) -> str:
        """p with the counts, as 'p = 1/1000 (0 of 999 relabellings; below 0.0030 at 95 % CL)'.

        >>> HitTally(0, 999).text(Stopping(None, 999), what="relabellings")
        'p = 1/1000 (0 of 999 relabellings; below 0.0030 at 95 % CL)'
        >>> HitTally(20, 143).text(Stopping(20, 999), what="relabellings")
        'p = 20/143 (stopped at the 20th relabelling that reaches t)'
        >>> HitTally(5, 99, n_failed=2).text(Stopping(None, 99), what="toys")
        'p = 6/100 (3 of 99 toys, 2 failed)'
        """
        valid, failed = self.n_hits - self.n_failed, f", {self.n_failed:,} failed" if self.n_failed else ""
        if self.is_early(stopping):
            or_failed = f" or failed{failed}" if failed else ""
            nth = f"{self.n_hits}{_ending(self.n_hits)}"
            return f"p = {self.n_hits}/{self.n_draws} (stopped at the {nth} {what[:-1]} that reaches t{or_failed})"
        limit = probability(clopper_pearson_upper(self.n_hits, self.n_draws)) if not valid else ""
        counts = f"{valid:,} of {self.n_draws:,} {what}{failed}{f'; below {limit} at 95 % CL' if limit else ''}"
        return f"p = {self.n_hits + 1}/{self.n_draws + 1} ({counts})"

    def to_document(self) -> dict[str, Any]:
        """Plain values."""
        return dict(vars(self))

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "HitTally":
        """The inverse of `to_document`."""
        return cls(**document)


def _ending(number: int) -> str:
    """Of an ordinal number: 1st, 2nd, 3rd, 11th."""
    last = 0 if number % 100 in (11, 12, 13) else number % 10
    return {1: "st", 2: "nd", 3: "rd"}.get(last, "th")


def corrected(log_p: FloatArray, drawn: FloatArray) -> FloatArray:
    """p of each of m values, given that the least of m was looked for: (1 + draws with a least p as small)/(1 + draws).

    Args:
        log_p: observed, shape (m,).
        drawn: least log p of each draw, shape (k,).
    """
    least = np.sort(drawn)
    reached = np.searchsorted(least, log_p + _ROUNDING * np.abs(log_p), side="right")
    return np.asarray((1.0 + reached) / (1.0 + least.size))
