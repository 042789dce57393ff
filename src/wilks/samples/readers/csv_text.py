"""The text of a table: where its lines of names and of numbers begin, how it ends, and what is wrong with it."""

import bz2
import csv
import gzip
import io
import lzma
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any, NamedTuple, cast

import pyarrow as pa

from wilks.errors import SampleError
from wilks.samples.readers.base import TableFile

_FIRST_BYTES = 1 << 20
_TAIL_BYTES = 1 << 16
_LINE = re.compile(rb"[^\r\n]*(?:\r\n|\n|\r|$)")
_MARKS = ((b"\xff\xfe\0\0", "UTF-32"), (b"\0\0\xfe\xff", "UTF-32"), (b"\xff\xfe", "UTF-16"), (b"\xfe\xff", "UTF-16"))


class _Packing(NamedTuple):
    """How compressed text begins, what did it, and what undoes it."""

    magic: bytes
    name: str
    unpack: Callable[[Any], Any]


def _unpack_zstd(content: IO[bytes]) -> Any:
    return pa.CompressedInputStream(pa.PythonFile(content, "r"), "zstd")


_PACKED = {
    ".gz": _Packing(b"\x1f\x8b", "gzip", lambda content: gzip.GzipFile(fileobj=content, mode="rb")),
    ".bz2": _Packing(b"BZh", "bzip2", bz2.BZ2File),
    ".xz": _Packing(b"\xfd7zXZ\0", "xz", lzma.LZMAFile),
    ".zst": _Packing(b"\x28\xb5\x2f\xfd", "zstd", _unpack_zstd),
}
_CALLED = {",": "commas", "\t": "tabs"}
_MISSING = frozenset(("", "#N/A", "#NA", "N/A", "NA", "NULL", "NaN", "n/a", "nan", "null", "-nan", "-NaN"))


@dataclass(frozen=True)
class Head:
    """The names of a table, what its first row holds, and at which byte and line that begins."""

    names: tuple[str, ...]
    first_row: tuple[str, ...]
    n_bytes: int
    n_lines: int


class Body(io.RawIOBase):
    """The bytes after some first ones, without the line ends after the last line; that line is kept."""

    def __init__(self, stream: IO[bytes], n_bytes: int) -> None:
        super().__init__()
        self._stream, self._held, self._tail = stream, b"", b""
        self._left = n_bytes

    @property
    def last_lines(self) -> list[str]:
        """The last two lines that are not empty, after everything was read."""
        lines = [line.decode(errors="replace") for line in re.split(rb"[\r\n]+", self._tail)]
        return lines[-2:]

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        """At most about so many bytes; none at the end."""
        while self._left:
            self._left -= len(self._stream.read(self._left)) or self._left
        while content := self._stream.read(size if size > 0 else _FIRST_BYTES):
            whole = self._held + content
            kept = whole.rstrip(b"\r\n")
            self._held = whole[len(kept) :]
            if kept:
                self._tail = (self._tail + kept[-_TAIL_BYTES:])[-_TAIL_BYTES:]
                return kept
        return b""


@contextmanager
def opened(source: TableFile) -> Iterator[IO[bytes]]:
    """The bytes of the text, decompressed."""
    name = source.path.name.lower()
    packing = next((one for ending, one in _PACKED.items() if name.endswith(ending)), None)
    with source.open() as content:
        if packing is None:
            yield content
            return
        with packing.unpack(content) as text:
            yield cast(IO[bytes], text)


def separator(source: TableFile) -> str:
    """What stands between values, by the name of the file.

    >>> from pathlib import Path
    >>> separator(TableFile(Path("a.csv.gz"))), separator(TableFile(Path("a.TSV")))
    (',', '\\t')
    """
    name = source.path.name.lower()
    plain = next((name.removesuffix(ending) for ending in _PACKED if name.endswith(ending)), name)
    return "\t" if plain.endswith(".tsv") else ","


