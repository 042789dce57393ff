"""From the text of a formula to nodes, by a whitelist over Python's syntax tree; nothing is ever executed.

Only what is on the lists below is translated; everything else is an error. Length, size and depth are limited, and
every constant is a float64 number, so that a huge exponent gives infinity and not a huge integer.
"""

import ast
import keyword
import re
import warnings
from collections.abc import Mapping
from functools import reduce

import numpy as np

from wilks.errors import SampleError
from wilks.samples.checked_arrays import came
from wilks.samples.lists import HOWS
from wilks.samples.nodes import Apply, Column, Function, Node, Number, Reduced, all_of, any_of, as_number, is_condition
from wilks.samples.quoted_names import HINT, without_quotes
from wilks.typing import FloatArray

MAX_LENGTH = 2000
MAX_NODES = 500
MAX_DEPTH = 50


def _minimum(*values: FloatArray) -> FloatArray:
    return reduce(np.minimum, values)


def _maximum(*values: FloatArray) -> FloatArray:
    return reduce(np.maximum, values)


_CONSTANTS: Mapping[str, float] = {"pi": float(np.pi)}

_NUMERIC_ONE: Mapping[str, Function] = {
    "sqrt": np.sqrt,
    "exp": np.exp,
    "log": np.log,
    "log10": np.log10,
    "log1p": np.log1p,
    "expm1": np.expm1,
    "abs": np.abs,
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "arcsin": np.arcsin,
    "arccos": np.arccos,
    "arctan": np.arctan,
    "sinh": np.sinh,
    "cosh": np.cosh,
    "tanh": np.tanh,
    "floor": np.floor,
}
_NUMERIC_TWO: Mapping[str, Function] = {"arctan2": np.arctan2, "hypot": np.hypot}
_NUMERIC_MANY: Mapping[str, Function] = {"min": _minimum, "max": _maximum}
_CONDITIONS_ONE: Mapping[str, Function] = {"isfinite": np.isfinite, "isnan": np.isnan, "isinf": np.isinf}
_FUNCTIONS: Mapping[str, Function] = {
    **_NUMERIC_ONE,
    **_NUMERIC_TWO,
    **_NUMERIC_MANY,
    **_CONDITIONS_ONE,
    "where": np.where,
}
FUNCTION_NAMES: tuple[str, ...] = tuple(sorted({*_FUNCTIONS, *HOWS}))

_BINARY: Mapping[type[ast.operator], Function] = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: np.divide,
    ast.Mod: np.mod,
    ast.Pow: np.power,
}
_LOGICAL: Mapping[type[ast.AST], Function] = {
    ast.BitAnd: all_of,
    ast.BitOr: any_of,
    ast.And: all_of,
    ast.Or: any_of,
}
_COMPARISONS: Mapping[type[ast.cmpop], Function] = {
    ast.Lt: np.less,
    ast.LtE: np.less_equal,
    ast.Gt: np.greater,
    ast.GtE: np.greater_equal,
    ast.Eq: np.equal,
    ast.NotEq: np.not_equal,
}


_WORDS_HERE = [
    (re.compile(pattern), word)
    for pattern, word in (
        (r"&&|\bAND\b", "'and'"),
        (r"\|\||\bOR\b", "'or'"),
        (r"!(?!=)|\bNOT\b", "'not'"),
        (r"<>|≠", "'!='"),
        (r"≤|=<", "'<='"),
        (r"≥|=>", "'>='"),
        (r"(?<![<>=!])=(?!=)", "'=='"),
    )
]


def is_plain_name(name: str) -> bool:
    """Whether ``name`` can stand for a column inside an expression."""
    reserved = name in _FUNCTIONS or name in _CONSTANTS
    return name.isidentifier() and not reserved and not keyword.iskeyword(name)


def parse_node(text: object, what: str) -> Node:
    """The nodes of a formula; ``what`` names it in messages."""
    if not isinstance(text, str) or not text.strip():
        raise SampleError(f"{what} must be a text such as 'log(pt1)' or 'mll > 60', but {came(text)} came")
    if len(text) > MAX_LENGTH:
        raise SampleError(f"{what} must not be longer than {MAX_LENGTH} characters, but has {len(text)}")
    source, names = without_quotes(text.strip(), what)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            syntax = ast.parse(source, mode="eval").body
    except SyntaxError as error:
        place = f" (near character {error.offset})" if error.offset else ""
        reason = _other_languages(source) or f"{error.msg}; {HINT}"
        raise SampleError(f"{what} {text!r} cannot be understood{place}: {reason}") from error
    except (ValueError, RecursionError, MemoryError) as error:
        raise SampleError(
            f"{what} {_shortened(text)} cannot be understood: it is too deep or has odd characters"
        ) from error
    return _Translator(source, names, what).translate(syntax, MAX_DEPTH)


