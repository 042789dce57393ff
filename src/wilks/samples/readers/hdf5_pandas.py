"""Data frames as pandas stores them in HDF5 through PyTables, without either: layouts ``fixed`` and ``table``.

A fixed frame has its columns in blocks of one type, ``block0_values`` (rows, columns) with their names in
``block0_items``. A table is one data set of records, in which a field is a column, or a block of columns whose names
stand in an attribute, ``values_block_0_kind``: a list of texts in protocol 0 of pickle, which is compared with the one
form that such a list has and never unpickled. The index of the rows is no column.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from wilks.errors import SampleError
from wilks.samples.readers.base import Listing, RawColumns, TableFile
from wilks.samples.readers.blocks import Blocks
from wilks.samples.readers.hdf5_blocks import row_blocks
from wilks.samples.readers.hdf5_layouts import Layout, Rows, why_not_type
from wilks.samples.stored_precision import narrow

Member = Callable[[str], Any]

_LIST = re.compile(rb"\(lp\d+\n((?:V[^\n]*\np\d+\na)+)\.")
_TEXT = re.compile(rb"V([^\n]*)\np\d+\na")


class _Place(NamedTuple):
    """Where a column lies: in a data set, in a field of its records if it has some, at a place among several."""

    name: str
    data_set: Any
    field: str | None
    position: int | None
    reason: str

    @property
    def kind(self) -> Any:
        """The type of its numbers."""
        kind = self.data_set.dtype if self.field is None else self.data_set.dtype[self.field]
        return kind.base


@dataclass(frozen=True)
class Store(Layout):
    """The columns of a data frame."""

    places: tuple[_Place, ...]
    is_empty: bool = False

    def listing(self) -> Listing:
        kinds = {one.name: one.kind for one in self.places if not one.reason}
        return Listing.of(((one.name, one.reason) for one in self.places), narrow(kinds))

    def n_rows(self, names: Sequence[str], source: TableFile) -> int:
        lengths = {int(one.data_set.shape[0]) for one in self.places if one.name in names}
        if len(lengths) > 1:
            raise SampleError(
                f"the columns of {source.path} must have the same number of events, but its blocks have "
                f"{', '.join(f'{length:,}' for length in sorted(lengths))} rows"
            )
        return 0 if self.is_empty else lengths.pop()

    def blocks(self, names: Sequence[str], source: TableFile, least: int) -> Rows:
        chosen = {one.name: one for one in self.places if one.name in names}
        tables = dict(self._tables(list(chosen.values()), source, least))

        def rows(start: int, stop: int) -> RawColumns:
            parts = {name: table.rows(start, stop) for name, table in tables.items()}
            return {name: _column(parts[chosen[name].data_set.name], chosen[name]) for name in names}

        return rows

    def _tables(self, chosen: Sequence[_Place], source: TableFile, least: int) -> Iterator[tuple[str, Blocks]]:
        for name in dict.fromkeys(one.data_set.name for one in chosen):
            places = [one for one in chosen if one.data_set.name == name]
            fields = list(dict.fromkeys(one.field for one in places if one.field is not None))
            yield name, row_blocks(places[0].data_set, source, least=least, fields=fields or None)


def _column(part: Any, place: _Place) -> Any:
    values = part if place.field is None else part[place.field]
    return values if place.position is None else values[:, place.position]


def is_store(group: Any) -> bool:
    """Whether pandas wrote a group."""
    return "pandas_type" in group.attrs


def store_layout(group: Any, member: Member, source: TableFile) -> Layout:
    """The columns of what pandas wrote.

    Args:
        group: that of the data frame.
        member: gives what a name in it leads to, inside the file.
        source: for messages.

    Raises:
        SampleError: it is no data frame, or its columns have no names that are texts.
    """
    kind = _text(group.attrs["pandas_type"])
    if kind == "frame":
        return _fixed(group, member, source)
    if kind == "frame_table":
        return _table(group, member, source)
    raise _unknown(group, source, f"a {kind!r}, no data frame")


def _fixed(group: Any, member: Member, source: TableFile) -> Store:
    places: list[_Place] = []
    is_empty = False
    for number in range(int(group.attrs["nblocks"])):
        items, values = member(f"block{number}_items"), member(f"block{number}_values")
        if group.attrs.get(f"block{number}_items_variety") != b"regular" or items.attrs.get("kind") != b"string":
            raise _unknown(group, source, "a frame whose columns have other names than texts")
        n_items = int(items.shape[0])
        texts = row_blocks(items, source, least=n_items or 1).rows(0, n_items).tolist() if n_items else []
        names = [one.decode("utf-8") for one in texts]
        is_empty = is_empty or "shape" in values.attrs  # no rows are stored as one
        reason = _why_not(values.dtype, values.attrs.get("value_type"))
        if not reason and not is_empty and values.shape[1:] != (len(names),):
            raise _unknown(group, source, f"a block of shape {values.shape} for {len(names):,} columns")
        places += [_Place(name, values, None, j, reason) for j, name in enumerate(names)]
    return Store(tuple(places), is_empty)


def _table(group: Any, member: Member, source: TableFile) -> Store:
    table = member("table")
    places: list[_Place] = []
    for field in table.dtype.names or ():
        kind, names = table.dtype[field], _names_of_block(table, field)
        reason = _why_not(kind.base, table.attrs.get(f"{field}_dtype"), table.attrs.get(f"{field}_meta"))
        if field == "index":
            continue
        if not field.startswith("values_block_"):
            places.append(_Place(field, table, field, None, reason))
        elif kind.shape == (len(names),):
            places += [_Place(name, table, field, j, reason) for j, name in enumerate(names)]
        else:
            raise _unknown(group, source, "a table whose columns have other names than texts")
    return Store(tuple(places))


def _names_of_block(table: Any, field: str) -> list[str]:
    """The names of the columns in a block; none where they are no list of texts."""
    content = bytes(table.attrs.get(f"{field}_kind", b""))
    found = _LIST.fullmatch(content)
    return [] if found is None else [one.decode("raw-unicode-escape") for one in _TEXT.findall(found[1])]


def _why_not(kind: Any, called: Any, meta: Any = None) -> str:
    """Why a column of pandas is none of numbers, by its type, what pandas calls it, and what else it says of it."""
    name = "" if called is None else _text(called)
    if meta is not None and _text(meta) == "category":
        return "it is categorical; store its codes (.cat.codes), or its values if they are numbers"
    if name.startswith(("datetime", "timedelta")):
        return "it holds times; make numbers of them first, such as seconds since the first of them"
    if kind.kind == "O" or name.startswith(("str", "object")):
        return "it holds text or Python objects, which are never loaded"
    return why_not_type(kind)


def _text(value: Any) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


def _unknown(group: Any, source: TableFile, what: str) -> SampleError:
    key = group.name.strip("/")
    return SampleError(
        f"{group.name!r} in {source.path} must be a data frame of pandas with names of columns, but is {what}; write "
        f"it again, as in pandas.read_hdf(path, {key!r}).to_parquet('events.parquet')"
    )
