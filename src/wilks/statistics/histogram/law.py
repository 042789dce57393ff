"""The null law of t of a histogram without nuisances: counts in bins, whatever their number."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from wilks.errors import CalibrationError
from wilks.significance import chi2_isf, chi2_log_sf, p_value, z_score_from_log
from wilks.significance.printing import decimals, probability_from_log
from wilks.statistics.analytic import CONFIRMED_Z, LOG_LEAST, AnalyticCurve, AnalyticLaw, LawFigures
from wilks.statistics.fits import FitResult
from wilks.statistics.histogram.alike import GivenSum
from wilks.statistics.histogram.contents import Contents
from wilks.statistics.histogram.count_sums import CountSum, Tail
from wilks.statistics.histogram.nature import Nature
from wilks.statistics.histogram.splitting import ENOUGH
from wilks.statistics.histogram.words import LAW_WORDS
from wilks.statistics.law import Probability, Refusal
from wilks.statistics.words import LawWords
from wilks.typing import FloatArray

_N_POINTS, _FIRST_P, _LAST_Z, _BEYOND = 9, 0.999, 4.5, 1.3  # of a curve


@dataclass(frozen=True, eq=False)
class HistogramLaw(AnalyticLaw):
    """t = sum_k g_k(n_k) of counts n_k whose expected values are known as far as reference and pool tell (`CountSum`).

    p is computed to 0.2 % of itself, 0.5 % for a few bins, whatever the counts, and however small it is; the interval
    is what the computation may be off. Where a few counts make t, values of t closer to the observed one than some
    thousandths count as equal to it. What is said of nature is exact for equal weights in bins that the reference cut;
    weighted events enter as effective numbers.

    Args:
        expected: b of the fit, and last 0 for what lies in no bin, shape (k + 1,).
        shape, scale: of the gamma laws of the expected counts of nature there, each (k + 1,).
        total: N(R_0).
        n_events: of every data set, where that is fixed; None: Poisson counts.
        share: of the reference's own fluctuations, what a pool tells.
        least: the least effective number of events, of reference and pool, that the law of a bin rests on.
        is_open: whether the reference has negative weights, so that its effective numbers say little.
    """

    expected: FloatArray
    shape: FloatArray
    scale: FloatArray
    total: float
    n_events: int | None
    share: float
    least: float
    is_open: bool
    _known: dict[tuple[float, bool], Tail] = field(default_factory=dict, init=False, repr=False)
    kind = "histogram"
    words: ClassVar[LawWords] = LAW_WORDS

    @property
    def degrees_of_freedom(self) -> int:
        """Of the chi-square that t follows where reference and counts are large."""
        n_bins = int(np.sum(self.expected > 0))
        is_closed = self.n_events is not None and not np.any(self.shape[self.expected == 0] > 0)
        return n_bins - is_closed

    @cached_property
    def figures(self) -> LawFigures:
        mean, variance = self._sum.moments
        excess = variance / (2.0 * max(self.degrees_of_freedom, 1)) - 1.0
        return LawFigures(mean, variance, excess, self.share, 0.0, int(np.sum(self.expected > 0)))

    @cached_property
    def _sum(self) -> CountSum:
        given = GivenSum(self.total, False) if self.n_events is None else GivenSum(float(self.n_events), True)
        return CountSum(self.expected, self.shape, self.scale, given)

    def unconfirmed_log_p_value(self, t: float) -> float:
        return self._tail(t).log_p

    def gaussian_log_p_value(self, t: float) -> float:
        """log P of the chi-square that is the limit of many events in every bin and of a large reference."""
        return chi2_log_sf(t, self.degrees_of_freedom) if self.degrees_of_freedom else 0.0

    def _tail(self, t: float, *, is_rough: bool = False) -> Tail:
        if not self.degrees_of_freedom:  # one bin, and a fixed number of events in it
            return Tail(0.0, 0.0)
        if (t, is_rough) not in self._known:
            self._known[t, is_rough] = self._sum.log_tail(t, is_rough=is_rough)
        return self._known[t, is_rough]

    def is_confirmed_at(self, t: float) -> bool:
        return self.is_usable_at(t)

    def is_usable_at(self, t: float) -> bool:
        """Whether the law answers: wherever the expected counts of all bins rest on ten effective events."""
        return not (self.is_open or self.least < ENOUGH * (1.0 - 1e-9) or math.isnan(t))

    def probability(self, t: float) -> Probability | Refusal:
        if math.isnan(t):
            raise CalibrationError("a p-value needs a valid statistic, got NaN")
        if not self.is_usable_at(t):
            return Refusal(self.needs, self.shortcoming)
        log_p = self.unconfirmed_log_p_value(t)
        method = "analytic" if z_score_from_log(log_p) <= CONFIRMED_Z else "extrapolated"
        return Probability.of_log(log_p, self.log_interval(t), method=method)

    def log_interval(self, t: float) -> tuple[float, float]:
        found = self._tail(t)
        return found.log_p - found.error, min(0.0, found.log_p + found.error)

    @property
    def needs(self) -> str:
        if self.is_open:
            return "needs a reference without negative weights"
        return f"needs {ENOUGH:.0f} effective events of reference and pool in every bin"

    @property
    def shortcoming(self) -> str:
        if self.is_open:
            return "some came: effective numbers say little of such bins"
        return f"one bin rests on {self.least:.2g} effective events of reference and pool"

    def sentences(self, fit: FitResult, probability: Probability) -> tuple[str, ...]:
        dof, limit = self.degrees_of_freedom, self.gaussian_log_p_value(fit.t)
        counts = "" if self.n_events is None else f", of {self.n_events:,} events"
        return (
            f"Law of the counts in the bins{counts}: mean {decimals(self.figures.mean)}, standard deviation "
            f"{decimals(math.sqrt(self.figures.variance))}. It is the law {self.scope}. The interval is what its "
            f"computation may be off. Its limit for many events, chi-square({dof}), gives "
            f"p = {probability_from_log(limit)}.",
        )

    def curve(self, t: float) -> AnalyticCurve:
        """On a coarse grid; exact at t."""
        points = self._points(t)
        log_p = np.array([self._tail(float(one), is_rough=bool(one != t)).log_p for one in points])
        limit = np.array([self.gaussian_log_p_value(float(one)) for one in points])
        return AnalyticCurve(self.figures, points, log_p, points, limit)

    def _points(self, t: float) -> FloatArray:
        """From the bulk of the law to Z = 4.5, or beyond t; and t itself."""
        dof = max(self.degrees_of_freedom, 1)
        stretch = self.figures.mean / dof
        first, last = (stretch * chi2_isf(p, dof) for p in (_FIRST_P, p_value(_LAST_Z)))
        if math.isnan(t):
            return np.linspace(np.cbrt(first), np.cbrt(last), _N_POINTS) ** 3
        is_far = self.unconfirmed_log_p_value(t) <= LOG_LEAST
        roots = np.linspace(np.cbrt(first), np.cbrt(last if is_far else max(last, _BEYOND * t)), _N_POINTS)
        others = roots[np.abs(roots - np.cbrt(t)) > 0.5 * (roots[1] - roots[0])]
        points: FloatArray = np.unique(np.append(others**3, t))
        return points

    def facts(self, t: float) -> dict[str, object]:
        return {"null": {**self.to_dict(), "degrees_of_freedom": self.degrees_of_freedom}}

    def stored(self, t: float) -> "HistogramLaw":
        """As it is: its numbers are few."""
        return self

    def to_document(self) -> dict[str, Any]:
        names = ("expected", "shape", "scale", "total", "n_events", "share", "least", "is_open")
        return {name: getattr(self, name) for name in names}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "HistogramLaw":
        """The inverse of `to_document`."""
        return cls(**{name: value for name, value in document.items() if name != "kind"})


def histogram_law(
    contents: Contents, nature: Nature, *, total: float, n_events: int | None, is_open: bool
) -> HistogramLaw:
    """The law for what a reference puts into the bins, were nature what is known of it."""
    expected = np.append(contents.sums[:-1], 0.0)
    known = (nature.known_share, nature.least)
    return HistogramLaw(expected, nature.shape, nature.scale, total, n_events, *known, is_open)
