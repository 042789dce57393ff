"""Judging batches as they come, with the log as the memory."""

import hashlib
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from wilks.monitor.audit import BATCH, RELOAD, START, AuditLog
from wilks.monitor.inputs import Arrival
from wilks.monitor.monitor import Monitor
from wilks.monitor.reference import MonitorReference
from wilks.monitor.sums_file import ENDING, SumsFile
from wilks.monitor.verdict import Cause, Verdict


@dataclass
class Tally:
    """What was judged, by this process and those before it.

    Attributes:
        states: how many batches of each.
        alarms: how many of each.
        n_before: batches that earlier processes judged.
        n_in_windows: those that windows have seen; 0 where windows began anew.
        n_skipped: batches that came again and were not judged twice.
        most_waiting: batches that waited at once, at most.
    """

    states: Counter[str] = field(default_factory=Counter)
    alarms: Counter[str] = field(default_factory=Counter)
    n_before: int = 0
    n_in_windows: int = 0
    n_skipped: int = 0
    most_waiting: int = 0

    def add(self, verdict: dict[str, Any]) -> None:
        """One more."""
        self.states[verdict["state"]] += 1
        self.alarms.update(verdict["alarms"])


class Watch:
    """A monitor with its log.

    Args:
        monitor: to which no batch has come.
        log: of its reference; what is in it is taken up.
        clock: seconds since 1970; it may jump: nothing but the age of batches depends on it.
    """

    def __init__(self, monitor: Monitor, log: AuditLog, *, clock: Callable[[], float]) -> None:
        self._monitor, self._log, self._clock = monitor, log, clock
        self.tally, self._judged = Tally(), dict[bytes, bytes | None]()
        self._sums = self._sums_file()
        self.tally.n_in_windows = self._take_up()
        self.tally.n_before = monitor.n_batches
        self._begin(n_in_windows=self.tally.n_in_windows)

    @property
    def reference(self) -> MonitorReference:
        """That the next batch is judged by."""
        return self._monitor.reference

    @property
    def has_windows(self) -> bool:
        """Whether its statistics have sums."""
        return self._sums is not None

    def change_reference(self, reference: MonitorReference) -> None:
        """Judge by another one from the next batch on, which the log says in a line of its own."""
        self._monitor.change_reference(reference)
        self._sums = self._sums_file()
        self._begin(n_in_windows=0)

    def note_reload(self, problem: str) -> None:
        """The line that says why no reference can be loaded any more, or, without a problem, that one can again."""
        self._log.append({"kind": RELOAD, "at": self._now_text(), "problem": problem})

    def _sums_file(self) -> SumsFile | None:
        windows = self._monitor.windows
        if windows is None:
            return None
        path = self._log.path.with_suffix(ENDING)
        return SumsFile(path, n_numbers=windows.record_size, n_kept=windows.n_kept)

    def _take_up(self) -> int:
        """What is in the log; how many batches windows have taken up."""
        here, told = self._monitor.reference, deque[Mapping[str, Any]](maxlen=self._monitor.reference.decisions.window)
        before = here.digest
        for entry in self._log.entries():
            if entry["kind"] == START:
                if entry["reference"] != before:
                    self._monitor.change_reference(here)
                    told.clear()
                before = entry["reference"]
            elif entry["kind"] == BATCH:
                self._monitor.replay([entry["verdict"]])
                self._note(entry["verdict"]["name"], entry["mark"], entry["verdict"])
                told.extend([entry["window_sums"]] if entry.get("window_sums") else [])
        windows = self._monitor.windows
        if self._sums is None or windows is None or before != here.digest:
            return 0
        windows.restore(self._sums.read(list(told)))
        return windows.n_seen

    def _begin(self, *, n_in_windows: int) -> None:
        """The line at which a process, or a reference, begins."""
        reference = self._monitor.reference
        self._log.append(
            {
                "kind": START,
                "reference": reference.digest,
                "name": reference.name,
                "at": self._now_text(),
                "n_before": self._monitor.n_batches,
                "n_in_windows": n_in_windows,
                "n_torn_bytes": self._log.n_torn,
                "decisions": reference.decisions.to_dict(),
                "guarantees": list(reference.decisions.describe()),
                "profiles": [one.to_dict() for one in reference.profiles],
            }
        )

    def is_judged(self, name: str, mark: str) -> bool:
        """Whether a batch of this name needs no judging: it was evaluated, or could not be read and has not changed."""
        if not name or _key(name) not in self._judged:
            return False
        unread = self._judged[_key(name)]
        return unread is None or unread == _key(mark)

    def judge(self, arrival: Arrival, *, n_waiting: int = 0) -> Verdict | None:
        """The verdict, once it is in the log; None for a batch that was judged before, or has gone."""
        self.tally.most_waiting = max(self.tally.most_waiting, n_waiting)
        if self.is_judged(arrival.name, arrival.mark):
            self.tally.n_skipped += 1
            return None
        batch = arrival.read()
        if batch is None:
            return None
        now = self._clock()
        verdict = self._monitor.update(batch, now=now)
        told = verdict.to_dict()
        entry = {"kind": BATCH, "at": self._now_text(), "mark": arrival.mark, "content": batch.digest}
        more = {"run_type": batch.run_type, "n_waiting": n_waiting, "window_sums": self._kept_sums(verdict)}
        self._log.append({**entry, **more, "verdict": told})
        self._note(arrival.name, arrival.mark, told)
        return verdict

    def _kept_sums(self, verdict: Verdict) -> dict[str, Any] | None:
        """Keep what windows know after a batch; what the log says of it."""
        windows = self._monitor.windows
        if self._sums is None or windows is None or not verdict.windows:
            return None
        return self._sums.write(windows.n_seen, windows.record)

    def _note(self, name: str, mark: str, verdict: dict[str, Any]) -> None:
        self.tally.add(verdict)
        if name:
            self._judged[_key(name)] = _key(mark) if verdict["cause"] == Cause.UNREADABLE else None

    def _now_text(self) -> str:
        try:
            return datetime.fromtimestamp(self._clock(), UTC).isoformat(timespec="milliseconds")
        except (ValueError, OverflowError, OSError):  # a clock that has jumped out of all calendars
            return "unknown"


def _key(text: str) -> bytes:
    """Sixteen bytes for a name of any length."""
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).digest()[:16]
