"""Rows of an HDF5 data set, each chunk read once, after a look at what the file declares."""

import math
from collections.abc import Sequence
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

from wilks.errors import SampleError
from wilks.samples.readers.base import TableFile
from wilks.samples.readers.blocks import Blocks

_MAX_RATIO = 20_000  # of the bytes of values to those in the file, where these are compressed


def row_blocks(data_set: Any, source: TableFile, *, least: int, fields: Sequence[str] | None = None) -> Blocks:
    """The rows of a data set, or some fields of them.

    Raises:
        SampleError: a part of it was never written, a filter is missing, or it declares more than the file can hold.
    """
    _require_filters(data_set, source)
    _require_whole(data_set, source)
    n_rows, chunks = int(data_set.shape[0]), data_set.chunks
    step = chunks[0] * math.ceil(least / chunks[0]) if chunks else least
    view = data_set if fields is None else data_set.fields(list(fields))

    def load(start: int, stop: int) -> npt.NDArray[Any]:
        return np.asarray(view[start:stop])

    return Blocks([*range(0, n_rows, step), n_rows], load, least=1)


def _require_filters(data_set: Any, source: TableFile) -> None:
    properties = data_set.id.get_create_plist()
    for number in range(properties.get_nfilters()):
        code, _, _, name = properties.get_filter(number)
        if not h5py.h5z.filter_avail(code):
            called = name.decode(errors="replace") or f"number {code}"
            raise SampleError(
                f"{data_set.name!r} in {source.path} is compressed with {called!r}, which HDF5 does not know here; "
                "write it again with gzip (h5repack -f GZIP=4), or import hdf5plugin first where you use wilks from "
                "Python"
            )


def _require_whole(data_set: Any, source: TableFile) -> None:
    """Raise where rows were never written: HDF5 gives zeros for them."""
    layout, n_bytes = data_set.id.get_create_plist().get_layout(), math.prod(data_set.shape) * data_set.dtype.itemsize
    if layout == h5py.h5d.COMPACT or not n_bytes:
        return
    stored = int(data_set.id.get_storage_size())
    if data_set.chunks is None:
        if stored < n_bytes or data_set.id.get_offset() is None or stored > source.n_bytes:
            raise _incomplete(data_set, source, f"has {min(stored, source.n_bytes):,} of {n_bytes:,} bytes")
        return
    pairs = list(zip(data_set.shape, data_set.chunks, strict=True))
    n_chunks, n_written = math.prod(math.ceil(size / chunk) for size, chunk in pairs), data_set.id.get_num_chunks()
    if n_written < n_chunks:
        raise _incomplete(data_set, source, f"has {n_written:,} of {n_chunks:,} chunks of rows")
    chunk_bytes = math.prod(data_set.chunks) * data_set.dtype.itemsize
    if stored > source.n_bytes or chunk_bytes * n_chunks > _MAX_RATIO * stored:
        raise _incomplete(data_set, source, f"declares {chunk_bytes * n_chunks:,} bytes and has {stored:,}")


def _incomplete(data_set: Any, source: TableFile, what: str) -> SampleError:
    return SampleError(
        f"every row of {data_set.name!r} in {source.path} must have been written, but it {what}; the others would be "
        "read as zeros: write the file again, or cut the data set to the rows that it has"
    )
