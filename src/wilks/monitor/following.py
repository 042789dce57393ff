"""Looking again and again for batches, when the system says that something has changed or after a time."""

import contextlib
import re
import time
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from wilks import lazy
from wilks.monitor.inputs import Arrival, Files

if TYPE_CHECKING:
    import watchfiles
else:
    watchfiles = lazy.Module("watchfiles")

LONGEST_WAIT_S = 60.0
_MOUNTS = Path("/proc/mounts")
# Systems of one machine. All others, and those that are not known, may have other machines that write.
_LOCAL = frozenset(("ext2", "ext3", "ext4", "xfs", "btrfs", "zfs", "f2fs", "jfs", "tmpfs", "ramfs", "overlay"))
_MILLISECONDS, _STEP_MS = 1000.0, 20


class Waiting(Protocol):
    """What passes between two looks."""

    def pause(self, *, is_pending: bool) -> None:
        """Wait; ``is_pending`` says that files were seen which the next look will judge if they are unchanged."""


class Polling:
    """The same time after every look, whatever happens.

    Args:
        every_s: between two looks.
    """

    def __init__(self, every_s: float) -> None:
        self._every_s = every_s

    def pause(self, *, is_pending: bool) -> None:
        """Sleep."""
        time.sleep(self._every_s)


class Notified:
    """Until something changes in a folder, and at most a minute: a notification that was lost costs no batch.

    Between the two looks that a file must not change in, the time is that of `Polling`.

    Args:
        folder: on a disk of this machine.
        every_s: between two looks at a file that has come.
    """

    def __init__(self, folder: Path, every_s: float, *, longest_s: float = LONGEST_WAIT_S) -> None:
        self._every_s, self._longest_s = every_s, longest_s
        timeout = max(int(min(every_s, longest_s) * _MILLISECONDS), 1)
        self._changes = watchfiles.watch(
            folder, watch_filter=None, recursive=False, rust_timeout=timeout, yield_on_timeout=True, step=_STEP_MS,
            debounce=timeout,
        )  # fmt: skip
        next(self._changes)  # from here on nothing is missed: the folder is watched since before the first look

    def pause(self, *, is_pending: bool) -> None:
        """Sleep, or wait for a change."""
        if is_pending:
            time.sleep(self._every_s)
            return
        end = time.monotonic() + self._longest_s
        while time.monotonic() < end:
            if next(self._changes):
                return

    def close(self) -> None:
        """Watch no more."""
        if isinstance(self._changes, Generator):
            self._changes.close()


@contextlib.contextmanager
def waiting_for(place: str, *, every_s: float, is_polled: bool) -> Iterator[Waiting]:
    """By notifications for a folder of this machine, where `watchfiles` is installed; else by time.

    Args:
        place: a folder or a pattern.
        every_s: between two looks.
        is_polled: never by notifications.
    """
    notified = None if is_polled or not is_local(Path(place)) else _notified(Path(place), every_s)
    with contextlib.ExitStack() as stack:
        if notified is not None:
            stack.callback(notified.close)
        yield notified or Polling(every_s)


def _notified(folder: Path, every_s: float) -> Notified | None:
    try:
        return Notified(folder, every_s)
    except (ImportError, OSError):  # it is not installed, or the system has no watches left
        return None


def is_local(folder: Path) -> bool:
    """Whether something is a folder on a disk of this machine, as far as is known: others get no notifications."""
    try:
        place = folder.resolve(strict=True)
        lines = _MOUNTS.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return False
    mounts = [(_unescaped(line.split(" ")[1]), line.split(" ")[2]) for line in lines]
    holding = [
        (len(mounted.parts), row, kind) for row, (mounted, kind) in enumerate(mounts) if mounted in _above(place)
    ]
    return place.is_dir() and max(holding, default=(0, 0, ""))[2] in _LOCAL


def _above(place: Path) -> tuple[Path, ...]:
    return (place, *place.parents)


def _unescaped(text: str) -> Path:
    """A path of the table of mounts, which has some characters as octal numbers."""
    return Path(re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), text))


def followed(files: Files, is_judged: Callable[[str, str], bool], waiting: Waiting) -> Iterator[tuple[Arrival, int]]:
    """Batches as they appear, each with how many wait behind it; it does not end."""
    while True:
        yield from files.now(is_judged)
        waiting.pause(is_pending=files.has_seen)
