"""Comma-separated text with one line of column names, by pyarrow."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv

from wilks.errors import SampleError
from wilks.samples.readers.base import Listing, Reader, TableFile
from wilks.samples.readers.parquet import column_values

_BLOCK_BYTES = 1 << 20


class CsvReader(Reader):
    """Numbers separated by commas, gzipped or not. The first line names the columns; an empty field becomes NaN."""

    format_name: ClassVar[str] = "CSV"
    has_trees: ClassVar[bool] = False

    def _listing(self, source: TableFile) -> Listing:
        with _open(source, pa.csv.ConvertOptions()) as stream:
            names = _clean_names(stream.schema.names, source)
            types = dict(zip(names, stream.schema.types, strict=True))
            reasons = {name: _why_not(kind) for name, kind in types.items()}
        usable = tuple(name for name, reason in reasons.items() if not reason)
        return Listing(usable, {name: reason for name, reason in reasons.items() if reason})

    def _chunks(self, source: TableFile, names: Sequence[str], chunk_size: int) -> Iterator[dict[str, npt.ArrayLike]]:
        raw_names = self._raw_names(source)
        wanted = [raw_names[name] for name in names]
        convert = pa.csv.ConvertOptions(include_columns=wanted, column_types=dict.fromkeys(wanted, pa.float64()))
        with _open(source, convert) as stream:
            for batch in stream:
                for start in range(0, batch.num_rows, chunk_size):
                    rows = batch.slice(start, chunk_size)
                    yield {name: column_values(rows.column(raw_names[name])) for name in names}

    def _raw_names(self, source: TableFile) -> Mapping[str, str]:
        with _open(source, pa.csv.ConvertOptions()) as stream:
            raw = list(stream.schema.names)
        return dict(zip(_clean_names(raw, source), raw, strict=True))


def _open(source: TableFile, convert: Any) -> Any:
    compression = "gzip" if source.path.name.lower().endswith(".gz") else None
    file = pa.input_stream(str(source.path), compression=compression)
    return pa.csv.open_csv(file, read_options=pa.csv.ReadOptions(block_size=_BLOCK_BYTES), convert_options=convert)


def _clean_names(raw: Sequence[str], source: TableFile) -> list[str]:
    names = [name.strip() for name in raw]
    names[0] = names[0].lstrip("#").strip()
    if all(_is_number(name) for name in names):
        raise SampleError(f"the first line of {source.path} must hold the names of the columns, but holds numbers")
    if len(names) == 1 and any(mark in raw[0].strip() for mark in ";\t| "):
        raise SampleError(f"the columns of {source.path} must be separated by commas, but its first line is {raw[0]!r}")
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise SampleError(f"{source.path} must name every column once, but repeats {', '.join(map(repr, repeated))}")
    return names


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _why_not(kind: Any) -> str:
    types = pa.types
    if types.is_integer(kind) or types.is_floating(kind) or types.is_null(kind):
        return ""
    if types.is_boolean(kind):
        return "it holds words for true and false; write 1 and 0"
    return f"not all of its values are numbers (it was understood as {kind})"
