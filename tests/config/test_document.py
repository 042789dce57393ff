"""YAML is read safely, and every key keeps its place."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wilks.config.document import MAX_BYTES, Position, parse_document, read_document
from wilks.errors import ConfigError

PATH = Path("a.yaml")


def value_of(text: str) -> object:
    return parse_document(f"key: {text}\n", path=PATH).values["key"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 1e-3),
        ("1e5", 1e5),
        ("20_000", 20_000),
        (".5", 0.5),
        ("-2.", -2.0),
        ("+3", 3),
        ("0", 0),
        ("007", "007"),
        ("12:30", "12:30"),
        ("2024-01-01", "2024-01-01"),
        ("no", "no"),
        ("on", "on"),
        ("true", True),
        ("~", None),
        ("", None),
        ('"5"', "5"),
        ("[1, a, 2.5]", [1, "a", 2.5]),
        ("0x10", "0x10"),
    ],
)
def test_plain_words(text: str, value: object) -> None:
    found = value_of(text)
    assert found == value
    assert type(found) is type(value)


def test_positions_of_keys_and_items() -> None:
    document = parse_document("a:\n  - b: 1\n    c: {d: 2}\n", path=PATH)
    assert document.position(("a",)) == Position(1, 1)
    assert document.position(("a", 0, "b")) == Position(2, 5)
    assert document.position(("a", 0, "c", "d")) == Position(3, 9)
    assert document.position(("a", 0, "missing")) == Position(2, 5)


def test_message_names_file_line_and_key() -> None:
    document = parse_document("a:\n  b: 1\n", path=PATH)
    assert document.message(("a", "b"), "is wrong") == "a.yaml:2: a.b: is wrong"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: 2\na: 3\n", r"a\.yaml:3: a: .*once.*line 1 already"),
        ("a:\n  b: 1\n  b: 2\n", r"a\.yaml:3: a\.b: .*line 2 already"),
        ("a: &x [1]\nb: *x\n", r"a\.yaml:2: aliases"),
        ("a: !!python/object/apply:os.system [ls]\n", r"a\.yaml:1: tags .* refused"),
        ("a: !custom 1\n", r"a\.yaml:1: tags \(!custom\)"),
        ("a: 1\n---\nb: 2\n", r"a\.yaml:2: not valid YAML"),
        ("a: [1, 2\n", r"a\.yaml:2: not valid YAML"),
        ("a:\n\t- 1\n", r"a\.yaml:2: not valid YAML"),
        ("b: 1\na: `jet pt` > 25\n", r"a\.yaml:2: not valid YAML: .*; put a text with backticks in quotes"),
        ("- 1\n- 2\n", r"must be a mapping .* holds a list"),
        ("", r"holds nothing"),
        ("hello", r"a single value \('hello'\)"),
        ("[1, 2]: 3\n", r"a\.yaml:1: a key must be a word"),
        ("a: " + "[" * 50 + "]" * 50 + "\n", r"nested at most 20 deep"),
        ("a: [" + "1," * 30_000 + "]\n", r"at most 20000 values"),
        ("a: " + "1" * 5_000 + "\n", r"a\.yaml:1: not a usable number"),
        ("a: \x01\n", r"a\.yaml: not valid YAML"),
    ],
)
def test_refusals_name_the_line(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        parse_document(text, path=PATH)


def test_alias_bomb_is_refused_at_once() -> None:
    levels = [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 10)]
    with pytest.raises(ConfigError, match="aliases"):
        parse_document("\n".join(["a0: &a0 [x, x]", *levels]), path=PATH)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\x89HDF\r\n\x1a\n\xff\xfe", "UTF-8 text"),
        (b"a: " + b"x" * MAX_BYTES, "at most 262144 bytes"),
    ],
)
def test_files_that_are_not_analysis_files(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=message):
        read_document(path)


def test_missing_file_and_folder(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no such file; `wilks init"):
        read_document(tmp_path / "none.yaml")
    with pytest.raises(ConfigError, match="must be an ordinary file"):
        read_document(tmp_path)


def test_byte_order_mark_is_accepted(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: 1\n")
    assert read_document(path).values == {"a": 1}


@given(st.text(max_size=60))
def test_any_text_is_values_or_a_config_error(text: str) -> None:
    try:
        document = parse_document(text, path=PATH)
    except ConfigError as error:
        assert str(error).startswith("a.yaml")
    else:
        assert isinstance(document.values, dict)


@given(st.text(alphabet="-ab:[]{},'\"&*!|>#%@ \n0123456789.e", max_size=60))
def test_any_yaml_like_text_is_values_or_a_config_error(text: str) -> None:
    try:
        parse_document(text, path=PATH)
    except ConfigError as error:
        assert str(error).startswith("a.yaml")
