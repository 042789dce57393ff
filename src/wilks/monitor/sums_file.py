"""Sums of the last batches in a file of a fixed size, so that windows outlive the process.

It is written in place, batch after batch; the log has the digest of each record, and is the truth: a record that is not
the one of the log is as good as none.
"""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from wilks.typing import FloatArray

ENDING = ".windows"
_SPARE, _BYTES = 2, 8


class SumsFile:
    """The records of the last batches. There are two more places than are read back: a record is written before its
    line of the log, and must not take the place of one that is needed if that line is never written.

    Args:
        path: of the file, which is made with the first record.
        n_numbers: in a record.
        n_kept: records that are read back, the last ones.
    """

    def __init__(self, path: Path, *, n_numbers: int, n_kept: int) -> None:
        self._path, self._size = path, n_numbers * _BYTES
        self._n_slots, self.n_kept = n_kept + _SPARE, n_kept

    def write(self, n_seen: int, record: FloatArray) -> dict[str, Any]:
        """Keep the record after so many batches; what the log is to say of it.

        Raises:
            OSError: the disk is full, or failed.
        """
        data = np.asarray(record, dtype="<f8").tobytes()
        with self._path.open("r+b" if self._path.exists() else "w+b") as file:
            file.seek(self._start(n_seen))
            file.write(data)
        return {"n_seen": n_seen, "digest": hashlib.sha256(data).hexdigest()}

    def read(self, told: Sequence[Mapping[str, Any]]) -> list[FloatArray]:
        """Records of the last batches, the oldest first, by what the log says of them; empty where one is missing.

        Args:
            told: of the last batches, one after the other; those before windows began anew are left out.
        """
        n_wanted = min(self.n_kept, told[-1]["n_seen"]) if told else 0
        wanted = told[len(told) - n_wanted :] if n_wanted <= len(told) else []
        found = [self._read(one) for one in wanted]
        return [] if any(one is None for one in found) else [one for one in found if one is not None]

    def _read(self, told: Mapping[str, Any]) -> FloatArray | None:
        try:
            with self._path.open("rb") as file:
                file.seek(self._start(told["n_seen"]))
                data = file.read(self._size)
        except OSError:
            return None
        return np.frombuffer(data, dtype="<f8") if hashlib.sha256(data).hexdigest() == told["digest"] else None

    def _start(self, n_seen: int) -> int:
        return n_seen % self._n_slots * self._size
