"""A reference that is replaced in its folder while a monitor runs."""

from pathlib import Path

from wilks.errors import StoreError
from wilks.monitor.reference import MonitorReference

_Mark = tuple[int, int, int]


class ReferenceFolder:
    """Looks between two batches whether another reference lies in the folder.

    Attributes:
        problem: why none can be loaded from it, in words; empty where one can.

    Args:
        folder: of the reference that is judged by now.
        digest: of that reference.
    """

    def __init__(self, folder: Path, *, digest: str) -> None:
        self._folder, self._digest = folder, digest
        self._seen: _Mark | None = None
        self.problem = ""

    def newer(self) -> MonitorReference | None:
        """The reference that has come; None where it is the same, or none that can be loaded: the one that is known is
        as good as before, ``problem`` says what is wrong, and the next look may find it whole.
        """
        mark, self.problem = self._mark(), ""
        if mark is not None and mark == self._seen:
            return None
        try:
            found = MonitorReference.load(self._folder)
        except StoreError as error:
            self.problem = str(error)
            return None
        self._seen = mark
        if found.digest == self._digest:
            return None
        self._digest = found.digest
        return found

    def _mark(self) -> _Mark | None:
        try:
            told = (self._folder / f"{MonitorReference.stored_as}.json").stat()
        except OSError:
            return None
        return told.st_ino, told.st_size, told.st_mtime_ns
