"""How numbers are printed."""

import math
from collections.abc import Mapping
from typing import Any

from wilks.significance import z_score, z_score_from_log
from wilks.significance.text import probability, probability_from_log

__all__ = [
    "decimals",
    "failed_toys",
    "finite_or_none",
    "plain",
    "probability",
    "probability_from_log",
    "toys",
    "z_interval",
    "z_interval_from_log",
    "z_of_plain",
]


def decimals(value: float) -> str:
    """Format a Z, a t or a mean with two decimals.

    >>> decimals(2.8137), decimals(float("inf"))
    ('2.81', 'inf')
    """
    return f"{value:.2f}"


def plain(value: float) -> str:
    """Format a number without needless digits.

    >>> plain(13.0), plain(12.8471)
    ('13', '12.85')
    """
    return f"{value:.4g}"


def z_interval(p_low: float, p_high: float) -> tuple[float, float]:
    """Turn an interval of p into the interval of Z, in ascending order."""
    return z_score(p_high), z_score(p_low)


def z_interval_from_log(log_low: float, log_high: float) -> tuple[float, float]:
    """The same from the natural logarithms of the ends, where p may underflow.

    >>> [round(z, 3) for z in z_interval_from_log(-5001.0, -5000.0)]
    [99.945, 99.955]
    """
    return z_score_from_log(log_high), z_score_from_log(log_low)


def toys(n: int) -> str:
    """Say how many toys.

    >>> toys(1), toys(400)
    ('1 toy', '400 toys')
    """
    return f"{n} toy" if n == 1 else f"{n} toys"


def failed_toys(n_failed: int, n_toys: int) -> str:
    """Say how many toys failed, and what that means for the interval."""
    return f"{n_failed} of {toys(n_toys)} failed; the interval covers both outcomes."


def finite_or_none(value: float) -> float | None:
    """NaN and infinities have no place in JSON: they become None."""
    return value if math.isfinite(value) else None


def z_of_plain(values: Mapping[str, Any]) -> float | None:
    """Z of what went through `finite_or_none`: minus infinity where p is 1, None where there is no p.

    >>> z_of_plain({"p_value": 1.0, "z_score": None}), z_of_plain({"p_value": None, "z_score": None})
    (-inf, None)
    """
    z: float | None = values["z_score"]
    return -math.inf if z is None and values["p_value"] == 1.0 else z
