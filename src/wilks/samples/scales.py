"""Shift and scale of one feature, which a handful of events must not set."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from wilks.errors import SampleError
from wilks.samples.checked_arrays import is_formula_like
from wilks.samples.outliers import central_interval, far_values
from wilks.samples.quoted_names import quoted
from wilks.samples.sample import Sample
from wilks.samples.syntax import is_plain_name
from wilks.typing import BoolArray, FloatArray

_MOST = 0.5
_EVENTS_TO_ONE = 1_000  # the outermost 0.1 %
_CROWDED, _BLINDED = 10.0, 100.0  # half central intervals in a standard deviation
_NAMED = 3


@dataclass(frozen=True, eq=False)
class ColumnScale:
    """Shift and scale of a feature, and the events that would set them alone.

    Shift and scale are mean and standard deviation with the weights w, without a small-sample correction,

        shift = sum_e w_e x_e / W,   scale^2 = sum_e w_e (x_e - shift)^2 / W,   W = sum_e w_e,

    unless values far outside all others (`far_values`) carry most of the variance, or the outermost 0.1 % of the events
    do and the standard deviation is more than a hundred times the half central interval. Then they are the median and
    the half central interval (`central_interval`) of the events that are not far, with the weights ``|w|``. A peak with
    a tail, where that ratio is 10 to 100, keeps mean and standard deviation; `notices` names what sets them.

    Args:
        name: of the feature.
        values: shape (n,), of the events with a weight.
        shift, scale: in the units of the feature.
        is_robust: whether they come from quantiles.
        is_apart: which events lie far outside all others, or the outermost where these would set the scale; shape (n,).
        is_far: whether they lie far outside all others.
        share: what they carry of the variance.
        half: the half central interval of the others; NaN where it was not needed.

    >>> values = np.append(np.random.default_rng(0).normal(50.0, 10.0, 999), -9999.0)
    >>> found = ColumnScale.of(Sample(values, features=["pt"]), "pt")
    >>> found.is_robust, int(found.is_apart.sum()), round(found.shift), round(found.scale)
    (True, 1, 49, 10)
    """

    name: str
    values: FloatArray
    shift: float
    scale: float
    is_robust: bool
    is_apart: BoolArray
    is_far: bool
    share: float
    half: float

    @classmethod
    def of(cls, sample: Sample, name: str) -> "ColumnScale":
        """That of a feature of a sample whose weights have a positive sum.

        Raises:
            SampleError: a variance that is not positive and finite, though no handful of events carries most of it.
        """
        counted = sample.event_weights != 0
        values, weights = sample.column(name)[counted], sample.event_weights[counted]
        sizes = np.abs(weights)
        mean, variance = _moments(values, weights)
        is_apart = far_values(values, sizes)
        is_far = bool(is_apart.any())
        if not is_far:
            is_apart = _outermost(values, mean)
        share = _share_of_variance(values, sizes, is_apart, mean)
        median, half = math.nan, math.nan
        if is_far or share > _MOST:
            others = ~is_apart if is_far else np.ones(values.size, dtype=bool)
            median, half = central_interval(values[others], sizes[others])
        is_robust = share > _MOST and half > 0 and (is_far or not variance <= (_BLINDED * half) ** 2)
        if not is_robust:
            _require_spread(variance, name)
        is_said = is_far or (share > _MOST and half > 0 and not variance <= (_CROWDED * half) ** 2)
        shift, scale = (median, half) if is_robust else (mean, math.sqrt(variance))
        return cls(name, values, shift, scale, is_robust, is_apart & is_said, is_far, share, half)

    def notices(self) -> Iterator[str]:
        """A sentence about the events that lie apart; nothing where there are none."""
        if not self.is_apart.any():
            return
        others = self.values[~self.is_apart]
        yield (
            f"{self._values_text()} in {int(self.is_apart.sum()):,} of {self.values.size:,} reference events, "
            f"{'far outside' if self.is_far else 'beside'} the others (from {others.min():.6g} to {others.max():.6g}): "
            f"that is {self.share:.1%} of its variance{self._consequence()}"
        )

    def _consequence(self) -> str:
        """What that does to the scale, and what to do."""
        if not (self.is_far or self.is_robust):
            return (
                f" and sets its scale, {self.scale:.4g}, where half the central 68 % interval is {self.half:.4g}: most "
                "events are hardly told apart. Take its logarithm as feature, a narrower selection"
                f"{self._condition()}, or standardize=wilks.Standardization(shift, scale)"
            )
        scale = f"; its scale is half the central 68 % interval, {self.scale:.4g}, therefore" if self.is_robust else ""
        return (
            f"{scale}. If it stands for a missing value, leave such events out of reference, data and toys"
            f"{self._condition()}; if it is meant, say so with standardize=wilks.Standardization(shift, scale)"
        )

    def _values_text(self) -> str:
        found, counts = np.unique(self.values[self.is_apart], return_counts=True)
        if found.size == 1:
            return f"{self.name} = {found[0]:.10g}"
        if found.size > _NAMED:
            return f"{self.name} from {found[0]:.6g} to {found[-1]:.6g}"
        listed = ", ".join(f"{value:.10g} ({count:,})" for value, count in zip(found, counts, strict=True))
        return f"{self.name} = {listed}"

    def _condition(self) -> str:
        """A selection of the others."""
        is_word = self.name.isidentifier()
        is_plain = is_plain_name(self.name) if is_word else is_formula_like(self.name)
        name = self.name if is_plain else quoted(self.name)
        if "`" in self.name:
            return ""
        apart, others = self.values[self.is_apart], self.values[~self.is_apart]
        if apart.min() == apart.max():
            return f', where="{name} != {_exact(apart[0])}"'
        below, above = apart[apart < others.min()], apart[apart > others.max()]
        limits = [f"{name} > {_exact(below.max())}"] if below.size else []
        limits += [f"{name} < {_exact(above.min())}"] if above.size else []
        return f', where="{" and ".join(limits)}"'


def _require_spread(variance: float, name: str) -> None:
    if not (np.isfinite(variance) and variance > 0):
        raise SampleError(
            f"the weighted variance of the feature {name!r} must be positive and finite, but is {variance:g}; "
            "look for extreme values and for negative weights that outweigh the others, "
            "or give wilks.Standardization(shift, scale)"
        )


def _moments(values: FloatArray, weights: FloatArray) -> tuple[float, float]:
    """Mean and variance; infinite or NaN where squares overflow."""
    with np.errstate(over="ignore", invalid="ignore"):
        mean = float(np.sum(weights * values) / np.sum(weights))
        variance = float(np.sum(weights * (values - mean) ** 2) / np.sum(weights))
    return mean, variance


def _outermost(values: FloatArray, mean: float) -> BoolArray:
    """The 0.1 % of the values that lie farthest from the mean; none of fewer than 1,000."""
    found = np.zeros(values.size, dtype=bool)
    n_outermost = values.size // _EVENTS_TO_ONE
    if n_outermost and np.isfinite(mean):
        found[np.argpartition(np.abs(values - mean), -n_outermost)[-n_outermost:]] = True
    return found


def _share_of_variance(values: FloatArray, sizes: FloatArray, chosen: BoolArray, mean: float) -> float:
    """What the chosen values carry of sum |w| (x - mean)^2, whatever their size."""
    center = mean if np.isfinite(mean) else float(np.median(values))
    with np.errstate(over="ignore"):
        away = np.minimum(np.abs(values - center), np.finfo(np.float64).max)
    squares = sizes * (away / max(float(away.max()), np.finfo(np.float64).tiny)) ** 2
    return float(np.sum(squares[chosen]) / np.sum(squares)) if np.any(squares) else 0.0


def _exact(value: float) -> str:
    return repr(float(value)).removesuffix(".0")
