"""What an answer says of the members of a set of kernels."""

import math
from collections.abc import Sequence

from wilks.significance import z_score_from_log
from wilks.significance.printing import decimals, plain, probability_from_log
from wilks.statistics.fits import MemberFit
from wilks.wording import stacked, table

_LOG_LARGEST = 700.0


def members_text(members: Sequence[MemberFit], *, p_value: float, interval: tuple[float, float]) -> str:
    """The members with their local p-values, and the global p over the smallest of them.

    >>> members = [MemberFit(0.4, 0.3, 31.0, math.log(0.004)), MemberFit(1.0, 0.3, 9.0, math.log(0.4))]
    >>> print(members_text(members, p_value=0.007, interval=(0.006, 0.008)))
      member     ridge  t      local p  local Z
      width 0.4  0.3    31.00  0.0040   2.65
      width 1    0.3    9.00   0.40     0.25
    The global p is 1.75 [1.5, 2] times the smallest of 2 local p-values, width 0.4 and ridge 0.3: what it costs to look
    at all of them. Local p-values are those of gamma laws, and approximate.
    """
    return stacked(
        table(map(_row, members), header=("member", "ridge", "t", "local p", "local Z")),
        f"{_trials(members, p_value, interval)}Local p-values are those of gamma laws, and approximate.",
    )


def members_to_dict(members: Sequence[MemberFit], *, p_value: float) -> dict[str, object]:
    """For JSON; ``over_smallest_p`` is the global p over the smallest local one, None without either."""
    return {"members": [one.to_dict() for one in members], "over_smallest_p": _ratio(members, p_value)}


def _row(one: MemberFit) -> tuple[str, ...]:
    local = probability_from_log(one.log_p_value), decimals(z_score_from_log(one.log_p_value))
    return (one.name, plain(one.ridge), decimals(one.t), *local)


def _trials(members: Sequence[MemberFit], p_value: float, interval: tuple[float, float]) -> str:
    """The global p over the smallest local one; empty where no toy reached t and the global p is only a limit."""
    ratio, (low, high) = _ratio(members, p_value), (_ratio(members, p) for p in interval)
    if not (ratio and low and high):
        return ""
    best = _best(members)
    return (
        f"The global p is {ratio:.3g} [{low:.3g}, {high:.3g}] times the smallest of {len(members)} local "
        f"p-values, {best.name} and ridge {plain(best.ridge)}: what it costs to look at all of them. "
    )


def _ratio(members: Sequence[MemberFit], p_value: float) -> float | None:
    """p over the smallest local p; None where there is no p, or the ratio is no float."""
    log_ratio = math.log(p_value) - _best(members).log_p_value if p_value > 0.0 else math.nan
    return math.exp(log_ratio) if log_ratio < _LOG_LARGEST else None


def _best(members: Sequence[MemberFit]) -> MemberFit:
    return min(members, key=lambda one: one.log_p_value)
