"""HDF5 files: one data set for each variable, or one table; nothing outside the file is ever opened."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import h5py

from wilks.errors import SampleError
from wilks.samples.checked_arrays import closest
from wilks.samples.readers.base import Listing, RawColumns, Reader, TableFile
from wilks.samples.readers.hdf5_blocks import row_blocks
from wilks.samples.readers.hdf5_heaps import require_finite_heaps
from wilks.samples.stored_precision import narrow

_MAX_SOFT_LINKS = 16
_NUMBERS = "biuf"
_Rows = Callable[[int, int], RawColumns]


class Hdf5Reader(Reader):
    """Three layouts, in the root group or in the group or data set that ``tree`` names.

    One-dimensional data sets, one for each variable; a data set of records (compound type); or a two-dimensional
    data set with the names of its columns in the attribute ``columns``. External links, external storage and virtual
    data sets are refused, and soft links are followed only inside the file.
    """

    format_name: ClassVar[str] = "HDF5"
    has_trees: ClassVar[bool] = True

    def _listing(self, source: TableFile) -> Listing:
        with _opened(source) as file:
            return _layout(file, source).listing()

    def _chunks(self, source: TableFile, names: Sequence[str], chunk_size: int) -> Iterator[RawColumns]:
        with _opened(source) as file:
            layout = _layout(file, source)
            n_rows = layout.n_rows(names, source)
            columns = layout.blocks(names, source, chunk_size)
            for start in range(0, n_rows, chunk_size):
                yield columns(start, min(start + chunk_size, n_rows))


def _opened(source: TableFile) -> Any:
    require_finite_heaps(source)
    return h5py.File(source.path, "r")


class _Layout(ABC):
    @abstractmethod
    def listing(self) -> Listing: ...

    @abstractmethod
    def n_rows(self, names: Sequence[str], source: TableFile) -> int: ...

    @abstractmethod
    def blocks(self, names: Sequence[str], source: TableFile, least: int) -> _Rows:
        """What reads columns from one row to another, in order; every chunk of the file is read once."""


@dataclass(frozen=True)
class _Separate(_Layout):
    """One data set for each variable."""

    data_sets: Mapping[str, Any]
    refused: Mapping[str, str]

    def listing(self) -> Listing:
        reasons = {**dict.fromkeys(self.data_sets, ""), **self.refused}
        return Listing.of(reasons.items(), narrow({name: one.dtype for name, one in self.data_sets.items()}))

    def n_rows(self, names: Sequence[str], source: TableFile) -> int:
        lengths = {name: int(self.data_sets[name].shape[0]) for name in names}
        if len(set(lengths.values())) > 1:
            listed = ", ".join(f"{name} has {length:,}" for name, length in lengths.items())
            raise SampleError(f"the data sets of {source.path} must have the same number of events, but {listed}")
        return next(iter(lengths.values()))

    def blocks(self, names: Sequence[str], source: TableFile, least: int) -> _Rows:
        columns = {name: row_blocks(self.data_sets[name], source, least=least) for name in names}
        return lambda start, stop: {name: column.rows(start, stop) for name, column in columns.items()}


@dataclass(frozen=True)
class _Records(_Layout):
    """A one-dimensional data set of a compound type."""

    data_set: Any

    def listing(self) -> Listing:
        kinds = {name: self.data_set.dtype[name] for name in self.data_set.dtype.names}
        return Listing.of(((name, _why_not_type(kind)) for name, kind in kinds.items()), narrow(kinds))

    def n_rows(self, names: Sequence[str], source: TableFile) -> int:
        return int(self.data_set.shape[0])

    def blocks(self, names: Sequence[str], source: TableFile, least: int) -> _Rows:
        table = row_blocks(self.data_set, source, least=least, fields=list(names))

        def rows(start: int, stop: int) -> RawColumns:
            records = table.rows(start, stop)
            return {name: records[name] for name in names}

        return rows


@dataclass(frozen=True)
class _Matrix(_Layout):
    """A two-dimensional data set with named columns."""

    data_set: Any
    columns: tuple[str, ...]

    def listing(self) -> Listing:
        return Listing(self.columns, {}, narrow(dict.fromkeys(self.columns, self.data_set.dtype)))

    def n_rows(self, names: Sequence[str], source: TableFile) -> int:
        return int(self.data_set.shape[0])

    def blocks(self, names: Sequence[str], source: TableFile, least: int) -> _Rows:
        table = row_blocks(self.data_set, source, least=least)

        def rows(start: int, stop: int) -> RawColumns:
            block = table.rows(start, stop)
            return {name: block[:, self.columns.index(name)] for name in names}

        return rows


def _layout(file: Any, source: TableFile) -> _Layout:
    target = file if source.tree is None else _find(file, source.tree, source)
    _require_no_store(target, source)
    if isinstance(target, h5py.Dataset):
        table = _table(target, source)
        if table is None:
            raise SampleError(
                f"{source.tree!r} in {source.path} is not a table: {_why_not(target) or 'it is one column'}"
            )
        return table
    if not isinstance(target, h5py.Group):
        raise SampleError(f"{source.tree!r} in {source.path} is neither a group nor a data set")
    return _group_layout(target, source)


def _require_no_store(target: Any, source: TableFile) -> None:
    """Raise for what pandas wrote: its columns lie in blocks, and one that lies open is the index of its rows."""
    groups = [target.parent] if isinstance(target, h5py.Dataset) else [target]
    if isinstance(target, h5py.Group):
        members = [_member(target, name, source) for name in _names(target)]
        groups += [one for one in members if isinstance(one, h5py.Group)]
    if stores := [group.name for group in groups if "pandas_type" in group.attrs]:
        raise SampleError(
            f"{source.path} must hold a data set for each column, but {stores[0]!r} is a store of pandas, in a layout "
            "of its own; write it again, as in pandas.read_hdf(path, "
            f"{stores[0].strip('/')!r}).to_parquet('events.parquet')"
        )


def _group_layout(group: Any, source: TableFile) -> _Layout:
    members = {name: _member(group, name, source) for name in _names(group)}
    data_sets = {name: member for name, member in members.items() if isinstance(member, h5py.Dataset)}
    reasons = {name: _why_not(data_set) for name, data_set in data_sets.items()}
    columns = {name: data_sets[name] for name, reason in reasons.items() if not reason}
    if columns:
        return _Separate(columns, {name: reason for name, reason in reasons.items() if reason})
    tables = {name: table for name, member in data_sets.items() if (table := _table(member, source))}
    if len(tables) == 1:
        return next(iter(tables.values()))
    choices = [*tables, *(name for name, member in members.items() if isinstance(member, h5py.Group))]
    if choices:
        raise SampleError(
            f"{source.path} must be told where its columns are; choose with tree=...: {', '.join(choices)}"
        )
    return _Separate({}, {name: reason for name, reason in reasons.items() if reason})


def _table(data_set: Any, source: TableFile) -> _Layout | None:
    if data_set.dtype.names and len(data_set.shape or ()) == 1:
        return _Records(data_set)
    if len(data_set.shape or ()) == 2 and data_set.dtype.kind in _NUMBERS and "columns" in data_set.attrs:
        columns = tuple(_text(name) for name in data_set.attrs["columns"])
        if len(columns) != data_set.shape[1] or len(set(columns)) != len(columns):
            raise SampleError(
                f"the attribute 'columns' of {data_set.name!r} in {source.path} must name each of {data_set.shape[1]} "
                f"columns once, but is {', '.join(columns)}"
            )
        return _Matrix(data_set, columns)
    return None


def _text(name: Any) -> str:
    return name.decode() if isinstance(name, bytes) else str(name)


def _why_not(data_set: Any) -> str:
    shape = data_set.shape
    if shape is not None and len(shape) == 1 and not data_set.dtype.names:
        return _why_not_type(data_set.dtype)
    if data_set.dtype.names:
        return "it is a table of its own; read it with tree=..."
    return (
        f"its shape is {shape}, but a column has one number for each event "
        "(a table of two dimensions needs its column names in an attribute 'columns')"
    )


def _why_not_type(dtype: Any) -> str:
    if h5py.check_string_dtype(dtype) is not None or dtype.kind in "SU":
        return "it holds text"
    if h5py.check_vlen_dtype(dtype) is not None:
        return "it is jagged (a list of any length for each event); write one number for each event first"
    if dtype.subdtype is not None:
        return "it has several numbers for each event; write each of them as a column of its own first"
    return "" if dtype.kind in _NUMBERS else f"its type {dtype} is not a number"


def _find(file: Any, path: str, source: TableFile) -> Any:
    """The object at an absolute path, one link at a time."""
    found = file
    for part in filter(None, path.split("/")):
        if not isinstance(found, h5py.Group) or not found.id.links.exists(_encoded(part)):
            known = _names(found) if isinstance(found, h5py.Group) else []
            raise SampleError(f"{source.path} has no table {path!r}; {closest(part, known)}")
        found = _member(found, part, source)
    return found


def _member(group: Any, name: str, source: TableFile, n_followed: int = 0) -> Any:
    """What a link leads to, without ever opening another file."""
    links, key = group.id.links, _encoded(name)
    kind = links.get_info(key).type
    if kind == h5py.h5l.TYPE_HARD:
        return _self_contained(group[key], source)
    if kind != h5py.h5l.TYPE_SOFT:
        raise SampleError(
            f"{source.path} must hold all of its data, but {name!r} in {group.name!r} is a link to another file; "
            "copy the data into one file, for example with h5repack --merge or h5py"
        )
    if n_followed >= _MAX_SOFT_LINKS:
        raise SampleError(f"the soft links of {source.path} must end at data, but {name!r} leads in a circle")
    target = links.get_val(key).decode(errors="surrogateescape")
    found = group.file["/"] if target.startswith("/") else group
    for part in (part for part in target.split("/") if part not in ("", ".")):
        if not isinstance(found, h5py.Group) or not found.id.links.exists(_encoded(part)):
            return None
        found = _member(found, part, source, n_followed + 1)
    return found


def _names(group: Any) -> list[str]:
    """Those of the members; h5py gives bytes where they are no text."""
    return [name.decode(errors="surrogateescape") if isinstance(name, bytes) else name for name in group]


def _encoded(name: str) -> bytes:
    escaped = all("\udc80" <= character <= "\udcff" for character in name if "\ud800" <= character <= "\udfff")
    return name.encode(errors="surrogateescape" if escaped else "surrogatepass")


def _self_contained(item: Any, source: TableFile) -> Any:
    if isinstance(item, h5py.Dataset) and (item.external or item.is_virtual):
        raise SampleError(
            f"{source.path} must hold all of its data, but the data set {item.name!r} keeps them in other files "
            "(external storage or a virtual data set); copy the data into one file"
        )
    return item
