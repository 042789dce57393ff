"""The logic of three values: conditions on objects that an event does not have."""

import itertools

import numpy as np
import pytest

from wilks.samples import parse_expression, parse_selection

KINDS = list(itertools.product((1.0, 0.0, None), repeat=2))
COLUMNS = {
    f"{name}[0]": np.array([np.nan if row[j] is None else row[j] for row in KINDS]) for j, name in enumerate("ab")
}
ABSENT = {name: np.isnan(values) for name, values in COLUMNS.items()}


def kleene_and(a, b):
    return False if False in (a, b) else None if None in (a, b) else True


def kleene_or(a, b):
    return True if True in (a, b) else None if None in (a, b) else False


def kleene_not(a):
    return None if a is None else not a


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("a[0] > 0.5 and b[0] > 0.5", kleene_and),
        ("(a[0] > 0.5) | (b[0] > 0.5)", kleene_or),
        ("not a[0] > 0.5 and b[0] > 0.5", lambda a, b: kleene_and(kleene_not(a), b)),
        ("not (a[0] > 0.5 and b[0] > 0.5)", lambda a, b: kleene_not(kleene_and(a, b))),
        ("not (a[0] > 0.5 or not b[0] > 0.5)", lambda a, b: kleene_not(kleene_or(a, kleene_not(b)))),
        ("0.5 < a[0] <= b[0]", lambda a, b: kleene_and(a, None if None in (a, b) else a <= b)),
        ("a[0] != b[0]", lambda a, b: None if a is None or b is None else a != b),
        ("isnan(a[0]) or b[0] > 0.5", lambda a, b: kleene_or(None if a is None else False, b)),
        ("where(a[0] > 0.5, b[0], 1) > 0.5", lambda a, b: None if a is None else b if a else True),
    ],
)
def test_the_tables_of_kleene(text, rule):
    selection = parse_selection(text)
    wanted = [rule(*(None if x is None else bool(x) for x in row)) for row in KINDS]
    absent = selection.absent(COLUMNS, ABSENT)
    assert (np.zeros(9, bool) if absent is None else absent).tolist() == [one is None for one in wanted]
    assert selection.evaluate(COLUMNS, ABSENT).tolist() == [one is True for one in wanted]


def test_values_that_are_nan_stand_for_absent_ones_where_nothing_else_is_known():
    """As in samples that were read: their carried columns have no masks."""
    selection = parse_selection("not a[0] > 0.5")
    assert selection.evaluate(COLUMNS).tolist() == [row[0] == 0.0 for row in KINDS]
    nothing = {"a[0]": np.zeros(9, dtype=bool)}
    assert selection.evaluate(COLUMNS, nothing).tolist() == [row[0] != 1.0 for row in KINDS]


def test_numbers_made_of_absent_ones_are_absent():
    formula = parse_expression("log(a[0] + 1) * (b[0] > 0)")
    absent = formula.absent(COLUMNS, ABSENT)
    assert absent is not None and absent.tolist() == [None in row for row in KINDS]
    assert parse_expression("a[0]").absent(COLUMNS, {}) is None
    assert {one.name for one in formula.reductions} == {"a[0]", "b[0]"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a[b]", r"\[ \] takes one whole number, as in Muon_pt\[0\]"),
        ("a[1:]", "takes one whole number"),
        ("a[True]", "takes one whole number"),
        ("a[1.0]", "takes one whole number"),
        ("a[0][1]", r"indexing with \[ \] is not allowed"),
        ("max(a*2)", r"max of one argument is of a column of lists, as in max\(Jet_pt\), and max of several numbers"),
        ("sum(a, b)", r"sum has one argument, a column of lists, as in sum\(Jet_pt\)"),
        ("len()", "len has one argument"),
        ("len(3)", "len of one argument is of a column of lists"),
        ("max(exp)", "'exp' is a function"),
        ("pi[0]", "must be a column of lists"),
        ("max(a, key=b)", "a call of this kind"),
    ],
)
def test_what_else_is_refused(text, message):
    with pytest.raises(Exception, match=message):
        parse_expression(text)
