"""Whether the lists in the header, footer and page lists of an RNTuple can be as long as they say.

uproot makes as many items as a list declares, where they have no size for hours. Layouts are those of the RNTuple
binary format specification, version 1.0: a list frame has its size as a negative number of 8 bytes, its number of items
in 4, and items that are frames or descriptions of pages of 8 bytes and more.
"""

_PREAMBLE, _FLAGS, _CHECKSUM = 8, 8, 8
_SIZE_BYTES, _COUNT_BYTES, _LEAST_ITEM = 8, 4, 8
_N_SCHEMA_LISTS = 4  # fields, columns, aliases, extra types


class ImpossibleError(ValueError):
    """A list that does not fit into the bytes it has."""


def check_header(content: bytes) -> None:
    """Flags, three texts, and the lists of the schema.

    Raises:
        ImpossibleError: a list is longer than the bytes that are there.
    """
    place = _PREAMBLE + _FLAGS
    for _ in range(3):
        place += _COUNT_BYTES + _number(content, place, _COUNT_BYTES)
    _lists(content, place, _N_SCHEMA_LISTS)


def check_footer(content: bytes) -> None:
    """Flags, the checksum of the header, more of the schema, the list of cluster groups, and perhaps one more.

    Raises:
        ImpossibleError: a list is longer than the bytes that are there.
    """
    place = _lists(content, _PREAMBLE + _FLAGS + _CHECKSUM + _SIZE_BYTES, _N_SCHEMA_LISTS + 1)
    if len(content) - place > _CHECKSUM + _SIZE_BYTES + _COUNT_BYTES:
        _list(content, place)


def check_page_list(content: bytes) -> None:
    """The checksum of the header, the list of clusters, and for each cluster and column the list of its pages.

    Raises:
        ImpossibleError: a list is longer than the bytes that are there.
    """
    clusters = _lists(content, _PREAMBLE + _CHECKSUM, 1)
    n_clusters, _ = _list(content, clusters)
    place = clusters + _SIZE_BYTES + _COUNT_BYTES
    for _ in range(n_clusters):
        n_columns, end = _list(content, place)
        _lists(content, place + _SIZE_BYTES + _COUNT_BYTES, n_columns)
        place = end


def _lists(content: bytes, place: int, n_lists: int) -> int:
    """Where so many lists, one after another, end."""
    for _ in range(n_lists):
        _, place = _list(content, place)
    return place


def _list(content: bytes, place: int) -> tuple[int, int]:
    """The number of items of a list, and where it ends."""
    size = -_number(content, place, _SIZE_BYTES, signed=True)
    n_items = _number(content, place + _SIZE_BYTES, _COUNT_BYTES)
    own = _SIZE_BYTES + _COUNT_BYTES
    if not own + _LEAST_ITEM * n_items <= size <= len(content) - place:
        raise ImpossibleError(f"a list of {n_items:,} items in {max(size, 0):,} bytes")
    return n_items, place + size


def _number(content: bytes, place: int, n_bytes: int, *, signed: bool = False) -> int:
    if place + n_bytes > len(content):
        raise ImpossibleError("a list or a text that goes beyond the end")
    return int.from_bytes(content[place : place + n_bytes], "little", signed=signed)
