"""Checksums of an RNTuple, which uproot reads but does not compare.

Each page may be followed by the XXH3-64 of its bytes on disk, and each envelope ends with that of its own (RNTuple
binary format specification, version 1.0). uproot verifies anchor, header and footer; the lists of pages and the pages
themselves are left to the reader.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import xxhash

from wilks.errors import SampleError
from wilks.samples.readers.base import TableFile

_CHECKSUM_BYTES = 8


def verify(ntuple: Any, fields: Iterable[Any], source: TableFile) -> None:
    """Compare the checksums of the page lists, and of the pages of some fields of one number for each event.

    Raises:
        SampleError: one differs.
    """
    contents = {"a list of its pages": _page_lists(ntuple)}
    contents |= {f"a page of {field.path!r}": _pages(ntuple, field) for field in fields}
    for what, parts in contents.items():
        if not all(map(_is_right, parts)):
            raise SampleError(
                f"{source.path} is damaged: the checksum of {what} is not that of its bytes; copy the file again from "
                "where it came"
            )


def _is_right(content: bytes) -> bool:
    """Whether bytes end with the checksum of those before."""
    stored = int.from_bytes(content[-_CHECKSUM_BYTES:], "little")
    return bool(xxhash.xxh3_64_intdigest(content[:-_CHECKSUM_BYTES]) == stored)


def _page_lists(ntuple: Any) -> Iterator[bytes]:
    for record in ntuple.footer.cluster_group_records:
        link = record.page_list_link
        content, _ = ntuple.read_locator(link.locator, link.env_uncomp_size)
        yield bytes(content.raw_data)


def _pages(ntuple: Any, field: Any) -> Iterator[bytes]:
    """The bytes of the pages that have a checksum, with it."""
    columns = [column.idx for column in ntuple.column_records if column.field_id == _field_id(ntuple, field)]
    for cluster in ntuple.page_link_list:
        for column in columns:
            for page in cluster[column].pages if column < len(cluster) else ():
                if page.has_checksum:
                    first = page.locator.offset
                    chunk = ntuple.file.source.chunk(first, first + page.locator.num_bytes + _CHECKSUM_BYTES)
                    yield bytes(chunk.raw_data)


def _field_id(ntuple: Any, field: Any) -> int:
    """That of the field whose columns hold the numbers: another one for a projection."""
    source = ntuple.field_records[field.field_id].source_field_id
    return int(field.field_id if source is None else source)
