"""Which columns a reading needs, and how selected rows become features, carried columns and weights."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from wilks.errors import NoColumnError, SampleError
from wilks.samples.checked_arrays import check_names, closest
from wilks.samples.expressions import Expression, Selection, parse_expression, parse_selection
from wilks.samples.nodes import Column
from wilks.samples.readers import Listing
from wilks.samples.syntax import is_plain_name
from wilks.typing import FloatArray, IntArray

MAX_DEFINITIONS = 200


@dataclass(frozen=True)
class Recipe:
    """What was asked for, before any file is opened."""

    features: tuple[str, ...]
    carry: tuple[str, ...]
    weight: str | None
    selection: Selection | None
    definitions: Mapping[str, Expression]

    @property
    def outputs(self) -> tuple[str, ...]:
        """Texts of all columns that are kept, each once."""
        weight = () if self.weight is None else (self.weight,)
        return tuple(dict.fromkeys((*self.features, *self.carry, *weight)))

    @property
    def shown_alone(self) -> frozenset[str]:
        """Columns that are shown and enter nothing: some events may have no value of them."""
        return frozenset(self.carry) - {*self.features, self.weight}

    def resolve(self, listing: Listing, path: Path) -> "ColumnPlan":
        """The same for the columns of one file.

        Raises:
            SampleError: a column does not exist there or cannot be read.
        """
        resolver = _Resolver(self.definitions, listing, path)
        selected_by = () if self.selection is None else self.selection.names
        before = resolver.definitions_for(selected_by, "where")
        outputs = {text: resolver.output(text) for text in self.outputs}
        needed_after = {name for formula in outputs.values() for name in formula.names}
        for text, formula in outputs.items():
            resolver.definitions_for(formula.names, repr(text))
        if not resolver.columns:
            raise SampleError(
                f"features must use at least one column of {path}, but {', '.join(self.features)} use none"
            )
        after = resolver.ordered[len(before) :]
        needed_after.update(name for _, formula in after for name in formula.names)
        return ColumnPlan(tuple(resolver.columns), before, self.selection, after, frozenset(needed_after), outputs)


@dataclass(frozen=True)
class ColumnPlan:
    """The steps from a chunk of a file to the kept columns."""

    columns: tuple[str, ...]
    before: tuple[tuple[str, Expression], ...]
    selection: Selection | None
    after: tuple[tuple[str, Expression], ...]
    needed_after: frozenset[str]
    outputs: Mapping[str, Expression]

    def apply(self, chunk: Mapping[str, FloatArray]) -> tuple[IntArray, dict[str, FloatArray]]:
        """Row numbers inside the chunk that pass, and the kept columns for them."""
        values = dict(chunk)
        for name, formula in self.before:
            values[name] = formula.evaluate(values)
        n_rows = next(iter(chunk.values())).size
        rows = np.arange(n_rows) if self.selection is None else np.flatnonzero(self.selection.evaluate(values))
        if rows.size < n_rows:
            values = {name: values[name][rows] for name in values if name in self.needed_after}
        for name, formula in self.after:
            values[name] = formula.evaluate(values)
        sizes = np.empty(rows.size)
        return rows, {text: _own(formula.evaluate(values or {"": sizes})) for text, formula in self.outputs.items()}


@dataclass
class _Resolver:
    definitions: Mapping[str, Expression]
    listing: Listing
    path: Path
    columns: dict[str, None] = field(default_factory=dict)
    found: dict[str, Expression] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in self.definitions:
            if name in self.listing.names or name in self.listing.refused:
                raise SampleError(
                    f"define={{...}} must give new names, but {name!r} is already a column of {self.path}"
                )

    @property
    def ordered(self) -> tuple[tuple[str, Expression], ...]:
        return tuple(self.found.items())

    def output(self, text: str) -> Expression:
        """The formula of a feature, carried column or weight: an exact name first, else an expression."""
        if text in self.listing.names or text in self.listing.refused or text in self.definitions:
            return Expression(text, Column(text))
        return parse_expression(text)

    def definitions_for(self, names: Iterable[str], needed_by: str) -> tuple[tuple[str, Expression], ...]:
        for name in names:
            self._require(name, needed_by, ())
        return self.ordered

    def _require(self, name: str, needed_by: str, above: tuple[str, ...]) -> None:
        if name in above:
            raise SampleError(f"definitions must not need themselves, but {' -> '.join((*above, name))}")
        if name in self.found:
            return
        if name in self.definitions:
            for inner in self.definitions[name].names:
                self._require(inner, f"the definition of {name!r}", (*above, name))
            self.found[name] = self.definitions[name]
        elif name in self.listing.names:
            self.columns[name] = None
        else:
            raise NoColumnError(self._missing(name, needed_by), needed_by=needed_by)

    def _missing(self, name: str, needed_by: str) -> str:
        if name in self.listing.refused:
            return f"the column {name!r} of {self.path} cannot be used: {self.listing.refused[name]}"
        asked = "" if needed_by == repr(name) else f" (needed by {needed_by})"
        return f"{self.path} has no column {name!r}{asked}; {closest(name, (*self.listing.names, *self.definitions))}"


def make_recipe(
    features: Iterable[str],
    *,
    where: str | None,
    weight: str | None,
    define: Mapping[str, str],
    carry: Iterable[str],
) -> Recipe:
    """Check and parse what can be checked without a file."""
    inputs, carried = check_names(features, "features"), check_names(carry, "carry")
    if not inputs:
        raise SampleError("features must name at least one column, but none came")
    check_names((*inputs, *carried), "features and carry together")
    if len(define) > MAX_DEFINITIONS:
        raise SampleError(f"define={{...}} must not hold more than {MAX_DEFINITIONS} names, but holds {len(define)}")
    for name in define:
        if not is_plain_name(name):
            raise SampleError(f"a defined name must be a plain name and no function, but {name!r} came")
    definitions = {name: parse_expression(text) for name, text in define.items()}
    selection = None if where is None else parse_selection(where)
    return Recipe(inputs, carried, weight, selection, definitions)


def _own(values: FloatArray) -> FloatArray:
    """The values without a view that keeps a larger array in memory."""
    return values if values.flags.owndata else values.copy()
