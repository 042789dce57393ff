"""Two fits side by side: of two models, two seeds or two data sets."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from wilks.analysis import Analysis
from wilks.interpretation.smallest import DEFAULT_SHARE, SmallestRegion, smallest_region
from wilks.samples import Sample
from wilks.statistics.fits import FitResult
from wilks.typing import FloatArray
from wilks.wording import Printed


class Fitted(NamedTuple):
    """A fit with what it was made of."""

    analysis: Analysis
    data: Sample
    fit: FitResult


@dataclass(frozen=True, eq=False)
class FitComparison(Printed):
    """How alike two learned f are.

    Attributes:
        t: of each.
        correlation: of the two f over the reference of the first, by its weights; NaN where one of them is constant.
        difference: sqrt of the mean of (f_1 - f_2)^2 there.
        deviations: sqrt of the mean of f^2 of each.
        overlap: of the smallest regions with a share of each t: expected events in both over those in either.
        regions: these regions.
    """

    t: tuple[float, float]
    correlation: float
    difference: float
    deviations: tuple[float, float]
    overlap: float
    regions: tuple[SmallestRegion, SmallestRegion]

    @property
    def t_difference(self) -> float:
        """t of the first less t of the second; statistics of different models are not one scale."""
        return self.t[0] - self.t[1]

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; NaN becomes None."""
        correlation = self.correlation if np.isfinite(self.correlation) else None
        return {
            "t": list(self.t),
            "correlation": correlation,
            "difference": self.difference,
            "deviations": list(self.deviations),
            "overlap": self.overlap,
            "regions": [one.to_dict() for one in self.regions],
        }

    def __str__(self) -> str:
        first, second = self.regions
        return (
            f"t {self.t[0]:.4g} and {self.t[1]:.4g}, difference {self.t_difference:.4g}\n"
            f"f under the reference: correlation {self.correlation:.3f}, r.m.s. {self.deviations[0]:.3g} and "
            f"{self.deviations[1]:.3g}, of their difference {self.difference:.3g}\n"
            f"smallest regions with {first.share:.0%} of t: overlap {self.overlap:.2f}\n"
            f"  first   {first.rule.text}\n  second  {second.rule.text}"
        )


def compare_fits(
    first: tuple[Analysis, Sample, FitResult],
    second: tuple[Analysis, Sample, FitResult],
    *,
    share: float = DEFAULT_SHARE,
) -> FitComparison:
    """Two learned f on the events of the first reference, and their smallest regions.

    Args:
        first, second: analysis, data and fit of each. The analyses may be one or two, of other models, seeds or
            references; the features of the second must be among the columns of the first reference.
        share: of t, for the regions.

    Raises:
        InputError: as `smallest_region`.
        SampleError: a feature of the second that the first reference lacks.

    >>> import wilks
    >>> rng = np.random.default_rng(1)
    >>> reference, data = wilks.Sample(rng.exponential(size=4_000)), wilks.Sample(rng.exponential(0.7, size=400))
    >>> fitted = []
    >>> for width in (0.5, 1.0):
    ...     analysis = Analysis(reference=reference, expected_events=400, model=wilks.Kernel(n_centers=30, width=width))
    ...     fitted.append((analysis, data, wilks.fit(analysis, data)))
    >>> compare_fits(*fitted).correlation > 0.9
    True
    """
    sides = [Fitted(one[0], one[0].checked(one[1]), one[2]) for one in (first, second)]
    own, other = (smallest_region(*one[:2], fit=one.fit, share=share) for one in sides)
    reference, weights = sides[0].analysis.reference, own.gains.weights
    _, f = own.gains.learned.bounded
    g = np.clip(other.gains.learned.log_ratio(reference), *_ends(other))
    inside, also = own.holds(own.gains.reference), other.contains(reference)
    either = float(np.sum(weights[inside | also]))
    return FitComparison(
        t=(sides[0].fit.t, sides[1].fit.t),
        correlation=_correlation(f, g, weights),
        difference=float(np.sqrt(np.average((f - g) ** 2, weights=weights))),
        deviations=(
            float(np.sqrt(np.average(f**2, weights=weights))),
            float(np.sqrt(np.average(g**2, weights=weights))),
        ),
        overlap=float(np.sum(weights[inside & also])) / either if either > 0 else 0.0,
        regions=(own, other),
    )


def _ends(region: SmallestRegion) -> tuple[float, float]:
    """Least and largest f, infinite values replaced as `LearnedRatio.bounded` does."""
    both = np.concatenate(region.gains.learned.bounded)
    return float(np.min(both)), float(np.max(both))


def _correlation(f: FloatArray, g: FloatArray, weights: FloatArray) -> float:
    means = [np.average(one, weights=weights) for one in (f, g)]
    x, y = f - means[0], g - means[1]
    size = np.sqrt(np.average(x**2, weights=weights) * np.average(y**2, weights=weights))
    return float(np.average(x * y, weights=weights) / size) if size > 0 else float("nan")
