"""The audit log of a monitor: JSON lines that are only ever added, each with a digest that holds the one before it.

The log is the truth. A batch is judged once its line is in it: whatever a process knew when it was killed, the next one
knows from the lines. A last line without its end was not written whole: it is taken away, and the batch is judged
again. Any other line that is not what was written has changed since, and is named.
"""

import contextlib
import fcntl
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

from wilks.documents import canonical_json
from wilks.errors import StoreError
from wilks.wording import visible

LOG = "log.jsonl"
START, BATCH, RELOAD = "start", "batch", "reload"  # kinds of lines of the log of a monitor
_NOTHING = ""


class InUseError(StoreError):
    """Another process writes a log."""


class AuditLog:
    """A file of lines that one process adds to; used as a context it is closed at the end.

    Args:
        path: of the file; it is made where it is not there.
        reference: digest of the reference that the next lines are of.
        may_change: whether lines that are there may be of others.

    Raises:
        StoreError: the file is no such log, is one of another reference, has changed since, or cannot be written; an
            `InUseError` where another process writes it.
    """

    def __init__(self, path: Path, *, reference: str, may_change: bool = False) -> None:
        self.path, self._reference, self._may_change, self._last = path, reference, may_change, _NOTHING
        self.n_lines, self.n_torn = 0, 0
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        except OSError as error:
            raise StoreError(f"the log {path} must be a file that can be written, but: {error.strerror}") from error
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._handle)
            raise InUseError(
                f"the log {path} must be written by one process, but another one does; end it, or give another --output"
            ) from None  # no disk has failed
        except OSError:  # a disk without locks
            pass
        self._size = os.fstat(self._handle).st_size

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._handle)

    def entries(self) -> Iterator[dict[str, Any]]:
        """All lines that are there, verified one by one; afterwards lines can be added.

        A last line that is torn is taken away, and ``n_torn`` says how many bytes that were.
        """
        end, there = 0, self._reference
        with self.path.open("rb") as file:
            try:
                for length, entry in whole_lines(file, previous=self._last):
                    end, self.n_lines, self._last = end + length, self.n_lines + 1, entry["digest"]
                    there = entry.get("reference", there)
                    yield entry
            except ChangedLineError as error:
                raise _changed(self.path, self.n_lines + 1) from error
        self._check_reference(there)
        self.n_torn = self._size - end
        if self.n_torn:
            os.ftruncate(self._handle, end)
            self._size = end

    def append(self, entry: Mapping[str, Any]) -> None:
        """Add a line and see it on the disk; a line that could not be written whole is taken away again.

        Raises:
            OSError: the disk is full, or failed.
        """
        told = {**entry, "previous": self._last}
        digest = _digest(told)
        data = (canonical_json({**told, "digest": digest}) + "\n").encode()
        try:
            _write_all(self._handle, data)
            os.fsync(self._handle)
        except OSError:
            with contextlib.suppress(OSError):
                os.ftruncate(self._handle, self._size)
            raise
        self._last, self._size, self.n_lines = digest, self._size + len(data), self.n_lines + 1

    def _check_reference(self, there: str) -> None:
        if there != self._reference and not self._may_change:
            raise StoreError(
                f"the log {self.path} must be one of the reference {self._reference[:12]}, but its last lines are of "
                f"{visible(str(there))[:12]}; give another --output, or --reload to go on with the new reference"
            )


class ChangedLineError(Exception):
    """A line of a log is not what was written there."""


def whole_lines(file: BinaryIO, *, previous: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """The length of each line, from where the file stands, and its entry.

    A last line without its end was not written whole, or is being written: it is left out.

    Args:
        file: of lines.
        previous: digest of the line before; empty at the beginning of a log.

    Raises:
        ChangedLineError: a line is not what was written after the one before.
    """
    for line in file:
        if not line.endswith(b"\n"):
            return
        entry = verified(line, previous=previous)
        yield len(line), entry
        previous = entry["digest"]


def lines(path: Path) -> Iterator[dict[str, Any]]:
    """All whole lines of a log, verified; nothing is locked or changed, and another process may add to it.

    Raises:
        StoreError: it cannot be read, or a line has changed since it was written.
    """
    n_lines = 0
    try:
        with path.open("rb") as file:
            for _, entry in whole_lines(file, previous=_NOTHING):
                n_lines += 1
                yield entry
    except ChangedLineError as error:
        raise _changed(path, n_lines + 1) from error
    except OSError as error:
        raise StoreError(f"the log {path} must be a file that can be read, but: {error.strerror}") from error


def _changed(path: Path, line: int) -> StoreError:
    return StoreError(
        f"line {line} of {path} must be what was written there, but it has changed since; take the log back from a "
        "copy, or begin another in a new folder"
    )


def verified(line: bytes, *, previous: str | None) -> dict[str, Any]:
    """The entry of a line.

    Args:
        line: with its end.
        previous: digest of the line before, empty for the first line of a log; None: whichever it says.

    Raises:
        ChangedLineError: it is not what was written.
    """
    try:
        entry = json.loads(line)
        told = {name: value for name, value in entry.items() if name != "digest"}
        before = entry["previous"] if previous is None else previous
        is_whole = entry["digest"] == _digest(told) and entry["previous"] == before
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ChangedLineError from error
    if not is_whole:
        raise ChangedLineError
    return dict(entry)


def _write_all(handle: int, data: bytes) -> None:
    while data:
        data = data[os.write(handle, data) :]


def _digest(entry: Mapping[str, Any]) -> str:
    return hashlib.sha256(canonical_json(entry).encode()).hexdigest()
