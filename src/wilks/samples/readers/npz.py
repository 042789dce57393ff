"""NumPy archives, one array for each column, read as a stream and without pickle."""

import zipfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import IO, ClassVar

import numpy as np
import numpy.typing as npt

from wilks.errors import SampleError
from wilks.samples.readers.base import Listing, RawColumns, Reader, TableFile
from wilks.samples.stored_precision import narrow

_ENDING = ".npy"
_Header = tuple[tuple[int, ...], bool, np.dtype[np.generic]]


class NpzReader(Reader):
    """One-dimensional arrays of numbers as `numpy.savez` writes them. Arrays of Python objects are never loaded."""

    format_name: ClassVar[str] = "NPZ"
    has_trees: ClassVar[bool] = False

    def _listing(self, source: TableFile) -> Listing:
        headers: list[tuple[str, _Header]] = []
        with source.open() as content, zipfile.ZipFile(content) as archive:
            for member in archive.infolist():
                if member.filename.endswith(_ENDING):
                    with archive.open(member) as stream:
                        headers.append((member.filename.removesuffix(_ENDING), array_header(stream)))
        kinds = {name: kind for name, (_, _, kind) in headers}
        return Listing.of(((name, _why_not(shape, kind)) for name, (shape, _, kind) in headers), narrow(kinds))

    def _chunks(self, source: TableFile, names: Sequence[str], chunk_size: int) -> Iterator[RawColumns]:
        with source.open() as content, zipfile.ZipFile(content) as archive, ExitStack() as stack:
            streams = {name: stack.enter_context(archive.open(name + _ENDING)) for name in names}
            headers = {name: array_header(stream) for name, stream in streams.items()}
            lengths = {name: shape[0] for name, (shape, _, _) in headers.items()}
            if len(set(lengths.values())) > 1:
                raise SampleError(f"the arrays of {source.path} must have the same length, but have {lengths}")
            n_rows = next(iter(lengths.values()))
            for start in range(0, n_rows, chunk_size):
                count = min(chunk_size, n_rows - start)
                yield {name: _values(stream, headers[name][2], count) for name, stream in streams.items()}
            for name, stream in streams.items():
                if stream.read(1):  # also verifies the checksum, which zipfile does at the end
                    raise SampleError(
                        f"the array {name!r} of {source.path} must end where its header says, after {n_rows:,} values, "
                        "but it goes on: the file is damaged; write it again"
                    )


def array_header(stream: IO[bytes]) -> _Header:
    """Shape, whether it is in Fortran order, and type of an array in NumPy's format."""
    version = np.lib.format.read_magic(stream)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, is_fortran, dtype = read(stream)
    return tuple(shape), is_fortran, dtype


def _why_not(shape: tuple[int, ...], dtype: np.dtype[np.generic]) -> str:
    if dtype.hasobject:
        return "it holds Python objects, which are never loaded; save it as numbers"
    if dtype.kind not in "biuf":
        return f"its type {dtype} is not a number"
    if len(shape) != 1 or shape[0] < 0:
        return (
            f"its shape is {shape}, but a column has one number for each event; save each column as its own array, "
            "as in numpy.savez(path, pt=X[:, 0], eta=X[:, 1])"
        )
    return ""


def _values(stream: IO[bytes], dtype: np.dtype[np.generic], count: int) -> npt.ArrayLike:
    data = stream.read(count * dtype.itemsize)
    if len(data) != count * dtype.itemsize:
        raise EOFError("an array ends early")
    return np.frombuffer(data, dtype=dtype)
