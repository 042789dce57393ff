"""Pages of an RNTuple, each decoded once and compared with its checksum.

Each page may be followed by the XXH3-64 of its bytes on disk, and each envelope ends with that of its own (RNTuple
binary format specification, version 1.0). uproot verifies anchor, header and footer; the lists of pages and the pages
themselves are left to the reader.
"""

import math
import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable
from itertools import accumulate
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import xxhash
from uproot.const import RNTupleFieldRole

from wilks.errors import SampleError
from wilks.samples.readers.base import TableFile
from wilks.samples.readers.blocks import Blocks, Join, joined_lists
from wilks.samples.readers.rntuple_frames import ImpossibleError, check_footer, check_header, check_page_list

Check = Callable[[bytes], None]

_NUMBERS = frozenset(
    {
        *("bool", "char", "float", "double", "Double32_t", "std::byte"),
        *(f"std::{sign}int{bits}_t" for sign in ("", "u") for bits in (8, 16, 32, 64)),
    }
)
_CARDINALITY = "ROOT::RNTupleCardinality<"  # the length of a list, as NanoAOD's nMuon
_LIST_OF = re.compile(r"(?:std::vector|ROOT::VecOps::RVec)<(.+)>|std::array<(.+),\d+>")
_PLAIN_ROLES = (RNTupleFieldRole.LEAF, RNTupleFieldRole.COLLECTION, RNTupleFieldRole.RECORD)
_COLUMN = re.compile(r'"column-(\d+)')

_CHECKSUM_BYTES = 8
# Compressed data come in blocks, each with a header and of less than this size.
_BLOCK_HEADER_BYTES, _BLOCK_BYTES = 9, 1 << 24


class _Encoding(NamedTuple):
    """How numbers lie in a page: their type; whether their bytes are split; whether their sign is the last bit."""

    kind: str
    is_split: bool = False
    is_zigzag: bool = False


_BITS = _Encoding("?")
# Types of columns, by their number in the specification.
_ENCODINGS = {
    0x00: _BITS,
    **{0x03 + k: _Encoding(kind) for k, kind in enumerate(("i1", "u1", "<i2", "<u2", "<i4", "<u4", "<i8", "<u8"))},
    **{0x0B + k: _Encoding(kind) for k, kind in enumerate(("<f2", "<f4", "<f8"))},
    **{0x11 + 2 * k: _Encoding(kind, is_split=True, is_zigzag=True) for k, kind in enumerate(("<u2", "<u4", "<u8"))},
    **{0x12 + 2 * k: _Encoding(kind, is_split=True) for k, kind in enumerate(("<u2", "<u4", "<u8"))},
    **{0x17 + k: _Encoding(kind, is_split=True) for k, kind in enumerate(("<f2", "<f4", "<f8"))},
}


def verify(ntuple: Any, source: TableFile) -> None:
    """Compare the checksums of header, footer and page lists, before uproot follows what they say.

    Raises:
        SampleError: one differs, or two fields have one name, which uproot cannot open.
    """
    for what, check in (("Header", check_header), ("Footer", check_footer)):
        place = _Locator(ntuple.member(f"fSeek{what}"), ntuple.member(f"fNBytes{what}"))
        _require_envelope(ntuple, place, ntuple.member(f"fLen{what}"), f"its {what.lower()}", check, source)
    _require_names(ntuple, source)
    for record in ntuple.footer.cluster_group_records:
        link = record.page_list_link
        _require_envelope(ntuple, link.locator, link.env_uncomp_size, "a list of its pages", check_page_list, source)


def _require_names(ntuple: Any, source: TableFile) -> None:
    names = [one.field_name for number, one in enumerate(ntuple.field_records) if one.parent_field_id == number]
    if repeated := sorted({name for name in names if names.count(name) > 1}):
        raise SampleError(
            f"{source.path} must have one field of each name, but has more of {', '.join(map(repr, repeated))}; write "
            "it again"
        )


class _Locator(NamedTuple):
    offset: int
    num_bytes: int


