"""Where the columns of a reading grow: in memory, or in files of a folder, for samples larger than it."""

import atexit
import contextlib
import os
import shutil
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from wilks.errors import SampleError
from wilks.typing import FloatArray
from wilks.wording import visible

_ROWS_AT_ONCE = 1 << 18
_EVENTS = "events.f8"


class ColumnStore(ABC):
    """Columns by name, to which values are appended."""

    @abstractmethod
    def add(self, name: str, values: FloatArray) -> None:
        """Append to a column."""

    @abstractmethod
    def column(self, name: str) -> FloatArray:
        """All values of a column, shape (n,)."""

    @abstractmethod
    def rows(self, names: Sequence[str], *, n: int) -> FloatArray:
        """n rows of these columns side by side, which are given up."""


class HeldColumns(ColumnStore):
    """In memory.

    >>> store = HeldColumns()
    >>> for name in ("x", "y", "x"):
    ...     store.add(name, np.ones(1 + (name == "y")))
    >>> store.rows(["x", "y"], n=2).tolist()
    [[1.0, 1.0], [1.0, 1.0]]
    """

    def __init__(self) -> None:
        self._parts: dict[str, list[FloatArray]] = {}

    def add(self, name: str, values: FloatArray) -> None:
        self._parts.setdefault(name, []).append(values)

    def column(self, name: str) -> FloatArray:
        return np.concatenate(self._parts[name])

    def rows(self, names: Sequence[str], *, n: int) -> FloatArray:
        rows = np.empty((n, len(names)))
        for j, name in enumerate(names):
            rows[:, j] = self.column(name)
            del self._parts[name]
        return rows


class ColumnFiles(ColumnStore):
    """In files of a new folder below ``folder``, and mapped from there; the process removes them at its end.

    Raises:
        SampleError: the folder cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        with _told(folder):
            folder.mkdir(parents=True, exist_ok=True)
            self._place = Path(tempfile.mkdtemp(prefix="sample-", dir=folder))
        atexit.register(shutil.rmtree, self._place, ignore_errors=True)
        self._paths: dict[str, Path] = {}

    def add(self, name: str, values: FloatArray) -> None:
        path = self._paths.setdefault(name, self._place / f"{len(self._paths)}.f8")
        with _told(path), path.open("ab") as file:
            file.write(np.ascontiguousarray(values, dtype=np.float64).data)

    def column(self, name: str) -> FloatArray:
        path = self._paths[name]
        return np.memmap(path, dtype=np.float64, mode="r") if path.stat().st_size else np.empty(0)

    def rows(self, names: Sequence[str], *, n: int) -> FloatArray:
        if not n:
            return np.empty((0, len(names)))
        columns, path = [self.column(name) for name in names], self._place / _EVENTS
        with _told(path), path.open("wb") as file:
            for first in range(0, n, _ROWS_AT_ONCE):
                file.write(np.column_stack([one[first : first + _ROWS_AT_ONCE] for one in columns]).data)
        for name in names:
            self._paths.pop(name).unlink()
        return np.memmap(path, dtype=np.float64, mode="r", shape=(n, len(names)))


@contextlib.contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise SampleError(
            f"the folder of a sample on disk must be one that can be written, but {visible(os.fspath(path))} cannot: "
            f"{error.strerror or error}; give another on_disk, or make room"
        ) from error
