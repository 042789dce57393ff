"""Text separated by commas or tabs with one line of column names, by pyarrow."""

import contextlib
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.csv

from wilks.errors import SampleError
from wilks.samples.checked_arrays import FIRST_INEXACT
from wilks.samples.column_kinds import NOT_ALL
from wilks.samples.readers import csv_text
from wilks.samples.readers.base import Listing, RawColumns, Reader, TableFile, inexact
from wilks.samples.readers.parquet import column_values

_BLOCK_BYTES = 1 << 20
_BAD_VALUE = re.compile(
    r"(?s)In CSV column #(\d+): (?:Row #(\d+): )?CSV conversion error to double: invalid value '(.*)'"
)
_BAD_COUNT = re.compile(r"(?s)CSV parse error: (?:Row #(\d+): )?Expected (\d+) columns, got (\d+): (.*)")


class CsvReader(Reader):
    """Numbers separated by commas, or by tabs in ``.tsv``, compressed or not, in UTF-8. The first line names the
    columns; an empty field becomes NaN.

    Comments before that line, which begin with ``#``, are skipped, as is a line ``sep=,``; a comment right before
    numbers is the line of names. A column without a name, such as that of row numbers, cannot be read.
    """

    format_name: ClassVar[str] = "CSV"
    has_trees: ClassVar[bool] = False

    def _listing(self, source: TableFile) -> Listing:
        head = csv_text.head(source)
        with _opened(source, head, {}) as (stream, _):
            kinds = dict(zip(_labels(head), stream.schema.types, strict=True))
        texts = [label for label, kind in kinds.items() if not _is_numeric(kind)]
        reasons = _reasons(source, head, texts) if texts else {}
        named = zip(head.names, _labels(head), strict=True)
        return Listing.of([(name, reasons.get(label, "")) for name, label in named if name or len(head.names) > 1], {})

    def _chunks(self, source: TableFile, names: Sequence[str], chunk_size: int) -> Iterator[RawColumns]:
        head = csv_text.head(source)
        label_of = dict(zip(head.names, _labels(head), strict=True))
        is_large = False
        with _opened(source, head, {label_of[name]: pa.float64() for name in names}) as (stream, body):
            for batch in stream:
                columns = {name: column_values(batch.column(label_of[name])) for name in names}
                if not is_large and any(np.any(np.abs(values) >= FIRST_INEXACT) for values in columns.values()):
                    is_large = True
                    _require_exact(source, head, {name: label_of[name] for name in names})
                for start in range(0, batch.num_rows, chunk_size):
                    yield {name: values[start : start + chunk_size] for name, values in columns.items()}
            csv_text.require_event(body.last_lines, head, source)


@contextlib.contextmanager
def _opened(source: TableFile, head: csv_text.Head, types: Mapping[str, Any]) -> Iterator[tuple[Any, csv_text.Body]]:
    """The rows of some columns of given types, or of all, and their text; columns have labels of their own."""
    labels = _labels(head)
    # Threads know no numbers of rows, which errors name.
    read = pa.csv.ReadOptions(block_size=_BLOCK_BYTES, column_names=labels, use_threads=False)
    parse = pa.csv.ParseOptions(delimiter=csv_text.separator(source), ignore_empty_lines=len(labels) > 1)
    convert = pa.csv.ConvertOptions(include_columns=list(types), column_types=dict(types))
    with csv_text.opened(source) as content:
        body = csv_text.Body(content, head.n_bytes)
        try:
            stream = pa.csv.open_csv(body, read_options=read, parse_options=parse, convert_options=convert)
            yield stream, body
        except pa.ArrowInvalid as error:
            raise _named(error, head, source) from error


def _labels(head: csv_text.Head) -> list[str]:
    return [str(number) for number in range(len(head.names))]


def _named(error: Exception, head: csv_text.Head, source: TableFile) -> Exception:
    """What pyarrow says of a value or of a line, in our words; rows count from 0."""
    if found := _BAD_VALUE.match(str(error)):
        name, row = head.names[int(found[1])], "" if found[2] is None else f" in row {int(found[2]) - 1:,}"
        return SampleError(
            f"the column {name!r} of {source.path} must hold numbers, but its value {found[3][:100]!r}{row} is none"
            f"{csv_text.no_number(found[3])}"
        )
    if found := _BAD_COUNT.match(str(error)):
        where = "a row" if found[1] is None else f"row {int(found[1]) - 1:,}"
        return csv_text.miscounted(found[4], int(found[2]), int(found[3]), where=where, source=source)
    if "Empty CSV file" in str(error):
        return SampleError(f"there must be at least one event, but {source.path} has names alone")
    return error


def _is_numeric(kind: Any) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_null(kind))


def _reasons(source: TableFile, head: csv_text.Head, labels: Sequence[str]) -> dict[str, str]:
    """Why columns cannot be read: their first values that are no numbers, among the first rows."""
    with _opened(source, head, dict.fromkeys(labels, pa.binary())) as (stream, _):
        batch = stream.read_next_batch()
    return {label: _first_word(batch.column(label).to_pylist()) for label in labels}


def _first_word(values: Sequence[bytes | None]) -> str:
    texts = ("" if value is None else value.decode(errors="replace") for value in values)
    row, word = next(((row, text) for row, text in enumerate(texts) if not csv_text.is_number(text)), (0, ""))
    if word.lower() in ("true", "false"):
        return "it holds words for true and false; write 1 and 0"
    return f"{NOT_ALL}: {word[:100]!r} in row {row:,} is none{csv_text.no_number(word)}"


def _require_exact(source: TableFile, head: csv_text.Head, labels: Mapping[str, str]) -> None:
    """Raise where the text of a whole number is another number than double precision makes of it."""
    n_before = 0
    with _opened(source, head, dict.fromkeys(labels.values(), pa.string())) as (stream, _):
        for batch in stream:
            for name, label in labels.items():
                for row, text in enumerate(batch.column(label).to_pylist()):
                    if len(text) > 15 and re.fullmatch(r"\s*[+-]?\d+\s*", text) and int(text) != int(float(text)):
                        raise inexact(name, int(text), row=n_before + row, path=source.path)
            n_before += batch.num_rows
