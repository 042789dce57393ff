"""halves_test: f is learned on one half of the data, and the other half is tested with that f alone."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from wilks.analysis import Analysis
from wilks.errors import CalibrationError, InputError
from wilks.fitting import fit_events
from wilks.hypotheses import Null
from wilks.inspection import data_notices
from wilks.laws.notices import pool_notices
from wilks.parts.combined import limit_text
from wilks.parts.dividing import part_analysis, parts_of
from wilks.samples import Events, Sample
from wilks.significance import clopper_pearson, count_at_or_above, z_score
from wilks.significance.printing import decimals, finite_or_none, probability
from wilks.toys import check_drawable, draw_toy
from wilks.typing import FloatArray, require_kind, whole_number
from wilks.wording import Printed, stacked

LARGEST_LOG_RATIO = 5.0


@dataclass(frozen=True)
class HalvesAnswer(Printed):
    """p of one half of the data for an f that was learned on the other.

    Attributes:
        log_likelihood_ratio: 2 [ sum_B f(x) - sum_R w (exp f - 1) ] of the tested half B, w for half of the events.
        p_value: (j + 1)/(n + 1) for j of n toys of B with as large a ratio.
        interval: of it, Clopper-Pearson, 68 %.
        trained_t: t of the half that trained; no p belongs to it here.
        n_trained, n_tested: events of both halves.
        n_toys: of the tested half.
        warnings: what must be known of the data and of the toys.
    """

    log_likelihood_ratio: float
    p_value: float
    interval: tuple[float, float]
    trained_t: float
    n_trained: int
    n_tested: int
    n_toys: int
    warnings: tuple[str, ...] = ()
    method: str = "empirical"

    @property
    def z_score(self) -> float:
        """Of p."""
        return z_score(self.p_value)

    def __str__(self) -> str:
        low, high = self.interval
        text = (
            f"Learned on {self.n_trained:,} events, tested on {self.n_tested:,}: log-likelihood ratio "
            f"{decimals(self.log_likelihood_ratio)}, p = {probability(self.p_value)} [{probability(low)}, "
            f"{probability(high)}], Z = {decimals(self.z_score)}, among {self.n_toys:,} toys of the tested half"
            f"{limit_text(self.p_value, self.n_toys)}."
        )
        return stacked(text, *(f"Warning: {one}." for one in self.warnings))

    def to_dict(self) -> dict[str, Any]:
        """All figures, ready for JSON."""
        lists = {"interval": list(self.interval), "warnings": list(self.warnings)}
        return {**vars(self), **lists, "z_score": finite_or_none(self.z_score)}


@dataclass(frozen=True, eq=False)
class FixedRatio:
    """f as it was learned on one half, held, within [-5, 5]: an empty bin or a lonely kernel must not decide alone.

    Any f that another half chose makes a valid test of this one, whatever it was chosen by.

    Attributes:
        half: the analysis of one half.
        params: of the fit.
    """

    half: Analysis
    params: FloatArray

    def __call__(self, events: FloatArray) -> FloatArray:
        """f at raw events (n, d)."""
        values = self.half.log_ratio(events, self.params)
        return np.clip(np.nan_to_num(values, nan=0.0), -LARGEST_LOG_RATIO, LARGEST_LOG_RATIO)

    @property
    def expected(self) -> float:
        """sum_R w (exp f - 1): by how many events the half would be larger."""
        reference = self.half.reference
        return float(reference.event_weights @ np.expm1(self(reference.events[:])))


def halves_test(
    analysis: Analysis,
    data: Sample | Events,
    *,
    n_toys: int = 1_000,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> HalvesAnswer:
    """Learn f on one half of the data, and test the other half with the likelihood ratio at this f.

    Two simple hypotheses, R_0 and exp(f) R_0, of which neither has a free parameter: the null of their ratio needs toys
    of the tested half, but no fit of any of them. It is exact for any f that did not see this half: model, clip and
    width may be chosen by what they find in the first half, as often as one likes. It does not depend on the
    fluctuations of the reference either, which f alone has seen.

    Args:
        analysis: without nuisances, with a source of toys.
        data: raw events, as for `fit`.
        n_toys: of the tested half.
        seed: of the division and of the toys.
        progress: called with the number of finished toys and ``n_toys``.

    Raises:
        InputError: nuisances, whose values the tested half would have to share; toys that cannot be drawn.
        CalibrationError: the fit of the first half failed.

    >>> import wilks
    >>> from wilks.problems import exponential
    >>> analysis = wilks.Analysis(reference=exponential.reference(20_000), model=wilks.Histogram(n_bins=10),
    ...                           toy_source=exponential.BACKGROUND)
    >>> found = halves_test(analysis, exponential.data(exponential.NP2, seed=1), n_toys=199)
    >>> found.n_trained, found.n_tested, found.p_value
    (1051, 1083, 0.015)
    """
    require_kind(analysis, Analysis, name="analysis")
    analysis.require_one_region("halves_test")
    sample = analysis.checked(data)
    n_toys, seed = whole_number(n_toys, name="n_toys", least=1), whole_number(seed, name="seed", least=0)
    require_no_nuisances(analysis)
    half = part_analysis(analysis, 2)
    check_drawable(half, Null())
    trained, tested = parts_of(sample.events, n_parts=2, seed=seed)
    fit = fit_events(half, trained)
    if not fit.converged:
        raise CalibrationError(f"f must be learned on the first half, but its fit failed: {fit.status.message}")
    ratio = FixedRatio(half, fit.params)
    sums = np.empty(n_toys)
    for index in range(n_toys):
        sums[index] = np.sum(ratio(draw_toy(half, Null(), seed=seed, index=index)))
        if progress is not None:
            progress(index + 1, n_toys)
    observed = float(np.sum(ratio(tested)))
    count = count_at_or_above(sums, observed)
    return HalvesAnswer(
        log_likelihood_ratio=2.0 * (observed - ratio.expected),
        p_value=(count + 1) / (n_toys + 1),
        interval=clopper_pearson(count, n_toys),
        trained_t=fit.t,
        n_trained=len(trained),
        n_tested=len(tested),
        n_toys=n_toys,
        warnings=(*data_notices(analysis, sample), *pool_notices(half.overlap_z_error)),
    )


def require_no_nuisances(analysis: Analysis) -> None:
    """Raise InputError for an analysis with nuisances."""
    if analysis.nuisances:
        raise InputError(
            "one half is tested with an f that is held, and at known nuisances, but the analysis has "
            f"{', '.join(analysis.nuisances.names)}; use parts_test, whose parts profile them"
        )
