"""What an answer says of the region that a scan found: its local p, and the global p over it."""

import math

from wilks.significance.printing import decimals, plain, probability_from_log
from wilks.statistics.found import FoundRegion
from wilks.wording import stacked, table

_LOG_LARGEST = 700.0


def found_text(one: FoundRegion, *, p_value: float, interval: tuple[float, float]) -> str:
    """The region with its counts and its local p, and what it costs to look at all of them.

    >>> region = FoundRegion(("x",), (2.0,), (3.0,), "2 <= x < 3", 8, 3.0, n_regions=210, n_bins=2)
    >>> print(found_text(region, p_value=0.25, interval=(0.2, 0.3)))
      region      observed  expected  local p  local Z
      2 <= x < 3  8         3         0.012    2.26
    The global p is 21 [16.8, 25.2] times the local p of this region, the best of 210: what it costs to look at all of
    them. The local p is that of a Poisson count.
    """
    local = probability_from_log(one.log_p_value), decimals(one.z_score)
    row = (one.where, f"{one.n_observed:,}", plain(one.n_expected), *local)
    ratios = [ratio for p in (p_value, *interval) if (ratio := over_local(one, p)) is not None]
    text = "The local p is that of a Poisson count."
    if len(ratios) == 3:
        trials = f"{ratios[0]:.3g} [{ratios[1]:.3g}, {ratios[2]:.3g}]"
        text = (
            f"The global p is {trials} times the local p of this region, the best of {one.n_regions:,}: what it costs "
            f"to look at all of\nthem. {text}"
        )
    return stacked(table([row], header=("region", "observed", "expected", "local p", "local Z")), text)


def over_local(one: FoundRegion, p_value: float) -> float | None:
    """The trials factor, p over the local one; None where there is no p, or the ratio is no float."""
    log_ratio = math.log(p_value) - one.log_p_value if p_value > 0.0 else math.nan
    return math.exp(log_ratio) if log_ratio < _LOG_LARGEST else None


def found_to_dict(one: FoundRegion, *, p_value: float) -> dict[str, object]:
    """For JSON."""
    return {"regions": [one.to_dict()], "over_local_p": over_local(one, p_value)}
