"""What a reader must know beside p and Z, in words."""

import math
from collections.abc import Mapping

from wilks.hypotheses import ShiftedNuisance
from wilks.laws.compatibility import MAX_PULL, Compatibility
from wilks.laws.empirical import Empirical
from wilks.laws.inputs import ToySummary
from wilks.laws.profiled import distances
from wilks.significance import z_score
from wilks.significance.printing import decimals, failed_toys, plain, probability
from wilks.significance.printing import toys as toys_text
from wilks.statistics.fits import FitResult

FEW_TOYS = 100
LARGE_START_GAP = 1.0
HIGH_SHARE_AT_BOUND = 0.5
NOTABLE_OVERLAP_Z_ERROR = 0.05
COUNT_SIGMAS = 5.0
FAR_IN_SIGMAS = 0.5
CLIP_POWERS, FAR_MEAN = (0.4, 1.2), 1.35  # of the mean of t in the clip, as seen up to this ratio of two means


def failed_fit(fit: FitResult) -> str:
    """Why a fit of the data that failed has no p."""
    return f"The fit of the data failed: {fit.status.message}. There is no p-value"


def fit_notices(fit: FitResult, toys: ToySummary | None) -> tuple[str, ...]:
    """Notices about the fit of the data: start gap, parameters at the bound, number of events, nuisances.

    A gap above 1 in t, more than half of the parameters at the bound, a count more than
    5 sqrt(n) outside the range of the toys, and, for a penalized model, nuisances more than
    half a sigma away from those of the toys are named.
    """
    notices = []
    if fit.start_gap > LARGE_START_GAP:
        notices.append(
            f"The best of {fit.n_starts} starts exceeds the second best by {decimals(fit.start_gap)} in t"
            f"{_median('gap', toys.median_start_gap if toys else math.nan)}: no second start confirms this minimum. "
            "p stays valid, because toys are searched alike; a longer search may find a larger t"
        )
    if fit.share_at_bound > HIGH_SHARE_AT_BOUND:
        notices.append(
            f"{100.0 * fit.share_at_bound:.0f} % of the parameters are at their bound"
            f"{_median('share', toys.median_share_at_bound if toys else math.nan)}: "
            "the weight clip shapes the learned ratio"
        )
    return (*notices, *_count_notices(fit, toys), *_distance_notices(fit, toys))


def toy_notices(null: Empirical, compatibility: Compatibility | None, toys: ToySummary | None) -> tuple[str, ...]:
    """Notices about the toys: few, failed, not tied to an analysis, from a finite pool, dof fitted."""
    notices = []
    if null.n_toys < FEW_TOYS:
        smallest = null.smallest_p_value
        notices.append(
            f"Only {toys_text(null.n_toys)}: no p below {probability(smallest)} (Z {decimals(z_score(smallest))}) "
            "can be seen"
        )
    if null.n_failed:
        notices.append(failed_toys(null.n_failed, null.n_toys).rstrip("."))
    if toys is None:
        notices.append("The values of t came without their analysis: that they belong to it could not be checked")
    else:
        notices += pool_notices(toys.overlap_z_error)
    if (
        compatibility and compatibility.is_estimated_dof and compatibility.is_compatible
    ):  # elsewhere there is no chi-square answer
        notices.append(
            "The number of degrees of freedom is the mean of these toys: their mean says nothing about the chi-square"
        )
    return tuple(notices)


def sequential_notices(toys: ToySummary, *, n_failed: int, n_toys: int) -> tuple[str, ...]:
    """Notices about toys that stop by the t of the data: failed ones, and a finite pool."""
    failed = f"{n_failed} of {toys_text(n_toys)} failed and count as reaching t; the interval covers both outcomes"
    return (*((failed,) if n_failed else ()), *pool_notices(toys.overlap_z_error))


def pool_notices(overlap_z_error: float | None) -> tuple[str, ...]:
    """The error on Z that all toys of one pool share; None: they come from no pool."""
    if overlap_z_error is None or overlap_z_error < NOTABLE_OVERLAP_Z_ERROR:
        return ()
    return (
        f"The toys were drawn from a finite pool: a common error of {decimals(overlap_z_error)} on Z, "
        "which more toys do not reduce, comes on top of the interval",
    )


def chi_square_notice(compatibility: Compatibility, *, weight_clip: float | None) -> str:
    """What toys that disagree with the chi-square mean for the answer, and what to do; a network has a weight clip.

    The mean of t follows the clip. In the problems of the documentation it grows with a power of it between 0.4 and
    1.2, so that the clip times (dof/mean)^(1/1.2) to (dof/mean)^(1/0.4) brings it to the number of parameters. Where
    both are far apart the nearer end alone is named.

    >>> from wilks.laws.compatibility import judge
    >>> import numpy as np
    >>> toys = np.random.default_rng(1).chisquare(14.3, size=400)
    >>> text = chi_square_notice(judge(toys, 13.0, n_failed=0, is_estimated_dof=False), weight_clip=9.0)
    >>> text[text.index("For one") :]
    'For one choose a smaller weight_clip, about 7.5 to 8.5 in place of 9, and check it with other toys'
    """
    first = (
        f"{compatibility.verdict} p stays valid, for it is counted among the toys, whatever they follow; there is no "
        "chi-square answer beyond their reach"
    )
    if weight_clip is None or abs(compatibility.mean_pull) < MAX_PULL:
        return first
    ratio = compatibility.degrees_of_freedom / compatibility.mean
    size, about = _better_clip(weight_clip, ratio)
    advice = f"choose a {size} weight_clip, {about} in place of {plain(weight_clip)}, and check it with other toys"
    return f"{first}. For one {advice}"


def _better_clip(clip: float, ratio: float) -> tuple[str, str]:
    """In which direction, and about how far, for a mean that must be multiplied by ``ratio``."""
    far, near = (clip * ratio ** (1.0 / power) for power in CLIP_POWERS)
    if max(ratio, 1.0 / ratio) < FAR_MEAN:
        about = f"about {min(far, near):.2g} to {max(far, near):.2g}"
    else:
        about = f"{'below' if ratio < 1.0 else 'above'} {near:.2g}"
    return "smaller" if ratio < 1.0 else "larger", about


def _count_notices(fit: FitResult, toys: ToySummary | None) -> tuple[str, ...]:
    low, high = toys.n_events_range if toys else (0, 0)
    margin = COUNT_SIGMAS * math.sqrt(high)
    if high == 0 or low - margin <= fit.n_events <= high + margin:
        return ()
    return (
        f"The data hold {fit.n_events} events, the toys {low} to {high}: the count alone makes t large; "
        "check the expected number of events",
    )


def _distance_notices(fit: FitResult, toys: ToySummary | None) -> tuple[str, ...]:
    """Toys of a penalized t at other nuisances than the data have."""
    if toys is None or not toys.is_penalized or not fit.nuisances:
        return ()
    at: Mapping[str, float] = toys.hypothesis.nuisances if isinstance(toys.hypothesis, ShiftedNuisance) else {}
    far = [(name, x) for name, x in distances(fit, at).items() if abs(x) > FAR_IN_SIGMAS]
    if not far:
        return ()
    values = ", ".join(f"{one.name!r}: {one.value:.3g}" for one in fit.delta_nuisances)
    where = ", ".join(f"{x:+.1f} sigma in {name}" for name, x in far)
    return (
        f"The data lie {where} from the nuisances of the toys, and t of this model depends on them; run toys of "
        f"ShiftedNuisance({{{values}}})",
    )


def _median(what: str, value: float) -> str:
    return "" if math.isnan(value) else f" (median {what} of the toys {decimals(value)})"