def _require_envelope(ntuple: Any, locator: Any, n_bytes: int, what: str, check: Check, source: TableFile) -> None:
    _require_possible(locator.num_bytes, n_bytes, what, source)
    chunk, _ = ntuple.read_locator(locator, n_bytes)
    content = bytes(chunk.raw_data)
    _require_right(content, what, source)
    try:
        check(content)
    except ImpossibleError as error:
        raise _damaged(f"{what} declares {error}", source) from error


def _require_possible(n_stored: int, n_bytes: int, what: str, source: TableFile) -> None:
    """Raise where so many bytes cannot be what the stored ones decompress to."""
    if n_stored > n_bytes or (n_stored < n_bytes and n_bytes > n_stored // _BLOCK_HEADER_BYTES * _BLOCK_BYTES):
        raise _damaged(f"{what} has {n_stored:,} bytes, which cannot be {n_bytes:,} when decompressed", source)


def levels(ntuple: Any, field: Any) -> int | None:
    """In how many lists, one inside the other, each number of a field lies: 0 for one number for each event.

    None for what holds no numbers.
    """
    number = field.field_id
    found = _LIST_OF.fullmatch(str(field.typename))
    inner = str(field.typename) if found is None else found[1] or found[2]
    n_levels = 0 if found is None else 1
    if inner not in _NUMBERS and not (found is None and inner.startswith(_CARDINALITY)):
        return None
    while (above := ntuple.field_records[number].parent_field_id) != number:
        number, record = above, ntuple.field_records[above]
        if record.struct_role not in _PLAIN_ROLES:
            return None
        n_levels += record.struct_role == RNTupleFieldRole.COLLECTION or record.repetition > 0
    return n_levels


def stored_type(ntuple: Any, field: Any) -> np.dtype[Any] | None:
    """The type in which the numbers of a field are stored, where they have one alone."""
    number = field.field_id
    if _LIST_OF.fullmatch(str(field.typename)):
        later = range(number + 1, len(ntuple.field_records))
        number = next((one for one in later if ntuple.field_records[one].parent_field_id == number), number)
    columns = _columns(ntuple, number)
    encoding = _ENCODINGS.get(columns[0].type) if len(columns) == 1 else None
    return None if encoding is None else np.dtype(encoding.kind)


def column(ntuple: Any, field: Any, source: TableFile, *, least: int) -> Blocks:
    """The values of a field of one number for each event.

    Raises:
        SampleError: a page is damaged, or pages hold another number of values than there are events.
    """
    columns = _columns(ntuple, field.field_id)
    clusters = [int(one.num_entries) for one in ntuple.cluster_summaries]
    pages = [_pages(cluster, columns) for cluster in ntuple.page_link_list]
    if len(columns) != 1 or columns[0].type not in _ENCODINGS or not all(pages):
        return _by_cluster(ntuple, field, source)
    for count, found in zip(clusters, pages, strict=True):
        if count != sum(page.num_elements for page in found):
            raise _damaged(f"the pages of {field.path!r} hold another number of values than there are events", source)
    flat = [page for found in pages for page in found]
    reader = _Pages(ntuple, _ENCODINGS[columns[0].type], f"a page of {field.path!r}", source)
    edges = [0, *accumulate(int(page.num_elements) for page in flat)]
    starts = {edge: number for number, edge in enumerate(edges)}

    def load(start: int, stop: int) -> npt.NDArray[Any]:
        return np.concatenate([reader.values(page) for page in flat[starts[start] : starts[stop]]])

    return Blocks(edges, load, least=least)


def lists(ntuple: Any, field: Any, source: TableFile, *, least: int) -> Blocks:
    """The lists of a field of which `levels` is 1, as awkward arrays.

    Raises:
        SampleError: a page is damaged.
    """
    return _by_cluster(ntuple, field, source, least=least, library="ak", join=joined_lists)


def _by_cluster(
    ntuple: Any,
    field: Any,
    source: TableFile,
    *,
    least: int = 1,
    library: str = "np",
    join: Join = np.concatenate,
) -> Blocks:
    """What uproot puts together: lists, counts of them, numbers stored in several ways, or added to the file later."""
    form, _ = field.to_akform()
    numbers = {one.idx for one in _columns(ntuple, field.field_id)} | {
        int(one) for one in _COLUMN.findall(form.to_json())
    }
    edges = [0, *accumulate(int(one.num_entries) for one in ntuple.cluster_summaries)]

    def load(start: int, stop: int) -> Any:
        for cluster in ntuple.page_link_list[bisect_right(edges, start) - 1 : bisect_left(edges, stop)]:
            _verify_pages(ntuple, cluster, numbers, f"a page of {field.path!r}", source)
        values = field.array(entry_start=start, entry_stop=stop, library=library, array_cache=None)
        return np.asarray(values) if library == "np" else values

    return Blocks(edges, load, least=least, join=join)


def _verify_pages(ntuple: Any, cluster: Any, numbers: Iterable[int], what: str, source: TableFile) -> None:
    for number in numbers:
        pages = cluster[number].pages if number < len(cluster) and not cluster[number].suppressed else ()
        for page in pages:
            n_bytes = math.ceil(page.num_elements * ntuple.column_records[number].nbits / 8)
            _require_possible(page.locator.num_bytes, n_bytes, what, source)
            _content(ntuple, page, what, source)


class _Pages:
    """Decodes pages of one column."""

    def __init__(self, ntuple: Any, encoding: _Encoding, what: str, source: TableFile) -> None:
        self._ntuple, self._encoding, self._what, self._source = ntuple, encoding, what, source

    def values(self, page: Any) -> npt.NDArray[Any]:
        encoding, n_values, n_stored = self._encoding, int(page.num_elements), int(page.locator.num_bytes)
        n_bytes = math.ceil(n_values / 8) if encoding is _BITS else n_values * np.dtype(encoding.kind).itemsize
        _require_possible(n_stored, n_bytes, self._what, self._source)
        _content(self._ntuple, page, self._what, self._source)
        chunk, _ = self._ntuple.read_locator(page.locator, n_bytes)
        raw = np.frombuffer(bytes(chunk.raw_data), dtype=np.uint8, count=n_bytes)
        return _decoded(raw, n_values, encoding)


def _decoded(raw: npt.NDArray[np.uint8], n_values: int, encoding: _Encoding) -> npt.NDArray[Any]:
    if encoding is _BITS:
        return np.unpackbits(raw, bitorder="little")[:n_values]
    numbers = (raw.reshape(-1, n_values).T.copy() if encoding.is_split else raw).reshape(-1).view(encoding.kind)
    if not encoding.is_zigzag:
        return numbers
    signed = np.dtype(encoding.kind.replace("u", "i"))
    result: npt.NDArray[Any] = (numbers >> 1).view(signed) ^ -(numbers & 1).view(signed)
    return result


def _columns(ntuple: Any, number: int) -> list[Any]:
    """Those of the field of a number, or of that of which it is a projection."""
    source = ntuple.field_records[number].source_field_id
    owner = number if source is None else source
    return [column for column in ntuple.column_records if column.field_id == owner]


def _pages(cluster: Any, columns: list[Any]) -> list[Any]:
    """The pages of a column in one cluster; none where it is not there."""
    number = columns[0].idx if columns else len(cluster)
    return list(cluster[number].pages) if number < len(cluster) and not cluster[number].suppressed else []


def _content(ntuple: Any, page: Any, what: str, source: TableFile) -> None:
    """Compare a page that has a checksum with it."""
    if page.has_checksum:
        first = page.locator.offset
        chunk = ntuple.file.source.chunk(first, first + page.locator.num_bytes + _CHECKSUM_BYTES)
        _require_right(bytes(chunk.raw_data), what, source)


def _require_right(content: bytes, what: str, source: TableFile) -> None:
    """Raise unless bytes end with the checksum of those before."""
    stored = int.from_bytes(content[-_CHECKSUM_BYTES:], "little")
    if xxhash.xxh3_64_intdigest(content[:-_CHECKSUM_BYTES]) != stored:
        raise _damaged(f"the checksum of {what} is not that of its bytes", source)


def _damaged(what: str, source: TableFile) -> SampleError:
    return SampleError(f"{source.path} is damaged: {what}; copy the file again from where it came")
