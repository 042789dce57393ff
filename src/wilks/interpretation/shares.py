"""What each region of a joint fit has to do with its t."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from wilks.analysis import Analysis
from wilks.errors import InputError
from wilks.interpretation.learned import values_of
from wilks.samples import Events, Sample
from wilks.statistics.fits import FitResult


@dataclass(frozen=True)
class RegionShare:
    """One region of a joint fit.

    Attributes:
        name: of the region.
        n_observed: its data events.
        n_expected: those that its reference expects at the nuisances of Delta.
        gain: its part of t, 2 (L_k[0, nu of Delta] - L_k[f_k, nu of tau]), without the auxiliary measurements, which
            belong to no region, and without penalties; negative where the joint fit gives up something here.
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
    change between Delta and tau. The f of a score statistic is a first step, whose gain may be anything.

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
    given, fits = analysis.split(sample), analysis.region_fits(fit)
    for name, one in analysis.regions.items():
        own = given.get(name, Sample(np.empty((0, len(one.features))), features=one.features))
        at_tau, at_delta = values_of(fits[name].nuisances), values_of(fits[name].delta_nuisances)
        n_expected = float(np.sum(one.moved_weights(at_delta)))
        before = n_expected - _log_r(one, own, at_delta)
        f = one.log_ratio(one.reference.events[:], fits[name].params)
        of_data = float(np.sum(one.log_ratio(own.events, fits[name].params)))
        after = float(np.sum(one.moved_weights(at_tau) * np.exp(f))) - of_data - _log_r(one, own, at_tau)
        yield RegionShare(name, own.n_events, n_expected, 2.0 * (before - after))


def _log_r(analysis: Analysis, sample: Sample, nu: Mapping[str, float]) -> float:
    """sum_D log r."""
    return float(np.sum(analysis.nuisances.log_ratio(sample.events, nu))) if nu and sample.n_events else 0.0
