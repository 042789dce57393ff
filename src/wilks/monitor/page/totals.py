"""What has come so far, in numbers that do not grow with the batches."""

import bisect
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from wilks.monitor.verdict import Alarm, State

LATENCIES_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
STATES = tuple(map(str, State))
ALARMS = tuple(map(str, Alarm))


@dataclass
class Totals:
    """Counts over all batches of a log, and what was said of the last.

    Attributes:
        states: batches of each.
        causes: batches that were not evaluated, of each cause.
        alarms: batches at which each stood.
        latencies: batches by latency, up to each of `LATENCIES_S` and beyond, not added up; ``latency_sum_s`` of all.
        last: the verdict on the last batch; None before there is one.
        last_evaluated: that on the last one that was evaluated.
        last_at: when it was judged, in seconds since 1970; None: not known.
        n_waiting: batches that waited behind it.
    """

    states: Counter[str] = field(default_factory=Counter)
    causes: Counter[str] = field(default_factory=Counter)
    alarms: Counter[str] = field(default_factory=Counter)
    latencies: list[int] = field(default_factory=lambda: [0] * (len(LATENCIES_S) + 1))
    latency_sum_s: float = 0.0
    last: Mapping[str, Any] | None = None
    last_evaluated: Mapping[str, Any] | None = None
    last_at: float | None = None
    n_waiting: int = 0

    def add(self, entry: Mapping[str, Any]) -> None:
        """One more line of a batch."""
        verdict = entry["verdict"]
        self.states[verdict["state"]] += 1
        self.alarms.update(verdict["alarms"])
        self.last, self.last_at, self.n_waiting = verdict, seconds_of(entry["at"]), entry["n_waiting"]
        if verdict["cause"] is None:
            self.last_evaluated = verdict
        else:
            self.causes[verdict["cause"]] += 1
        latency = verdict["latency_s"]
        if latency is not None:
            self.latencies[bisect.bisect_left(LATENCIES_S, latency)] += 1
            self.latency_sum_s += latency

    @property
    def n_batches(self) -> int:
        """All of them."""
        return self.states.total()


def seconds_of(at: str) -> float | None:
    """Seconds since 1970 of a time in the log; None of a clock that had jumped out of all calendars.

    >>> seconds_of("1970-01-01T00:01:00.000+00:00"), seconds_of("unknown")
    (60.0, None)
    """
    try:
        return datetime.fromisoformat(at).timestamp()
    except (ValueError, OverflowError):
        return None
