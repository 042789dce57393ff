"""Sections of an analysis file made from dataclasses of options: names, limits, defaults and texts are said there."""

import dataclasses
import inspect
import re
import types
from collections.abc import Callable, Collection
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin, get_type_hints

from pydantic import BeforeValidator, Field, create_model

from wilks.config.sections import Section, Text, whole

_ENTRY = re.compile(r"^ {4}(\w+): (.*)$")
_Section = TypeVar("_Section", bound=Section)


def with_options_of(
    options: type[Any], *, only: Collection[str] | None = None
) -> Callable[[type[_Section]], type[_Section]]:
    """A decorator that gives a section the options of a dataclass, each with its limits, its default and its text.

    Args:
        options: a dataclass whose docstring has a section Args.
        only: names of the options; None: all that its maker takes.
    """
    hints, texts = get_type_hints(options, include_extras=True), option_texts(options)
    chosen = [one for one in dataclasses.fields(options) if one.init and (only is None or one.name in only)]

    def extended(section: type[_Section]) -> type[_Section]:
        fields: dict[str, Any] = {
            one.name: (_kind(hints[one.name]), Field(default=_default(one), description=texts[one.name]))
            for one in chosen
        }
        made: type[_Section] = create_model(
            section.__name__, __base__=section, __doc__=section.__doc__, __module__=section.__module__, **fields
        )
        return made

    return extended


def option_texts(options: type[Any]) -> dict[str, str]:
    """What the docstring of a dataclass says of each option, as sentences.

    >>> from wilks.statistics.network import MLP
    >>> option_texts(MLP)["weight_clip"]
    'Bound W of every weight and bias, `|w| <= W`.'
    """
    # Python 3.13 takes the indentation from docstrings by itself.
    lines = inspect.cleandoc(options.__doc__ or "").partition("Args:\n")[2].partition("\n\n")[0].splitlines()
    texts: dict[str, str] = {}
    name = ""
    for line in lines:
        if entry := _ENTRY.match(line):
            name, texts[entry[1]] = entry[1], entry[2]
        elif name:
            texts[name] += f" {line.strip()}"
    return {name: _sentence(name, text) for name, text in texts.items()}


def _sentence(name: str, text: str) -> str:
    """A text that may begin in the name of its option, "seed: of the choice", as a sentence of its own."""
    plain = text.replace("``", "`").replace("None:", "not given:").strip()
    whole_text = f"{name.replace('_', ' ')} {plain}" if plain.startswith("of ") else plain
    return f"{whole_text[:1].upper()}{whole_text[1:]}".rstrip(".") + "."


def _default(one: "dataclasses.Field[Any]") -> Any:
    if one.default is dataclasses.MISSING:
        return ...
    return list(one.default) if isinstance(one.default, tuple) else one.default


def _kind(hint: Any) -> Any:
    """The annotation of an option as that of a key: lists for tuples, 1e5 for a whole number, no empty text."""
    if get_origin(hint) is Annotated:
        base, *limits = get_args(hint)
        return Annotated[(base, *limits, *([BeforeValidator(whole)] if base is int else []))]
    if get_origin(hint) in (types.UnionType, Union):
        return Union[tuple(_kind(one) for one in get_args(hint))]  # noqa: UP007
    if get_origin(hint) is tuple:
        return Annotated[list[_kind(get_args(hint)[0])], Field(min_length=1)]  # type: ignore[misc]
    return {int: Annotated[int, BeforeValidator(whole)], str: Text}.get(hint, hint)
