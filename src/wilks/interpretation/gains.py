"""What each place of the features adds to t.

With nu_D and nu_T the nuisances of Delta and of tau, g = f + log r(x; nu_T) - log r(x; nu_D) and v = w r(x; nu_D), the
part of t that comes from the events of a region A is

    c(A) = 2 { sum_{D in A} g - sum_{R in A} v (e^g - 1) },

twice the gain of the loss there. The c of regions that do not overlap add, and that of all places is t less what the
auxiliary measurements and penalties change; t of a set of kernels, -2 log of a p, is on another scale. Of n data events
for b expected, at the optimum n = b e^g, a region of one g has c = 2 [ n log(n/b) - n + b ] >= 0. Of a score statistic
the loss is expanded to second order, with g + g^2/2 in place of e^g - 1: there f was not fitted with e^f.

How much a place is expected to add for each event of the reference if the learned alternative holds is

    h(g) = 2 (g e^g - e^g + 1), expanded g^2,

0 where g is 0 and larger the farther it is from there on either side.
"""

import math
from dataclasses import dataclass

import numpy as np

from wilks.analysis import Analysis
from wilks.interpretation.learned import LearnedRatio, check_fit, learned_at
from wilks.samples import Sample
from wilks.statistics.fits import FitResult
from wilks.typing import FloatArray

_SAME_T = 0.01


@dataclass(frozen=True, eq=False)
class LocalGains:
    """g at all events that took part, and what they add to t.

    Attributes:
        learned: f at the same events.
        data: g of the data (n,).
        reference: g of the reference events (m,).
        weights: v, the reference weights at the nuisances of Delta (m,).
        multiplicity: how often each data event counts (n,): ones, but in a bootstrap.
    """

    learned: LearnedRatio
    data: FloatArray
    reference: FloatArray
    weights: FloatArray
    multiplicity: FloatArray

    @property
    def of_data(self) -> FloatArray:
        """2 g of each data event (n,), as often as it counts."""
        return 2.0 * np.where(self.multiplicity > 0, self.data, 0.0) * self.multiplicity

    @property
    def of_reference(self) -> FloatArray:
        """-2 v (e^g - 1) of each reference event (m,)."""
        g = self.reference
        return -2.0 * self.weights * (g + 0.5 * g**2 if self.learned.is_score else np.expm1(g))

    @property
    def total(self) -> float:
        """c of all places."""
        return float(np.sum(self.of_data) + np.sum(self.of_reference))

    @property
    def whole(self) -> str:
        """What `total` is, in words: t, or another number where a penalty or the combination of a set makes t."""
        return "t" if math.isclose(self.total, self.learned.t, rel_tol=_SAME_T) else "what f adds"

    def factor(self, g: FloatArray) -> FloatArray:
        """The learned alternative in units of the reference at Delta: e^g; 1 + g, not below 0, of an expansion."""
        return np.maximum(1.0 + g, 0.0) if self.learned.is_score else np.exp(g)

    def density(self, g: FloatArray) -> FloatArray:
        """h(g): what a reference event is expected to add, of any shape."""
        if self.learned.is_score:
            return g**2
        finite = np.where(np.isfinite(g), g, 0.0)
        return 2.0 * np.where(np.isfinite(g), finite * np.exp(finite) - np.expm1(finite), 1.0)

    def ratio(self, sample: Sample) -> FloatArray:
        """g of any sample (n,) that has the features of the analysis among its columns."""
        return self.learned.log_ratio(sample) + self.learned.moves(sample)


def local_gains(analysis: Analysis, data: Sample, *, fit: FitResult) -> LocalGains:
    """What each event adds to t.

    Raises:
        InputError: a fit that failed, or of another analysis or other data.
    """
    check_fit(analysis, data, fit)
    return gains_of(learned_at(analysis, data, fit=fit), data)


def gains_of(learned: LearnedRatio, data: Sample, *, multiplicity: FloatArray | None = None) -> LocalGains:
    """The same of an f that is known at these data and at the reference.

    ``multiplicity`` says how often each data event counts; None: once.
    """
    return LocalGains(
        learned=learned,
        data=learned.data + learned.moves(data),
        reference=learned.reference + learned.moves(learned.analysis.reference),
        weights=learned.delta_weights,
        multiplicity=np.ones(data.n_events) if multiplicity is None else multiplicity,
    )
