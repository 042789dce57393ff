"""What a reading was asked for, and which columns of a file it needs."""

import contextlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import numpy as np

from wilks.errors import NoColumnError, SampleError
from wilks.samples.certified import Lumisections
from wilks.samples.checked_arrays import came, check_names, closest
from wilks.samples.expressions import Expression, Selection, parse_expression, parse_selection
from wilks.samples.lists import NEVER_ABSENT
from wilks.samples.nodes import Column, Reduced, constants_in
from wilks.samples.plan import ColumnPlan
from wilks.samples.quoted_names import quoted
from wilks.samples.readers import FilePath, Listing
from wilks.samples.stored_precision import precision_of
from wilks.samples.syntax import is_plain_name
from wilks.typing import is_number

MAX_DEFINITIONS = 200


@dataclass(frozen=True)
class Recipe:
    """What was asked for, before any file is opened."""

    features: tuple[str, ...]
    carry: tuple[str, ...]
    weight: str | None
    selection: Selection | None
    definitions: Mapping[str, Expression]
    fill: Mapping[str, float] = field(default_factory=dict)
    certified: Lumisections | None = None

    @property
    def outputs(self) -> tuple[str, ...]:
        """Texts of all columns that are kept, each once."""
        return tuple(dict.fromkeys((*self.required, *self.carry)))

    @property
    def required(self) -> tuple[str, ...]:
        """Those of which every value must be a number: features and the weight."""
        weight = () if self.weight is None else (self.weight,)
        return tuple(dict.fromkeys((*self.features, *weight)))

    def with_definitions(self, more: Mapping[str, Expression]) -> "Recipe":
        """The same with definitions of one file."""
        return replace(self, definitions={**self.definitions, **more})

    def resolve(self, listing: Listing, path: FilePath) -> "ColumnPlan":
        """The same for the columns of one file.

        Raises:
            SampleError: a column does not exist there or cannot be read.
        """
        resolver = _Resolver(self.definitions, listing, path, self._texts)
        if self.certified is not None:
            resolver.definitions_for((self.certified.rule.run, self.certified.rule.lumisection), "certified")
        if self.selection is not None:
            resolver.note(self.selection)
        before = resolver.definitions_for(() if self.selection is None else self.selection.names, "where")
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
        selection = None if self.selection is None else self.selection.at_precision(resolver.precisions)
        outputs = {text: formula.at_precision(resolver.precisions) for text, formula in outputs.items()}
        found = {text: precision_of(formula.node, resolver.precisions) for text, formula in outputs.items()}
        precisions = {text: kind for text, kind in found.items() if kind is not None}
        self._check_fill(resolver.reductions)
        return ColumnPlan(
            columns=tuple(resolver.columns),
            reductions=tuple(resolver.reductions.values()),
            before=before,
            selection=selection,
            after=after,
            needed_after=frozenset(needed_after),
            outputs=outputs,
            precisions=precisions,
            required=self.required,
            fill=self.fill,
            certified=self.certified,
        )

    def _check_fill(self, reductions: Collection[str]) -> None:
        if unused := [name for name in self.fill if name not in reductions]:
            raise SampleError(
                f"fill must give values of what events may lack, but nothing uses {unused[0]!r}; "
                f"{closest(unused[0], tuple(reductions))}"
            )

    @property
    def _texts(self) -> tuple[str, ...]:
        selection = () if self.selection is None else (self.selection.text,)
        return (*selection, *self.outputs, *(formula.text for formula in self.definitions.values()))


