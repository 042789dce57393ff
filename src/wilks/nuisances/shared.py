"""The nuisances of several regions together: their union by name."""

from collections.abc import Sequence

import numpy as np

from wilks.errors import InputError
from wilks.nuisances.collection import Nuisances
from wilks.nuisances.nuisance import Nuisance
from wilks.nuisances.region_response import RegionResponse
from wilks.samples import RegionLayout, Sample
from wilks.typing import FloatArray


def shared_nuisances(layout: RegionLayout, nuisances: Sequence[Nuisances], references: Sequence[Sample]) -> Nuisances:
    """Those of all regions: a name is one nuisance, with one auxiliary measurement, whatever it does in each of them.

    Raises:
        InputError: a name with another sigma, centre, auxiliary likelihood or correlation in another region; a region
            whose yield is given beside its response.
    """
    found: dict[str, tuple[str, Nuisance]] = {}
    for region, one in zip(layout.names, nuisances, strict=True):
        if one.log_yield is not None:
            raise InputError(
                f"regions cannot have a known yield beside their learned response, but {region} has one; learn it with "
                "yields_from_samples=False (responses: {yields_from_samples: false}), so that the response makes it"
            )
        for each in one:
            _require_same(found.setdefault(each.name, (region, each)), (region, each))
    if not found:
        return Nuisances()
    spares = tuple(tuple(one.events[0].tolist()) for one in references)
    response = RegionResponse(tuple(found), layout, tuple(nuisances), spares)
    parameters = tuple(
        Nuisance(one.name, one.sigma, center=one.center, auxiliary=one.auxiliary) for _, one in found.values()
    )
    return Nuisances(parameters, response, None, _correlation(tuple(found), layout.names, nuisances))


def _require_same(first: tuple[str, Nuisance], second: tuple[str, Nuisance]) -> None:
    (region, one), (other, two) = first, second
    for what in ("sigma", "center", "auxiliary"):
        if getattr(one, what) != getattr(two, what):
            raise InputError(
                f"a nuisance that regions share must have one {what}, but {what} of {one.name!r} is "
                f"{getattr(one, what)} in {region} and {getattr(two, what)} in {other}; give both the same, or "
                "different names to what are different nuisances"
            )


def _correlation(names: Sequence[str], regions: Sequence[str], nuisances: Sequence[Nuisances]) -> FloatArray | None:
    """Of the union: that of the region which has both, 0 where none has."""
    if all(one.correlation is None for one in nuisances):
        return None
    matrix = np.eye(len(names))
    known: dict[tuple[str, str], tuple[str, float]] = {}
    for region, one in zip(regions, nuisances, strict=True):
        own = np.eye(len(one)) if one.correlation is None else one.correlation
        for (i, first), (j, second) in _pairs(one):
            value = float(own[i, j])
            told = known.setdefault((first, second), (region, value))
            if told[1] != value:
                raise InputError(
                    f"the correlation of {first!r} and {second!r} must be one in all regions that have both, but it is "
                    f"{told[1]:g} in {told[0]} and {value:g} in {region}"
                )
            matrix[names.index(first), names.index(second)] = value
    return matrix


def _pairs(nuisances: Nuisances) -> list[tuple[tuple[int, str], tuple[int, str]]]:
    named = list(enumerate(nuisances.names))
    return [(one, two) for one in named for two in named if one != two]
