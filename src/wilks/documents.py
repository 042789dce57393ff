"""Nested documents of plain values, as JSON has them: one text for each, and what tells two of them apart."""

import json
from collections.abc import Mapping
from typing import Any


def canonical_json(document: Mapping[str, Any]) -> str:
    """One text for equal documents: sorted keys, no spaces, shortest floats that round-trip.

    >>> canonical_json({"b": 1.5, "a": None})
    '{"a":null,"b":1.5}'
    """
    return json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=False)


def differences(stored: Mapping[str, Any], given: Mapping[str, Any], *, prefix: str = "") -> list[str]:
    """Names of the entries in which two nested documents differ.

    >>> differences({"a": {"b": 1, "c": 2}}, {"a": {"b": 1, "c": 3}})
    ['a.c']
    """
    found = []
    for name in sorted({*stored, *given}):
        old, new = stored.get(name), given.get(name)
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            found += differences(old, new, prefix=f"{prefix}{name}.")
        elif old != new:
            found.append(prefix + name)
    return found
