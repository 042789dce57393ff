"""Objects that an event does not have, in formulas: what cannot be known of such an event.

The second muon of an event with one is absent. So is the value of a formula that needs it, and a condition on it is
neither true nor false: the logic has three values, as in SQL, and an event passes where a condition is true.
"""

from collections.abc import Mapping

import numpy as np

from wilks.samples.nodes import Apply, Column, Node, Reduced, all_of, any_of, value_of
from wilks.typing import BoolArray, FloatArray

Absences = Mapping[str, BoolArray]
"""Columns that events may lack, by name: in which events (n,) they are absent."""


def absent_in(node: Node, columns: Mapping[str, FloatArray], absences: Absences) -> BoolArray | None:
    """The events for which the value of a formula is absent; None where it never is.

    A value is absent if one that it is made from is, with three exceptions: ``and`` with a condition that is false is
    false, ``or`` with one that is true is true, and ``where(c, a, b)`` needs that of a and b alone which c chooses.

    >>> from wilks.samples.syntax import parse_node
    >>> columns = {"n": np.array([0.0, 1.0, 2.0]), "pt": np.array([np.nan, 30.0, 50.0])}
    >>> absences = {"pt": np.array([True, False, False])}
    >>> [str(absent_in(parse_node(text, "this"), columns, absences))
    ...     for text in ("pt > 40", "n > 0 and pt > 40", "n < 1 and pt > 40", "not pt > 40", "where(n > 0, pt, -1)")]
    ['[ True False False]', '[False False False]', '[ True False False]', '[ True False False]', '[False False False]']
    """
    match node:
        case Column(name=name) | Reduced(name=name):
            return absences.get(name)
        case Apply(function=function, arguments=arguments):
            lacking = [absent_in(one, columns, absences) for one in arguments]
            if all(one is None for one in lacking):
                return None
            if function is np.where:
                return _of_choice(arguments[0], lacking, columns)
            if function is all_of or function is any_of:
                return _of_joined(arguments, lacking, columns, decides=function is any_of)
            return _any(lacking)
    return None


def _of_choice(condition: Node, lacking: list[BoolArray | None], columns: Mapping[str, FloatArray]) -> BoolArray:
    is_first = np.asarray(value_of(condition, columns), dtype=np.bool_)
    unknown, first, second = (np.False_ if one is None else one for one in lacking)
    return np.asarray(unknown | np.where(is_first, first, second), dtype=np.bool_)


def _of_joined(
    conditions: tuple[Node, ...], lacking: list[BoolArray | None], columns: Mapping[str, FloatArray], *, decides: bool
) -> BoolArray:
    """Of ``and`` (``or``): a condition that is known to be false (true) decides for all."""
    decided: BoolArray | np.bool_ = np.False_
    for condition, absent in zip(conditions, lacking, strict=True):
        is_known = np.True_ if absent is None else ~absent
        decided = decided | (is_known & (np.asarray(value_of(condition, columns), dtype=np.bool_) == decides))
    return np.asarray(_any(lacking) & ~decided, dtype=np.bool_)


def _any(lacking: list[BoolArray | None]) -> BoolArray:
    result: BoolArray = np.logical_or.reduce([one for one in lacking if one is not None])
    return result
