"""Where toys of several regions come from: the source of each."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from wilks.errors import InputError
from wilks.hypotheses import Generator, ToySource, generator_from_dict, source_to_dict
from wilks.nuisances.unselected import Unselected
from wilks.samples import RegionLayout, Sample

_KINDS = {"pool": Sample, "unselected": Unselected}


@dataclass(frozen=True, eq=False)
class RegionSources:
    """A source of toys for each region.

    Args:
        layout: of the regions.
        sources: of each.
        expected: N(R_0) of each.
    """

    layout: RegionLayout
    sources: tuple[ToySource | Unselected, ...]
    expected: tuple[float, ...]

    @property
    def generators(self) -> tuple[Generator, ...]:
        """Those that are generators."""
        return tuple(one for one in self.sources if isinstance(one, Generator))

    def nominal(self) -> Sample | None:
        """The pools of all regions as one, each weighted to what is expected there; None where one has none."""
        pools = [one.nominal() if isinstance(one, Unselected) else one for one in self.sources]
        found = [one for one in pools if isinstance(one, Sample)]
        if len(found) < len(pools):
            return None
        return self.layout.joined([one.rescaled(n) for one, n in zip(found, self.expected, strict=True)])

    @property
    def samples(self) -> dict[str, Sample]:
        """The samples that they hold, by their role."""
        return {role: one.sample if isinstance(one, Unselected) else one for role, one in self._held()}

    def _held(self) -> Iterator[tuple[str, Sample | Unselected]]:
        for k, one in enumerate(self.sources):
            if not isinstance(one, Generator):
                yield f"{_role(one)}_{k}", one

    def to_dict(self) -> dict[str, Any]:
        """What defines them."""
        told = [
            one.to_dict() | _local(one) if isinstance(one, Unselected | Generator) else source_to_dict(one)
            for one in self.sources
        ]
        return {**self.layout.to_dict(), "expected": list(self.expected), "regions": told}

    @classmethod
    def from_dict(cls, document: Mapping[str, Any], samples: Mapping[str, Sample]) -> "RegionSources":
        """What `to_dict` described, around its samples."""
        layout = RegionLayout(tuple(document["names"]), tuple(map(tuple, document["features"])))
        sources = tuple(_source(k, one, samples) for k, one in enumerate(document["regions"]))
        return cls(layout, sources, tuple(document["expected"]))


def _role(source: object) -> str:
    return next(role for role, kind in _KINDS.items() if isinstance(source, kind))


def _local(source: object) -> dict[str, Any]:
    """Two lambdas of one module have one name; their toys are never stored, so that any mark will do."""
    is_local = isinstance(source, Generator) and not source.is_portable
    return {"local": id(source.function)} if is_local and isinstance(source, Generator) else {}


def _source(k: int, document: Mapping[str, Any], samples: Mapping[str, Sample]) -> ToySource | Unselected:
    if f"unselected_{k}" in samples:
        return Unselected.from_dict(document, samples[f"unselected_{k}"])
    return samples.get(f"pool_{k}") or generator_from_dict(document)


def sources_of_regions(
    layout: RegionLayout, sources: tuple[ToySource | Unselected | None, ...], references: tuple[Sample, ...]
) -> RegionSources | None:
    """Those of all regions; None where no region has one.

    Raises:
        InputError: some have one, and some do not.
    """
    present = tuple(one for one in sources if one is not None)
    if not present:
        return None
    if len(present) < len(sources):
        without = [name for name, one in zip(layout.names, sources, strict=True) if one is None]
        raise InputError(
            "either every region or none must have a source of toys, which are toys of all regions together, but "
            f"{', '.join(without)} has none; give its Analysis(toy_source=...)"
        )
    return RegionSources(layout, present, tuple(float(np.sum(one.event_weights)) for one in references))
