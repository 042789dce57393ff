"""The steps from a chunk of a file to the kept columns of the kept rows."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from wilks.samples.certified import Lumisections
from wilks.samples.expressions import Expression, Selection
from wilks.samples.lists import Lists
from wilks.samples.nodes import Reduced
from wilks.samples.readers import Column
from wilks.samples.stored_precision import Precisions
from wilks.typing import BoolArray, FloatArray, IntArray


class Taken(NamedTuple):
    """What of a chunk was kept.

    Attributes:
        rows: numbers of the kept rows inside the chunk.
        outputs: the kept columns for them.
        n_uncertified: how many rows are of lumisections that are not certified.
        absent: how many rows lack what ``where``, a feature or the weight needs, by its text.
        n_absent: how many rows were left out for that.
    """

    rows: IntArray
    outputs: dict[str, FloatArray]
    n_uncertified: int
    absent: Mapping[str, int]
    n_absent: int


@dataclass
class ReadTally:
    """How many rows were read, and how many of them were left out for what they lack."""

    n_read: int = 0
    n_uncertified: int = 0
    n_absent: int = 0
    absent: Counter[str] = field(default_factory=Counter)

    def add(self, taken: Taken, *, n_rows: int) -> None:
        """What was taken of a chunk of ``n_rows``."""
        self.n_read += n_rows
        self.n_uncertified += taken.n_uncertified
        self.n_absent += taken.n_absent
        self.absent.update(taken.absent)


@dataclass(frozen=True)
class ColumnPlan:
    """The steps from a chunk of a file to the kept columns, and which of these are of less than double precision."""

    columns: tuple[str, ...]
    reductions: tuple[Reduced, ...]
    before: tuple[tuple[str, Expression], ...]
    selection: Selection | None
    after: tuple[tuple[str, Expression], ...]
    needed_after: frozenset[str]
    outputs: Mapping[str, Expression]
    precisions: Precisions
    required: tuple[str, ...]
    fill: Mapping[str, float]
    certified: Lumisections | None

    def apply(self, chunk: Mapping[str, Column]) -> Taken:
        """The rows that are certified, pass, and have all that features and weight need."""
        table = self._table(chunk)
        for name, formula in self.before:
            table.define(name, formula)
        certified = self._certified(table)
        unknown, passes = self._passes(table)
        rows = np.flatnonzero(passes & certified)
        if rows.size < table.n_rows:
            table = table.of(rows, self.needed_after)
        for name, formula in self.after:
            table.define(name, formula)
        whole, lacking = self._whole(table)
        n_unknown = int(np.count_nonzero(unknown & certified))
        if self.selection is not None and n_unknown:
            lacking[self.selection.text] = n_unknown
        return Taken(
            rows=rows[whole],
            outputs={text: _own(values if whole.all() else values[whole]) for text, values in self._outputs(table)},
            n_uncertified=int(np.count_nonzero(~certified)),
            absent=lacking,
            n_absent=n_unknown + int(np.count_nonzero(~whole)),
        )

    def _table(self, chunk: Mapping[str, Column]) -> "_Table":
        n_rows = next(iter(chunk.values())).size
        table = _Table(n_rows, {name: one for name, one in chunk.items() if not isinstance(one, Lists)})
        for one in self.reductions:
            lists = chunk[one.column]
            assert isinstance(lists, Lists)
            values, absent = lists.reduced(one)
            if one.name in self.fill:
                values, absent = np.where(absent, self.fill[one.name], values), np.zeros(n_rows, dtype=np.bool_)
            table.columns[one.name] = values
            if absent.any():
                table.absences[one.name] = absent
        return table

    def _certified(self, table: "_Table") -> BoolArray:
        golden = self.certified
        if golden is None:
            return np.ones(table.n_rows, dtype=np.bool_)
        return golden.has(table.columns[golden.rule.run], table.columns[golden.rule.lumisection])

    def _passes(self, table: "_Table") -> tuple[BoolArray, BoolArray]:
        """For which rows the selection cannot be known, and which pass it."""
        nothing = np.zeros(table.n_rows, dtype=np.bool_)
        if self.selection is None:
            return nothing, ~nothing
        absent = self.selection.absent(table.columns, table.absences)
        known = {one.name: nothing for one in self.selection.reductions}
        passes = self.selection.evaluate(table.columns, {**known, **table.absences})
        return nothing if absent is None else absent, passes

    def _whole(self, table: "_Table") -> tuple[BoolArray, dict[str, int]]:
        """The rows that have what features and weight need, and how many do not, by the text of either."""
        found = {text: self.outputs[text].absent(table.columns, table.absences) for text in self.required}
        absences = {text: absent for text, absent in found.items() if absent is not None}
        whole = ~np.logical_or.reduce([np.zeros(table.n_rows, dtype=np.bool_), *absences.values()])
        return whole, {text: int(np.count_nonzero(absent)) for text, absent in absences.items()}

    def _outputs(self, table: "_Table") -> Iterator[tuple[str, FloatArray]]:
        """Of all outputs; NaN where a carried one is absent."""
        for text, formula in self.outputs.items():
            values = formula.evaluate(table.columns or {"": np.empty(table.n_rows)})
            absent = formula.absent(table.columns, table.absences)
            yield text, values if absent is None else np.where(absent, np.nan, values)


@dataclass
class _Table:
    """Columns (n,) by name, and the rows in which one of them is absent."""

    n_rows: int
    columns: dict[str, FloatArray]
    absences: dict[str, BoolArray] = field(default_factory=dict)

    def define(self, name: str, formula: Expression) -> None:
        absent = formula.absent(self.columns, self.absences)
        self.columns[name] = formula.evaluate(self.columns)
        if absent is not None:
            self.absences[name] = absent

    def of(self, rows: IntArray, names: Collection[str]) -> "_Table":
        """Some rows, and those of the columns that are named."""
        columns = {name: values[rows] for name, values in self.columns.items() if name in names}
        absences = {name: absent[rows] for name, absent in self.absences.items() if name in names}
        return _Table(rows.size, columns, absences)


def _own(values: FloatArray) -> FloatArray:
    """The values without a view that keeps a larger array in memory."""
    return values if values.flags.owndata else values.copy()
