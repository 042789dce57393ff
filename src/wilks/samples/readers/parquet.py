"""Parquet files, by pyarrow."""

import base64
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from wilks import lazy
from wilks.errors import SampleError
from wilks.samples.lists import Lists
from wilks.samples.readers.arrow_decimals import decimal_values
from wilks.samples.readers.base import LISTS, Listing, RawColumns, Reader, TableFile
from wilks.samples.readers.partitions import partition_reasons, partition_values
from wilks.samples.stored_precision import narrow

if TYPE_CHECKING:
    import awkward as ak
else:
    ak = lazy.Module("awkward")

_BUFFER_BYTES = 1 << 20


class ParquetReader(Reader):
    """Integer, floating-point, decimal and boolean columns, and lists of them; a missing value becomes NaN.

    Folders such as ``year=2018`` are columns, too.

    Pages are read as they are needed: reading ahead would hold whole columns of all row groups in memory. Where they
    have checksums, these are verified.
    """

    format_name: ClassVar[str] = "Parquet"
    has_trees: ClassVar[bool] = False

    def _listing(self, source: TableFile) -> Listing:
        with source.open() as content, pq.ParquetFile(content) as file:
            fields = list(file.schema_arrow)
        lists = {field.name for field in fields if _is_of_numbers(field.type)}
        numbers = {field.name: field.type.value_type if field.name in lists else field.type for field in fields}
        kinds = {name: kind.to_pandas_dtype() for name, kind in numbers.items() if pa.types.is_floating(kind)}
        reasons = [(field.name, LISTS if field.name in lists else why_not(field.type)) for field in fields]
        folders = partition_reasons(source.path).items()
        reasons += [(name, reason) for name, reason in folders if name not in dict(reasons)]
        return Listing.of(reasons, narrow(kinds), lists=lists)

    def _n_rows(self, source: TableFile) -> int | None:
        with source.open() as content, pq.ParquetFile(content) as file:
            return int(file.metadata.num_rows)

    def _chunks(self, source: TableFile, names: Sequence[str], chunk_size: int) -> Iterator[RawColumns]:
        options = {"pre_buffer": False, "buffer_size": _BUFFER_BYTES, "page_checksum_verification": True}
        with source.open() as content, pq.ParquetFile(content, **options) as file:
            there = set(file.schema_arrow.names)
            stored, folders = [name for name in names if name in there], partition_values(source.path)
            _check_footer(file, stored, source)
            for batch in file.iter_batches(batch_size=chunk_size, columns=stored, use_threads=False):
                yield {
                    name: _read(batch.column(name)) if name in there else np.full(batch.num_rows, folders[name])
                    for name in names
                }


def _check_footer(file: Any, names: Sequence[str], source: TableFile) -> None:
    """Raise unless the footer, which has no checksum, says the same in both places: how many rows, and of what type.

    What it says of the chunks of a column is not asked: pyarrow ends the process where that is damaged.
    """
    metadata = file.metadata
    n_rows = sum(metadata.row_group(i).num_rows for i in range(metadata.num_row_groups))
    if n_rows != metadata.num_rows:
        raise _damaged(source, f"its groups of rows have {n_rows:,} rows, the file {metadata.num_rows:,}")
    written = (metadata.metadata or {}).get(b"ARROW:schema")
    if written is None:
        return
    try:
        types = pa.ipc.read_schema(pa.py_buffer(base64.b64decode(written)))
    except (pa.ArrowException, ValueError, OSError) as error:
        raise _damaged(source, "the types of its columns cannot be read") from error
    for name in names:
        if name in types.names and not _is_stored_as(types.field(name).type, file.schema_arrow.field(name).type):
            raise _damaged(source, f"the type of {name!r} is not that which was written")


def _is_stored_as(written: Any, found: Any) -> bool:
    """Whether a type is found where it was written, or what Parquet makes of it.

    Categories are stored as what they stand for, and unsigned integers of 32 bits, in format version 1.0, as integers
    of 64.
    """
    if written == found:
        return True
    if pa.types.is_dictionary(written):
        return _is_stored_as(written.value_type, found)
    if _is_list(written) and written.id == found.id:
        has_same_size = not pa.types.is_fixed_size_list(written) or written.list_size == found.list_size
        return has_same_size and _is_stored_as(written.value_type, found.value_type)
    return bool(pa.types.is_uint32(written) and pa.types.is_int64(found))


def _damaged(source: TableFile, what: str) -> SampleError:
    return SampleError(
        f"{source.path} must agree with itself, but {what}: it is damaged; copy the file again from where it came"
    )


def _read(column: Any) -> npt.ArrayLike | Lists:
    return Lists(ak.from_arrow(column)) if _is_list(column.type) else column_values(column)


def _is_list(kind: Any) -> bool:
    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind))


def _is_of_numbers(kind: Any) -> bool:
    """Whether a type is that of lists of numbers, one list for each event."""
    inner = kind.value_type if _is_list(kind) else None
    return inner is not None and not pa.types.is_decimal(inner) and not why_not(inner)


def arrow_table(thing: Any) -> Any:
    """A table of Arrow from an object that gives its columns by Arrow's own protocol (``__arrow_c_stream__``)."""
    return pa.table(thing)


def column_values(column: Any) -> npt.NDArray[Any]:
    """The numbers of an Arrow array; NaN, or masked among integers, where a value is missing."""
    if pa.types.is_null(column.type):
        return np.full(len(column), np.nan)
    if pa.types.is_decimal(column.type):
        return decimal_values(column)
    if not column.null_count or pa.types.is_floating(column.type):
        return np.asarray(column.to_numpy(zero_copy_only=False))
    values = column.fill_null(False if pa.types.is_boolean(column.type) else 0).to_numpy(zero_copy_only=False)
    return np.ma.array(values, mask=column.is_null().to_numpy(zero_copy_only=False))


def why_not(kind: Any) -> str:
    """Why an Arrow type is none of numbers; empty if it is one."""
    types = pa.types
    if types.is_integer(kind) or types.is_floating(kind) or types.is_boolean(kind) or types.is_decimal(kind):
        return ""
    if _is_list(kind):
        return "it is a list for each event; write one number for each event first, for example the leading object"
    if types.is_string(kind) or types.is_large_string(kind) or types.is_dictionary(kind):
        return "it holds text"
    return f"its type {kind} is not a number"
