"""Samples of several regions as one: a column that says which region, then the features of all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from wilks.errors import InputError, SampleError
from wilks.samples.checks import check_data
from wilks.samples.sample import Sample
from wilks.typing import BoolArray, FloatArray, IntArray

REGION = "region"


@dataclass(frozen=True)
class RegionLayout:
    """Which features each region has, and where they stand in the rows of all.

    A row holds the number of its region, from 0, and the features of all regions by name; those that its region does
    not have are 0 there.

    Args:
        names: of the regions.
        features: of each.

    Raises:
        InputError: fewer than two regions, a name that comes twice or is empty, a feature called ``region``.

    >>> layout = RegionLayout(("signal", "control"), (("mass",), ("pt", "mass")))
    >>> layout.columns, layout.placed(1, np.array([[30.0, 91.0]])).tolist()
    (('region', 'mass', 'pt'), [[1.0, 91.0, 30.0]])
    """

    names: tuple[str, ...]
    features: tuple[tuple[str, ...], ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "names", tuple(map(str, self.names)))
        object.__setattr__(self, "features", tuple(tuple(one) for one in self.features))
        if len(self.names) < 2 or len(set(self.names)) < len(self.names) or "" in self.names:
            raise InputError(
                f"regions must be at least two, each with a name of its own, but {list(self.names)} came; give "
                "Analysis(name=...) or Analysis.of_regions({name: analysis, ...})"
            )
        if any(REGION in one for one in self.features):
            raise InputError(
                f"no feature of a region may be called {REGION!r}, which is the column that tells regions apart; "
                "rename it"
            )

    @property
    def n_regions(self) -> int:
        """How many there are."""
        return len(self.names)

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns of a row."""
        return (REGION, *dict.fromkeys(name for one in self.features for name in one))

    def places(self, k: int) -> IntArray:
        """The columns of the features of region k, (d_k,)."""
        columns = self.columns
        return np.array([columns.index(name) for name in self.features[k]])

    def is_in(self, k: int, events: FloatArray) -> BoolArray:
        """Which rows (n, D) are of region k, (n,)."""
        inside: BoolArray = events[:, 0] == float(k)
        return inside

    def own(self, k: int, events: FloatArray) -> FloatArray:
        """The features of those that are, (n_k, d_k)."""
        own: FloatArray = events[self.is_in(k, events)][:, self.places(k)]
        return own

    def placed(self, k: int, events: FloatArray) -> FloatArray:
        """Rows (n, D) of events of region k, (n, d_k)."""
        rows = np.zeros((events.shape[0], len(self.columns)))
        rows[:, 0] = k
        rows[:, self.places(k)] = events
        return rows

    def joined(self, samples: Sequence[Sample]) -> Sample:
        """Those of all regions, one after the other, with their weights."""
        rows = [self.placed(k, one.events[:]) for k, one in enumerate(samples)]
        weights = np.concatenate([one.event_weights for one in samples])
        return Sample(np.concatenate(rows), weights, features=self.columns)

    def joined_by_name(self, samples: Mapping[str, Sample]) -> Sample:
        """The same of some regions by their names; the others have no events.

        Raises:
            InputError: a name of no region.
            SampleError: a sample without a feature of its region.
        """
        if unknown := [name for name in samples if name not in self.names]:
            raise InputError(f"samples must be of the regions {', '.join(self.names)}, but {unknown[0]!r} came")
        regions = zip(self.names, self.features, strict=True)
        return self.joined([_with_features(samples.get(name), features) for name, features in regions])

    def split(self, sample: Sample) -> tuple[Sample, ...]:
        """The sample of each region.

        Raises:
            SampleError: a row of no region.
        """
        events = self._checked(sample).events[:]
        inside = [self.is_in(k, events) for k in range(self.n_regions)]
        return tuple(
            Sample(self.own(k, events), sample.event_weights[rows], features=self.features[k])
            for k, rows in enumerate(inside)
        )

    def data(self, given: Any) -> Sample:
        """Data of all regions as one sample.

        Args:
            given: a mapping of the name of each region to its data, or a list of them in order, each what `check_data`
                takes, and it may be empty; or a sample that was joined already.

        Raises:
            SampleError: a region without data, or data that its analysis cannot use.
        """
        if isinstance(given, Sample) and given.features == self.columns:
            return self._checked(given)
        if isinstance(given, Mapping):
            self._require_names(given)
            given = [given[name] for name in self.names]
        if isinstance(given, Sample) or not isinstance(given, Sequence) or len(given) != self.n_regions:
            raise SampleError(
                f"the data must be those of each region ({', '.join(self.names)}): a mapping of their names to samples "
                f"or a list of {self.n_regions} of them, but {_what(given)} came"
            )
        return self.joined([self._region(k, one) for k, one in enumerate(given)])

    def _region(self, k: int, given: Any) -> Sample:
        features = self.features[k]
        if (isinstance(given, Sample) and not given.n_events) or (
            isinstance(given, list | tuple | np.ndarray) and not len(given)
        ):
            return Sample(np.empty((0, len(features))), features=features)
        try:
            return check_data(given, features=features)
        except SampleError as error:
            raise SampleError(f"in region {self.names[k]}: {error}") from error

    def _require_names(self, given: Mapping[Any, Any]) -> None:
        if set(given) != set(self.names):
            raise SampleError(
                f"the data must be those of the regions {', '.join(self.names)}, but those of "
                f"{', '.join(map(str, given))} came; a region without events is given as an empty list"
            )

    def _checked(self, sample: Sample) -> Sample:
        if sample.n_events and not np.all(np.isin(sample.events[:, 0], np.arange(self.n_regions))):
            raise SampleError(
                f"the column {REGION} must hold the number of a region, 0 to {self.n_regions - 1}, but other values "
                "are among its values; give the samples of the regions by name"
            )
        return sample

    def to_dict(self) -> dict[str, Any]:
        """Plain values that define it."""
        return {"names": list(self.names), "features": [list(one) for one in self.features]}


def _with_features(sample: Sample | None, features: tuple[str, ...]) -> Sample:
    """Its columns in this order; none: no events."""
    if sample is None:
        return Sample(np.empty((0, len(features))), features=features)
    columns = np.column_stack([sample.column(name) for name in features])
    return Sample(columns, sample.event_weights, features=features)


def _what(given: object) -> str:
    if isinstance(given, Sample):
        return f"one sample with {', '.join(given.features)}"
    return f"{len(given)} of them" if isinstance(given, Sequence) else f"a {type(given).__name__}"
