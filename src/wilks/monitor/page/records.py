"""A folder of `wilks monitor` as it stands, read as it grows."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wilks.errors import InputError, StoreError
from wilks.monitor.audit import LOG, RELOAD, START
from wilks.monitor.page.notes import NOTES, Author, Notes, acknowledgment, append, reasons_of, time_of
from wilks.monitor.page.tail import Places, Tail
from wilks.monitor.page.totals import Totals
from wilks.monitor.verdict import Alarm, State

# All other alarms stand for a while: someone is needed when they begin.
_EVENTS = (State.BAD, Alarm.JUMP)


@dataclass(frozen=True)
class Open:
    """A batch that needs someone: it is BAD, or an alarm began at it."""

    reasons: tuple[str, ...]
    at: float | None


class Records:
    """The logs of a folder; safe to be used by several threads.

    Attributes:
        start: the last line at which a process or a reference began.
        reload_problem: why no other reference can be loaded, in words; empty where one can, or nobody looks.

    Args:
        folder: of a monitor that runs, or has ended.
        clock: seconds since 1970.
    """

    def __init__(self, folder: Path, *, clock: Callable[[], float]) -> None:
        self.folder, self.clock, self.lock = folder, clock, threading.RLock()
        self._log, self._noted = Tail(folder / LOG), Tail(folder / NOTES)
        self._forget()
        self.notes = Notes()

    def _forget(self) -> None:
        self.start: Mapping[str, Any] = {}
        self.reload_problem = ""
        self._starts = dict[str, Mapping[str, Any]]()
        self.totals, self._places = Totals(), Places(self._log.path)
        self._needing, self._standing = dict[int, Open](), frozenset[str]()

    def refresh(self) -> None:
        """Read what has come."""
        with self.lock:
            if self._log.has_begun_anew():
                self._forget()
            for start, entry in self._log.new():
                self._take(start, entry)
            if self._noted.has_begun_anew():
                self.notes = Notes()
            for _, entry in self._noted.new():
                self.notes.add(entry)
            done = [index for index in self._needing if self.notes.acknowledgment_of(index)]
            for index in done:
                del self._needing[index]

    def _take(self, start: int, entry: dict[str, Any]) -> None:
        if entry["kind"] == START:
            self.start, self.reload_problem = entry, ""
            self._starts[entry["reference"]] = entry
            return
        if entry["kind"] == RELOAD:
            self.reload_problem = entry["problem"]
            return
        verdict = entry["verdict"]
        reasons = tuple(one for one in reasons_of(entry) if one in _EVENTS or one not in self._standing)
        if verdict["cause"] is None:
            self._standing = frozenset(verdict["alarms"])
        if reasons:
            self._needing[len(self._places)] = Open(reasons, time_of(entry))
        self._places.add(start)
        self.totals.add(entry)

    def start_of(self, verdict: Mapping[str, Any]) -> Mapping[str, Any]:
        """The line at which the reference of a verdict began."""
        return self._starts.get(verdict["reference"], {})

    @property
    def n_batches(self) -> int:
        """All of the log."""
        return len(self._places)

    @property
    def problems(self) -> tuple[str, ...]:
        """What is wrong with the logs, in words."""
        return tuple(one.problem for one in (self._log, self._noted) if one.problem)

    def batches(self, first: int, end: int) -> list[dict[str, Any]]:
        """Lines of batches ``first`` to ``end``, as far as there are any."""
        with self.lock:
            return self._places.entries(first, end)

    def batch(self, index: int) -> dict[str, Any] | None:
        """The line of a batch; None where there is none."""
        return next(iter(self.batches(index, index + 1)), None) if 0 <= index < self.n_batches else None

    def open_batches(self) -> list[int]:
        """Batches that need someone, are not acknowledged, and were not silenced when they came."""
        with self.lock:
            return [i for i, one in self._needing.items() if not self.notes.is_silenced(one.reasons, one.at)]

    def acknowledge(self, index: int, author: Author, *, has_earlier: bool) -> None:
        """Add an acknowledgment to the notes.

        Raises:
            InputError: there is no such batch.
        """
        entry = self.batch(index)
        if entry is None:
            raise InputError(f"there must be a batch of this number, but there is no batch {index}")
        self.note(acknowledgment(entry, has_earlier=has_earlier), author)

    def note(self, entry: Mapping[str, Any], author: Author) -> None:
        """Add a note, and read it back."""
        with self.lock:
            first = next(iter(self._starts), None)
            if first is None:
                raise StoreError(f"{self.folder} must have a log to say something of, but it has none yet")
            append(self.folder, entry, author, reference=first, now=self.clock())
            self.refresh()
