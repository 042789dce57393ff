"""Nested documents of plain values, as JSON has them: one text for each, and what tells two of them apart."""

import hashlib
import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from wilks.errors import StoreError

_DIGEST = "digest"
_ARRAY, _NUMBER, _ITEMS = "$array", "$number", "$items"


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


def sealed(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document with the SHA-256 of its canonical text as ``digest``; an old digest is replaced.

    Raises:
        ValueError: a number is not finite, which JSON does not have.

    >>> sorted(sealed({"seed": 1}))
    ['digest', 'seed']
    """
    content = _content(document)
    return {**content, _DIGEST: _digest(content)}


def unsealed(document: Mapping[str, Any], *, place: str) -> dict[str, Any]:
    """A document that `sealed` made, verified and without its digest.

    Args:
        document: what was read.
        place: where, for the message.

    Raises:
        StoreError: it has no digest, or has changed since it was sealed.

    >>> unsealed(sealed({"seed": 1}), place="plan.json")
    {'seed': 1}
    """
    content = _content(document)
    if _DIGEST not in document:
        raise StoreError(
            f"{place} must carry the digest of what it holds, but has none: an older version of wilks wrote it, or "
            "another program; make it anew"
        )
    if not _fits(document[_DIGEST], content):
        raise StoreError(
            f"{place} must hold what was written, but it has changed since: its digest does not fit. Take it back from "
            "a copy, or make it anew; nothing else was touched"
        )
    return content


def split_arrays(value: Any, arrays: dict[str, npt.NDArray[Any]], *, place: str = "") -> Any:
    """``value`` as JSON has it: arrays move to ``arrays``, by their place, and numbers that JSON lacks become text.

    >>> arrays = {}
    >>> split_arrays({"t": [1.0, np.nan], "params": np.zeros(2)}, arrays)
    {'t': [1.0, {'$number': 'nan'}], 'params': {'$array': 'params'}}
    >>> arrays
    {'params': array([0., 0.])}
    """
    inside = f"{place}." if place else ""
    if isinstance(value, Mapping):
        plain = {str(key): split_arrays(item, arrays, place=f"{inside}{key}") for key, item in value.items()}
        return {_ITEMS: [[key, item] for key, item in plain.items()]} if _looks_special(plain) else plain
    if isinstance(value, list | tuple):
        return [split_arrays(item, arrays, place=f"{inside}{i}") for i, item in enumerate(value)]
    if isinstance(value, np.ndarray):
        arrays[place] = value
        return {_ARRAY: place}
    if isinstance(value, np.generic):
        return split_arrays(value.item(), arrays, place=place)
    if isinstance(value, float) and not math.isfinite(value):
        return {_NUMBER: str(value)}
    return value


def joined(value: Any, arrays: Mapping[str, npt.NDArray[Any]]) -> Any:
    """The inverse of `split_arrays`; tuples have become lists.

    >>> joined({"t": {"$number": "inf"}}, {})
    {'t': inf}
    """
    if isinstance(value, list):
        return [joined(item, arrays) for item in value]
    if not isinstance(value, Mapping):
        return value
    if not _looks_special(value):
        return {key: joined(item, arrays) for key, item in value.items()}
    ((key, inner),) = value.items()
    if key == _ITEMS:
        return {name: joined(item, arrays) for name, item in inner}
    return arrays[inner] if key == _ARRAY else float(inner)


def _looks_special(value: Mapping[str, Any]) -> bool:
    return len(value) == 1 and next(iter(value)) in (_ARRAY, _NUMBER, _ITEMS)


def _content(document: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name != _DIGEST}


def _fits(digest: object, content: Mapping[str, Any]) -> bool:
    try:
        return digest == _digest(content)
    except ValueError:  # NaN, which Python reads and nobody seals
        return False


def _digest(document: Mapping[str, Any]) -> str:
    return hashlib.sha256(canonical_json(document).encode()).hexdigest()


def with_one_p_for_all(kind: str, content: dict[str, Any]) -> dict[str, Any]:
    """Layout 2: a calibration is judged by one p for all tests, here None; t that is made of p-values by none."""
    law = content if kind == "calibration" else content["law"] if kind == "answer" else None
    if not law or "compatibility" not in law:
        return content
    is_combined = kind == "answer" and bool(content["fit"].get("members"))
    summary = law["summary"] and {**law["summary"], "is_combined": is_combined}
    judged = None if is_combined else {**law["compatibility"], "omnibus_p_value": None, "is_tuned": False}
    changed = {**law, "compatibility": judged, "summary": summary, "findings": []}
    return changed if kind == "calibration" else {**content, "law": changed}
