"""One NumPy array in a file: a table, read in place and without pickle."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO, ClassVar

import numpy as np
import numpy.typing as npt

from wilks.errors import SampleError
from wilks.samples.readers.base import Listing, RawColumns, Reader, TableFile
from wilks.samples.readers.npz import array_header
from wilks.samples.stored_precision import narrow


@dataclass(frozen=True)
class _Table:
    """How an array lies in its file.

    Attributes:
        names: of the columns; those of its fields, or ``x0, x1, ...``.
        kind: the type of an item: of a row where it has fields.
        n_rows: the number of events.
        by_column: whether each column is in one piece (Fortran order).
        start: the byte at which the numbers begin.
    """

    names: tuple[str, ...]
    kind: np.dtype[Any]
    n_rows: int
    by_column: bool
    start: int

    @property
    def types(self) -> dict[str, np.dtype[Any]]:
        """Of the columns."""
        return {name: self.kind[name] if self.kind.names else self.kind for name in self.names}

    @property
    def n_bytes(self) -> int:
        """Of all numbers."""
        return self.n_rows * self.kind.itemsize * (1 if self.kind.names else len(self.names))


class NpyReader(Reader):
    """An array of records, whose fields are the columns, or of shape (n, d) or (n,), with the columns ``x0, x1, ...``.

    Arrays of Python objects are never loaded.
    """

    format_name: ClassVar[str] = "NPY"
    has_trees: ClassVar[bool] = False

    def _listing(self, source: TableFile) -> Listing:
        with source.open() as content:
            table = _table(content, source)
        return Listing.of([(name, _why_not(kind)) for name, kind in table.types.items()], narrow(_floats(table)))

    def _chunks(self, source: TableFile, names: Sequence[str], chunk_size: int) -> Iterator[RawColumns]:
        with source.open() as content:
            table = _table(content, source)
            read = _columns_in_pieces if table.by_column else _columns_of_rows
            for start in range(0, table.n_rows, chunk_size):
                yield read(content, table, names, start, min(chunk_size, table.n_rows - start))


def _table(content: BinaryIO, source: TableFile) -> _Table:
    shape, by_column, kind = array_header(content)
    if kind.hasobject:
        raise SampleError(f"{source.path} must hold numbers, but holds Python objects, which are never loaded")
    is_table = len(shape) == (1 if kind.names else 2) or (len(shape) == 1 and not kind.names)
    if not is_table or any(size < 0 for size in shape):
        raise SampleError(
            f"{source.path} must be an array of shape (events, columns) or (events,), or of records, but its shape is "
            f"{shape}"
        )
    n_columns = shape[1] if len(shape) == 2 else 1
    if n_columns > _MOST_COLUMNS:
        raise SampleError(
            f"{source.path} must have at most {_MOST_COLUMNS:,} columns, but its shape is {shape}; transpose it"
        )
    names = kind.names or tuple(f"x{j}" for j in range(n_columns))
    table = _Table(tuple(names), kind, shape[0], by_column and len(shape) == 2, content.tell())
    if table.n_bytes != source.n_bytes - table.start:
        raise SampleError(
            f"{source.path} must hold {table.n_bytes:,} bytes of numbers, as it says, but holds "
            f"{source.n_bytes - table.start:,}: it is truncated or damaged; copy it again from where it came"
        )
    return table


_MOST_COLUMNS = 100_000


def _why_not(kind: np.dtype[Any]) -> str:
    if kind.subdtype is not None:
        return "it has several numbers for each event; write each of them as a column of its own first"
    return "" if kind.kind in "biuf" else f"its type {kind} is not a number"


def _floats(table: _Table) -> dict[str, np.dtype[Any]]:
    return {name: kind for name, kind in table.types.items() if kind.kind == "f"}


def _columns_of_rows(content: BinaryIO, table: _Table, names: Sequence[str], start: int, count: int) -> RawColumns:
    """Rows from ``start`` on, which lie one behind the other."""
    row_bytes = table.kind.itemsize * (1 if table.kind.names else len(table.names))
    content.seek(table.start + start * row_bytes)
    if table.kind.names:
        records = _read(content, table.kind, count)
        return {name: records[name] for name in names}
    rows = _read(content, table.kind, count * len(table.names)).reshape(count, len(table.names))
    return {name: rows[:, table.names.index(name)].copy() for name in names}


def _columns_in_pieces(content: BinaryIO, table: _Table, names: Sequence[str], start: int, count: int) -> RawColumns:
    """Rows from ``start`` on of columns that lie one behind the other."""
    columns: RawColumns = {}
    for name in names:
        first = table.names.index(name) * table.n_rows + start
        content.seek(table.start + first * table.kind.itemsize)
        columns[name] = _read(content, table.kind, count)
    return columns


def _read(content: BinaryIO, kind: np.dtype[Any], count: int) -> npt.NDArray[Any]:
    data = content.read(count * kind.itemsize)
    if len(data) != count * kind.itemsize:
        raise EOFError("the array ends early")
    return np.frombuffer(data, dtype=kind)
