"""A fit as JSON, exact to the last bit."""

import math
from dataclasses import fields
from typing import Any

import numpy as np

from wilks.fitting import Attempt, FitResult
from wilks.fitting.result import FittedNuisance, MemberFit
from wilks.typing import FitStatus

_ARRAYS = ("params", "start_t")
_ROWS = {"nuisances": FittedNuisance, "delta_nuisances": FittedNuisance, "members": MemberFit}


def fit_to_dict(fit: FitResult) -> dict[str, Any]:
    """All fields; NaN becomes None."""
    return {field.name: _plain(getattr(fit, field.name)) for field in fields(fit)}


def fit_from_dict(content: dict[str, Any]) -> FitResult:
    """The inverse of `fit_to_dict`. Raises TypeError or ValueError for other content."""
    values = {name: _restored(name, value) for name, value in content.items()}
    return FitResult(**values)


def _plain(value: object) -> object:
    if isinstance(value, np.ndarray):
        return [_plain(item) for item in value.tolist()]
    if isinstance(value, FitStatus):
        return int(value)
    if isinstance(value, FittedNuisance | MemberFit):
        return value.to_dict()
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value


def _restored(name: str, value: Any) -> Any:
    if name in _ARRAYS:
        return np.array([math.nan if item is None else item for item in value], dtype=np.float64)
    if name == "status":
        return FitStatus(value)
    if name == "attempts":
        return tuple(Attempt(FitStatus(status), _restored("t", t)) for status, t in value)
    if name in _ROWS:
        return tuple(_ROWS[name](**{key: _restored(key, item) for key, item in one.items()}) for one in value)
    if isinstance(value, list):
        return tuple(value)
    return math.nan if value is None else value
