"""Several analyses as one: what its reference, model, nuisances and source of toys are."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple, Protocol, TypeVar

from wilks.errors import InputError
from wilks.hypotheses import ToySource
from wilks.nuisances import Nuisances, RegionSources, Unselected, sources_of_regions
from wilks.samples import RegionLayout, Sample, Standardization
from wilks.search import Search
from wilks.statistics import REGIONS
from wilks.statistics.base import Statistic
from wilks.statistics.fits import FitResult
from wilks.statistics.regions.base import Regions
from wilks.storage import named

_Any = TypeVar("_Any")
_SHARED = "wilks.nuisances.shared:shared_nuisances"


class Region(Protocol):
    """What an analysis of one region is."""

    @property
    def reference(self) -> Sample: ...
    @property
    def model(self) -> Statistic: ...
    @property
    def nuisances(self) -> Nuisances: ...
    @property
    def toy_source(self) -> ToySource | Unselected | RegionSources | None: ...
    @property
    def standardization(self) -> Standardization: ...
    @property
    def search(self) -> Search: ...


class RegionSettings(NamedTuple):
    """What an analysis of several regions is made of."""

    reference: Sample
    model: Regions
    nuisances: Nuisances
    toy_source: RegionSources | None
    search: Search


def settings_of_regions(regions: Mapping[str, Region]) -> RegionSettings:
    """Those of analyses by the name of their region.

    Raises:
        InputError: fewer than two; models of different families, or one that has none for regions; nuisances of one
            name that differ; different searches; some with a source of toys and some without.
    """
    given = tuple(regions.values())
    layout = RegionLayout(tuple(regions), tuple(one.reference.features for one in given))
    references = tuple(one.reference for one in given)
    model = _family([one.model for one in given])(
        layout.names, layout.features, tuple(one.model for one in given), tuple(one.standardization for one in given)
    )
    searches = {one.search for one in given}
    if len(searches) > 1:
        raise InputError(
            "regions are fitted together, with one search, but these analyses have different ones; give all the same "
            "Analysis(search=...)"
        )
    has_nuisances = any(one.nuisances for one in given)
    nuisances = named(_SHARED)(layout, [one.nuisances for one in given], references) if has_nuisances else Nuisances()
    sources: Any = tuple(one.toy_source for one in given)
    return RegionSettings(
        layout.joined(references), model, nuisances, sources_of_regions(layout, sources, references), searches.pop()
    )


def _family(models: Sequence[Statistic]) -> type[Regions]:
    """The family for these models: that which takes all that are not fixed."""
    free = [one for one in models if one.kind != "fixed"]
    if not free:
        raise InputError("at least one region must have an f to be tested, but all are wilks.Fixed()")
    for kind, place in REGIONS.items():
        if kind != "fixed" and (kind != "network_regions" or any(one.kind == "mlp" for one in free)):
            family: type[Regions] = named(place)
            if all(family.takes(one) for one in free):
                return family
    kinds = list(dict.fromkeys(one.kind for one in models))
    raise InputError(
        "regions must have models of one family, kernels, histograms or networks, but "
        f"{', '.join(kinds)} came; give all of them models of one of these, and wilks.Fixed() to those that are there "
        "for their nuisances alone"
    )


class RegionOptions(NamedTuple):
    """Those of the analysis of one region."""

    name: str
    reference: Sample
    model: Statistic
    nuisances: Nuisances
    toy_source: ToySource | Unselected | None
    standardize: Standardization
    search: Search


def regions_of(together: Region) -> Iterator[RegionOptions]:
    """What the analyses were that `settings_of_regions` made one of; nothing of an analysis of one region."""
    model, source = together.model, together.toy_source
    if not isinstance(model, Regions):
        return
    own = nuisances_of_regions(together.nuisances, model.layout.n_regions)
    for k, (name, reference) in enumerate(zip(model.names, model.layout.split(together.reference), strict=True)):
        toy_source = source.sources[k] if isinstance(source, RegionSources) else None
        yield RegionOptions(name, reference, model.models[k], own[k], toy_source, model.maps[k], together.search)


def nuisances_of_regions(nuisances: Nuisances, n_regions: int) -> tuple[Nuisances, ...]:
    """Those that each region has, of nuisances that `settings_of_regions` made."""
    if not nuisances:
        return (Nuisances(),) * n_regions
    response: Any = nuisances.response  # a `RegionResponse`, which needs JAX and is not named here
    regions: tuple[Nuisances, ...] = response.regions
    return regions


def region_fits(
    model: Statistic, fit: FitResult, *, regions: Mapping[str, Any], given: Mapping[str, Sample] | None
) -> dict[str, FitResult]:
    """f and the nuisances of a joint fit as far as they are those of each region; nothing of a model of one region.

    t, tau, Delta and the certificate remain those of all regions.

    Args:
        model: of all.
        fit: of all.
        regions: their analyses by name.
        given: the data of those that have some; None: unknown, and the number of events remains that of all.
    """
    if not isinstance(model, Regions):
        return {}
    found = {}
    for k, (name, one) in enumerate(regions.items()):
        places = [i for i, each in enumerate(fit.nuisances) if each.name in one.nuisances.names]
        own: Any = {
            what: tuple(getattr(fit, what)[i] for i in places) for what in ("nuisances", "delta_nuisances", "observed")
        }
        if given is not None:
            own["n_events"] = given[name].n_events if name in given else 0
        own |= {"params": model.region_params(fit.params, k), "fingerprint": one.fingerprint(), "members": ()}
        found[name] = replace(fit, joint=fit.fingerprint, content="", **own)
    return found


def named_regions(given: Sequence[tuple[str, _Any]]) -> dict[str, _Any]:
    """Pairs of a name and an analysis by name, numbered where they have none.

    Raises:
        InputError: two have one name.

    >>> named_regions([("signal", 1), ("", 2)])
    {'signal': 1, 'region_2': 2}
    """
    names = [name or f"region_{k + 1}" for k, (name, _) in enumerate(given)]
    if len(set(names)) < len(names):
        raise InputError(
            f"regions must have names of their own, but {', '.join(names)} came; give Analysis(name=...), or "
            "Analysis.of_regions({name: analysis, ...})"
        )
    return dict(zip(names, (one for _, one in given), strict=True))
