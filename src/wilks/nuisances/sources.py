"""Sources of toys as an analysis holds them: what was given, their pools, their generators, what files say of them."""

from collections.abc import Mapping
from typing import Any, cast

from wilks.hypotheses import Generator, GeneratorFunction, ToySource, as_source, generator_from_dict, source_to_dict
from wilks.nuisances.region_sources import RegionSources
from wilks.nuisances.unselected import Unselected
from wilks.samples import Events, Sample, check_pool

Source = ToySource | Unselected | RegionSources


def checked_source(
    given: Source | GeneratorFunction | Events | None, *, reference: Sample
) -> ToySource | Unselected | RegionSources | None:
    """The source of toys that a user gave; its pool, where it has one, shares no event with the reference.

    Raises:
        InputError: it does.
    """
    is_made = isinstance(given, Unselected | RegionSources)
    source: Any = given if is_made else as_source(cast(Any, given), features=reference.features)
    pool = nominal_pool(source)
    if pool is not None:
        check_pool(pool, reference=reference)
    found: ToySource | Unselected | RegionSources | None = source
    return found


def nominal_pool(source: Source | None) -> Sample | None:
    """The pool that toys of the reference are drawn from; None where they come from elsewhere."""
    if isinstance(source, Unselected | RegionSources):
        return source.nominal()
    return source if isinstance(source, Sample) else None


def generators_of(source: Source | None) -> tuple[Generator, ...]:
    """The generators in it."""
    if isinstance(source, RegionSources):
        return source.generators
    return (source,) if isinstance(source, Generator) else ()


def samples_of(source: Source | None) -> dict[str, Sample]:
    """The samples that it holds, by their role in a file."""
    if isinstance(source, RegionSources):
        return source.samples
    if isinstance(source, Unselected):
        return {"unselected": source.sample}
    return {"pool": source} if isinstance(source, Sample) else {}


def describe_source(source: Source | None) -> dict[str, Any] | None:
    """What defines it, as plain values."""
    if isinstance(source, Generator) and not source.is_portable:
        # Two lambdas of one module have one name; their toys are never stored, so that any mark will do.
        return source_to_dict(source) | {"local": id(source.function)}
    if isinstance(source, Unselected | RegionSources):
        return source.to_dict()
    return None if source is None else source_to_dict(source)


def source_from_dict(document: Mapping[str, Any] | None, samples: Mapping[str, Sample]) -> Source | None:
    """What `describe_source` described, around the samples of `samples_of`."""
    if document is None:
        return None
    if "regions" in document:
        return RegionSources.from_dict(document, samples)
    if "pool" in samples:
        return samples["pool"]
    if "unselected" in samples:
        return Unselected.from_dict(document, samples["unselected"])
    return generator_from_dict(document)
