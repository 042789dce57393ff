"""The bytes of a file for libraries that trust the sizes and places that a file names."""

from typing import BinaryIO

from wilks.errors import SampleError
from wilks.samples.readers.base import TableFile


class Content:
    """A file from which no more is read than it has: a damaged one may ask for any number of bytes."""

    def __init__(self, stream: BinaryIO, source: TableFile) -> None:
        self._stream, self._source, self._n_bytes = stream, source, source.n_bytes

    def seek(self, position: int, whence: int = 0) -> int:
        """As that of the file."""
        if whence == 0 and not 0 <= position <= self._n_bytes:
            raise self._damaged(f"something at byte {position:,}")
        return self._stream.seek(position, whence)

    def tell(self) -> int:
        """As that of the file."""
        return self._stream.tell()

    def read(self, n_bytes: int = -1) -> bytes:
        """As that of the file, within its size."""
        if n_bytes > self._n_bytes - self._stream.tell():
            raise self._damaged(f"{n_bytes:,} bytes from byte {self._stream.tell():,} on")
        return self._stream.read(n_bytes)

    def _damaged(self, what: str) -> SampleError:
        return SampleError(
            f"{self._source.path} names {what}, but has {self._n_bytes:,} bytes: it is truncated or damaged; copy it "
            "again from where it came"
        )
