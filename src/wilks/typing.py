"""Words shared by all rooms: array types, numbers that came from outside, and the status of a fit.

Axis names used in docstrings: ``n`` events, ``d`` features, ``p`` parameters of the model,
``s`` starts, ``k`` toys.
"""

import dataclasses
from enum import IntEnum
from typing import Annotated, Any, TypeGuard, get_type_hints

import numpy as np
import numpy.typing as npt
from annotated_types import Ge, Gt, Lt

from wilks.errors import InputError

ComplexArray = npt.NDArray[np.complex128]
FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]
# Kinds of options; analysis files have the same limits.
Count = Annotated[int, Ge(1)]
Seed = Annotated[int, Ge(0), Lt(2**64)]
Positive = Annotated[float, Gt(0)]
_Number = int | float | np.integer[Any] | np.floating[Any]


class FitStatus(IntEnum):
    """How a fit ended. The codes are written to files: they never change their meaning.

    >>> FitStatus.NOT_CONVERGED.is_failure, FitStatus.CONVERGED.is_failure
    (True, False)
    """

    CONVERGED = 0
    NOT_CONVERGED = 1
    NON_FINITE = 2
    NOT_DRAWN = 3
    DELTA_NOT_CONVERGED = 4

    @property
    def is_failure(self) -> bool:
        """Whether the fit has no valid t (its ``t`` is then NaN)."""
        return self is not FitStatus.CONVERGED

    @property
    def message(self) -> str:
        """One sentence for a person."""
        return _MESSAGES[self]


_MESSAGES = {
    FitStatus.CONVERGED: "the fit reached a certified minimum",
    FitStatus.NOT_CONVERGED: (
        "the best start did not meet the tolerance within its budget; give the search more iterations or starts"
    ),
    FitStatus.NON_FINITE: "the loss was not finite at every start; look for extreme feature values or weights",
    FitStatus.DELTA_NOT_CONVERGED: (
        "the fit of the nuisances alone met no tolerance; look for a response that bends within a few sigma"
    ),
    FitStatus.NOT_DRAWN: "the toy could not be drawn: the generator raised an error or returned unusable events",
}


def is_number(value: object) -> TypeGuard[_Number]:
    """Whether ``value`` is one number; a bool is none."""
    return isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)


def finite_number(value: object, *, name: str) -> float:
    """``value`` as a plain float.

    Raises:
        InputError: it is no number, or not finite.

    >>> finite_number(np.float32(0.5), name="sigma")
    0.5
    """
    if is_number(value) and np.isfinite(value):
        return float(value)
    raise InputError(f"{name} must be a finite number, but {value!r} came")


def require_kind(value: object, *kinds: type, name: str) -> None:
    """Raise InputError, with the name of the argument, unless ``value`` is of one of these public classes.

    >>> require_kind([1.0], FitStatus, name="status")
    Traceback (most recent call last):
    wilks.errors.InputError: status must be a wilks.FitStatus, but a list came
    """
    if not isinstance(value, kinds):
        known = " or a ".join(f"wilks.{kind.__name__}" for kind in kinds)
        raise InputError(f"{name} must be a {known}, but a {type(value).__name__} came")


def has_masked(values: object) -> bool:
    """Whether some of ``values``, an array or lists of arrays and numbers, are masked: their numbers mean nothing.

    >>> has_masked(np.ma.masked_array([1.0, 2.0], mask=[False, True])), has_masked([1.0, np.ma.masked])
    (True, True)
    """
    if isinstance(values, np.ma.MaskedArray):
        return bool(np.ma.is_masked(values))
    return isinstance(values, list | tuple) and any(map(has_masked, values))


def plain_numbers(values: object) -> FloatArray:
    """What a function of the user returned as an array; none of it may be masked.

    Raises:
        ValueError, TypeError: it holds something else than numbers, or masked ones.
    """
    if has_masked(values):
        raise ValueError("some of them are masked")
    return np.asarray(values, dtype=np.float64)


def whole_number(value: object, *, name: str, least: int) -> int:
    """``value`` as a plain int, so that equal numbers of any type give the same toys.

    Raises:
        InputError: it is no whole number, or below ``least``.

    >>> whole_number(np.float64(3), name="seed", least=0)
    3
    """
    if is_number(value) and float(value).is_integer() and value >= least:
        return int(value)
    raise InputError(f"{name} must be a whole number of at least {least}, but {value!r} came")


def check_options(options: Any, *, called: str = "{}") -> None:
    """Make the options of a frozen dataclass plain numbers, within the limits of their annotations.

    Args:
        options: an instance, at the end of its making. `Count`, `Seed`, `Positive` and bool are looked at, also where
            None is allowed; every other option is left to the caller.
        called: how a message names the option.

    Raises:
        InputError: one is of another kind, or outside its limits.
    """
    hints = get_type_hints(type(options), include_extras=True)
    for one in dataclasses.fields(options):
        kind, value = hints[one.name], getattr(options, one.name)
        if value is None and type(None) in getattr(kind, "__args__", ()):
            continue
        kind = next((inner for inner in (Count, Seed, Positive, bool) if _is_kind(kind, inner)), None)
        if kind is not None:
            object.__setattr__(options, one.name, _checked_option(kind, value, name=called.format(one.name)))


def _is_kind(kind: Any, inner: Any) -> bool:
    return bool(kind == inner or kind == inner | None)


def _checked_option(kind: Any, value: object, *, name: str) -> int | float | bool:
    if kind is bool:
        if not isinstance(value, bool):
            raise InputError(f"{name} must be True or False, but {value!r} came")
        return value
    if kind == Positive:
        if not (is_number(value) and np.isfinite(value) and value > 0):
            raise InputError(f"{name} must be a positive number, but {value!r} came")
        return float(value)
    number = whole_number(value, name=name, least=1 if kind == Count else 0)
    if kind == Seed and number >= 2**64:
        raise InputError(f"{name} must be below 2**64, but {number} came")
    return number
