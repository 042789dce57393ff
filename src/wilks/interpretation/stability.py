"""How stable a region is: its overlap with those of other fits, and how often each event lies in one."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from wilks.interpretation.gains import LocalGains, gains_of
from wilks.interpretation.learned import learned_by
from wilks.interpretation.refits import Refits
from wilks.interpretation.smallest import SmallestRegion, threshold_of
from wilks.samples import Sample
from wilks.typing import BoolArray, FloatArray
from wilks.wording import Printed

_OFTEN = (0.9, 0.5)


@dataclass(frozen=True, eq=False)
class Stability(Printed):
    """The region of some data beside those of refits.

    Attributes:
        region: of the data.
        refits: what it is compared with.
        overlap: with the region of each refit (k,), m(A and B)/m(A or B), m what the learned alternative expects.
        frequency: how often each data event lies in the region of a refit (n,).
        inside: which data events lie in the region (n,).
    """

    region: SmallestRegion
    refits: Refits = field(repr=False)
    overlap: FloatArray
    frequency: FloatArray
    inside: BoolArray

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; frequencies of the events in the region alone."""
        return {
            "refits": self.refits.what,
            "n_refits": self.refits.n_refits,
            "n_failed": self.refits.n_failed,
            "overlap": self.overlap.tolist(),
            "frequency_inside": self.frequency[self.inside].tolist(),
        }

    def __str__(self) -> str:
        if not self.overlap.size:
            return f"Stability of the region: {self.refits.text}, none of which says anything"
        low, middle, high = np.quantile(self.overlap, [0.16, 0.5, 0.84])
        often = ", ".join(
            f"{np.sum(self.frequency[self.inside] >= level)} in {level:.0%} of them or more" for level in _OFTEN
        )
        return (
            f"Stability of the region, by {self.refits.text}: overlap {middle:.2f} in the median, {low:.2f} to "
            f"{high:.2f} in 68 %.\nOf its {np.sum(self.inside):,} data events lie {often}."
        )


def region_stability(region: SmallestRegion, data: Sample | npt.ArrayLike, *, refits: Refits) -> Stability:
    """The smallest region of the same share of t, in each refit, beside that of the data.

    A refit that found nothing has no region: its overlap is 0.

    Args:
        region: of the data.
        data: those that were fitted.
        refits: `bootstrap_fits` or `reseeded_fits` of them.

    >>> import wilks
    >>> rng = np.random.default_rng(1)
    >>> analysis = wilks.Analysis(reference=rng.exponential(size=2_000), expected_events=100,
    ...                           model=wilks.Histogram(n_bins=4))
    >>> data = np.append(rng.exponential(size=100), np.full(50, 3.0))
    >>> fit = wilks.fit(analysis, data)
    >>> refits = wilks.interpretation.bootstrap_fits(analysis, data, fit=fit, n_refits=20)
    >>> found = region_stability(wilks.interpretation.smallest_region(analysis, data, fit=fit), data, refits=refits)
    >>> found.overlap.shape, round(float(found.frequency[-1]), 2)
    ((20,), 1.0)
    """
    analysis = region.gains.learned.analysis
    sample = analysis.checked(data)
    own, mass = region.holds(region.gains.reference), _mass(region.gains)
    overlap, times = [], np.zeros(sample.n_events)
    learned = learned_by(analysis, sample, fits=refits.fits)
    for one, multiplicity in zip(learned, refits.multiplicity, strict=True):
        gains = gains_of(one, sample, multiplicity=multiplicity)
        if not gains.total > 0:
            overlap.append(0.0)
            continue
        threshold, _ = threshold_of(gains, share=region.share)
        other = gains.density(gains.reference) >= threshold
        overlap.append(float(np.sum(mass[own & other]) / np.sum(mass[own | other])))
        times += gains.density(gains.data) >= threshold
    return Stability(
        region, refits, np.array(overlap), times / max(1, refits.n_refits), region.holds(region.gains.data)
    )


def _mass(gains: LocalGains) -> FloatArray:
    return np.maximum(gains.weights * gains.factor(gains.reference), 0.0)
