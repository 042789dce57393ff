"""Samples of the reference with its nuisances moved."""

import math
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from wilks.errors import InputError, WilksWarning
from wilks.nuisances import Nuisance
from wilks.samples import Sample
from wilks.samples.splitting import changed_yield
from wilks.typing import FloatArray, finite_number

_LARGE_YIELD_CHANGE = math.log(1.5)


@dataclass(frozen=True, eq=False)
class Variation:
    """A sample of the reference at the nuisances ``values``; its event weights sum to its own expected yield.

    Args:
        values: nu by name, in the user's units; nuisances that are not named are at 0.
        sample: events with the features of the reference.

    Raises:
        InputError: no finite values, all of them 0, or a sample that cannot be used.

    >>> Variation({"scale": 0.1}, Sample([1.0, 2.0])).describe()
    'scale = 0.1'
    """

    values: Mapping[str, float]
    sample: Sample

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", MappingProxyType(_checked_values(self.values)))
        if not isinstance(self.sample, Sample):
            raise InputError(f"the sample at {self.describe()} must be a wilks.Sample, but {self.sample!r} came")
        total = self.sample.expected_events
        if not (self.sample.n_events and total > 0):
            raise InputError(
                f"the sample at {self.describe()} must have events whose weights sum to its expected yield, but "
                f"{self.sample.n_events} events with a sum of {total:g} came; check its file, weights and selection"
            )

    @classmethod
    def reweighted(cls, values: Mapping[str, float], sample: Sample, *, event_weights: npt.ArrayLike) -> "Variation":
        """The events of ``sample`` with other weights.

        >>> Variation.reweighted({"scale": 0.1}, Sample([1.0, 2.0]), event_weights=[1.0, 1.5]).sample.expected_events
        2.5
        """
        extras = sample.extras
        return cls(values, Sample(sample.events, event_weights, features=sample.features, extras=extras))

    def describe(self) -> str:
        """Its values in words."""
        return ", ".join(f"{name} = {value:g}" for name, value in self.values.items())


def variations_from_weights(
    sample: Sample, columns: Mapping[str, Mapping[str, float]], *, nominal: str | None = None
) -> tuple[Variation, ...]:
    """Variations that are columns of event weights of one sample.

    Args:
        sample: the central sample with the weight columns carried along (``carry=[...]`` of `read`).
        columns: for each weight column the nuisances that it stands for.
        nominal: the carried column of the central weight. The event weights of the sample are then multiplied by
            column / nominal, which is right after ``expected_events`` has rescaled them. None: the columns are the
            event weights themselves.

    Raises:
        SampleError: there is no such column.
        InputError: a nominal weight of 0 where the varied one is not.

    >>> sample = Sample([1.0, 2.0], extras={"up": [1.1, 0.9], "down": [0.9, 1.1]})
    >>> [one.describe() for one in variations_from_weights(sample, {"up": {"scale": 0.1}, "down": {"scale": -0.1}})]
    ['scale = 0.1', 'scale = -0.1']
    """
    return tuple(
        Variation.reweighted(values, sample, event_weights=_varied_weights(sample, name, nominal))
        for name, values in columns.items()
    )


def _varied_weights(sample: Sample, name: str, nominal: str | None) -> FloatArray:
    varied = sample.column(name)
    if nominal is None:
        return varied
    central = sample.column(nominal)
    lost = int(np.count_nonzero((central == 0) & (varied != 0)))
    if lost:
        raise InputError(
            f"an event without weight in {nominal!r} must have none in {name!r}, but {lost} events have; leave them "
            "out, or give the columns without nominal"
        )
    return sample.event_weights * np.divide(varied, central, out=np.zeros_like(varied), where=central != 0)


def check_variations(reference: Sample, nuisances: Sequence[Nuisance], variations: Sequence[Variation]) -> None:
    """Raise if the variations do not belong to the reference and to the nuisances.

    Raises:
        InputError: none at all; other features; a nuisance that is unknown.
    """
    known = [one.name for one in nuisances]
    if not variations:
        raise InputError(f"there must be variations of {', '.join(known)}, but none came; give wilks.Variation(...)")
    for one in variations:
        if not isinstance(one, Variation):
            raise InputError(f"variations must be wilks.Variation(values, sample), but {one!r} came")
        if one.sample.features != reference.features:
            raise InputError(
                f"the sample at {one.describe()} must have the features of the reference, "
                f"{', '.join(reference.features)}, in this order, but it has {', '.join(one.sample.features)}"
            )
        unknown = [name for name in one.values if name not in known]
        if unknown:
            raise InputError(
                f"variations must name nuisances that are to be learned ({', '.join(known)}), but {unknown[0]!r} came"
            )


