"""ROOT files: TTree and RNTuple, by uproot."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar

import numpy as np
import uproot
from uproot.behaviors.RNTuple import RNTuple
from uproot.interpretation.jagged import AsJagged
from uproot.interpretation.numerical import Numerical
from uproot.interpretation.strings import AsStrings

from wilks.errors import SampleError
from wilks.samples.checked_arrays import closest
from wilks.samples.column_kinds import SEVERAL, TEXT
from wilks.samples.lists import Lists
from wilks.samples.readers import rntuple
from wilks.samples.readers.base import LISTS, Listing, RawColumns, Reader, TableFile
from wilks.samples.readers.blocks import Blocks, joined_lists
from wilks.samples.readers.content import Content
from wilks.samples.stored_precision import narrow

_TREE_CLASSES = frozenset({"TTree", "TNtuple", "TNtupleD"})
_NTUPLE_CLASSES = frozenset({"ROOT::RNTuple", "ROOT::Experimental::RNTuple"})


class RootReader(Reader):
    """Branches of a TTree or fields of an RNTuple with one number, or one list of numbers, for each event.

    Columns are read one by one, by name: names never pass through uproot's expression language.
    """

    format_name: ClassVar[str] = "ROOT"
    has_trees: ClassVar[bool] = True

    def _listing(self, source: TableFile) -> Listing:
        with _opened(source) as file:
            table = _table(file, source)
            columns = _columns(table)
            reasons = [(name, _why_short(column, table) or _why_not(column, table)) for name, column in columns]
            kinds = {name: _stored_type(table, column) for name, column in columns}
        known = narrow({name: kind for name, kind in kinds.items() if kind is not None})
        return Listing.of(reasons, known, lists={name for name, reason in reasons if reason == LISTS})

    def _n_rows(self, source: TableFile) -> int | None:
        with _opened(source) as file:
            return int(_table(file, source).num_entries)

    def _chunks(self, source: TableFile, names: Sequence[str], chunk_size: int) -> Iterator[RawColumns]:
        with _opened(source) as file:
            table = _table(file, source)
            n_rows, known = int(table.num_entries), dict(_columns(table))
            columns = {name: _blocks(known[name], table, source, least=chunk_size) for name in names}
            jagged = {name for name in names if _why_not(known[name], table) == LISTS}
            for start in range(0, n_rows, chunk_size):
                stop = min(start + chunk_size, n_rows)
                rows = {name: column.rows(start, stop) for name, column in columns.items()}
                yield {name: Lists(values) if name in jagged else values for name, values in rows.items()}


@contextmanager
def _opened(source: TableFile) -> Iterator[Any]:
    with source.open() as content, uproot.open(Content(content, source)) as file:
        yield file


def _table(file: Any, source: TableFile) -> Any:
    table = _named_table(file, source)
    if isinstance(table, RNTuple):
        rntuple.verify(table, source)
    return table


def _named_table(file: Any, source: TableFile) -> Any:
    classes = file.classnames(recursive=True)
    tables = [key for key, name in classes.items() if name in _TREE_CLASSES | _NTUPLE_CLASSES]
    available = list(dict.fromkeys(key.partition(";")[0] for key in tables))
    if source.tree is None and len(available) == 1:
        return file[available[0]]
    if not available:
        others = ", ".join(f"{key} ({name})" for key, name in list(classes.items())[:10])
        raise SampleError(f"{source.path} must hold a TTree or an RNTuple, but holds {others or 'nothing'}")
    if source.tree is None:
        raise SampleError(f"{source.path} holds several trees; choose one with tree=...: {', '.join(available)}")
    if source.tree not in available and source.tree not in tables:
        raise SampleError(f"{source.path} has no tree {source.tree!r}; {closest(source.tree, available)}")
    return file[source.tree]


def _columns(table: Any) -> list[tuple[str, Any]]:
    """Names and branches or fields; a name may come twice."""
    return list(table.items(recursive=True))


def _stored_type(table: Any, column: Any) -> np.dtype[Any] | None:
    if isinstance(table, RNTuple):
        return rntuple.stored_type(table, column)
    interpretation = column.interpretation
    kind = getattr(getattr(interpretation, "content", interpretation), "from_dtype", None)
    return None if kind is None else kind.base


def _why_short(column: Any, table: Any) -> str:
    n_entries = getattr(column, "num_entries", table.num_entries)
    if isinstance(table, RNTuple) or n_entries == table.num_entries:
        return ""
    return (
        f"it has {int(n_entries):,} entries and its tree {int(table.num_entries):,}, so that nothing tells which "
        "events they belong to; fill it once for each event"
    )


def _why_not(column: Any, table: Any) -> str:
    """Why a branch or field cannot be a column; empty if it can, `LISTS` if it has a list of numbers for each event."""
    if isinstance(table, RNTuple):
        return _why_not_field(column, table)
    interpretation = column.interpretation
    if isinstance(interpretation, Numerical | AsJagged):
        n_levels = _levels(interpretation)
        return SEVERAL if n_levels is None else (LISTS if n_levels else "")
    return TEXT if isinstance(interpretation, AsStrings) else _other(column.typename)


def _levels(interpretation: Any) -> int | None:
    """1 for a list of numbers for each event, 0 for a number; None for lists of lists and what is no number."""
    is_jagged = isinstance(interpretation, AsJagged)
    content = interpretation.content if is_jagged else interpretation
    kind = getattr(content, "to_dtype", np.dtype(object))
    n_levels = is_jagged + len(kind.shape or getattr(content, "inner_shape", ()))
    return n_levels if n_levels < 2 and kind.base.kind in "biuf" else None


def _why_not_field(field: Any, table: Any) -> str:
    n_levels = rntuple.levels(table, field)
    if n_levels is not None:
        return SEVERAL if n_levels > 1 else (LISTS if n_levels else "")
    typename = str(field.typename)
    if inner := [one for one in field.fields if rntuple.levels(table, one) == 1]:
        return f"it is a list of objects with fields of their own; take one of these, as in {inner[0].path}[0]"
    return TEXT if typename == "std::string" else _other(typename)


def _other(typename: object) -> str:
    return f"its type {typename} is not one number for each event"


def _blocks(column: Any, table: Any, source: TableFile, *, least: int) -> Blocks:
    if not isinstance(table, RNTuple):
        return _branch(column, source, least=least)
    read = rntuple.lists if rntuple.levels(table, column) else rntuple.column
    return read(table, column, source, least=least)


def _branch(branch: Any, source: TableFile, *, least: int) -> Blocks:
    found = [int(edge) for edge in branch.entry_offsets]
    edges = sorted(set(found))  # baskets may be empty
    if found != sorted(found):
        raise SampleError(
            f"{source.path} is truncated or was not closed: the baskets of {branch.name!r} are not in order; write "
            "the file again"
        )

    is_jagged = bool(_levels(branch.interpretation))

    def load(start: int, stop: int) -> Any:
        library = "ak" if is_jagged else "np"
        values = branch.array(entry_start=start, entry_stop=stop, library=library, array_cache=None)
        if len(values) != stop - start:
            raise SampleError(
                f"{source.path} is truncated or was not closed: {branch.name!r} has {len(values):,} of "
                f"{stop - start:,} entries from row {start:,} on; write the file again"
            )
        return values if is_jagged else np.asarray(values)

    return Blocks(edges, load, least=least, join=joined_lists if is_jagged else np.concatenate)
