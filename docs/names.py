"""Writes the list of all public names at the end of `api.md`: ``python docs/names.py`` after a change.

Public are the names in `__all__` of `wilks` and of its rooms but `cli` and `optimize`, which are those of the command
and of the fits. A test compares: a page that has gone stale fails it.
"""

import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import wilks

PAGE = Path(__file__).parent / "api.md"
MARK = "<!-- everything below is written by docs/names.py from the package -->\n"
INSIDE = {"cli", "optimize"}


def page(current: str) -> str:
    """The page with its list made anew; what stands above the mark stays."""
    return current.partition(MARK)[0] + MARK + "\n".join(_lines())


def rooms() -> Iterator[ModuleType]:
    """`wilks` and the packages in it that say what is public."""
    yield wilks
    for found in pkgutil.walk_packages(wilks.__path__, "wilks."):
        if found.ispkg and found.name.split(".")[1] not in INSIDE:
            module = importlib.import_module(found.name)
            if hasattr(module, "__all__"):
                yield module


def _lines() -> Iterator[str]:
    yield "\n## All names\n\nEach with the beginning of what `help(...)` says of it.\n"
    for room in rooms():
        yield f"\n### `{room.__name__}`\n\n| name | is |\n|---|---|"
        yield from (f"| `{name}` | {_summary(getattr(room, name))} |" for name in sorted(room.__all__))
    yield ""


def _summary(thing: object) -> str:
    """The first sentence of a docstring of its own; nothing for values."""
    text = inspect.getdoc(thing) if callable(thing) or isinstance(thing, ModuleType) else None
    if not text or (inspect.isclass(thing) and text == inspect.getdoc(thing.__bases__[0])):
        return ""
    first = re.split(r"(?<=[.:;])\s", " ".join(text.partition("\n\n")[0].split()), maxsplit=1)[0].rstrip(":;.")
    if "`" in first:
        return first.replace("``", "`").replace("|", r"\|")
    return re.sub(r"([\\|*_<\[$])", r"\\\1", first)


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
