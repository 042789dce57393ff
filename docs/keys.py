"""Writes the tables of `analysis-file.md` from the schema of analysis files: ``python docs/keys.py`` after a change.

A test compares: a page that has gone stale fails it.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from wilks.config import json_schema

PAGE = Path(__file__).parent / "analysis-file.md"
MARK = "<!-- everything below is written by docs/keys.py from the schema: edit the descriptions there -->\n"
_KINDS = {"string": "text", "integer": "whole number", "number": "number", "boolean": "true or false", "null": "empty"}
_LIMITS = {"minimum": ">=", "exclusiveMinimum": ">", "maximum": "<=", "exclusiveMaximum": "<"}
_HUGE = 10**15  # limits beyond are those of the representation, of no use to a reader


def page(current: str) -> str:
    """The page with its tables made anew; what stands above the mark stays."""
    return current.partition(MARK)[0] + MARK + "\n".join(_tables())


def _tables() -> Iterator[str]:
    schema = json_schema()
    found: dict[str, Mapping[str, Any]] = {"": schema}
    waiting, written = [""], dict[int, str]()
    while waiting:
        place = waiting.pop(0)
        section = found[place]
        if (first := written.setdefault(id(section), place)) != place and _has_sections(section, schema):
            yield f"\n## `{place}`\n\nThe keys of [`{first}`](#{first.lower().replace('.', '')}).\n"
            continue
        yield f"\n## {f'`{place}`' if place else 'At the top'}\n"
        if place and section.get("description"):
            yield f"{_cell(section['description'])}\n"
        yield "| key | value | if it is left out | what it is |\n|---|---|---|---|"
        inner = []
        for key, one in section["properties"].items():
            path = f"{place}.{key}" if place else key
            required = key in section.get("required", ())
            yield f"| `{key}` | {_kind(one, schema)} | {_default(one, required=required)} | {_cell(_text(one))} |"
            for suffix, name in _sections(one, schema):
                inner.append(path + suffix)
                found[path + suffix] = schema["$defs"][name]
        waiting = [*inner, *waiting]
    yield ""


def _has_sections(section: Mapping[str, Any], schema: Mapping[str, Any]) -> bool:
    return any(True for one in section["properties"].values() for _ in _sections(one, schema))


def _sections(one: Mapping[str, Any], schema: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Sections below a key: the ending of their place, ``.NAME`` for those that the user names, and what they are."""
    if "$ref" in one:
        yield "", _name(one)
    for choice in (*one.get("anyOf", ()), *one.get("oneOf", ())):
        yield from _sections(choice, schema)
    for suffix, of_items in ((".NAME", one.get("additionalProperties")), ("[]", one.get("items"))):
        if isinstance(of_items, Mapping):
            yield from ((suffix + more, name) for more, name in _sections(of_items, schema))


def _kind(one: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    if "$ref" in one:
        return "section"
    if "enum" in one or "const" in one:
        return " or ".join(f"`{value}`" for value in one.get("enum", [one.get("const")]))
    if choices := (*one.get("anyOf", ()), *one.get("oneOf", ())):
        kinds = dict.fromkeys(_kind(choice, schema) for choice in choices)
        return " or ".join(kind for kind in kinds if kind != "empty")
    if one.get("type") == "array":
        return f"list of {_kind(one.get('items', {}), schema)}".replace("list of list of", "list of lists of")
    if one.get("type") == "object":
        inner = one.get("additionalProperties")
        return f"mapping of names to {_kind(inner, schema)}" if isinstance(inner, Mapping) else "mapping"
    limits = [f"{sign} {one[name]:,}" for name, sign in _LIMITS.items() if name in one and abs(one[name]) < _HUGE]
    return " ".join([_KINDS.get(str(one.get("type")), "any"), *limits])


def _default(one: Mapping[str, Any], *, required: bool) -> str:
    if required:
        return "**must be given**"
    default = one.get("default")
    if default is None or isinstance(default, Mapping) or default in ("", []):
        return ""
    return f"`{json.dumps(default)}`"


def _name(one: Mapping[str, Any]) -> str:
    return str(one["$ref"]).rpartition("/")[2]


def _text(one: Mapping[str, Any]) -> str:
    return str(one.get("description", ""))


def _cell(text: str) -> str:
    """One line of Markdown in which nothing but code in backquotes has a meaning."""
    parts = " ".join(text.split()).split("`")
    for i in range(0, len(parts), 2):
        for character in "\\|*_<[$":
            parts[i] = parts[i].replace(character, f"\\{character}")
    return "`".join(part.replace("|", "\\|") if i % 2 else part for i, part in enumerate(parts))


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
