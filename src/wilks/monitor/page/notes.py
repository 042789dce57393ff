"""What people say of batches: acknowledged, silenced, with a name, a reason and a time, in a log of its own.

Nothing in the log of the monitor changes, and no verdict. The log of notes is one of the same kind: lines that are only
ever added, each with the digest of the one before it.
"""

import time as clocks
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from wilks.errors import InputError
from wilks.monitor.audit import AuditLog, InUseError
from wilks.monitor.page.totals import ALARMS, seconds_of

NOTES = "acknowledgments.jsonl"
ACKNOWLEDGE, SILENCE, SPEAK = "acknowledge", "silence", "end of silence"
KINDS_OF_SILENCE = ("BAD", *ALARMS)
LONGEST_NAME, LONGEST_REASON, MOST_HOURS = 80, 500, 168.0
_TRIES, _PAUSE_S = 20, 0.05


@dataclass(frozen=True)
class Author:
    """Who says something, and why.

    Raises:
        InputError: one of them is empty or too long.

    >>> Author("A. Shifter", "  ")
    Traceback (most recent call last):
    ...
    wilks.errors.InputError: the reason must be 1 to 500 characters, but 0 came; fill it in
    """

    name: str
    reason: str

    def __post_init__(self) -> None:
        for what, most in (("name", LONGEST_NAME), ("reason", LONGEST_REASON)):
            text = " ".join(getattr(self, what).split())
            if not 1 <= len(text) <= most:
                raise InputError(f"the {what} must be 1 to {most} characters, but {len(text)} came; fill it in")
            object.__setattr__(self, what, text)


def acknowledgment(entry: Mapping[str, Any], *, has_earlier: bool) -> dict[str, Any]:
    """Of a batch by its line in the log of the monitor, or of it and all earlier ones."""
    verdict = entry["verdict"]
    told = {"batch": verdict["index"], "name": verdict["name"], "line": entry["digest"], "state": verdict["state"]}
    return {"kind": ACKNOWLEDGE, **told, "has_earlier": has_earlier}


def silence(of: str, *, hours: float, now: float) -> dict[str, Any]:
    """Of BAD batches or an alarm, from now on.

    Raises:
        InputError: there is no such alarm, or the hours are not within a week.
    """
    _require_kind(of)
    if not 0.0 < hours <= MOST_HOURS:
        raise InputError(f"a silence must last more than 0 and at most {MOST_HOURS:g} hours, but {hours:g} came")
    return {"kind": SILENCE, "of": of, "from": now, "until": now + 3600.0 * hours}


def end_of_silence(of: str, *, now: float) -> dict[str, Any]:
    """From now on.

    Raises:
        InputError: there is no such alarm.
    """
    _require_kind(of)
    return {"kind": SPEAK, "of": of, "from": now}


def _require_kind(of: str) -> None:
    if of not in KINDS_OF_SILENCE:
        raise InputError(f"a silence must be one of {', '.join(KINDS_OF_SILENCE)}, but {of!r} came")


def append(folder: Path, entry: Mapping[str, Any], author: Author, *, reference: str, now: float) -> None:
    """Add a note to the log of the folder, after all that is there was verified.

    Raises:
        StoreError: the log has changed since it was written, or is of another reference.
        OSError: the disk is full, or failed.
    """
    at = datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds")
    told = {**entry, "by": author.name, "reason": author.reason, "at": at, "reference": reference}
    path = folder / NOTES
    with _opened(path, reference) as log:
        for _ in log.entries():
            pass
        log.append(told)


def _opened(path: Path, reference: str) -> AuditLog:
    """The log, once no other process writes it."""
    for _ in range(_TRIES - 1):
        try:
            return AuditLog(path, reference=reference)
        except InUseError:
            clocks.sleep(_PAUSE_S)
    return AuditLog(path, reference=reference)


class Notes:
    """All notes that were read, and what follows from them."""

    def __init__(self) -> None:
        self.all: list[dict[str, Any]] = []
        self._acknowledged: dict[int, dict[str, Any]] = {}
        self._up_to: list[dict[str, Any]] = []
        self._silences: dict[str, list[dict[str, Any]]] = {}

    def add(self, entry: dict[str, Any]) -> None:
        """One more."""
        self.all.append(entry)
        if entry["kind"] == ACKNOWLEDGE:
            self._acknowledged.setdefault(entry["batch"], entry)
            if entry["has_earlier"]:
                self._up_to.append(entry)
            return
        spans = self._silences.setdefault(entry["of"], [])
        for span in spans:
            span["until"] = min(span["until"], entry["from"])
        if entry["kind"] == SILENCE:
            spans.append(dict(entry))

    def acknowledgment_of(self, index: int) -> dict[str, Any] | None:
        """The first note by which a batch is acknowledged; None where there is none."""
        return self._acknowledged.get(index) or next((one for one in self._up_to if index <= one["batch"]), None)

    def silence_of(self, kind: str, at: float | None) -> dict[str, Any] | None:
        """The silence in which something falls that came at this time; None where there is none."""
        if at is None:
            return None
        return next((one for one in self._silences.get(kind, ()) if one["from"] <= at < one["until"]), None)

    def is_silenced(self, reasons: tuple[str, ...], at: float | None) -> bool:
        """Whether all of the reasons why a batch needs someone are."""
        return all(self.silence_of(one, at) is not None for one in reasons)


def reasons_of(entry: Mapping[str, Any]) -> tuple[str, ...]:
    """Why a batch needs someone: it is BAD, or an alarm stands."""
    verdict = entry["verdict"]
    return (*(["BAD"] if verdict["state"] == "BAD" else []), *verdict["alarms"])


def time_of(entry: Mapping[str, Any]) -> float | None:
    """When a line was written, in seconds since 1970."""
    return seconds_of(entry["at"])
