"""Names of columns that are no plain names, in formulae."""

import numpy as np
import pytest

from wilks.errors import SampleError
from wilks.samples import parse_expression, parse_selection, read

ODD = ("jet pt", "class", "eta-lead", "pt [GeV]", "log", "lambda", "µ", "μ", "1st", "a.b c", "é", "x\ty", "pi", "and")


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "odd.npz"
    np.savez(path, **{name: np.arange(4.0) + k for k, name in enumerate(ODD)}, x=np.arange(4.0))
    return path


@pytest.mark.parametrize(("k", "name"), list(enumerate(ODD)))
def test_backticks_hold_any_name(path, k, name):
    sample = read(path, features=["x", f"2 * `{name}`", name], where=f"`{name}` > {k + 1} and x < 3")
    assert sample.column("x").tolist() == [2.0]
    assert sample.column(f"2 * `{name}`").tolist() == [2.0 * (2 + k)]
    assert sample.column(name).tolist() == [2.0 + k]


def test_several_in_one_formula():
    formula = parse_expression("log(`a b`) + `a-b` * `a b` - `c` + _00")
    assert formula.names == ("_00", "a b", "a-b", "c")
    values = {"a b": np.array([1.0]), "a-b": np.array([2.0]), "c": np.array([3.0]), "_00": np.array([4.0])}
    assert formula.evaluate(values).tolist() == [3.0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("jet pt > 25", r"backticks, as in `jet pt` > 25"),
        ("class == 1", "stands in backticks"),
        ("pt [GeV] > 1", r"indexing with \[ \] takes one whole number.* backticks"),
        ("log > 1", r"backticks, `log`"),
        ("`jet pt > 25", "a backtick stands before and after"),
        ("`` > 25", "a backtick stands before and after"),
        ("`jet pt`[pt] > 25", r"the selection '`jet pt`\[pt\] > 25' cannot be used"),
    ],
)
def test_the_message_says_how(text, message):
    with pytest.raises(SampleError, match=message):
        parse_selection(text)


def test_a_name_that_reads_as_a_formula_is_told(path):
    with pytest.raises(SampleError, match=r"no column 'eta' .needed by where.; .* such as 'eta-lead' .*: `eta-lead`"):
        read(path, features=["x"], where="eta-lead < 1")


def test_non_finite_values_of_such_a_column_can_be_selected_away(tmp_path):
    path = tmp_path / "nan.npz"
    np.savez(path, **{"pt [GeV]": np.array([1.0, np.nan])})
    with pytest.raises(SampleError, match=r'where="isfinite\(`pt \[GeV\]`\)"'):
        read(path, features=["pt [GeV]"])
    assert read(path, features=["pt [GeV]"], where="isfinite(`pt [GeV]`)").n_events == 1


def test_a_constant_that_is_a_column_too_must_be_told_apart(path, tmp_path):
    for options in ({"features": ["2*pi"]}, {"where": "x < pi"}, {"define": {"a": "x / pi"}, "carry": ["a"]}):
        with pytest.raises(SampleError, match=r"'pi' is a constant and a column .* write `pi` in"):
            read(path, **{"features": ["x"], **options})
    assert read(path, features=["pi"]).n_events == 4
    other = tmp_path / "x.npz"
    np.savez(other, x=np.arange(3.0))
    assert read(other, features=["x * pi"]).column("x * pi")[1] == np.pi


def test_letters_that_look_alike_are_different_columns(tmp_path):
    """Python makes one letter of the micro sign and the Greek one."""
    both, one = tmp_path / "both.npz", tmp_path / "one.npz"
    np.savez(both, **{"µ": np.array([1.0, 2.0]), "μ": np.array([3.0, 4.0]), "x": np.zeros(2)})
    assert read(both, features=["x"], where="µ > 1.5").n_events == 1
    assert read(both, features=["x"], where="μ > 1.5").n_events == 2
    np.savez(one, **{"µ": np.array([1.0, 2.0])})
    assert read(one, features=["µ*2"]).column("µ*2").tolist() == [2.0, 4.0]
    with pytest.raises(SampleError, match="did you mean 'µ'"):
        read(one, features=["μ*2"])
