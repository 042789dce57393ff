"""Samples that are read from files again and again, in pieces, and never held as a whole."""

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from wilks.errors import InputError, SampleError
from wilks.samples.certified import Certified, Lumisections
from wilks.samples.checked_arrays import check_names
from wilks.samples.file_names import Files, find_files, listed_files
from wilks.samples.origin import Origin
from wilks.samples.plan import ReadTally
from wilks.samples.precision import to_single_fractions
from wilks.samples.readers import TableFile, reader_for
from wilks.samples.reading import CHUNK_SIZE, columns
from wilks.samples.recipe import Recipe, fill_values, make_recipe, require_used, used_fill
from wilks.samples.sample import Sample
from wilks.samples.tree_names import one_tree
from wilks.typing import FloatArray, IntArray, whole_number
from wilks.wording import visible

UNIT = 1 << 16
"""Rows of a unit: what is done with rows is done unit by unit, whatever chunks they are read in."""


class Piece(NamedTuple):
    """The selected events of some rows of a table that follow each other.

    Attributes:
        first, n_rows: of the rows.
        places: which row each event is, shape (m,).
        events: shape (m, d).
    """

    first: int
    n_rows: int
    places: IntArray
    events: FloatArray


class Unit(NamedTuple):
    """The selected events (m, d) of the rows from ``number * UNIT`` on."""

    number: int
    events: FloatArray


@dataclass(frozen=True, eq=False)
class Stream:
    """A sample that is read in pieces; `stream` makes one.

    Args:
        files: paths, each that of one table, or nothing for a sample that is held.
        tree, where, define, fill, certified: as in `wilks.read`.
        features: None: all columns that the files have in common.
        chunk_size: rows that are read at once.
        held: a sample in memory that is taken in the same way.
        single: features that are rounded to single precision (`to_single_fractions`).
    """

    files: tuple[str, ...]
    tree: str | None = None
    where: str | None = None
    define: Mapping[str, str] = field(default_factory=dict)
    fill: Mapping[str, float] = field(default_factory=dict)
    certified: Certified | None = None
    features: tuple[str, ...] | None = None
    chunk_size: int = CHUNK_SIZE
    held: Sample | None = None
    single: tuple[str, ...] = ()

    @property
    def n_tables(self) -> int:
        """Files, or 1 for a sample that is held."""
        return 1 if self.held is not None else len(self.files)

    @property
    def names(self) -> tuple[str, ...]:
        """The features, or what they can be."""
        if self.features is not None:
            return self.features
        return self.held.features if self.held is not None else (*columns(self.files, tree=self.tree), *self.define)

    @property
    def n_rows(self) -> int | None:
        """Rows before the selection, where all files tell without being read."""
        if self.held is not None:
            return self.held.n_events
        counts = [reader_for(path).n_rows(TableFile(path, self.tree)) for path in find_files(self.files)]
        known = [n for n in counts if n is not None]
        return sum(known) if len(known) == len(counts) else None

    @property
    def n_bytes(self) -> int:
        """Of all files."""
        return sum(TableFile(path, self.tree).n_bytes for path in find_files(self.files)) if self.files else 0

    def of_features(self, names: Iterable[str]) -> "Stream":
        """The same events with these features."""
        return replace(self, features=tuple(names))

    def in_single(self, names: Iterable[str]) -> "Stream":
        """The same events, with these features rounded to single precision."""
        return replace(self, single=tuple(names))

    def units(self, table: int, tally: ReadTally | None = None) -> Iterator[Unit]:
        """All units of a table, in order; the last one may be shorter, and some have no event.

        Args:
            table: its number.
            tally: of rows, that goes on.

        Raises:
            SampleError: the file cannot be read, or has no such column.
        """
        counted = ReadTally() if tally is None else tally
        if self.held is not None:
            return in_units(self._rounded(self._held_pieces(self.held, counted)))
        return in_units(self._rounded(self._pieces_of_file(self.files[table], counted)))

    def origin(self, tally: ReadTally, *, n_selected: int) -> Origin | None:
        """Where the events come from, when all were read once."""
        if self.held is not None:
            return self.held.origin
        golden = self._golden
        return Origin(
            files=tuple(map(visible, self.files)),
            tree=self.tree,
            selection=self.where,
            definitions=self.define,
            weight=None,
            n_read=tally.n_read,
            n_selected=n_selected,
            fill=fill_values(self.fill),
            absent=tally.absent,
            n_absent=tally.n_absent,
            certified={} if golden is None else golden.described(n_left_out=tally.n_uncertified),
        )

    def _held_pieces(self, held: Sample, tally: ReadTally) -> Iterator[Piece]:
        rows = [held.features.index(name) for name in self.names]
        for first in range(0, held.n_events, self.chunk_size):
            events = held.events[first : first + self.chunk_size][:, rows]
            tally.n_read += events.shape[0]
            yield Piece(first, events.shape[0], np.arange(first, first + events.shape[0]), events)

    def _pieces_of_file(self, file: str, tally: ReadTally) -> Iterator[Piece]:
        (path,) = find_files(file)
        source, reader, recipe = TableFile(path, self.tree), reader_for(path), self._recipe
        plan, first = recipe.resolve(reader.listing(source), path), 0
        for chunk in reader.chunks(source, plan.columns, chunk_size=self.chunk_size):
            n_rows = next(iter(chunk.values())).size
            taken = plan.apply(chunk)
            tally.add(taken, n_rows=n_rows)
            events = np.column_stack([taken.outputs[name] for name in recipe.features])
            yield Piece(first, n_rows, taken.rows + first, events)
            first += n_rows

    def _rounded(self, pieces: Iterable[Piece]) -> Iterator[Piece]:
        is_single = [name in self.single for name in self.names]
        for piece in pieces:
            if any(is_single):
                events = np.where(is_single, to_single_fractions(piece.events), piece.events)
                yield piece._replace(events=events)
            else:
                yield piece

    @cached_property
    def _recipe(self) -> Recipe:
        names = self.names
        return make_recipe(
            names,
            where=self.where,
            weight=None,
            define=self.define,
            carry=(),
            fill=used_fill(self.fill, [*names, *self.define.values(), *filter(None, [self.where])]),
            certified=self._golden,
        )

    @cached_property
    def _golden(self) -> Lumisections | None:
        return None if self.certified is None else self.certified.load()

    def to_document(self) -> dict[str, Any]:
        """Plain values, for another process that sees the same files.

        Raises:
            InputError: the sample is in the memory of this one.
        """
        if self.held is not None:
            raise InputError(
                "other processes read a sample from its files, but one of the two is an array or a sample in memory; "
                "write it to a file, or leave executor out"
            )
        kept = {name: getattr(self, name) for name in ("tree", "where", "chunk_size", "held")}
        maps = {"define": dict(self.define), "fill": dict(self.fill)}
        golden = None if self.certified is None else {**vars(self.certified), "file": os.fspath(self.certified.file)}
        lists = {"files": list(self.files), "features": list(self.names), "single": list(self.single)}
        return {**kept, **maps, **lists, "certified": golden}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "Stream":
        """The inverse of `to_document`."""
        golden = document["certified"]
        changed = {name: tuple(document.get(name, ())) for name in ("files", "features", "single")}
        return cls(**{**document, **changed, "certified": None if golden is None else Certified(**golden)})


