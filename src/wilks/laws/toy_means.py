"""Is the source of toys what the reference describes? The mean of a score statistic says so.

The reference alone, with nothing of a pool, gives E q = tr V over data and references of this size
(`wilks.laws.score`), without any toy. Toys of the same nature have this mean but for the error of the mean of n of
them, and for what they have in common: this one reference moves E q by about N(R_0)/N_R of the standard deviation of q,
a finite pool by what it moves Z. These are chi-squares of few degrees of freedom rather than normal, so that ten of
them are allowed. Toys of something else (another unit, another selection, another sample) lie off m, and their mean is
larger.
"""

import math
from collections.abc import Iterator

import numpy as np

from wilks.analysis import Analysis, effective_size
from wilks.fitting import kernel_engine_of, profiled_kernel_engine_of
from wilks.hypotheses import Null, ShiftedNuisance
from wilks.laws.empirical import Empirical
from wilks.laws.inputs import ToySummary
from wilks.laws.nature import nature_of_reference
from wilks.laws.score import ScoreNull
from wilks.laws.text import decimals
from wilks.models import Kernel

OWN_ERRORS, COMMON_ERRORS = 5.0, 10.0
NOTABLE_EXCESS, NOTABLE_PROFILED_EXCESS = 0.1, 0.25


def toy_mean_notices(analysis: Analysis, null: Empirical, toys: ToySummary | None) -> Iterator[str]:
    """A notice where toys of a score statistic have a mean that the reference does not explain.

    It comes where the mean of the toys exceeds the analytic one by more than 5 errors of its own and 10 of what all
    toys have in common, and by more than 10 %; with nuisances 25 %, as the analytic one is of first order in them. A
    mean that is too small is not looked at: Gaussians on lonely events of the reference make the analytic one too
    large. Nothing for other statistics, for toys of unknown origin, and for a fixed number of events with nuisances.
    """
    if toys is None or not _is_score(analysis):
        return
    expected = _expected(analysis, toys.hypothesis)
    if expected is None:
        return
    mean, variance = expected
    found, spread = float(np.mean(null.t)), max(float(np.var(null.t)), variance)
    common = math.hypot(_share(analysis), toys.overlap_z_error or 0.0) * math.sqrt(variance)
    allowed = OWN_ERRORS * math.sqrt(spread / null.t.size) + COMMON_ERRORS * common
    if _is_far(analysis, found - mean, allowed=allowed, mean=mean):
        yield _text(f"The toys have a mean t of {decimals(found)}", analysis, mean=mean)


def pool_mean_notices(analysis: Analysis, law: ScoreNull) -> Iterator[str]:
    """The same for an analytic null without nuisances in which a pool speaks for nature: no toys, but the same pool."""
    if law.known_share == 0.0 or analysis.nuisances:
        return
    mean, variance = _of_reference(analysis, None)
    allowed = COMMON_ERRORS * _share(analysis) * math.sqrt(variance)
    if _is_far(analysis, law.mean - mean, allowed=allowed, mean=mean):
        yield _text(f"With the pool of toys, the mean of t under the null is {decimals(law.mean)}", analysis, mean=mean)


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


def _is_score(analysis: Analysis) -> bool:
    return isinstance(analysis.model, Kernel) and analysis.model.is_score


def _share(analysis: Analysis) -> float:
    """N(R_0)/N_R."""
    return analysis.expected_events / effective_size(analysis.reference)


def _expected(analysis: Analysis, hypothesis: object) -> tuple[float, float] | None:
    """Mean and variance of q over data and references, by the reference alone; None where they are not known."""
    if not isinstance(hypothesis, Null | ShiftedNuisance):
        return None
    n_events = hypothesis.n_events if isinstance(hypothesis, Null) else None
    if not analysis.nuisances:
        return _of_reference(analysis, n_events)
    if n_events is not None:
        return None
    engine, nuisances = profiled_kernel_engine_of(analysis), analysis.nuisances
    z = nuisances.values(hypothesis.nuisances) / nuisances.sigmas
    return engine.group.moments(engine.form(z, nuisances.observed))


def _of_reference(analysis: Analysis, n_events: int | None) -> tuple[float, float]:
    """tr V + |mu|^2, and the variance in the Gaussian limit, for Poisson counts or a fixed number of events."""
    return analysis.cached(f"moments of {n_events} events", lambda: _moments(analysis, n_events))


def _moments(analysis: Analysis, n_events: int | None) -> tuple[float, float]:
    nature = nature_of_reference(analysis, kernel_engine_of(analysis))
    factor, data = 1.0, nature.second
    if n_events is not None:
        factor = n_events / analysis.expected_events
        data = factor * (nature.second - np.outer(nature.mean, nature.mean) / analysis.expected_events)
    covariance, shift = data + factor**2 * nature.unknown, (factor - 1.0) * nature.mean
    mean = float(np.trace(covariance) + shift @ shift)
    return mean, float(2.0 * np.sum(covariance**2) + 4.0 * shift @ covariance @ shift)