@dataclass
class _Resolver:
    definitions: Mapping[str, Expression]
    listing: Listing
    path: FilePath
    texts: tuple[str, ...]
    columns: dict[str, None] = field(default_factory=dict)
    found: dict[str, Expression] = field(default_factory=dict)
    precisions: dict[str, np.dtype[Any]] = field(default_factory=dict)
    noted: dict[str, Reduced] = field(default_factory=dict)
    reductions: dict[str, Reduced] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.precisions.update(self.listing.precisions)
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
        formula = parse_expression(text)
        self.note(formula)
        return formula

    def note(self, formula: Expression | Selection) -> None:
        """Learn what a formula makes of columns of lists; raise where a constant has the name of a column."""
        self.noted.update((one.name, one) for one in formula.reductions)
        for name in constants_in(formula.node) & {*self.listing.names, *self.listing.refused}:
            raise SampleError(
                f"{name!r} is a constant and a column of {self.path}: write {quoted(name)} in {formula.text!r} for the "
                "column, or the number for the constant"
            )

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
            self.note(self.definitions[name])
            for inner in self.definitions[name].names:
                self._require(inner, f"the definition of {name!r}", (*above, name))
            self._define(name)
        elif name in self.listing.names:
            self.columns[name] = None
        elif name in self.noted and self.noted[name].column in self.listing.lists:
            self._reduce(self.noted[name])
        else:
            raise NoColumnError(self._missing(name, needed_by), needed_by=needed_by)

    def _reduce(self, one: Reduced) -> None:
        """Take a column of lists, for what is made of it."""
        self.columns[one.column] = None
        self.reductions[one.name] = one
        if one.how in ("item", "max", "min") and one.column in self.listing.precisions:
            self.precisions[one.name] = self.listing.precisions[one.column]

    def _define(self, name: str) -> None:
        formula = self.definitions[name]
        self.found[name] = formula.at_precision(self.precisions)
        if (kind := precision_of(formula.node, self.precisions)) is not None:
            self.precisions[name] = kind

    def _missing(self, name: str, needed_by: str) -> str:
        listing = self.listing
        if name in self.noted:
            whole, name = name, self.noted[name].column
            if name in listing.names or name in self.definitions:
                return (
                    f"{whole!r} is of a column of lists, but {name!r} in {self.path} has one number for each event: "
                    f"write {name if is_plain_name(name) else quoted(name)} alone"
                )
        if name in listing.refused:
            return f"the column {name!r} of {self.path} cannot be used: {listing.refused[name]}"
        asked = "" if needed_by == repr(name) else f" (needed by {needed_by})"
        message = f"{self.path} has no column {name!r}{asked}"
        unreadable = "" if listing.names or not listing.refused else f" that can be read; {listing.refusals}"
        odd = [one for one in (*listing.names, *listing.refused) if not is_plain_name(one) and self._is_written(one)]
        if odd:
            return f"{message}; the name of a column such as {odd[0]!r} stands in backticks: {quoted(odd[0])}"
        if any(part.startswith(f"{name}=") for part in self.path.parts):
            return f"{message}: it is a part of the name of its folder, and columns are read from files alone"
        return f"{message}; {closest(name, (*listing.names, *self.definitions))}{unreadable}"

    def _is_written(self, name: str) -> bool:
        return any(name in text and quoted(name) not in text for text in self.texts)


def make_recipe(
    features: Iterable[str],
    *,
    where: str | None,
    weight: str | None,
    define: Mapping[str, str],
    carry: Iterable[str],
    fill: Mapping[str, float] = MappingProxyType({}),
    certified: Lumisections | None = None,
) -> Recipe:
    """Check and parse what can be checked without a file."""
    inputs, carried = check_names(features, "features"), check_names(carry, "carry")
    _check_texts(where=where, weight=weight, define=define)
    if not inputs:
        raise SampleError("features must name at least one column, but none came")
    check_names((*inputs, *carried), "features and carry together")
    if len(define) > MAX_DEFINITIONS:
        raise SampleError(f"define={{...}} must not hold more than {MAX_DEFINITIONS} names, but holds {len(define)}")
    for name in map(str, define):
        if not is_plain_name(name):
            raise SampleError(f"a defined name must be a plain name and no function, but {name!r} came")
    definitions = {name: parse_expression(text) for name, text in define.items()}
    selection = None if where is None else parse_selection(where)
    return Recipe(inputs, carried, weight, selection, definitions, fill_values(fill), certified)


