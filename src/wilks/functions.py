"""Functions of the user, named so that another process can find them."""

import importlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from wilks.errors import InputError


@dataclass(frozen=True)
class NamedFunction:
    """A function with its name ``module:name``, by which other processes import it.

    Args:
        function: the name, or the function itself. A lambda, a nested function or one of the main script works in this
            process only.
        role: what the function is, for messages: "the generator", "the transform of 'scale'".

    Raises:
        InputError: the text is not ``module:name``, no such function can be imported, or it is no function.

    >>> NamedFunction("math:exp", role="the formula").call(0.0)
    1.0
    """

    function: str | Callable[..., Any]
    role: str = field(default="the function", compare=False)
    call: Callable[..., Any] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        found = import_function(self.function, role=self.role) if isinstance(self.function, str) else self.function
        if not callable(found):
            raise InputError(f"{self.role} must be a function or 'module:name', but {self.function!r} came")
        object.__setattr__(self, "call", found)

    @property
    def name(self) -> str:
        """``module:name`` of the function."""
        if isinstance(self.function, str):
            return self.function
        return f"{self.function.__module__}:{getattr(self.function, '__qualname__', repr(self.function))}"

    @property
    def is_portable(self) -> bool:
        """Whether another process can import the function by its name."""
        if isinstance(self.function, str):
            return not self.function.startswith("__main__:")
        if self.function.__module__ == "__main__":
            return False
        try:
            return import_function(self.name, role=self.role) is self.function
        except InputError:
            return False

    def mark(self) -> dict[str, Any]:
        """What tells this function from others: its name, and for one of this process alone its identity."""
        # Two lambdas of one module have one name; what depends on them is never stored, so that any mark will do.
        return {"function": self.name} if self.is_portable else {"function": self.name, "local": id(self.function)}


def import_function(name: str, *, role: str) -> Callable[..., Any]:
    """The function called ``module:name``.

    Raises:
        InputError: the name has another form, or stands for nothing that can be called.
    """
    module_name, _, function_name = name.partition(":")
    if not module_name or not function_name:
        raise InputError(f"{role} must be named 'module:function', but {name!r} came")
    try:
        function: Any = importlib.import_module(module_name)
        for part in function_name.split("."):
            function = getattr(function, part)
    except Exception as error:  # a module of the user may raise anything while it is imported
        raise InputError(
            f"{role} {name!r} must be importable, but {type(error).__name__}: {error}; "
            "check the name, and that the module lies on the Python path of every process (PYTHONPATH, or an installed "
            "package)"
        ) from error
    if not callable(function):
        raise InputError(f"{role} {name!r} must be a function, but it is a {type(function).__name__}")
    result: Callable[..., Any] = function
    return result
