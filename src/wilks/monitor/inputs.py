"""Where batches come from: files of a folder or a pattern, and lines of JSON."""

import glob
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from wilks.errors import InputError, NoColumnError, is_fault
from wilks.monitor.verdict import Batch, Cause
from wilks.samples import read
from wilks.samples.readers import READERS

_NOT_FINITE, _NONE_SELECTED = "must be finite", "at least one event must pass the selection"


@dataclass(frozen=True)
class Arrival:
    """A batch that has come.

    Attributes:
        name: by which the log knows it; empty for one without a name.
        mark: of what it is read from: another one under the same name is another content.
        read: the batch.
    """

    name: str
    mark: str
    read: Callable[[], Batch | None]


@dataclass(frozen=True)
class FileReading:
    """How files become batches.

    Args:
        features: of the reference.
        options: of `wilks.read`.
        columns: that a batch must have beside the features.
        run_type: of all of them, as far as it is known.
    """

    features: tuple[str, ...]
    options: Mapping[str, Any]
    columns: tuple[str, ...] = ()
    run_type: str | None = None

    def batch(self, path: Path, name: str) -> Batch | None:
        """The batch of a file, with the reason where it cannot be read; None where it has gone.

        Raises:
            OSError: the disk failed.
        """
        try:
            digest, time = _digest(path), path.stat().st_mtime
            sample = read(str(path), features=self.features, carry=self._carried, **self.options)
        except FileNotFoundError:
            return None
        except (InputError, OSError, ValueError, MemoryError) as error:
            if is_fault(error):
                raise
            if not path.exists():
                return None
            return Batch(
                None, name, path.stat().st_mtime, self.run_type, str(error), _digest(path), cause=_cause(error)
            )
        left_out = () if sample.origin is None else tuple(sample.origin.left_out)
        return Batch(sample, name, time, self.run_type, digest=digest, left_out=left_out)

    @property
    def _carried(self) -> tuple[str, ...]:
        return tuple(name for name in self.columns if name not in self.features)


class Files:
    """Files of a folder, of a pattern, or one file, as they appear: each once, the oldest first.

    A file that is still written, as its size or time changes between two looks, waits. Hidden files, and those of other
    endings than readers know, are no batches.

    Args:
        place: a folder, a file, or a pattern, in which ``**`` stands for folders of any depth.
        reading: how they are read, at the time when one is.
        is_settled: whether files that are there at the first look are whole: nothing writes any more.
    """

    def __init__(self, place: str, reading: Callable[[], FileReading], *, is_settled: bool) -> None:
        self._place, self._reading, self._is_settled = place, reading, is_settled
        self._seen: dict[str, str] = {}

    @property
    def has_seen(self) -> bool:
        """Whether the last look saw files that were not judged before: another one is due."""
        return bool(self._seen)

    def look(self, is_judged: Callable[[str, str], bool]) -> list[Arrival]:
        """Files that are whole and not judged."""
        found = sorted(self._found(is_judged), key=lambda one: (one[0], one[1]))
        return [
            Arrival(name, mark, lambda path=path, name=name: self._reading().batch(path, name))  # type: ignore[misc]
            for _, name, mark, path in found
        ]

    def now(self, is_judged: Callable[[str, str], bool]) -> Iterator[tuple[Arrival, int]]:
        """The same, each with how many wait behind it."""
        found = self.look(is_judged)
        yield from ((arrival, len(found) - row - 1) for row, arrival in enumerate(found))

    def _found(self, is_judged: Callable[[str, str], bool]) -> Iterator[tuple[int, str, str, Path]]:
        before, self._seen = self._seen, {}
        for path, name in self._paths():
            try:
                told = path.stat()
            except OSError:  # it has gone
                continue
            mark = f"{told.st_size}:{told.st_mtime_ns}"
            if is_judged(name, mark):
                continue
            self._seen[name] = mark
            if self._is_settled or before.get(name) == mark:
                yield told.st_mtime_ns, name, mark, path

    def _paths(self) -> Iterator[tuple[Path, str]]:
        """Of a folder its files, or one file, or what a pattern finds; a name that is there is no pattern."""
        folder = Path(self._place)
        if folder.is_dir():
            paths: Iterable[Path] = folder.iterdir()
        else:
            paths = [folder] if folder.exists() else map(Path, glob.iglob(self._place, recursive=True))
        for path in paths:
            name = path.name
            if not name.startswith(".") and name.lower().endswith(tuple(READERS)) and path.is_file():
                yield path, name if folder.is_dir() else str(path)


class Lines:
    """Batches as lines of JSON, ``{"name": ..., "time": ..., "run_type": ..., "events": ...}``.

    ``events`` are a mapping of columns or a list of rows in the order of the features; a line that is such a mapping or
    list itself is a batch without a name. null is what is not there.

    Args:
        stream: of bytes.
        run_type: of batches that do not say theirs.
    """

    def __init__(self, stream: BinaryIO, *, run_type: str | None = None) -> None:
        self._stream, self._run_type = stream, run_type

    def arrivals(self) -> Iterator[Arrival]:
        """One for each line that is not empty."""
        for line in self._stream:
            if line.strip():
                yield self._arrival(line)

    def _arrival(self, line: bytes) -> Arrival:
        digest = hashlib.sha256(line).hexdigest()
        try:
            told = json.loads(line)
            told = told if isinstance(told, dict) and "events" in told else {"events": told}
            batch = self._batch(told, digest)
        except (ValueError, TypeError, OverflowError, RecursionError) as error:
            batch = Batch(None, problem=f"its line is no batch: {error}", digest=digest, cause=Cause.UNREADABLE)
        return Arrival(batch.name, digest, lambda: batch)

    def _batch(self, told: Mapping[str, Any], digest: str) -> Batch:
        events = told["events"]
        if isinstance(events, dict):
            events = {str(name): np.array(values, dtype=np.float64) for name, values in events.items()}
        else:
            events = np.array(events, dtype=np.float64)
            if events.ndim == 0:
                raise ValueError("it is one number")
        time, name, run_type = (told.get(key) for key in ("time", "name", "run_type"))
        return Batch(
            events,
            "" if name is None else str(name),
            None if time is None else float(time),
            self._run_type if run_type is None else str(run_type),
            digest=digest,
        )


def _cause(error: Exception) -> Cause:
    if isinstance(error, NoColumnError):
        return Cause.MISSING_COLUMN
    if _NONE_SELECTED in str(error):
        return Cause.TOO_FEW_EVENTS
    return Cause.NOT_FINITE if _NOT_FINITE in str(error) else Cause.UNREADABLE


def _digest(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
