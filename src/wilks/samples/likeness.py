"""Are two samples of one law, feature by feature, and if not, is it a unit?"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import special

from wilks.samples.checked_arrays import effective_number
from wilks.samples.sample import Sample
from wilks.typing import FloatArray

_MOST_EVENTS = 100_000
_EQUAL = 1e-6
_SIGNIFICANT, _SURE = 1e-4, 1e-6
_LARGE_DISTANCE, _LARGE_RATIO = 0.25, 5.0
_OUTERMOST, _LEAST_OUTSIDE = 0.005, 5.0
_DEGREES = 180.0 / math.pi
_ROUND = 0.1  # in decades


@dataclass(frozen=True)
class Difference:
    """How one feature of a sample differs from that of a reference.

    Args:
        feature: its name.
        distance: largest difference of the two weighted distribution functions, of Kolmogorov and Smirnov.
        error: sqrt(1/n + 1/n') with the effective numbers of events.
        p_value: P(sqrt-scaled distance is as large) for two samples of one law, times the number of features.
        ratio: of the range of the sample to that of the reference; the range holds 99 % of the events.
        ranges: of the sample and of the reference, each from and to.
    """

    feature: str
    distance: float
    error: float
    p_value: float
    ratio: float
    ranges: tuple[tuple[float, float], tuple[float, float]]

    @property
    def is_another_quantity(self) -> bool:
        """Whether no fluctuation and no small difference of two laws explains it.

        The p-value is below 1e-6, and a quarter of the events lie elsewhere or the range is five times as wide or as
        narrow.
        """
        is_wide = not 1.0 / _LARGE_RATIO < self.ratio < _LARGE_RATIO
        return self.p_value < _SURE and (self.distance > _LARGE_DISTANCE or is_wide)

    def is_notable(self, n_events: float) -> bool:
        """Whether it is no fluctuation, p-value below 1e-4, and as large as that of ``n_events`` events usually is."""
        return self.p_value < _SIGNIFICANT and self.distance * math.sqrt(n_events) > 0.5

    @property
    def unit(self) -> str:
        """What factor of units the ratio of the ranges looks like, in words; empty if none.

        >>> ranges = ((0.0, 98_500.0), (0.0, 100.0))
        >>> Difference("pt", 0.99, 0.01, 0.0, 985.0, ranges).unit
        'a factor of 1,000, as between MeV and GeV'
        """
        if not (self.ratio > 0 and math.isfinite(self.ratio)):
            return ""
        size = abs(math.log10(self.ratio))
        if abs(size - math.log10(_DEGREES)) < _ROUND / 2:
            return "a factor of 57.3, as between degrees and radians"
        decades = round(size)
        if not decades or abs(size - decades) > _ROUND:
            return ""
        return f"a factor of {10**decades:,}" + (", as between MeV and GeV" if decades == 3 else "")

    def __str__(self) -> str:
        (low, high), (reference_low, reference_high) = self.ranges
        text = f"{self.feature} lies from {low:.4g} to {high:.4g}, not from {reference_low:.4g} to {reference_high:.4g}"
        if self.unit:
            return f"{text} ({self.unit})"
        return f"{text}, and their distributions differ by {self.distance:.2g}, {self.distance / self.error:.0f} errors"


def differences(sample: Sample, reference: Sample) -> tuple[Difference, ...]:
    """How each feature of ``sample`` differs from that of ``reference``; of about 100,000 events of each.

    The law of the distance is that of unweighted events (Kolmogorov) with effective numbers: simulated p-values are
    right to their errors for weights of 20 % negative ones or log-normal of width 0.7, and rather too large for wilder
    ones and for few distinct values.

    >>> rng = np.random.default_rng(0)
    >>> pool, reference = (Sample(rng.exponential(20.0, size=5_000), features=["pt"]) for _ in range(2))
    >>> (found,) = differences(pool, reference)
    >>> found.is_another_quantity, found.distance < 3 * found.error
    (False, True)
    >>> (found,) = differences(Sample(1e3 * pool.events, features=["pt"]), reference)
    >>> found.is_another_quantity, found.unit
    (True, 'a factor of 1,000, as between MeV and GeV')
    """
    return tuple(_differences(_some(sample), _some(reference))) if sample.n_events else ()


def _differences(sample: Sample, reference: Sample) -> Iterator[Difference]:
    n, n_reference = effective_number(sample.event_weights), effective_number(reference.event_weights)
    error = math.sqrt(1.0 / n + 1.0 / n_reference)
    outside = max(_OUTERMOST, _LEAST_OUTSIDE / min(n, n_reference))
    for name in reference.features:
        ours, theirs = _Distribution.of(sample, name), _Distribution.of(reference, name)
        distance = ours.distance(theirs)
        p_value = min(1.0, reference.n_features * float(special.kolmogorov(distance / error)))
        ranges = ours.interval(outside), theirs.interval(outside)
        widths = [high - low for low, high in ranges]
        ratio = widths[0] / widths[1] if widths[1] > 0 else (math.inf if widths[0] > 0 else 1.0)
        yield Difference(name, distance, error, p_value, ratio, ranges)


@dataclass(frozen=True, eq=False)
class _Distribution:
    """Values in order (n,) and the share of the weight up to each."""

    values: FloatArray
    shares: FloatArray

    @classmethod
    def of(cls, sample: Sample, name: str) -> "_Distribution":
        values = sample.column(name)
        order = np.argsort(values, kind="stable")
        sums = np.cumsum(sample.event_weights[order])
        return cls(values[order], sums / sums[-1])

    def distance(self, other: "_Distribution") -> float:
        """The largest by which one exceeds the other, where values that differ by a millionth count as equal.

        Steps of .1 are not the same numbers in single and in double precision.
        """
        points = np.concatenate([self.values, other.values])
        beyond = points + _EQUAL * np.abs(points)
        above = self._share_up_to(points) - other._share_up_to(beyond)
        below = other._share_up_to(points) - self._share_up_to(beyond)
        return max(0.0, float(np.max(above)), float(np.max(below)))

    def interval(self, outside: float) -> tuple[float, float]:
        """Between the quantiles with this share outside on either side."""
        shares = np.maximum.accumulate(self.shares)  # negative weights let them fall in places
        low, high = np.searchsorted(shares, (min(outside, 0.5), max(1.0 - outside, 0.5)))
        last = self.values.size - 1
        return float(self.values[min(low, last)]), float(self.values[min(high, last)])

    def _share_up_to(self, points: FloatArray) -> FloatArray:
        n = np.searchsorted(self.values, points, side="right")
        return np.where(n > 0, self.shares[np.maximum(n, 1) - 1], 0.0)


def _some(sample: Sample) -> Sample:
    """About 100,000 of the events, the same each time: heavy ones all, others in proportion to their weights.

    With w0 = sum |w| / 100,000 an event is kept with the probability min(1, |w|/w0), and then counts as max(|w|, w0).
    """
    if sample.n_events <= _MOST_EVENTS:
        return sample
    sizes = np.abs(sample.event_weights)
    least = float(np.sum(sizes)) / _MOST_EVENTS
    kept = np.random.Generator(np.random.Philox(0)).random(sizes.size) * least < sizes
    weights = np.copysign(np.maximum(sizes, least), sample.event_weights)[kept]
    return Sample(sample.events[kept], weights, features=sample.features)