def head(source: TableFile) -> Head:
    """What the first lines say.

    Raises:
        SampleError: they are no names and numbers between commas, or tabs.
    """
    with opened(source) as stream:
        content = stream.read(_FIRST_BYTES)
    _require_utf8_text(content, source)
    lines = _LINE.findall(content)
    number = _line_of_names(lines, source)
    n_more = next(
        (k for k in range(1, len(lines) - number) if b"".join(lines[number : number + k]).count(b'"') % 2 == 0), 1
    )
    names = _names(b"".join(lines[number : number + n_more]), source)
    after = number + n_more
    row = next((line for line in lines[after:] if line.strip()), b"")
    first_row = _fields(row.decode(errors="replace"), separator(source))
    result = Head(names, tuple(first_row), len(b"".join(lines[:after])), after)
    _require_table(result, row.decode(errors="replace").strip("\r\n"), source)
    return result


def is_number(text: str) -> bool:
    """Whether a value is a number or stands for a missing one."""
    if text.strip() in _MISSING:
        return True
    try:
        float(text)
    except ValueError:
        return False
    return text.isascii() and "_" not in text  # Python knows the digits of all scripts


def no_number(value: str) -> str:
    """Why a value is none, in a few words, where that is plain."""
    if re.fullmatch(r"[+-]?\d+(,\d+)+", value.strip()):
        return ": write a point for a decimal comma, and nothing between thousands"
    if re.fullmatch(r"[+-]?[\d.]+[dD][+-]?\d+", value.strip()):
        return ": write e for the exponent"
    if "#" in value:
        return ": a comment; remove it"
    return ""


def miscounted(text: str, n_names: int, n_values: int, *, where: str, source: TableFile) -> SampleError:
    """The complaint about a line with more or fewer values than names."""
    mark = separator(source)
    one = _CALLED[mark].removesuffix("s")
    advice = "look at that line" if n_values > n_names else "remove it if it holds a total or a remark"
    if text.startswith("#"):
        advice = "it is a comment: remove it, or put it before the names"
    elif n_values == n_names + 1 and text.rstrip(" \r\n").endswith(mark):
        advice = f"it ends with a {one}, and the line of names does not: remove it, or add one there"
    elif mark == "," and n_values == 2 * n_names and all(part.strip(" -+").isdigit() for part in text.split(",")):
        advice = "if commas are decimal commas, write points in their place"
    elif n_values == n_names + 1:
        advice = (
            "if the first value names the row, as R writes it, leave that out: write.csv(..., row.names = FALSE), or "
            "give it a name"
        )
    return SampleError(
        f"every line of {source.path} must have one value for each of {n_names} names, but {where} has {n_values}: "
        f"{text[:100]!r}; {advice}"
    )


def require_event(lines: Sequence[str], first: Head, source: TableFile) -> None:
    """Raise where the last line has a word where the first and the last but one have numbers: totals are no event."""
    line = lines[-1]
    rows = [first.first_row, *(_fields(one, separator(source)) for one in lines)]
    values = zip(first.names, *rows, strict=True) if {len(row) for row in rows} == {len(first.names)} else ()
    words = [(name, last) for name, *others, last in values if all(map(is_number, others)) and not is_number(last)]
    if words:
        name, value = words[0]
        raise SampleError(
            f"every line of {source.path} must be an event, but the last one, {line[:100]!r}, has {value!r} for "
            f"{name!r}; remove it if it holds totals or a remark"
        )


def _require_utf8_text(content: bytes, source: TableFile) -> None:
    for ending, packing in _PACKED.items():
        if content.startswith(packing.magic):
            kind = "tsv" if separator(source) == "\t" else "csv"
            raise SampleError(
                f"{source.path} must be text, but is compressed with {packing.name}; let its name end with "
                f".{kind}{ending}"
            )
    name = next((name for mark, name in _MARKS if content.startswith(mark)), "")
    if name := name or _name_by_zeros(content[:4096]):
        raise SampleError(
            f"{source.path} must be text in UTF-8, but is {name}; save it as UTF-8, as with iconv -t UTF-8"
        )
    if not content.strip():
        raise SampleError(f"{source.path} must begin with a line of names, but is empty")