def stream(
    files: Files,
    *,
    features: Iterable[str] | None = None,
    tree: str | None = None,
    where: str | None = None,
    define: Mapping[str, str] = MappingProxyType({}),
    fill: Mapping[str, float] = MappingProxyType({}),
    certified: str | os.PathLike[str] | Certified | None = None,
    chunk_size: int = CHUNK_SIZE,
) -> Stream:
    """A sample larger than memory, for `wilks.compare`: files that are read in chunks, twice, and never held.

    Nothing is read yet. Every event counts one: weights cannot be streamed.

    Args:
        files: a path, a pattern such as ``"run*.parquet"``, or a list of both, as in `wilks.read`; together they are
            one sample.
        features: columns, defined names, or expressions. None: `compare` takes what both samples have, as of tables,
            and all defined names.
        tree, where, define, fill, certified: as in `wilks.read`.
        chunk_size: rows that are read at once; it changes no result.

    Raises:
        SampleError: no such file, or an expression that is not allowed.

    >>> import pathlib, tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = pathlib.Path(folder.name) / "events.csv"
    >>> _ = path.write_text("pt,eta\\n10,1\\n30,2\\n50,2\\n")
    >>> [unit.events.tolist() for unit in stream(path, features=["pt"], where="eta > 1").units(0)]
    [[[30.0], [50.0]]]
    >>> folder.cleanup()
    """
    texts, tree = one_tree(listed_files(files), tree)
    paths = find_files(texts)
    names = None if features is None else check_names(features, "features")
    make_recipe(names or ("x",), where=where, weight=None, define=define, carry=(), fill=fill)
    require_used(fill, [*(names or ()), *define.values(), *filter(None, [where])])
    golden = None if certified is None else Certified.of(certified)
    try:
        rows = whole_number(chunk_size, name="chunk_size", least=1)
    except InputError as error:
        raise SampleError(str(error)) from error
    found = tuple(os.path.abspath(path) if isinstance(path, Path) else str(path) for path in paths)
    made = Stream(found, tree, where, dict(define), fill_values(fill), golden, names, rows)
    if golden is not None:
        golden.load()
    return made


def in_units(pieces: Iterable[Piece]) -> Iterator[Unit]:
    """The events of `UNIT` rows each, whatever pieces they come in.

    >>> pieces = [Piece(0, 70_000, np.array([5, 65_536]), np.array([[1.0], [2.0]]))]
    >>> [(unit.number, unit.events.tolist()) for unit in in_units(pieces)]
    [(0, [[1.0]]), (1, [[2.0]])]
    """
    number, n_rows = 0, 0
    parts: list[FloatArray] = []
    for piece in pieces:
        n_rows = piece.first + piece.n_rows
        ends = np.arange((number + 1) * UNIT, n_rows + 1, UNIT)
        *whole, rest = np.split(piece.events, np.searchsorted(piece.places, ends))
        for part in whole:
            yield Unit(number, np.concatenate([*parts, part]))
            number, parts = number + 1, []
        parts.append(rest)
    if n_rows > number * UNIT:
        yield Unit(number, np.concatenate(parts))
