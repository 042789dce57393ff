"""Formulae over columns, written as text and evaluated without ``eval``."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from wilks.errors import SampleError
from wilks.samples.absent import Absences, absent_in
from wilks.samples.nodes import Node, Reduced, is_condition, names_in, reductions_in, value_of
from wilks.samples.stored_precision import Precisions, at_precision
from wilks.samples.syntax import parse_node
from wilks.typing import BoolArray, FloatArray


@dataclass(frozen=True)
class Expression:
    """A formula over columns. Made by `parse_expression`."""

    text: str
    node: Node

    @property
    def names(self) -> tuple[str, ...]:
        """The columns that are needed, sorted."""
        return tuple(sorted(names_in(self.node)))

    def at_precision(self, columns: Precisions) -> "Expression":
        """The same for columns of which some were stored in less than double precision; see `parse_selection`."""
        return Expression(self.text, at_precision(self.node, columns))

    def evaluate(self, columns: Mapping[str, FloatArray]) -> FloatArray:
        """Values for columns of shape (n,), as float64 of shape (n,). Invalid operations give NaN or infinity.

        Raises:
            SampleError: a column is missing.
        """
        return np.asarray(_evaluate(self, columns), dtype=np.float64)

    @property
    def reductions(self) -> frozenset[Reduced]:
        """What is made of columns of lists."""
        return frozenset(reductions_in(self.node))

    def absent(self, columns: Mapping[str, FloatArray], absences: Absences) -> BoolArray | None:
        """The events (n,) for which the value needs an object that they do not have; see `absent_in`."""
        return _absent(self, columns, absences)


@dataclass(frozen=True)
class Selection:
    """A condition over columns. Made by `parse_selection`."""

    text: str
    node: Node

    @property
    def names(self) -> tuple[str, ...]:
        """The columns that are needed, sorted."""
        return tuple(sorted(names_in(self.node)))

    def at_precision(self, columns: Precisions) -> "Selection":
        """The same for columns of which some were stored in less than double precision; see `parse_selection`."""
        return Selection(self.text, at_precision(self.node, columns))

    @property
    def reductions(self) -> frozenset[Reduced]:
        """What is made of columns of lists."""
        return frozenset(reductions_in(self.node))

    def absent(self, columns: Mapping[str, FloatArray], absences: Absences) -> BoolArray | None:
        """The events (n,) for which the condition is neither true nor false; see `absent_in`."""
        return _absent(self, columns, absences)

    def evaluate(self, columns: Mapping[str, FloatArray], absences: Absences = MappingProxyType({})) -> BoolArray:
        """Which events pass, for columns of shape (n,). A comparison with NaN is false, except ``!=``.

        An event passes where the condition is true, not where it needs an object that the event does not have.

        Args:
            columns: by name; ``Muon_pt[0]`` is the name of what is made of a column of lists.
            absences: in which events such a column is absent; those that are not given are where they are NaN.

        Raises:
            SampleError: a column is missing.
        """
        passes = np.asarray(_evaluate(self, columns), dtype=np.bool_)
        known = {one.name: np.isnan(columns[one.name]) for one in self.reductions if one.name not in absences}
        absent = self.absent(columns, {**known, **absences})
        return passes if absent is None else passes & ~absent


def parse_expression(text: str) -> Expression:
    """Translate a formula. Names are columns (``muon.pt`` with a dot, too); ``pi`` is a constant. The name of a
    column that is no plain name stands in backticks, ``log(`jet pt`)``, and so do ``pi``, ``class`` or ``log`` where
    they are columns.

    Operators: ``+ - * / % **``, comparisons (also chained), ``and or not`` and ``& | ~`` between conditions in
    parentheses. A condition counts as 1 or 0 in arithmetic. Functions: `FUNCTION_NAMES`.

    Of a column that has a list for each event: ``Muon_pt[0]``, ``Muon_pt[-1]``, ``len(Muon_pt)``, ``max(Muon_pt)``,
    ``min(Muon_pt)`` and ``sum(Muon_pt)``. Of no numbers the sum is 0, and item, ``max`` and ``min`` are absent.

    Raises:
        SampleError: the text is not a formula of this kind, or longer or deeper than the limits.

    >>> formula = parse_expression("sqrt(2*pt1*pt2*(cosh(eta1-eta2)-cos(delta_phi)))")
    >>> formula.names
    ('delta_phi', 'eta1', 'eta2', 'pt1', 'pt2')
    >>> parse_expression("2**3 + log(x)").evaluate({"x": np.array([1.0, np.e])}).tolist()
    [8.0, 9.0]
    """
    return Expression(text, parse_node(text, "the expression"))


def parse_selection(text: str) -> Selection:
    """Translate a condition on events: a comparison, or several joined by ``and``, ``or``, ``not``.

    A column that a file holds in single precision is compared with a constant at single precision: ``iso <= 0.15``
    keeps the events of which .15 was written, which single precision holds as .150000006. That goes for ``abs(x)``
    and ``-x`` too, not for other formulas, which are computed in double precision from what the file holds.

    Raises:
        SampleError: the text is not such a condition, or uses no column.

    >>> parse_selection("20 < pt < 1000 and abs(eta) < 2.4").evaluate(
    ...     {"pt": np.array([10.0, 30.0, 50.0]), "eta": np.array([0.0, -1.0, 2.5])}).tolist()
    [False, True, False]
    """
    selection = Selection(text, parse_node(text, "the selection"))
    if not is_condition(selection.node):
        raise SampleError(
            f"a selection must be a condition, true or false for every event, but {text!r} is a number; "
            "write a comparison, for example 'mll > 60', or 'flag != 0' for a column of zeros and ones"
        )
    if not selection.names:
        raise SampleError(f"a selection must use at least one column, but {text!r} uses none")
    return selection


def _absent(formula: Expression | Selection, columns: Mapping[str, FloatArray], absences: Absences) -> BoolArray | None:
    if not absences:
        return None
    with np.errstate(all="ignore"):
        absent = absent_in(formula.node, columns, absences)
    return None if absent is None or not absent.any() else absent


def _evaluate(formula: Expression | Selection, columns: Mapping[str, FloatArray]) -> Any:
    missing = [name for name in formula.names if name not in columns]
    if missing:
        raise SampleError(f"{formula.text!r} needs the column {missing[0]!r}, which was not given")
    with np.errstate(all="ignore"):
        value = value_of(formula.node, columns)
    shape = next(iter(columns.values())).shape if columns else ()
    return value if np.shape(value) == shape else np.broadcast_to(value, shape)
