"""What an answer says of the members of a set of kernels."""

import math
from collections.abc import Sequence
from typing import Protocol, TypeGuard, runtime_checkable

from wilks.laws.text import decimals, plain, probability_from_log, table
from wilks.significance import z_score_from_log

_LOG_LARGEST = 700.0


class Member(Protocol):
    """One kernel of a set at the end of a fit (``wilks.fitting.MemberFit``)."""

    @property
    def width(self) -> float: ...
    @property
    def ridge(self) -> float: ...
    @property
    def t(self) -> float: ...
    @property
    def log_p_value(self) -> float: ...
    def to_dict(self) -> dict[str, object]: ...


@runtime_checkable
class FitWithMembers(Protocol):
    """A fit of a set of kernels."""

    @property
    def members(self) -> Sequence[Member]: ...


def has_members(fit: object) -> TypeGuard[FitWithMembers]:
    """Whether a fit is that of a set of kernels."""
    return isinstance(fit, FitWithMembers) and len(fit.members) > 0


def members_text(fit: FitWithMembers, *, p_value: float, interval: tuple[float, float]) -> str:
    """The members with their local p-values, and the global p over the smallest of them.

    >>> from wilks.fitting import MemberFit
    >>> from types import SimpleNamespace
    >>> members = [MemberFit(0.4, 0.3, 31.0, math.log(0.004)), MemberFit(1.0, 0.3, 9.0, math.log(0.4))]
    >>> print(members_text(SimpleNamespace(members=members), p_value=0.007, interval=(0.006, 0.008)))
      width  ridge  t      local p  local Z
      0.4    0.3    31.00  0.0040   2.65
      1      0.3    9.00   0.40     0.25
    The global p is 1.75 [1.5, 2] times the smallest of 2 local p-values, width 0.4 and ridge 0.3: with min_p this is
    the trials factor. Local p-values are those of gamma laws, and approximate.
    """
    rows = [("width", "ridge", "t", "local p", "local Z"), *(_row(one) for one in fit.members)]
    return f"{table(rows)}\n{_trials(fit, p_value, interval)}Local p-values are those of gamma laws, and approximate."


def members_to_dict(fit: FitWithMembers, *, p_value: float) -> dict[str, object]:
    """For JSON; ``over_smallest_p`` is the global p over the smallest local one, None without either."""
    return {"members": [one.to_dict() for one in fit.members], "over_smallest_p": _ratio(fit, p_value)}


def _row(one: Member) -> tuple[str, ...]:
    local = probability_from_log(one.log_p_value), decimals(z_score_from_log(one.log_p_value))
    return (plain(one.width), plain(one.ridge), decimals(one.t), *local)


def _trials(fit: FitWithMembers, p_value: float, interval: tuple[float, float]) -> str:
    """The trials factor; empty where no toy reached t and the global p is only a limit."""
    ratio, (low, high) = _ratio(fit, p_value), (_ratio(fit, p) for p in interval)
    if not (ratio and low and high):
        return ""
    best = _best(fit)
    return (
        f"The global p is {ratio:.3g} [{low:.3g}, {high:.3g}] times the smallest of {len(fit.members)} local "
        f"p-values, width {plain(best.width)} and ridge {plain(best.ridge)}: with min_p this is the trials factor. "
    )


def _ratio(fit: FitWithMembers, p_value: float) -> float | None:
    """p over the smallest local p; None where there is no p, or the ratio is no float."""
    log_ratio = math.log(p_value) - _best(fit).log_p_value if p_value > 0.0 else math.nan
    return math.exp(log_ratio) if log_ratio < _LOG_LARGEST else None


def _best(fit: FitWithMembers) -> Member:
    return min(fit.members, key=lambda one: one.log_p_value)
