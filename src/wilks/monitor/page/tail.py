"""Reading a log that another process adds to."""

import os
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from wilks.errors import StoreError
from wilks.monitor.audit import ChangedLineError, verified, whole_lines


class Tail:
    """Lines of a log as they come, verified one by one; nothing is locked and nothing written.

    Attributes:
        n_lines: that were read.
        problem: a line that has changed since it was written, in words; nothing after it is read.

    Args:
        path: of the log; it need not be there yet.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._begin()

    def _begin(self) -> None:
        self._end, self._last, self._file = 0, "", (0, 0)
        self.n_lines, self.problem = 0, ""

    def has_begun_anew(self) -> bool:
        """Whether another file is in the place of the one that was read, which is then read from its first line."""
        try:
            told = self.path.stat()
        except OSError:
            return False
        is_other = self._end > 0 and ((told.st_dev, told.st_ino) != self._file or told.st_size < self._end)
        if is_other:
            self._begin()
        return is_other

    def new(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """Where each line begins that came since, and its entry; a last one that is still written waits."""
        if self.problem or not self.path.exists():
            return
        with self.path.open("rb") as file:
            told = os.fstat(file.fileno())
            self._file = (told.st_dev, told.st_ino)
            file.seek(self._end)
            try:
                for length, entry in whole_lines(file, previous=self._last):
                    start = self._end
                    self._end, self._last, self.n_lines = start + length, entry["digest"], self.n_lines + 1
                    yield start, entry
            except ChangedLineError:
                self.problem = f"line {self.n_lines + 1} of {self.path.name} has changed since it was written"


class Places:
    """Where the lines of batches begin: eight bytes for each, so that no batch is kept in memory."""

    def __init__(self, path: Path) -> None:
        self._path, self._starts = path, array("Q")

    def __len__(self) -> int:
        return len(self._starts)

    def add(self, start: int) -> None:
        """The line of one more batch."""
        self._starts.append(start)

    def entries(self, first: int, end: int) -> list[dict[str, Any]]:
        """The lines of batches ``first`` to ``end``, as far as there are any.

        Raises:
            StoreError: one of them is not what was written.
        """
        found, starts = list[dict[str, Any]](), self._starts[max(first, 0) : max(end, 0)]
        if not starts:
            return found
        with self._path.open("rb") as file:
            for start in starts:
                file.seek(start)
                try:
                    found.append(verified(file.readline(), previous=None))
                except ChangedLineError as error:
                    message = f"the log {self._path} must be what was written, but it has changed since"
                    raise StoreError(message) from error
        return found
