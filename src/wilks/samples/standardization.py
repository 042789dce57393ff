"""Shift and scale of each feature, fixed before the data are seen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from wilks.errors import SampleError
from wilks.samples.arrays import frozen_array
from wilks.samples.sample import Sample
from wilks.typing import FloatArray


@dataclass(frozen=True, eq=False)
class Standardization:
    """Map events to (x - shift) / scale, feature by feature, at the input of the model alone.

    Args:
        shift: shape (d,), finite, in the units of the features.
        scale: shape (d,), positive and finite, in the units of the features.

    Raises:
        SampleError: shapes differ, or a scale is not positive.

    >>> Standardization([1.0], [2.0]).apply(np.array([[5.0]])).tolist()
    [[2.0]]
    """

    shift: FloatArray
    scale: FloatArray

    def __init__(self, shift: npt.ArrayLike, scale: npt.ArrayLike) -> None:
        object.__setattr__(self, "shift", frozen_array(shift, "shift"))
        object.__setattr__(self, "scale", frozen_array(scale, "scale"))
        if self.shift.ndim != 1 or self.shift.shape != self.scale.shape or not self.shift.size:
            raise SampleError(
                "shift and scale must each have one number for each feature, "
                f"but their shapes are {self.shift.shape} and {self.scale.shape}"
            )
        if not (np.all(np.isfinite(self.shift)) and np.all(np.isfinite(self.scale)) and np.all(self.scale > 0)):
            raise SampleError(
                "every shift must be finite and every scale positive and finite, "
                f"but shift = {self.shift.tolist()} and scale = {self.scale.tolist()} came"
            )

    @classmethod
    def of(cls, sample: Sample) -> "Standardization":
        """Mean and standard deviation of a reference, with its weights and without a small-sample correction.

        shift_j = sum_e w_e x_ej / W and scale_j^2 = sum_e w_e (x_ej - shift_j)^2 / W with W = sum_e w_e.
        Negative weights enter as they are.

        Raises:
            SampleError: no events, a sum of weights or a variance that is not positive, a constant feature.

        >>> reference = Sample([1.0, 3.0, 5.0], [1.0, 2.0, 1.0])
        >>> result = Standardization.of(reference)
        >>> float(result.shift[0]), round(float(result.scale[0]), 6)
        (3.0, 1.414214)
        """
        total = sample.expected_events
        if not (sample.n_events and np.isfinite(total) and total > 0):
            raise SampleError(
                "a standardization needs events whose weights have a positive sum, "
                f"but {sample.n_events:,} events with a sum of {total:g} came; "
                "check the weight column and the selection"
            )
        require_varying(sample)
        moments = [_moments(sample, name) for name in sample.features]
        return cls([mean for mean, _ in moments], [std for _, std in moments])

    @classmethod
    def identity(cls, n_features: int) -> "Standardization":
        """Features as they are: shift 0 and scale 1."""
        return cls(np.zeros(n_features), np.ones(n_features))

    @classmethod
    def from_dict(cls, document: Mapping[str, Sequence[float]]) -> "Standardization":
        """The inverse of `to_dict`.

        >>> Standardization.from_dict({"shift": [1.0], "scale": [2.0]}).to_dict()
        {'shift': [1.0], 'scale': [2.0]}
        """
        if set(document) != {"shift", "scale"}:
            raise SampleError(f"a standardization must have exactly 'shift' and 'scale', but has {sorted(document)}")
        return cls(document["shift"], document["scale"])

    @property
    def n_features(self) -> int:
        """Number of features."""
        return int(self.shift.size)

    def apply(self, events: FloatArray) -> FloatArray:
        """Standardized events, shape (n, d), for raw events of shape (n, d)."""
        if events.ndim != 2 or events.shape[1] != self.n_features:
            raise SampleError(f"events must have the shape (n, {self.n_features}), but {events.shape} came")
        return (events - self.shift) / self.scale

    def to_dict(self) -> dict[str, list[float]]:
        """Plain lists for JSON; floats survive the round trip exactly."""
        return {"shift": self.shift.tolist(), "scale": self.scale.tolist()}


def require_varying(sample: Sample) -> None:
    """Raise if a feature has one value alone among the events that have a weight.

    Raises:
        SampleError: a constant feature, by name.
    """
    counted = sample.event_weights != 0
    for name in sample.features:
        values = sample.column(name)[counted]
        if values.size and values.min() == values.max():
            raise SampleError(
                f"the feature {name!r} must vary, but all {values.size:,} events of the reference with a weight "
                f"have the value {float(values[0])!r}; leave the feature out"
            )


def _moments(sample: Sample, name: str) -> tuple[float, float]:
    counted = sample.event_weights != 0
    values, weights = sample.column(name)[counted], sample.event_weights[counted]
    with np.errstate(over="ignore", invalid="ignore"):
        mean = float(np.sum(weights * values) / np.sum(weights))
        variance = float(np.sum(weights * (values - mean) ** 2) / np.sum(weights))
    if not (np.isfinite(variance) and variance > 0):
        raise SampleError(
            f"the weighted variance of the feature {name!r} must be positive and finite, but is {variance:g}; "
            "look for extreme values and for negative weights that outweigh the others, "
            "or give wilks.Standardization(shift, scale)"
        )
    return mean, float(np.sqrt(variance))
