"""Comparisons of columns that were stored in single precision with constants that were not.

Written to a file in single precision, .15 is .150000006. ``iso <= 0.15`` means the .15 of that file: a constant is
compared at the precision of the column, so that events on the edge of a cut are on the same side in all files.

Numbers of single precision also come in columns of double precision, or as text with all digits. There a value that
is the constant at single precision to the last bit is taken for it, unless that is a number with few bits, which is
met by chance.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from wilks.samples.nodes import Apply, Column, Node, Reduced, names_in, value_of
from wilks.typing import FloatArray

Precisions = Mapping[str, np.dtype[Any]]
"""The types of the columns of less than double precision, by name."""

_COMPARISONS = (np.less, np.less_equal, np.greater, np.greater_equal, np.equal, np.not_equal)
_SINGLE = np.dtype(np.float32)
_FEW_BITS = 12
_EXACT = (np.abs, np.negative, np.positive)  # their values have the precision of their argument


def narrow(types: Mapping[str, npt.DTypeLike]) -> Precisions:
    """Those of some columns that are floating-point numbers of less than double precision.

    >>> narrow({"pt": np.float32, "n": np.int32, "mass": np.float64})
    {'pt': dtype('float32')}
    """
    known = {name: np.dtype(kind).newbyteorder("=") for name, kind in types.items()}
    return {name: kind for name, kind in known.items() if kind.kind == "f" and kind.itemsize < 8}


def precision_of(node: Node, columns: Precisions) -> np.dtype[Any] | None:
    """The type that holds every value of a formula exactly, where that is of less than double precision and known."""
    match node:
        case Column(name=name) | Reduced(name=name):
            return columns.get(name)
        case Apply(function=function, arguments=(argument,)) if function in _EXACT:
            return precision_of(argument, columns)
    return None


def at_precision(node: Node, columns: Precisions) -> Node:
    """The formula, in which a value that is a constant at the precision of its column is equal to that constant.

    >>> from wilks.samples.syntax import parse_node
    >>> node = at_precision(parse_node("iso <= 0.15", "this"), {"iso": np.dtype("f4")})
    >>> value_of(node, {"iso": np.array([0.15, 0.16], dtype="f4").astype(float)}).tolist()
    [True, False]
    """
    if not isinstance(node, Apply):
        return node
    if node.function in _COMPARISONS:
        left, right = node.arguments
        return Apply(node.function, (_beside(left, right, columns), _beside(right, left, columns)), True)
    return Apply(node.function, tuple(at_precision(one, columns) for one in node.arguments), node.is_condition)


def single_of(constant: float) -> float:
    """The value of single precision that is taken for a constant where nothing is known of the column.

    >>> single_of(0.7), single_of(0.5), single_of(25_000.1)
    (0.699999988079071, 0.5, 25000.1)
    """
    stored = _in(_SINGLE, constant)
    return constant if _has_few_bits(stored) else stored


def beginnings(edges: Sequence[float] | FloatArray) -> FloatArray:
    """Where intervals from ascending edges (k,) begin: at the lower of an edge and what it is in single precision.

    Edges so near to each other that these would not ascend stay as they are.

    >>> beginnings([0.0, 0.3, 0.7]).tolist()
    [0.0, 0.3, 0.699999988079071]
    """
    given = np.array(edges, dtype=np.float64)
    lower = np.minimum(given, [single_of(float(one)) for one in given])
    return lower if np.all(np.diff(lower) > 0) else given


def _in(kind: np.dtype[Any], constant: float) -> float:
    with np.errstate(all="ignore"):
        return float(kind.type(constant))


def _beside(node: Node, other: Node, columns: Precisions) -> Node:
    """One side of a comparison, given the other."""
    if names_in(other) or not _is_column(node):
        return at_precision(node, columns)
    kind = precision_of(node, columns)
    with np.errstate(all="ignore"):
        constant = float(value_of(other, {}))
    stored = _in(kind or _SINGLE, constant)
    is_other = np.isfinite(stored) and stored != constant and (kind is not None or not _has_few_bits(stored))
    return Apply(partial(_with, stored=stored, constant=constant), (node,), False) if is_other else node


def _is_column(node: Node) -> bool:
    match node:
        case Apply(function=function, arguments=(argument,)) if function in _EXACT:
            return _is_column(argument)
    return isinstance(node, Column) or (isinstance(node, Reduced) and node.how != "sum")


def _has_few_bits(number: float) -> bool:
    """Whether a number of single precision is a whole number, or lies on a coarse grid of powers of two."""
    size = abs(number)
    return size >= 2.0 ** (_FEW_BITS - 1) or (np.frexp(size)[0] * 2.0**_FEW_BITS).is_integer()


def _with(values: FloatArray, *, stored: float, constant: float) -> FloatArray:
    result: FloatArray = np.where(values == stored, constant, values)
    return result