def warn_of_yields(reference: Sample, variations: Sequence[Variation]) -> None:
    """Warn of yields that are likely to be those of unlike parts, from which a response would be taken."""
    told = changed_yield(reference)
    if told is not None:
        text = (
            f"the reference was read with expected_events={told:.10g}, but its weights now sum to "
            f"{reference.expected_events:.10g}, with which yields of the variations are compared; after wilks.split, "
            f"which shares the sum out, give reference.rescaled({told:.10g}), or parts of the variations alike"
        )
        warnings.warn(text, WilksWarning, stacklevel=3)
    for one in variations:
        if text := yield_notice(one, ratio=one.sample.expected_events / reference.expected_events):
            warnings.warn(text, WilksWarning, stacklevel=3)


def yield_notice(variation: Variation, *, ratio: float) -> str:
    """What is said of a variation with so many times the yield of the reference; "" where that is usual."""
    if abs(math.log(ratio)) <= _LARGE_YIELD_CHANGE:
        return ""
    return (
        f"the variation {variation.describe()} has {ratio:.3g} times the yield of the reference: see that the weights "
        "of both count equally many generated events alike"
    )


def warn_if_one_sided(names: Sequence[str], points: FloatArray) -> None:
    """Warn of nuisances that are moved in one direction alone; points (m, j)."""
    for text in one_sided_notices(names, points):
        warnings.warn(text, WilksWarning, stacklevel=3)


def one_sided_notices(names: Sequence[str], points: FloatArray) -> Iterator[str]:
    """What is said of nuisances that are moved in one direction alone; points (m, j)."""
    for name, column in zip(names, points.T, strict=True):
        if np.all(column >= 0) or np.all(column <= 0):
            side, other = ("above", "below") if np.any(column > 0) else ("below", "above")
            yield (
                f"all samples of {name!r} lie {side} 0, so that its response {other} 0 is an extrapolation; add a "
                "sample of the other sign where there is one"
            )


def points_of(names: Sequence[str], variations: Sequence[Variation]) -> FloatArray:
    """nu of each variation in the order of ``names``, shape (m, j)."""
    return np.array([[one.values.get(name, 0.0) for name in names] for one in variations]).reshape(-1, len(names))


def _checked_values(values: object) -> dict[str, float]:
    if not (isinstance(values, Mapping) and values):
        raise InputError(f"values must name nuisances, as {{'scale': 0.1}}, but {values!r} came")
    found = {str(name): finite_number(value, name=f"the value of {name!r}") for name, value in values.items()}
    if not any(found.values()):
        raise InputError(
            "a variation must move a nuisance, but all its values are 0; the central sample is the reference"
        )
    return found


def compared_columns(
    reference: Sample, variations: Sequence[Variation], columns: Sequence[str] | None
) -> tuple[str, ...]:
    """The columns that are named, or the features and the carried columns that all samples have, with all their values.

    A carried column that never varies, such as a year, says nothing of a response.

    Raises:
        InputError: a column that is named has no value in some events, or one value in all of them.
    """
    samples = [reference, *(one.sample for one in variations)]
    if columns is None:
        carried = (name for name in reference.extras if all(name in one.extras for one in samples))
        usable = (name for name in carried if not any(one.n_without(name) for one in samples))
        return (*reference.features, *(name for name in usable if np.ptp(reference.column(name)) > 0))
    for name in columns:
        if n_without := sum(one.n_without(name) for one in samples):
            raise InputError(
                f"the column {name!r} must have a value in every event to be compared, but {n_without:,} have none; "
                "leave it out"
            )
        if not np.ptp(reference.column(name)) > 0:
            raise InputError(f"the column {name!r} must vary to be compared, but has one value; leave it out")
    return tuple(columns)
