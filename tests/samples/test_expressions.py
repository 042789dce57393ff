import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wilks.errors import SampleError
from wilks.samples import parse_expression, parse_selection
from wilks.samples.syntax import FUNCTION_NAMES, MAX_LENGTH

COLUMNS = {"x": np.array([0.5, 1.0, 2.0]), "y": np.array([-1.0, 0.0, 3.0]), "mu.pt": np.array([1.0, 2.0, 3.0])}
X, Y = COLUMNS["x"], COLUMNS["y"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x", X),
        ("2*x + y/4 - 1", 2 * X + Y / 4 - 1),
        ("-x**2", -(X**2)),
        ("x**-0.5", X**-0.5),
        ("y % 2", np.mod(Y, 2)),
        ("+x", X),
        ("1e3", np.full(3, 1e3)),
        ("2*pi", np.full(3, 2 * np.pi)),
        ("sqrt(x) + exp(x) + log(x) + log10(x) + log1p(x) + expm1(x)", None),
        ("sin(x) + cos(x) + tan(x) + sinh(x) + cosh(x) + tanh(x)", None),
        ("arctan(x) + floor(x) + abs(y)", np.arctan(X) + np.floor(X) + np.abs(Y)),
        ("arcsin(x/2) + arccos(x/2)", np.full(3, np.pi / 2)),
        ("arctan2(y, x) + hypot(x, y)", np.arctan2(Y, X) + np.hypot(X, Y)),
        ("min(x, y, 1) + max(x, y)", np.minimum(np.minimum(X, Y), 1) + np.maximum(X, Y)),
        ("where(x > 0.9, x, -1)", np.where(X > 0.9, X, -1)),
        ("(x > 0.9) * 2 + (y > 0)", np.array([0.0, 2.0, 3.0])),
        ("mu.pt * 2", COLUMNS["mu.pt"] * 2),
        ("  x  ", X),
    ],
)
def test_values_are_those_of_numpy(text, expected):
    result = parse_expression(text).evaluate(COLUMNS)
    assert result.shape == (3,) and result.dtype == np.float64
    if expected is None:
        names = {name: getattr(np, name) for name in FUNCTION_NAMES if hasattr(np, name)}
        expected = eval(text, {**names, "x": X})
    np.testing.assert_allclose(result, expected, rtol=1e-14)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x > 0.9", [False, True, True]),
        ("0.6 <= x < 2", [False, True, False]),
        ("x == 1 or y == 3", [False, True, True]),
        ("not x > 1", [True, True, False]),
        ("(x > 0.6) & (y < 1)", [False, True, False]),
        ("(x > 1) | ~(y >= 0)", [True, False, True]),
        ("x != 1", [True, False, True]),
        ("isfinite(log(y))", [False, False, True]),
        ("isnan(log(y)) or isinf(log(y))", [True, True, False]),
        ("(x > 0.6) + (y > 1) >= 1", [False, True, True]),
    ],
)
def test_selections_are_masks(text, expected):
    mask = parse_selection(text).evaluate(COLUMNS)
    assert mask.dtype == np.bool_ and mask.tolist() == expected


def test_names_are_the_columns_that_are_needed():
    assert parse_expression("a*b + log(c) + pi + mu.pt").names == ("a", "b", "c", "mu.pt")
    with pytest.raises(SampleError, match="'y' needs the column 'y'"):
        parse_expression("y").evaluate({"x": X})


@given(st.floats(-50, 50), st.floats(-50, 50), st.sampled_from("+-*/%"))
def test_arithmetic_of_two_numbers(a, b, operator):
    result = parse_expression(f"({a!r}) {operator} (x)").evaluate({"x": np.array([b])})[0]
    with np.errstate(all="ignore"):
        expected = {"+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide, "%": np.mod}[operator](
            a, np.float64(b)
        )
    assert result == expected or (math.isnan(result) and math.isnan(expected))


