"""Decisions over time: ranks of batches, evidence that adds up, counts of k in n, and drift.

Everything here is arithmetic on p-values and Z; nothing knows events, files or clocks.
"""

import bisect
import hashlib
import math
from collections import deque
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from wilks.significance import p_value
from wilks.typing import FloatArray

_TIE = 1e-9


class Ranks:
    """Where a batch stands among calibration batches and earlier ones: a conformal p.

    With m values beside the new one, g of them larger and e equal to it, and u uniform,

        p = (g + u (e + 1)) / (m + 1)

    is uniform where all m + 1 are exchangeable, whatever their law (Vovk, Gammerman, Shafer, "Algorithmic Learning in
    a Random World"), and p of one batch after the other are then independent. All are scored against one reference,
    which makes them exchangeable given it.

    Args:
        fixed: of calibration batches, by which of them a batch is to be ranked among; these stay for ever.
        n_earlier: earlier batches that are remembered, the last ones.
    """

    def __init__(self, fixed: Sequence[FloatArray], *, n_earlier: int) -> None:
        self._fixed = [np.sort(one) for one in fixed]
        self._sorted: list[float] = []
        self._order: deque[float] = deque()
        self._most = n_earlier

    def n(self, which: int) -> int:
        """How many values a batch is ranked among."""
        return int(self._fixed[which].size) + len(self._sorted)

    def n_fixed(self, which: int) -> int:
        """How many of them are calibration batches."""
        return int(self._fixed[which].size)

    def p(self, z: float, which: int, *, u: float) -> float:
        """The conformal p of z, with u in (0, 1) to break ties."""
        low, high = z - _TIE * (1.0 + abs(z)), z + _TIE * (1.0 + abs(z))
        fixed = self._fixed[which]
        larger = fixed.size - int(np.searchsorted(fixed, high, side="right"))
        larger += len(self._sorted) - bisect.bisect_right(self._sorted, high)
        not_smaller = fixed.size - int(np.searchsorted(fixed, low, side="left"))
        not_smaller += len(self._sorted) - bisect.bisect_left(self._sorted, low)
        return (larger + u * (not_smaller - larger + 1)) / (self.n(which) + 1)

    def mid_rank(self, z: float, which: int) -> float:
        """The share of calibration batches below z, those equal to it by half."""
        fixed = self._fixed[which]
        below, at = (int(np.searchsorted(fixed, z, side=side)) for side in ("left", "right"))
        return 0.5 * (below + at) / fixed.size

    def add(self, z: float) -> None:
        """Remember a batch, and forget one where there are too many."""
        bisect.insort(self._sorted, z)
        self._order.append(z)
        if len(self._order) > self._most:
            old = self._order.popleft()
            del self._sorted[bisect.bisect_left(self._sorted, old)]


def tie_breaker(seed: int, index: int) -> float:
    """A number in (0, 1) for batch ``index``: it depends on nothing but both.

    >>> tie_breaker(0, 1) == tie_breaker(0, 1) != tie_breaker(0, 2)
    True
    """
    digest = hashlib.sha256(f"{seed}:{index}".encode()).digest()
    return (int.from_bytes(digest[:7], "little") + 0.5) / 2.0**56


def e_value(p: float, *, kappa: float) -> float:
    """kappa p^(kappa - 1), whose mean is 1 where p is uniform.

    >>> e_value(0.01, kappa=0.5)
    5.0
    """
    return float(kappa * p ** (kappa - 1.0))


class EvidenceSum:
    """The Shiryaev-Roberts sum R_t = e_t (1 + R_{t-1}) with an alarm at kappa h, after which it starts at 0 again.

    Where p are uniform and independent, e_t has a mean of 1, so that R_t - t is a martingale and the mean time to an
    alarm is the mean of R at it. P(e > x) = (kappa/x)^(1/(1 - kappa)) is the law of Pareto: whatever R was before, it
    reaches 1/kappa times the limit on average when it passes it. So there is one false alarm in h batches on average,
    exactly. R_t is never below e_t max(1, R_{t-1}), the e-CUSUM (Shin, Ramdas and Rinaldo, "E-detectors", New Engl. J.
    Stat. Data Sci. 2024), of which h itself as limit is the bound for any e of mean 1.

    Args:
        kappa: of `e_value`.
        run_length: h, at least 1/(1 - kappa).
    """

    def __init__(self, *, kappa: float, run_length: float) -> None:
        self._kappa, self.limit = kappa, kappa * run_length
        self.value = 0.0

    def add(self, p: float) -> tuple[float, bool]:
        """The sum with one more p, and whether it raises an alarm."""
        reached = e_value(max(p, 1e-300), kappa=self._kappa) * (1.0 + self.value)
        is_alarm = reached >= self.limit
        self.value = 0.0 if is_alarm else reached
        return reached, is_alarm


class Count:
    """How many of the last n values of p lie below a level.

    Args:
        level: of p.
        n: that are looked at.
    """

    def __init__(self, *, level: float, n: int) -> None:
        self._level, self._last = level, deque[bool](maxlen=n)

    def add(self, p: float) -> int:
        """The count with one more p."""
        self._last.append(p < self._level)
        return sum(self._last)

    def take_up(self, other: "Count") -> None:
        """Go on where another one ended."""
        self._last.extend(other._last)


class Drift:
    """Whether the last batches rank higher among calibration batches than those among themselves.

    The mean of m mid-ranks among n calibration batches is the statistic U/(m n) of Mann and Whitney, with mean 1/2 and
    variance (m + n + 1)/(12 m n) where all are exchangeable. Calibration batches stay the same: what ranks among
    earlier batches absorb, as each batch is a little worse than those before, is seen here.

    Args:
        n_batches: m.
    """

    def __init__(self, *, n_batches: int) -> None:
        self._ranks = deque[float](maxlen=n_batches)

    def add(self, mid_rank: float, *, n_fixed: int) -> float | None:
        """One-sided p of the last m batches; None before there are so many."""
        self._ranks.append(mid_rank)
        m = len(self._ranks)
        if m < (self._ranks.maxlen or 1):
            return None
        spread = math.sqrt((m + n_fixed + 1.0) / (12.0 * m * n_fixed))
        return p_value((sum(self._ranks) / m - 0.5) / spread)


class Discoveries(NamedTuple):
    """Which channels deviate.

    Attributes:
        found: whether each does.
        level: below which p they do; 0 where none does.
    """

    found: tuple[bool, ...]
    level: float


def discoveries(p_values: Iterable[float], *, rate: float) -> Discoveries:
    """Channels that deviate, with a false-discovery rate of at most ``rate``: the rule of Benjamini and Hochberg.

    Of m channels in order of p the first k are found, k the largest with p_(k) <= rate k/m. Of those that are found a
    share of at most ``rate`` is good on average, where channels are independent or positively dependent (Benjamini and
    Yekutieli, Ann. Stat. 29 (2001) 1165).

    >>> discoveries([0.001, 0.3, 0.02, 0.9], rate=0.1)
    Discoveries(found=(True, False, True, False), level=0.05)
    """
    p = np.array(list(p_values), dtype=np.float64)
    n_found = int(np.max(np.flatnonzero(np.sort(p) <= rate * np.arange(1, p.size + 1) / p.size), initial=-1)) + 1
    level = rate * n_found / p.size if p.size else 0.0
    return Discoveries(tuple(bool(one) for one in (p <= level) & (n_found > 0)), float(level))
