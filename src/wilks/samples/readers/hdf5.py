"""HDF5 files: one data set for each variable, or one table; nothing outside the file is ever opened."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, ClassVar

import h5py

from wilks.errors import SampleError
from wilks.samples.checked_arrays import closest
from wilks.samples.readers.addresses import Address
from wilks.samples.readers.base import Listing, RawColumns, Reader, TableFile
from wilks.samples.readers.hdf5_heaps import require_finite_heaps
from wilks.samples.readers.hdf5_layouts import NUMBERS, Layout, Matrix, Records, Separate, why_not_type
from wilks.samples.readers.hdf5_pandas import is_store, store_layout

_MAX_SOFT_LINKS = 16


class Hdf5Reader(Reader):
    """Four layouts, in the root group or in the group or data set that ``tree`` names.

    One-dimensional data sets, one for each variable; a data set of records (compound type); a two-dimensional data set
    with the names of its columns in the attribute ``columns``; or a data frame as pandas stores it. External links,
    external storage and virtual data sets are refused, and soft links are followed only inside the file.
    """

    format_name: ClassVar[str] = "HDF5"
    has_trees: ClassVar[bool] = True

    def _listing(self, source: TableFile) -> Listing:
        with _opened(source) as file:
            return _layout(file, source).listing()

    def _n_rows(self, source: TableFile) -> int | None:
        with _opened(source) as file:
            layout = _layout(file, source)
            names = layout.listing().names
            return layout.n_rows(names, source) if names else None

    def _chunks(self, source: TableFile, names: Sequence[str], chunk_size: int) -> Iterator[RawColumns]:
        with _opened(source) as file:
            layout = _layout(file, source)
            n_rows = layout.n_rows(names, source)
            columns = layout.blocks(names, source, chunk_size)
            for start in range(0, n_rows, chunk_size):
                yield columns(start, min(start + chunk_size, n_rows))


@contextmanager
def _opened(source: TableFile) -> Iterator[Any]:
    require_finite_heaps(source)
    if not isinstance(source.path, Address):
        with h5py.File(source.path, "r") as file:
            yield file
        return
    with source.open() as content, h5py.File(content, "r") as file:
        yield file


def _layout(file: Any, source: TableFile) -> Layout:
    target = file if source.tree is None else _find(file, source.tree, source)
    if isinstance(target, h5py.Dataset):
        if is_store(target.parent):
            target = target.parent
            return store_layout(target, partial(_member, target, source=source), source)
        table = _table(target, source)
        if table is None:
            raise SampleError(
                f"{source.tree!r} in {source.path} is not a table: {_why_not(target) or 'it is one column'}"
            )
        return table
    if not isinstance(target, h5py.Group):
        raise SampleError(f"{source.tree!r} in {source.path} is neither a group nor a data set")
    return _group_layout(target, source)


def _group_layout(group: Any, source: TableFile) -> Layout:
    if is_store(group):
        return store_layout(group, partial(_member, group, source=source), source)
    members = {name: _member(group, name, source) for name in _names(group)}
    if stores := [name for name, one in members.items() if isinstance(one, h5py.Group) and is_store(one)]:
        if len(stores) > 1:
            raise SampleError(
                f"{source.path} holds several stores of pandas; choose with tree=...: {', '.join(stores)}"
            )
        return _group_layout(members[stores[0]], source)
    data_sets = {name: member for name, member in members.items() if isinstance(member, h5py.Dataset)}
    reasons = {name: _why_not(data_set) for name, data_set in data_sets.items()}
    columns = {name: data_sets[name] for name, reason in reasons.items() if not reason}
    if columns:
        return Separate(columns, {name: reason for name, reason in reasons.items() if reason})
    tables = {name: table for name, member in data_sets.items() if (table := _table(member, source))}
    if len(tables) == 1:
        return next(iter(tables.values()))
    choices = [*tables, *(name for name, member in members.items() if isinstance(member, h5py.Group))]
    if choices:
        raise SampleError(
            f"{source.path} must be told where its columns are; choose with tree=...: {', '.join(choices)}"
        )
    return Separate({}, {name: reason for name, reason in reasons.items() if reason})


def _table(data_set: Any, source: TableFile) -> Layout | None:
    if data_set.dtype.names and len(data_set.shape or ()) == 1:
        return Records(data_set)
    if len(data_set.shape or ()) == 2 and data_set.dtype.kind in NUMBERS and "columns" in data_set.attrs:
        columns = tuple(_text(name) for name in data_set.attrs["columns"])
        if len(columns) != data_set.shape[1] or len(set(columns)) != len(columns):
            raise SampleError(
                f"the attribute 'columns' of {data_set.name!r} in {source.path} must name each of {data_set.shape[1]} "
                f"columns once, but is {', '.join(columns)}"
            )
        return Matrix(data_set, columns)
    return None


def _text(name: Any) -> str:
    return name.decode() if isinstance(name, bytes) else str(name)


def _why_not(data_set: Any) -> str:
    shape = data_set.shape
    if shape is not None and len(shape) == 1 and not data_set.dtype.names:
        return why_not_type(data_set.dtype)
    if data_set.dtype.names:
        return "it is a table of its own; read it with tree=..."
    return (
        f"its shape is {shape}, but a column has one number for each event "
        "(a table of two dimensions needs its column names in an attribute 'columns')"
    )


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
