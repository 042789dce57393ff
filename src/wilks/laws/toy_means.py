"""Is the source of toys what the reference describes? The mean of a score statistic says so.

The reference alone, with nothing of a pool, gives E q = tr V over data and references of this size
(`wilks.statistics.linear.score_law`), without any toy. Toys of the same nature have this mean but for the error of the
mean of n of them, and for what they have in common: this one reference moves E q by about N(R_0)/N_R of the standard
deviation of q, a finite pool by what it moves Z. These are chi-squares of few degrees of freedom rather than normal, so
that ten of them are allowed. Toys of something else (another unit, another selection, another sample) lie off m, and
their mean is larger.
"""

import math
from collections.abc import Iterator

import numpy as np

from wilks.analysis import Analysis
from wilks.hypotheses import Null, ShiftedNuisance
from wilks.laws.empirical import Empirical
from wilks.laws.inputs import ToySummary
from wilks.significance.printing import decimals
from wilks.statistics.analytic import AnalyticLaw

OWN_ERRORS, COMMON_ERRORS = 5.0, 10.0
NOTABLE_EXCESS, NOTABLE_PROFILED_EXCESS = 0.1, 0.25


def toy_mean_notices(analysis: Analysis, null: Empirical, toys: ToySummary | None) -> Iterator[str]:
    """A notice where toys of a score statistic have a mean that the reference does not explain.

    It comes where the mean of the toys exceeds the analytic one by more than 5 errors of its own and 10 of what all
    toys have in common, and by more than 10 %; with nuisances 25 %, as the analytic one is of first order in them. A
    mean that is too small is not looked at: Gaussians on lonely events of the reference make the analytic one too
    large. Nothing for other statistics, for toys of unknown origin, and for a fixed number of events with nuisances.
    """
    expected = None if toys is None else _expected(analysis, toys.hypothesis)
    if toys is None or expected is None:
        return
    mean, variance = expected
    found, spread = float(np.mean(null.t)), max(float(np.var(null.t)), variance)
    common = math.hypot(analysis.reference_share, toys.overlap_z_error or 0.0) * math.sqrt(variance)
    allowed = OWN_ERRORS * math.sqrt(spread / null.t.size) + COMMON_ERRORS * common
    if _is_far(analysis, found - mean, allowed=allowed, mean=mean):
        yield _text(f"The toys have a mean t of {decimals(found)}", analysis, mean=mean)


def pool_mean_notices(analysis: Analysis, law: AnalyticLaw) -> Iterator[str]:
    """The same for an analytic null without nuisances in which a pool speaks for nature: no toys, but the same pool."""
    if law.figures.known_share == 0.0 or analysis.nuisances:
        return
    expected = _expected(analysis, Null())
    if expected is None:
        return
    (mean, variance), found = expected, law.figures.mean
    allowed = COMMON_ERRORS * analysis.reference_share * math.sqrt(variance)
    if _is_far(analysis, found - mean, allowed=allowed, mean=mean):
        yield _text(f"With the pool of toys, the mean of t under the null is {decimals(found)}", analysis, mean=mean)


def _is_far(analysis: Analysis, excess: float, *, allowed: float, mean: float) -> bool:
    notable = NOTABLE_PROFILED_EXCESS if analysis.nuisances else NOTABLE_EXCESS
    return excess > max(allowed, notable * mean)


def _text(what: str, analysis: Analysis, *, mean: float) -> str:
    place = " at the nuisances of these toys" if analysis.nuisances else ""
    return (
        f"{what}, where the reference by itself gives {decimals(mean)}{place}: toys are not drawn from what the "
        "reference describes, and p is of no use; compare the source of toys with the reference, feature by feature: "
        "units, selection, which sample it is"
    )


def _expected(analysis: Analysis, hypothesis: object) -> tuple[float, float] | None:
    """Mean and variance of t over data and references, by the reference alone; None where they are not known."""
    is_known = analysis.model.has_law(is_profiled=bool(analysis.nuisances))  # else no engine is made for this
    if not (is_known and isinstance(hypothesis, Null | ShiftedNuisance)):
        return None
    n_events = hypothesis.n_events if isinstance(hypothesis, Null) else None
    nuisances = analysis.nuisances
    z = nuisances.values(hypothesis.nuisances) / nuisances.sigmas
    return analysis.model.null_moments(analysis.engine, z=z, n_events=n_events)