def _name_by_zeros(content: bytes) -> str:
    """What a text with zero bytes is; empty without any."""
    n_nul = content.count(b"\0")
    if not n_nul:
        return ""
    if 0.4 < n_nul / len(content) < 0.6:
        return "UTF-16"
    return "UTF-32" if n_nul > 3000 else "no text: it has zero bytes"


def _line_of_names(lines: Sequence[bytes], source: TableFile) -> int:
    """That after a byte order mark, a line ``sep=,`` and comments, or the last comment where numbers follow."""
    number, last_comment, mark = 0, -1, separator(source)
    while number < len(lines) - 1:
        text = lines[number].removeprefix(b"\xef\xbb\xbf").strip()
        if text.lower().startswith(b"sep=") and len(text) <= 5:
            if text[4:] not in (mark.encode(), mark.strip().encode()):
                raise SampleError(
                    f"the columns of {source.path} must be separated by {_CALLED[mark]}, but its first line says "
                    f"{text.decode()!r}"
                )
        elif text.startswith(b"#"):
            last_comment = number
        elif text:
            break
        number += 1
    values = _fields(lines[number].decode(errors="replace"), mark)
    is_names = any(not is_number(value) for value in values)
    return number if last_comment < 0 or (is_names and number < len(lines) - 1) else last_comment


def _names(line: bytes, source: TableFile) -> tuple[str, ...]:
    try:
        text = line.removeprefix(b"\xef\xbb\xbf").decode()
    except UnicodeDecodeError as error:
        raise SampleError(
            f"the names in {source.path} must be text in UTF-8, but byte {error.start} is {line[error.start]:#x}; "
            f"save it as UTF-8, if it is in Latin-1 ({line.decode('latin-1').strip()!r}) with iconv -f LATIN1 -t UTF-8"
        ) from error
    mark = separator(source)
    text = text.strip(" \r\n").removeprefix("#").strip(" ")
    names = tuple(name.strip() for name in _fields(text, mark))
    if all(is_number(name) for name in names):
        raise SampleError(f"the first line of {source.path} must hold the names of the columns, but holds numbers")
    if len(names) == 1 and any(other in text for other in ";\t,| ".replace(mark, "")):
        raise SampleError(
            f"the columns of {source.path} must be separated by {_CALLED[mark]}, but its first line is {text!r}"
        )
    repeated = sorted({name for name in names if name and names.count(name) > 1})
    if repeated:
        raise SampleError(f"{source.path} must name every column once, but repeats {', '.join(map(repr, repeated))}")
    return names


def _require_table(first: Head, row: str, source: TableFile) -> None:
    values, n_names = first.first_row, len(first.names)
    if not row:
        return
    where = f"the first line after the names, {row[:100]!r},"
    if len(values) != n_names and not all(map(is_number, values)):
        raise miscounted(row, n_names, len(values), where="the first line after them", source=source)
    if n_names == len(values) + 1 and not first.names[-1]:
        one = _CALLED[separator(source)].removesuffix("s")
        raise SampleError(f"the names in {source.path} end with a {one}, and {where} does not; remove that {one}")
    if len(values) == n_names and not any(is_number(value) for value in values):
        raise SampleError(
            f"{source.path} must have numbers after its line of names, {', '.join(first.names)[:100]!r}, but {where} "
            f"has none{no_number(values[0]) or '; if one of the two holds units, remove it'}"
        )


def _fields(text: str, mark: str) -> list[str]:
    return next(csv.reader([text.strip("\r\n")], delimiter=mark, skipinitialspace=True), [])