def _other_languages(source: str) -> str:
    """What to write for the words of C++, SQL and mathematics; empty without one of them."""
    for pattern, word in _WORDS_HERE:
        if found := pattern.search(source):
            return f"write {word} for {found[0]!r}"
    return ""


def _shortened(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:57] + "...")


class _Translator:
    """Turns a syntax tree into nodes, refusing what is not listed."""

    def __init__(self, text: str, names: Mapping[str, str], what: str) -> None:
        self._text = text
        self._names = names
        self._what = what
        self._left = MAX_NODES

    def translate(self, syntax: ast.AST, depth: int) -> Node:
        self._left -= 1
        if self._left < 0 or depth <= 0:
            raise self._refused(
                f"it is too complex (at most {MAX_NODES} parts, {MAX_DEPTH} levels); "
                "name parts of it with define={...}"
            )
        match syntax:
            case ast.Constant(value=value):
                return self._number(value)
            case ast.Name() | ast.Attribute():
                return self._name(syntax)
            case ast.BinOp(left=left, op=operator, right=right):
                return self._binary(operator, self.translate(left, depth - 1), self.translate(right, depth - 1))
            case ast.UnaryOp(op=operator, operand=operand):
                return self._unary(operator, self.translate(operand, depth - 1))
            case ast.BoolOp(op=operator, values=values):
                return self._joined(operator, [self.translate(value, depth - 1) for value in values])
            case ast.Compare(left=left, ops=operators, comparators=comparators):
                compared = [self.translate(value, depth - 1) for value in (left, *comparators)]
                return self._comparison(operators, compared)
            case ast.Subscript(value=ast.Name() | ast.Attribute() as column, slice=place):
                return Reduced(self._column(column), "item", self._index(place))
            case ast.Call(func=ast.Name(id=name), args=[only], keywords=[]) if name in HOWS:
                return self._of_list(name, only, depth)
            case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]) if self._knows(name):
                return self._call(name, [self.translate(argument, depth - 1) for argument in arguments])
        hint = f"; {HINT}" if isinstance(syntax, ast.Subscript) else ""
        raise self._refused(f"{_described(syntax)} is not allowed{hint}")

    def _refused(self, reason: str) -> SampleError:
        text = reduce(lambda text, names: text.replace(names[0], f"`{names[1]}`"), self._names.items(), self._text)
        return SampleError(f"{self._what} {_shortened(text)} cannot be used: {reason}")

    def _number(self, value: object) -> Node:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self._refused(f"{value!r} is not a number")
        try:
            number = float(value)
        except OverflowError:
            number = float("inf")
        if not np.isfinite(number):
            raise self._refused("a constant is too large for a float64 number")
        return Number(number)

    def _name(self, syntax: ast.Name | ast.Attribute) -> Node:
        parts: list[str] = []
        inner: ast.expr = syntax
        while isinstance(inner, ast.Attribute):
            parts.append(self._written(inner))
            inner = inner.value
        if not isinstance(inner, ast.Name):
            raise self._refused("a dot may stand only inside the name of a column")
        first = self._written(inner)
        name = ".".join([self._names.get(first, first), *reversed(parts)])
        if first in self._names:
            return Column(name)
        if name in _CONSTANTS:
            return Number(_CONSTANTS[name], name)
        if name in _FUNCTIONS:
            raise self._refused(
                f"{name!r} is a function and needs its arguments in parentheses; a column of that name stands in "
                f"backticks, `{name}`"
            )
        return Column(name)

    def _written(self, syntax: ast.Name | ast.Attribute) -> str:
        """The name as it was written: Python's own is normalized, the micro sign to a Greek letter."""
        text = ast.get_source_segment(self._text, syntax) or ""
        return re.split(r"[.\s]", text)[-1]

    def _column(self, syntax: ast.Name | ast.Attribute) -> str:
        """The name of a column of lists."""
        found = self._name(syntax)
        if not isinstance(found, Column):
            raise self._refused("what stands before [ ] or alone in the parentheses must be a column of lists")
        return found.name

    def _index(self, syntax: ast.expr) -> int:
        match syntax:
            case ast.Constant(value=int(index)) if not isinstance(index, bool):
                return index
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int(index))) if not isinstance(index, bool):
                return -index
        raise self._refused(
            f"indexing with [ ] takes one whole number, as in Muon_pt[0] or Muon_pt[-1] of a column of lists; {HINT}"
        )

    def _of_list(self, how: str, syntax: ast.expr, depth: int) -> Node:
        if not isinstance(syntax, ast.Name | ast.Attribute):
            self.translate(syntax, depth - 1)  # what is wrong inside is said first
            two = f", and {how} of several numbers needs two or more" if how in _NUMERIC_MANY else ""
            raise self._refused(f"{how} of one argument is of a column of lists, as in {how}(Jet_pt){two}")
        return Reduced(self._column(syntax), how)

    def _binary(self, operator: ast.operator, left: Node, right: Node) -> Node:
        if type(operator) in _LOGICAL:
            return self._joined(operator, [left, right])
        if type(operator) not in _BINARY:
            raise self._refused(f"{_described(operator)} is not allowed")
        return Apply(_BINARY[type(operator)], (as_number(left), as_number(right)), False)

    def _unary(self, operator: ast.unaryop, operand: Node) -> Node:
        if isinstance(operator, ast.Not | ast.Invert):
            self._require_conditions([operand])
            return Apply(np.logical_not, (operand,), True)
        function = np.negative if isinstance(operator, ast.USub) else np.positive
        return Apply(function, (as_number(operand),), False)

    def _joined(self, operator: ast.AST, values: list[Node]) -> Node:
        self._require_conditions(values)
        return Apply(_LOGICAL[type(operator)], tuple(values), True)

    def _require_conditions(self, values: list[Node]) -> None:
        if not all(is_condition(value) for value in values):
            raise self._refused(
                "'and', 'or', 'not', '&', '|' and '~' join conditions, not numbers; put each comparison in "
                "parentheses, as in '(pt1 > 20) & (pt2 > 20)', and compare columns of zeros and ones, as in 'flag != 0'"
            )

    def _comparison(self, operators: list[ast.cmpop], values: list[Node]) -> Node:
        pairs: list[Node] = []
        for operator, left, right in zip(operators, values[:-1], values[1:], strict=True):
            if type(operator) not in _COMPARISONS:
                raise self._refused(f"{_described(operator)} is not allowed")
            pairs.append(Apply(_COMPARISONS[type(operator)], (as_number(left), as_number(right)), True))
        return pairs[0] if len(pairs) == 1 else Apply(all_of, tuple(pairs), True)

    def _knows(self, name: str) -> bool:
        if name in HOWS and name not in _FUNCTIONS:
            raise self._refused(f"{name} has one argument, a column of lists, as in {name}(Jet_pt)")
        if name not in _FUNCTIONS:
            raise self._refused(f"there is no function {name!r}; there are: {', '.join(FUNCTION_NAMES)}")
        return True

    def _call(self, name: str, arguments: list[Node]) -> Node:
        fewest, most = _arity(name)
        if not fewest <= len(arguments) <= most:
            wanted = f"{fewest} or more" if most > fewest else str(fewest)
            raise self._refused(f"the function {name} needs {wanted} argument(s), but has {len(arguments)}")
        if name == "where":
            self._require_conditions(arguments[:1])
            return Apply(np.where, (arguments[0], *map(as_number, arguments[1:])), False)
        return Apply(_FUNCTIONS[name], tuple(map(as_number, arguments)), name in _CONDITIONS_ONE)


def _arity(name: str) -> tuple[int, int]:
    if name in _NUMERIC_MANY:
        return 2, MAX_NODES
    if name == "where":
        return 3, 3
    return (2, 2) if name in _NUMERIC_TWO else (1, 1)


def _described(syntax: ast.AST) -> str:
    words = {"Subscript": "indexing with [ ]", "Lambda": "a lambda", "Call": "a call of this kind", "BitXor": "'^'"}
    return words.get(type(syntax).__name__, f"the Python construct {type(syntax).__name__!r}")
