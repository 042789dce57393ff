"""Parquet files, by pyarrow."""

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from wilks.errors import SampleError
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
            _check_metadata(file, names, source)
            for batch in file.iter_batches(batch_size=chunk_size, columns=list(names), use_threads=False):
                yield {name: column_values(batch.column(name)) for name in names}


def _check_metadata(file: Any, names: Sequence[str], source: Source) -> None:
    """Raise unless the footer, which has no checksum, says the same in all places: how many rows, and of what type."""
    metadata = file.metadata
    groups = [metadata.row_group(i) for i in range(metadata.num_row_groups)]
    columns = [metadata.schema.column(j) for j in range(len(metadata.schema))]
    kinds = {column.path: column.physical_type for column in columns}
    chunks = [(group, group.column(j)) for group in groups for j in range(group.num_columns)]
    is_whole = metadata.num_rows == sum(group.num_rows for group in groups) and all(
        chunk.num_values == group.num_rows and chunk.physical_type == kinds.get(chunk.path_in_schema)
        for group, chunk in chunks
        if chunk.path_in_schema in names
    )
    if not is_whole:
        raise SampleError(
            f"{source.path} is damaged: its footer contradicts itself on the number of rows or the type of a column; "
            "copy the file again from where it came"
        )


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
