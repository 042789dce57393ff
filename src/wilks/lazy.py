"""Names of a package that are loaded from its modules when they are first asked for (PEP 562).

`import wilks` and a command of one second must not wait for libraries that they do not use.
"""

import importlib
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any

GetAttribute = Callable[[str], object]
Names = Callable[[], list[str]]


def exports(package: str, names: Mapping[str, Iterable[str]]) -> tuple[GetAttribute, Names]:
    """``__getattr__`` and ``__dir__`` of a package that offers names of its modules and lists them in ``__all__``.

    A module of the package is loaded when it is named, too.

    Args:
        package: its ``__name__``.
        names: what it offers, by the full name of the module that has it.

    >>> load, names = exports("wilks", {"wilks.typing": ["FitStatus"]})
    >>> load("FitStatus").__module__, "FitStatus" in names()
    ('wilks.typing', True)
    """
    module_of = {name: module for module, of_module in names.items() for name in of_module}

    def load(name: str) -> object:
        if name not in module_of:
            return _submodule(package, name)
        value = getattr(importlib.import_module(module_of[name]), name)
        setattr(sys.modules[package], name, value)  # the next time it is found without this function
        return value

    def all_names() -> list[str]:
        attributes = vars(sys.modules[package])
        return sorted({*(name for name in attributes if name.startswith("__")), *attributes["__all__"]})

    return load, all_names


class Module:
    """A module that is imported when something of it is first named.

    It stands where a module of this package is needed for some inputs alone, and brings libraries that take long::

        if TYPE_CHECKING:
            from wilks.nuisances import effect
        else:
            effect = lazy.Module("wilks.nuisances.effect")

    >>> Module("math").sqrt(4.0)
    2.0
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> Any:
        return getattr(importlib.import_module(self._name), name)


def _submodule(package: str, name: str) -> object:
    full_name = f"{package}.{name}"
    try:
        if not name.startswith("_"):
            return importlib.import_module(full_name)
    except ModuleNotFoundError as error:
        if error.name != full_name:  # the module is there, and something that it needs is not
            raise
    raise AttributeError(f"module {package!r} has no attribute {name!r}")
