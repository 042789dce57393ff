"""ROOT files: TTree and RNTuple, by uproot."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import uproot
from uproot.behaviors.RNTuple import RNTuple
from uproot.interpretation.jagged import AsJagged
from uproot.interpretation.numerical import Numerical
from uproot.interpretation.strings import AsStrings

from wilks.errors import SampleError
from wilks.samples.checked_arrays import closest
from wilks.samples.column_kinds import JAGGED, SEVERAL, TEXT
from wilks.samples.readers import rntuple
from wilks.samples.readers.base import Listing, Reader, TableFile
from wilks.samples.readers.blocks import Blocks
from wilks.samples.readers.content import Content
from wilks.samples.stored_precision import narrow

_TREE_CLASSES = frozenset({"TTree", "TNtuple", "TNtupleD"})
_NTUPLE_CLASSES = frozenset({"ROOT::RNTuple", "ROOT::Experimental::RNTuple"})
_NTUPLE_NUMBERS = frozenset(
    {
        *("bool", "char", "float", "double", "Double32_t", "std::byte"),
        *(f"std::{sign}int{bits}_t" for sign in ("", "u") for bits in (8, 16, 32, 64)),
    }
)


class RootReader(Reader):
    """Branches of a TTree or fields of an RNTuple with one number for each event.

    Columns are read one by one, by name: names never pass through uproot's expression language.
    """

    format_name: ClassVar[str] = "ROOT"
    has_trees: ClassVar[bool] = True

    def _listing(self, source: TableFile) -> Listing:
        with _opened(source) as file:
            table = _table(file, source)
            columns = _columns(table)
            reasons = [(name, _why_not(column) or _why_short(column, table)) for name, column in columns]
            kinds = {name: _stored_type(table, column) for name, column in columns}
        return Listing.of(reasons, narrow({name: kind for name, kind in kinds.items() if kind is not None}))

    def _n_rows(self, source: TableFile) -> int | None:
        with _opened(source) as file:
            return int(_table(file, source).num_entries)

    def _chunks(self, source: TableFile, names: Sequence[str], chunk_size: int) -> Iterator[dict[str, npt.ArrayLike]]:
        with _opened(source) as file:
            table = _table(file, source)
            n_rows, known = int(table.num_entries), dict(_columns(table))
            if isinstance(table, RNTuple):
                columns = {name: rntuple.column(table, known[name], source, least=chunk_size) for name in names}
            else:
                columns = {name: _branch(known[name], source, least=chunk_size) for name in names}
            for start in range(0, n_rows, chunk_size):
                stop = min(start + chunk_size, n_rows)
                yield {name: column.rows(start, stop) for name, column in columns.items()}


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
    return getattr(column.interpretation, "from_dtype", None)


def _why_short(column: Any, table: Any) -> str:
    n_entries = getattr(column, "num_entries", table.num_entries)
    if isinstance(table, RNTuple) or n_entries == table.num_entries:
        return ""
    return (
        f"it has {int(n_entries):,} entries and its tree {int(table.num_entries):,}, so that nothing tells which "
        "events they belong to; fill it once for each event"
    )


def _why_not(column: Any) -> str:
    """Why a branch or field cannot be a column; empty if it can."""
    interpretation = getattr(column, "interpretation", None)
    if interpretation is None:
        return _why_not_field(column)
    if isinstance(interpretation, Numerical):
        is_number = interpretation.to_dtype.kind in "biuf"
        if is_number and not interpretation.to_dtype.shape and not getattr(interpretation, "inner_shape", ()):
            return ""
        return SEVERAL
    if isinstance(interpretation, AsJagged):
        return JAGGED
    return TEXT if isinstance(interpretation, AsStrings) else _other(column.typename)


def _why_not_field(field: Any) -> str:
    typename = str(field.typename)
    if "." in field.path:
        return "it is part of another field; write it as a field of its own first"
    if typename in _NTUPLE_NUMBERS:
        return ""
    if typename.startswith(("std::vector<", "ROOT::VecOps::RVec<")):
        return JAGGED
    if typename.startswith("std::array<"):
        return SEVERAL
    return TEXT if typename == "std::string" else _other(typename)


def _other(typename: object) -> str:
    return f"its type {typename} is not one number for each event"


def _branch(branch: Any, source: TableFile, *, least: int) -> Blocks:
    edges = [int(edge) for edge in branch.entry_offsets]
    if edges != sorted(set(edges)):
        raise SampleError(
            f"{source.path} is truncated or was not closed: the baskets of {branch.name!r} are not in order; write "
            "the file again"
        )

    def load(start: int, stop: int) -> npt.NDArray[Any]:
        values = branch.array(entry_start=start, entry_stop=stop, library="np", array_cache=None)
        if len(values) != stop - start:
            raise SampleError(
                f"{source.path} is truncated or was not closed: {branch.name!r} has {len(values):,} of "
                f"{stop - start:,} entries from row {start:,} on; write the file again"
            )
        return np.asarray(values)

    return Blocks(edges, load, least=least)
