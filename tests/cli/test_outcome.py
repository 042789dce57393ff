"""Exit codes and strict JSON."""

import json
import math
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from wilks.cli.outcome import SCHEMA_VERSION, ExitCode, Outcome, strict_json

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


def refuse(name: str) -> None:
    raise AssertionError(f"{name} in strict JSON")


@given(VALUES)
def test_json_is_strict(value: object) -> None:
    json.loads(strict_json(value), parse_constant=refuse)


def test_arrays_numbers_and_paths() -> None:
    content = {"a": np.array([1.0, np.nan]), "b": np.int64(3), "c": (math.inf,), "d": Path("x"), "e": np.bool_(True)}
    assert json.loads(strict_json(content)) == {"a": [1.0, None], "b": 3, "c": [None], "d": "x", "e": True}


def test_codes_are_those_of_the_documentation() -> None:
    assert [(int(code), code.status) for code in ExitCode] == [
        (0, "done"),
        (1, "error"),
        (2, "invalid_input"),
        (3, "incomplete"),
        (4, "quality_gate"),
        (5, "fail_on"),
        (6, "fault"),
    ]


def test_the_first_exit_code_stays() -> None:
    outcome = Outcome("run")
    outcome.end_with(ExitCode.QUALITY_GATE)
    outcome.end_with(ExitCode.FAIL_ON)
    assert outcome.exit_code is ExitCode.QUALITY_GATE


def test_keys_of_the_result() -> None:
    outcome = Outcome("check")
    outcome.warn("a", "b", "a")
    content = outcome.to_dict()
    assert content["schema_version"] == SCHEMA_VERSION == 1
    assert content["warnings"] == ["a", "b"]
    assert set(content) == {
        *("schema_version", "command", "status", "exit_code", "analysis", "numbers", "warnings", "files"),
        *("versions", "error"),
    }
