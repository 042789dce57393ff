"""A sample of events: features, weights, carried columns, and where they came from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from wilks.errors import SampleError
from wilks.samples.checked_arrays import check_names, closest, effective_number, frozen_array, require_finite, seal
from wilks.samples.choosing import Events, Extras, Weights, choose
from wilks.samples.origin import Origin
from wilks.samples.stored_precision import Precisions, narrow
from wilks.storage import Storable
from wilks.typing import FloatArray, is_number
from wilks.wording import Printed, stacked, table


@dataclass(frozen=True, eq=False, init=False, repr=False)
class Sample(Printed, Storable):
    """Events with weights. Every array is a read-only float64 copy of what was given.

    Args:
        events: shape (n, d), or (n,) for one feature; finite. No events at all are allowed. Or a table with named
            columns: a data frame of pandas or polars, a table of Arrow, an awkward array with fields, a structured
            array, or a mapping of columns (n,) by name. The index of a pandas frame is no column.
        event_weights: shape (n,), finite; ones if None; or the name of a column of the table, which then is no feature.
            Negative weights are accepted here: what they allow is decided where the sample is used.
        features: d names; ``x0, x1, ...`` if None. For a table: which columns are features, in this order, and all
            others are left out; None: all that are neither weights nor extras.
        extras: carried columns of shape (n,) that are not inputs of the model, by name; NaN or infinite where an
            event has no value, such as the mass of a pair that it does not have. For a table, names of columns suffice.
        origin: where the events came from, for reports; set by `read`. It describes the file that was read
            and is passed on unchanged to samples made from this one.

    Raises:
        SampleError: shapes that do not fit together, repeated names, text, NaN or infinity in features or weights;
            columns that do not exist or do not hold one number for each event.

    >>> sample = Sample([[1.0, 10.0], [3.0, 20.0]], [2.0, 0.5], features=("pt", "mass"))
    >>> sample.n_events, sample.n_features, sample.expected_events
    (2, 2, 2.5)
    >>> sample.column("mass").tolist()
    [10.0, 20.0]
    >>> Sample({"pt": [1.0, 3.0], "mass": [10.0, 20.0], "w": [2.0, 0.5]}, "w", extras=["mass"]).features
    ('pt',)
    """

    events: FloatArray
    event_weights: FloatArray
    features: tuple[str, ...]
    extras: Mapping[str, FloatArray] = field(default_factory=dict)
    origin: Origin | None = None
    stored_as: ClassVar[str] = "sample"

    def __init__(
        self,
        events: Events,
        event_weights: Weights = None,
        *,
        features: Iterable[str] | None = None,
        extras: Extras = MappingProxyType({}),
        origin: Origin | None = None,
    ) -> None:
        events, event_weights, features, extras = choose(
            events, event_weights=event_weights, features=features, extras=extras
        )
        names = None if features is None else check_names(features, "features")
        table = _event_table(events, names)
        names = names if names is not None else tuple(f"x{j}" for j in range(table.shape[1]))
        n_events = table.shape[0]
        for j, name in enumerate(names):
            require_finite(table[:, j], name)
        object.__setattr__(self, "events", table)
        object.__setattr__(self, "event_weights", _weights(event_weights, n_events))
        object.__setattr__(self, "features", names)
        object.__setattr__(self, "extras", _extras(extras, names, n_events))
        object.__setattr__(self, "origin", origin)

    @property
    def precisions(self) -> Precisions:
        """Which columns a file held in less than double precision: selections are told (`Selection.at_precision`)."""
        return narrow({} if self.origin is None else self.origin.precisions)

    @property
    def n_events(self) -> int:
        """Number of events, whatever their weights."""
        return int(self.events.shape[0])

    @property
    def n_effective(self) -> float:
        """(sum w)^2 / sum w^2: the number of unweighted events with the same relative error.

        >>> Sample([1.0, 2.0, 3.0]).n_effective
        3.0
        """
        return effective_number(self.event_weights)

    @property
    def n_features(self) -> int:
        """Number of input features."""
        return int(self.events.shape[1])

    @property
    def expected_events(self) -> float:
        """Sum of the event weights."""
        return float(np.sum(self.event_weights))

    @property
    def is_weighted(self) -> bool:
        """Whether any weight differs from 1."""
        return bool(np.any(self.event_weights != 1.0))

    @property
    def is_on_disk(self) -> bool:
        """Whether the events are mapped from a file (``on_disk`` of `read`), not held in memory."""
        return isinstance(self.events, np.memmap)

    @property
    def has_negative_weights(self) -> bool:
        """Whether any weight is below 0."""
        return bool(np.any(self.event_weights < 0.0))

    def column(self, name: str) -> FloatArray:
        """One feature or carried column, shape (n,).

        Raises:
            SampleError: there is no such column.
        """
        if name in self.features:
            return self.events[:, self.features.index(name)]
        if name in self.extras:
            return self.extras[name]
        raise SampleError(f"the sample has no column {name!r}; {closest(name, (*self.features, *self.extras))}")

    def n_without(self, name: str) -> int:
        """How many events have no value in a column: NaN or infinity, in carried columns alone.

        >>> Sample([1.0, 2.0], extras={"mass": [np.nan, 91.0]}).n_without("mass")
        1
        """
        return int(np.count_nonzero(~np.isfinite(self.column(name))))

    def take(self, indices: npt.ArrayLike) -> Sample:
        """The events at ``indices`` (integers, in that order) or where a boolean mask is true.

        >>> Sample([1.0, 2.0, 3.0]).take([2, 0]).events.ravel().tolist()
        [3.0, 1.0]
        """
        chosen = _row_indices(indices, self.n_events)
        return Sample(
            seal(self.events[chosen]),
            seal(self.event_weights[chosen]),
            features=self.features,
            extras={name: seal(values[chosen]) for name, values in self.extras.items()},
            origin=self.origin,
        )

    def rescaled(self, expected_events: float) -> Sample:
        """The same events with weights multiplied by one factor so that they sum to ``expected_events``.

        Raises:
            SampleError: ``expected_events`` or the present sum of weights is not positive and finite.

        >>> Sample([1.0, 2.0], [1.0, 3.0]).rescaled(2.0).event_weights.tolist()
        [0.5, 1.5]
        """
        total = self.expected_events
        if not (is_number(expected_events) and np.isfinite(expected_events) and expected_events > 0):
            raise SampleError(f"expected_events must be a positive number, but {expected_events!r} came")
        if not (np.isfinite(total) and total > 0):
            raise SampleError(
                f"the event weights must have a positive sum to be rescaled, but {self.n_events:,} events "
                f"sum to {total:g}; check the weight column and the selection"
            )
        weights = seal(self.event_weights * (expected_events / total))
        return Sample(self.events, weights, features=self.features, extras=self.extras, origin=self.origin)

    def without_extras(self) -> Sample:
        """The same events and weights without the carried columns."""
        return Sample(self.events, self.event_weights, features=self.features, origin=self.origin)

    def digest(self) -> str:
        """SHA-256 (hex) over names, shapes and the little-endian bytes of events, weights and carried columns.

        >>> Sample([1.0]).digest() == Sample([[1.0]], [1.0]).digest() != Sample([2.0]).digest()
        True
        """
        extras = sorted(self.extras)
        header = {"features": self.features, "shape": self.events.shape, "extras": extras, "layout": 1}
        digest = hashlib.sha256(json.dumps(header, sort_keys=True).encode())
        for array in (self.events, self.event_weights, *(self.extras[name] for name in extras)):
            digest.update(np.ascontiguousarray(array, dtype="<f8").data)
        return digest.hexdigest()

    def to_document(self) -> dict[str, Any]:
        return {
            "features": list(self.features),
            "events": self.events,
            "event_weights": self.event_weights,
            "extras": [{"name": name, "values": values} for name, values in self.extras.items()],
            "origin": None if self.origin is None else self.origin.to_document(),
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Sample:
        origin = document["origin"]
        return cls(
            document["events"],
            document["event_weights"],
            features=document["features"],
            extras={one["name"]: one["values"] for one in document["extras"]},
            origin=None if origin is None else Origin.from_document(origin),
        )

    def __repr__(self) -> str:
        rows = [(name, *_numbers(name, self)) for name in self.features]
        rows += [(name, *_numbers(name, self), "(carried)") for name in self.extras]
        return stacked(
            f"Sample: {self.n_events:,} events, {_weight_phrase(self)}",
            table(rows, header=("feature", "mean", "std", "min", "max")),
            *(() if self.origin is None else self.origin.left_out),
        )


def _event_table(events: npt.ArrayLike, names: tuple[str, ...] | None) -> FloatArray:
    table = frozen_array(events, "events")
    if table.ndim == 1:
        empty_columns = len(names) if names and table.size == 0 else 1
        table = seal(np.empty((0, empty_columns))) if table.size == 0 else frozen_array(table.reshape(-1, 1), "events")
    if table.ndim != 2 or table.shape[1] == 0:
        raise SampleError(f"events must have the shape (events, features), but {table.shape} came")
    if names is not None and len(names) != table.shape[1]:
        raise SampleError(
            f"there must be one name for each feature, but {len(names)} names came "
            f"for {table.shape[1]} columns of events"
        )
    return table


def _weights(event_weights: npt.ArrayLike | None, n_events: int) -> FloatArray:
    if event_weights is None:
        return seal(np.ones(n_events))
    weights = frozen_array(event_weights, "event_weights")
    if weights.shape != (n_events,):
        raise SampleError(
            f"event_weights must have one number for each of {n_events:,} events, but their shape is {weights.shape}"
        )
    require_finite(weights, "event_weights")
    return weights


def _extras(extras: Mapping[str, npt.ArrayLike], features: tuple[str, ...], n_events: int) -> Mapping[str, FloatArray]:
    check_names((*features, *extras), "features and extras together")
    result = {name: frozen_array(values, f"the carried column {name!r}") for name, values in extras.items()}
    for name, values in result.items():
        if values.shape != (n_events,):
            raise SampleError(
                f"the carried column {name!r} must have one number for each of {n_events:,} events, "
                f"but its shape is {values.shape}"
            )
    return MappingProxyType(result)


def _row_indices(indices: npt.ArrayLike, n_events: int) -> npt.NDArray[np.intp]:
    rows = np.asarray(indices)
    if rows.dtype == np.bool_ and rows.shape == (n_events,):
        return np.flatnonzero(rows)
    if rows.ndim != 1 or (rows.size and rows.dtype.kind not in "iu"):
        raise SampleError(
            f"events are taken by a list of row numbers or by a mask of {n_events:,} booleans, "
            f"but an array of {rows.dtype} with shape {rows.shape} came"
        )
    if rows.size and not (-n_events <= rows.min() and rows.max() < n_events):
        raise SampleError(f"row numbers must lie below {n_events:,}, but {rows.min()} to {rows.max()} came")
    return rows.astype(np.intp)


def _weight_phrase(sample: Sample) -> str:
    if not sample.is_weighted:
        return "unweighted"
    negative = int(np.count_nonzero(sample.event_weights < 0))
    phrase = f"weights sum to {sample.expected_events:,.6g}"
    return f"{phrase}, {negative:,} of them negative" if negative else phrase


def _numbers(name: str, sample: Sample) -> tuple[str, ...]:
    has_value = np.isfinite(sample.column(name))
    values, weights = sample.column(name)[has_value], sample.event_weights[has_value]
    if not values.size or not weights.sum() > 0:
        return ("-",) * 4
    mean = float(np.average(values, weights=weights))
    variance = float(np.average((values - mean) ** 2, weights=weights))
    numbers = (mean, float(np.sqrt(max(variance, 0.0))), float(values.min()), float(values.max()))
    return tuple(f"{number:.4g}" for number in numbers)