def fill_values(fill: object) -> dict[str, float]:
    """The values by what they stand for, as a formula names it.

    Raises:
        SampleError: one stands for nothing that an event may lack, or is no number.

    >>> fill_values({"Jet_pt[ 1 ]": 0})
    {'Jet_pt[1]': 0.0}
    """
    if not isinstance(fill, Mapping):
        raise SampleError(
            f"fill must give values by what events may lack, as in {{'Jet_pt[1]': 0}}, but {came(fill)} came"
        )
    values = {}
    for text, value in fill.items():
        node = parse_expression(text).node
        if not isinstance(node, Reduced) or node.how in NEVER_ABSENT:
            raise SampleError(
                f"fill must give values of what events may lack, as of 'Jet_pt[1]' or 'max(Jet_pt)', but {text!r} came"
                f"{': it is 0 for no numbers' if isinstance(node, Reduced) else ''}"
            )
        if not is_number(value) or not np.isfinite(value):
            raise SampleError(f"fill must give {text!r} a finite number, but {came(value)} came")
        values[node.name] = float(value)
    return values


def reductions_of(texts: Iterable[str]) -> set[str]:
    """What formulas make of columns of lists.

    >>> sorted(reductions_of(["Muon_pt[0] + len(Jet_pt)", "x"]))
    ['Muon_pt[0]', 'len(Jet_pt)']
    """
    found: set[str] = set()
    for text in texts:
        with contextlib.suppress(SampleError):  # the name of a column may be no formula
            found.update(one.name for one in parse_expression(text).reductions)
    return found


def unused_definitions(define: Mapping[str, str], texts: Iterable[str]) -> tuple[str, ...]:
    """The defined names that neither one of the texts nor another definition needs.

    >>> unused_definitions({"half": "2", "size": "abs(pt)"}, ["pt / half", "pt > 3"])
    ('size',)
    """
    used: set[str] = set()
    for text in (*texts, *define.values()):
        for parse in (parse_expression, parse_selection):
            with contextlib.suppress(SampleError):
                used.update(parse(text).names)
    return tuple(name for name in define if name not in used.union(texts))


def used_fill(fill: object, texts: Iterable[str]) -> dict[str, float]:
    """Those of the values for absent objects that formulas need.

    >>> used_fill({"Jet_pt[1]": 0, "max(Jet_pt)": 1}, ["Jet_pt[1] / 2"])
    {'Jet_pt[1]': 0.0}
    """
    used = reductions_of(texts)
    return {name: value for name, value in fill_values(fill).items() if name in used}


def require_used(fill: object, texts: Iterable[str]) -> None:
    """Raise where a value stands for something that no formula needs.

    Raises:
        SampleError: with the closest that one does need.
    """
    used = reductions_of(texts)
    if unused := [name for name in fill_values(fill) if name not in used]:
        raise SampleError(
            f"a value must stand for what events may lack, but nothing uses {unused[0]!r}; "
            f"{closest(unused[0], sorted(used))}"
        )


def _check_texts(*, where: object, weight: object, define: object) -> None:
    """Raise for what is no text: Python callers give masks, arrays and numbers."""
    if where is not None and not isinstance(where, str):
        raise SampleError(
            f"where must be a condition as a text, such as 'pt > 20', but {came(where)} came; events are selected by a "
            "mask with sample.take(mask)"
        )
    if weight is not None and not isinstance(weight, str):
        number = f"; write weight={str(weight)!r}" if is_number(weight) else "; weights of your own go to wilks.Sample"
        raise SampleError(f"weight must name a column or be an expression, but {came(weight)} came{number}")
    if not isinstance(define, Mapping):
        raise SampleError(
            f"define must be names with expressions, as in {{'mll': 'mass / 2'}}, but {came(define)} came"
        )
