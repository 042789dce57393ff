"""The small tree that a formula becomes: numbers, columns, and NumPy functions of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np

from wilks.samples.quoted_names import quoted
from wilks.typing import BoolArray, FloatArray

Function = Callable[..., Any]


def all_of(*values: BoolArray) -> BoolArray:
    """Whether each of some conditions is true."""
    return reduce(np.logical_and, values)


def any_of(*values: BoolArray) -> BoolArray:
    """Whether one of some conditions is true."""
    return reduce(np.logical_or, values)


@dataclass(frozen=True)
class Number:
    """A constant, with its name where it has one."""

    value: float
    name: str | None = None


@dataclass(frozen=True)
class Column:
    """The values of one column."""

    name: str


@dataclass(frozen=True)
class Reduced:
    """One number made of the list that a jagged column has for each event.

    Args:
        column: its name.
        how: ``item``, ``len``, ``max``, ``min`` or ``sum``.
        index: of an item, from the end where it is negative.
    """

    column: str
    how: str
    index: int = 0

    @property
    def name(self) -> str:
        """How it stands in a formula; in a sample, the column of its values.

        >>> Reduced("Muon_pt", "item", -1).name, Reduced("jet pt", "max").name
        ('Muon_pt[-1]', 'max(`jet pt`)')
        """
        is_plain = all(part.isidentifier() for part in self.column.split("."))
        column = self.column if is_plain else quoted(self.column)
        return f"{column}[{self.index}]" if self.how == "item" else f"{self.how}({column})"


@dataclass(frozen=True)
class Apply:
    """A function of other nodes; ``is_condition`` tells whether its values are true or false."""

    function: Function
    arguments: tuple["Node", ...]
    is_condition: bool


Node = Number | Column | Reduced | Apply


def is_condition(node: Node) -> bool:
    """Whether the values of ``node`` are true or false."""
    return isinstance(node, Apply) and node.is_condition


def as_number(node: Node) -> Node:
    """``node`` itself, or 1 and 0 for a condition."""
    return Apply(np.float64, (node,), False) if is_condition(node) else node


def names_in(node: Node) -> set[str]:
    """The columns that a formula needs."""
    match node:
        case Column(name=name) | Reduced(name=name):
            return {name}
        case Apply(arguments=arguments):
            return set().union(*map(names_in, arguments))
    return set()


def reductions_in(node: Node) -> set[Reduced]:
    """What a formula makes of jagged columns."""
    match node:
        case Reduced():
            return {node}
        case Apply(arguments=arguments):
            return set().union(*map(reductions_in, arguments))
    return set()


def constants_in(node: Node) -> set[str]:
    """The names of the constants that a formula uses."""
    match node:
        case Number(name=str(name)):
            return {name}
        case Apply(arguments=arguments):
            return set().union(*map(constants_in, arguments))
    return set()


def value_of(node: Node, columns: Mapping[str, FloatArray]) -> Any:
    """Values of a formula, by recursion; its depth was limited when it was made."""
    match node:
        case Number(value=value):
            return np.float64(value)
        case Column(name=name) | Reduced(name=name):
            return columns[name]
        case Apply(function=function, arguments=arguments):
            return function(*(value_of(argument, columns) for argument in arguments))
