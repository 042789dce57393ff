"""What a command leaves behind: an exit code, ``result.json`` and its layout.

``result.json``, schema version 1, is strict JSON (a number that does not exist is null):

- ``schema_version``, ``command``, ``exit_code``
- ``status``: done, error, invalid_input, incomplete, quality_gate, fail_on or fault
- ``analysis``: name, file and fingerprint
- ``numbers``: one section for each step that was done: check, calibration, answer
- ``warnings``: sentences
- ``files``: what was written, by role
- ``versions``: wilks, python and the libraries that numbers depend on
- ``error``: the message of a command that ended early, else null
"""

import json
import math
import platform
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from typing import Any

import numpy as np

from wilks.storage import LIBRARIES, installed_version

SCHEMA_VERSION = 1


class ExitCode(IntEnum):
    """How a command ended. The codes never change their meaning."""

    DONE = 0
    ERROR = 1
    INVALID_INPUT = 2
    INCOMPLETE = 3
    QUALITY_GATE = 4
    FAIL_ON = 5
    FAULT = 6

    @property
    def status(self) -> str:
        """The word for it in ``result.json``.

        >>> ExitCode(4).status
        'quality_gate'
        """
        return self.name.lower()


@dataclass
class Outcome:
    """What a command has found so far; it grows step by step and is written once at the end."""

    command: str
    exit_code: ExitCode = ExitCode.DONE
    analysis: dict[str, Any] = field(default_factory=dict)
    numbers: dict[str, Any] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)
    error: str | None = None

    def warn(self, *sentences: str) -> None:
        """Add warnings, each once."""
        self.warnings.extend(sentence for sentence in sentences if sentence not in self.warnings)

    def end_with(self, code: ExitCode) -> None:
        """Set the exit code; the first one that is not 0 stays."""
        self.exit_code = self.exit_code or code

    def to_dict(self) -> dict[str, Any]:
        """The content of ``result.json``."""
        return {
            "schema_version": SCHEMA_VERSION,
            "command": self.command,
            "status": self.exit_code.status,
            "exit_code": int(self.exit_code),
            "analysis": self.analysis,
            "numbers": self.numbers,
            "warnings": self.warnings,
            "files": self.files,
            "versions": versions(),
            "error": self.error,
        }


def is_result(path: Path, *, command: str | None = None) -> bool:
    """Whether a file is a ``result.json`` that a command left behind, this one or any."""
    try:
        found = json.loads(path.read_bytes()) if path.is_file() else None
    except (OSError, ValueError, RecursionError):
        return False
    if not isinstance(found, dict) or not {"schema_version", "command", "exit_code", "versions"} <= set(found):
        return False
    return command in (None, found["command"])


def versions() -> dict[str, str]:
    """Versions that numbers depend on."""
    return {"python": platform.python_version()} | {name: installed_version(name) for name in LIBRARIES}


def strict_json(value: object) -> str:
    """JSON text that every parser accepts: NaN and infinities become null.

    >>> print(strict_json({"p_value": float("nan"), "n": 3}))
    {
      "p_value": null,
      "n": 3
    }
    """
    text = json.dumps(_plain(value), indent=2, allow_nan=False, ensure_ascii=False)
    return "".join(map(_json_character, text))


def _json_character(character: str) -> str:
    """Between quotes what is not printable stands as an escape sequence, for JSON is printed, too."""
    return character if character.isprintable() or character == "\n" else json.dumps(character)[1:-1]


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return _plain(value.tolist())
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, bool | int | str):
        return value
    return str(value)
