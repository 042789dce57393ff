"""Shift and scale of each feature, fixed before the data are seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from wilks.errors import SampleError
from wilks.samples.checked_arrays import frozen_array
from wilks.samples.sample import Sample
from wilks.samples.scales import ColumnScale
from wilks.typing import BoolArray, FloatArray, IntArray

_END = 1e6


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
    def of(cls, sample: Sample) -> Standardization:
        """Mean and standard deviation of a reference, with its weights and without a small-sample correction.

        shift_j = sum_e w_e x_ej / W and scale_j^2 = sum_e w_e (x_ej - shift_j)^2 / W with W = sum_e w_e.
        Negative weights enter as they are. Where a handful of events would set the scale alone, such as a -9999 that
        stands for a missing value, quantiles of the others take their place (`ColumnScale`); `scale_notices` says so.

        Raises:
            SampleError: no events, a sum of weights or a variance that is not positive, a constant feature.

        >>> reference = Sample([1.0, 3.0, 5.0], [1.0, 2.0, 1.0])
        >>> result = Standardization.of(reference)
        >>> float(result.shift[0]), round(float(result.scale[0]), 6)
        (3.0, 1.414214)
        """
        found = _column_scales(sample)
        return cls([one.shift for one in found], [one.scale for one in found])

    @classmethod
    def identity(cls, n_features: int) -> Standardization:
        """Features as they are: shift 0 and scale 1."""
        return cls(np.zeros(n_features), np.ones(n_features))

    @classmethod
    def from_dict(cls, document: Mapping[str, Sequence[float]]) -> Standardization:
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
        """Standardized events, shape (n, d), for raw events of shape (n, d).

        They end at -1e6 and 1e6, unless features stay as they are (`identity`): farther out, where a value that stands
        for a missing one may lie, squares overflow and sums of equal values round to others.
        """
        if events.ndim != 2 or events.shape[1] != self.n_features:
            raise SampleError(f"events must have the shape (n, {self.n_features}), but {events.shape} came")
        with np.errstate(over="ignore"):
            result: FloatArray = (events - self.shift) / self.scale
        return result if np.isinf(self.reach) else np.clip(result, -self.reach, self.reach, out=result)

    @property
    def reach(self) -> float:
        """Where standardized values end, on either side; infinite where features stay as they are."""
        is_identity = bool(np.all(self.shift == 0.0) and np.all(self.scale == 1.0))
        return np.inf if is_identity else _END

    def to_dict(self) -> dict[str, list[float]]:
        """Plain lists for JSON; floats survive the round trip exactly."""
        return {"shift": self.shift.tolist(), "scale": self.scale.tolist()}


class StandardizedEvents:
    """Raw events (n, d), such as those of a file, that are standardized as blocks of them are asked for.

    >>> StandardizedEvents(np.array([[5.0], [7.0]]), Standardization([1.0], [2.0]))[1:].tolist()
    [[3.0]]
    """

    def __init__(self, events: FloatArray, standardization: Standardization) -> None:
        self._events, self._standardization = events, standardization

    @property
    def shape(self) -> tuple[int, int]:
        """(n, d)."""
        n_events, n_features = self._events.shape
        return n_events, n_features

    def __getitem__(self, rows: slice | IntArray | BoolArray) -> FloatArray:
        """Some rows, in memory."""
        return self._standardization.apply(np.asarray(self._events[rows]))


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


def scale_notices(sample: Sample, standardization: Standardization) -> tuple[str, ...]:
    """Sentences on features with events far outside all others, or whose scale a handful would have set.

    None where another standardization was given than that of the sample: whoever gives one has looked.

    >>> sample = Sample(np.append(np.random.default_rng(0).exponential(size=500), [-9999.0, -9999.0]))
    >>> scale_notices(sample, Standardization.of(sample))[0].partition(", far")[0]
    'x0 = -9999 in 2 of 502 reference events'
    """
    try:
        found = _column_scales(sample)
    except SampleError:  # no scale of its own
        return ()
    own = Standardization([one.shift for one in found], [one.scale for one in found])
    if own.to_dict() != standardization.to_dict():
        return ()
    return tuple(text for one in found for text in one.notices())


def _column_scales(sample: Sample) -> list[ColumnScale]:
    total = sample.expected_events
    if not (sample.n_events and np.isfinite(total) and total > 0):
        raise SampleError(
            "a standardization needs events whose weights have a positive sum, "
            f"but {sample.n_events:,} events with a sum of {total:g} came; "
            "check the weight column and the selection"
        )
    require_varying(sample)
    return [ColumnScale.of(sample, name) for name in sample.features]
