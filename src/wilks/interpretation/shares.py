"""What each region of a joint fit has to do with its t."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from wilks.analysis import Analysis
from wilks.errors import InputError
from wilks.interpretation.gains import gains_of
from wilks.interpretation.learned import learned_at
from wilks.samples import Events, Sample
from wilks.statistics.fits import FitResult


@dataclass(frozen=True)
class RegionShare:
    """One region of a joint fit.

    Attributes:
        name: of the region.
        n_observed: its data events.
        n_expected: those that its reference expects at the nuisances of Delta.
        gain: its part of t, 2 (L_k[0, nu of Delta] - L_k[f_k, nu of tau]), the c of all its places
            (`wilks.interpretation.gains`), without the auxiliary measurements, which belong to no region, and without
            penalties; negative where the joint fit gives up something here.
    """

    name: str
    n_observed: int
    n_expected: float
    gain: float

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return dict(vars(self))


def region_shares(analysis: Analysis, data: Sample | Events, *, fit: FitResult) -> tuple[RegionShare, ...]:
    """What each region adds to t of a joint fit.

    The gains of histograms, networks and converged kernels sum to t less what the auxiliary measurements and penalties
    change between Delta and tau; those of score statistics by their expanded loss.

    Args:
        analysis: of several regions.
        data: as for `fit`.
        fit: of these data.

    Raises:
        InputError: an analysis of one region.

    >>> import wilks
    >>> rng = np.random.default_rng(1)
    >>> parts = [Analysis(name=name, reference=rng.exponential(size=2_000), expected_events=100,
    ...                   model=wilks.Histogram(n_bins=4)) for name in ("a", "b")]
    >>> both, data = parts[0] + parts[1], [rng.exponential(size=120), rng.exponential(size=100)]
    >>> found = region_shares(both, data, fit=wilks.fit(both, data))
    >>> [one.n_observed for one in found], round(sum(one.gain for one in found) - wilks.fit(both, data).t, 9)
    ([120, 100], 0.0)
    """
    if not analysis.regions:
        raise InputError("the shares of regions belong to a joint fit, but this analysis has one region")
    return tuple(_shares(analysis, analysis.checked(data), fit))


def _shares(analysis: Analysis, sample: Sample, fit: FitResult) -> Iterator[RegionShare]:
    given, fits = analysis.split(sample), analysis.region_fits(fit, data=sample)
    for name, one in analysis.regions.items():
        own = given.get(name, Sample(np.empty((0, len(one.features))), features=one.features))
        gains = gains_of(learned_at(one, own, fit=fits[name]), own)
        yield RegionShare(name, own.n_events, float(np.sum(gains.weights)), gains.total)