def test_huge_exponents_are_infinite_and_quick():
    assert parse_expression("9**9**9**9 * x").evaluate(COLUMNS).tolist() == [np.inf] * 3
    assert parse_expression("10**400 - x").evaluate(COLUMNS).tolist() == [np.inf] * 3
    assert parse_expression("(-8)**(1/3) + x").evaluate(COLUMNS)[0] != 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "must be a text"),
        ("x +", "cannot be understood"),
        ("x\0", "cannot be understood"),
        ("x; y", "cannot be understood"),
        ("x = 1", "write '==' for '='"),
        ("x > 1 && y < 2", "write 'and' for '&&'"),
        ("x > 1 || y < 2", r"write 'or' for '\|\|'"),
        ("x > 1 AND y < 2", "write 'and' for 'AND'"),
        ("!(x > 1)", "write 'not' for '!'"),
        ("x <> 1", "write '!=' for '<>'"),
        ("x ≤ 1", "write '<=' for '≤'"),
        ("import os", "cannot be understood"),
        ("__import__('os').system('true')", "not allowed"),
        ("__import__('os')", "no function '__import__'"),
        ("open('f')", "no function 'open'"),
        ("eval('1')", "no function 'eval'"),
        ("x.__class__()", "not allowed"),
        ("().__class__", "inside the name of a column"),
        ("(1).real", "inside the name of a column"),
        ("[x][0]", r"indexing with \[ \] is not allowed"),
        ("[x for x in y]", "'ListComp' is not allowed"),
        ("(lambda: 1)()", "not allowed"),
        ("lambda: x", "a lambda is not allowed"),
        ("x if y else 1", "'IfExp' is not allowed"),
        ("(x := 1)", "'NamedExpr' is not allowed"),
        ("f'{x}'", "'JoinedStr' is not allowed"),
        ("'text'", "is not a number"),
        ("1j", "is not a number"),
        ("None", "is not a number"),
        ("True", "is not a number"),
        ("...", "is not a number"),
        ("1e999", "too large"),
        ("9" * 400, "too large"),
        ("x // 2", "'FloorDiv' is not allowed"),
        ("x ^ 2", r"'\^' is not allowed"),
        ("x @ y", "'MatMult' is not allowed"),
        ("x << 2", "'LShift' is not allowed"),
        ("x in y", "'In' is not allowed"),
        ("x is y", "'Is' is not allowed"),
        ("log", "needs its arguments"),
        ("log(x, y)", "needs 1 argument"),
        ("hypot(x)", "needs 2 argument"),
        ("where(x, 1, 2)", "join conditions|conditions"),
        ("log(x=1)", "not allowed"),
        ("min(*x)", "'Starred' is not allowed"),
        ("lgo(x)", "no function 'lgo'; there are: abs"),
        ("~x", "join conditions"),
        ("not x", "join conditions"),
        ("x and y", "join conditions"),
        ("x > 1 & y > 2", "join conditions"),
        ("(" * 300 + "x" + ")" * 300, "cannot be understood"),
        ("-" * 1900 + "x", "too complex|too deep"),
        ("+".join(["x"] * 200), "too complex"),
        ("min(" + ",".join(["x"] * 600) + ")", "too complex"),
        ("x" * (MAX_LENGTH + 1), "not be longer"),
    ],
)
def test_everything_else_is_refused(text, message):
    with pytest.raises(SampleError, match=message):
        parse_expression(text)


@given(st.text(max_size=60))
def test_any_text_gives_a_formula_or_a_sample_error(text):
    try:
        formula = parse_expression(text)
    except SampleError:
        return
    formula.evaluate({name: X for name in formula.names} or {"x": X})


@given(st.text(alphabet="xy12.()+-*/%<>=&|~, andornotlg", max_size=40))
def test_any_formula_like_text_gives_a_formula_or_a_sample_error(text):
    try:
        formula = parse_expression(text)
    except SampleError:
        return
    assert formula.evaluate({**{name: X for name in formula.names}, "x": X}).shape == (3,)


@pytest.mark.parametrize("text", ["x", "x + 1", "mll", "where(x > 1, 1, 0)", "(x > 1) + (y > 1)", "1"])
def test_a_number_is_not_a_selection(text):
    with pytest.raises(SampleError, match="true or false for every event"):
        parse_selection(text)


def test_a_selection_needs_a_column():
    with pytest.raises(SampleError, match="at least one column"):
        parse_selection("1 < 2")


def test_many_joined_conditions_do_not_nest():
    text = " and ".join(["x>0"] * 120)
    assert parse_selection(text).evaluate(COLUMNS).all()
