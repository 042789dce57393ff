"""Parquet files, by pyarrow."""

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from wilks.samples.readers.base import Listing, Reader, Source

_BUFFER_BYTES = 1 << 20


class ParquetReader(Reader):
    """Integer, floating-point and boolean columns; a missing value becomes NaN.

    Pages are read as they are needed: reading ahead would hold whole columns of all row groups in memory. Where they
    have checksums, these are verified.
    """

    format_name: ClassVar[str] = "Parquet"
    has_trees: ClassVar[bool] = False

    def _listing(self, source: Source) -> Listing:
        with pq.ParquetFile(source.path) as file:
            reasons = {field.name: _why_not(field.type) for field in file.schema_arrow}
        names = tuple(name for name, reason in reasons.items() if not reason)
        return Listing(names, {name: reason for name, reason in reasons.items() if reason})

    def _chunks(self, source: Source, names: Sequence[str], chunk_size: int) -> Iterator[dict[str, npt.ArrayLike]]:
        options = {"pre_buffer": False, "buffer_size": _BUFFER_BYTES, "page_checksum_verification": True}
        with pq.ParquetFile(source.path, **options) as file:
            for batch in file.iter_batches(batch_size=chunk_size, columns=list(names), use_threads=False):
                yield {name: column_values(batch.column(name)) for name in names}


def column_values(column: Any) -> npt.ArrayLike:
    """The numbers of an Arrow array, NaN where a value is missing."""
    values: npt.ArrayLike = np.asarray(column.to_numpy(zero_copy_only=False), dtype=np.float64)
    return values


def _why_not(kind: Any) -> str:
    types = pa.types
    if types.is_integer(kind) or types.is_floating(kind) or types.is_boolean(kind):
        return ""
    if types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind):
        return "it is a list for each event; write one number for each event first, for example the leading object"
    if types.is_string(kind) or types.is_large_string(kind) or types.is_dictionary(kind):
        return "it holds text"
    return f"its type {kind} is not a number"
