"""Where a region lies, in the units of the user."""

from collections.abc import Sequence

from wilks.statistics.found import FoundRegion
from wilks.statistics.histogram.bins import Grid, interval
from wilks.statistics.scan.regions import Regions


def axes_of(bins: Grid) -> list[int]:
    """The features along which there are several bins; of a grid of one bin the first."""
    return [j for j, size in enumerate(bins.shape) if size > 1] or [0]


def found_region(
    bins: Grid, regions: Regions, index: int, *, counts: tuple[float, float], features: Sequence[str]
) -> FoundRegion:
    """A region of a grid, with its n and b as ``counts``."""
    names, lower, upper, texts = [], [], [], []
    for j, (first, last) in zip(axes_of(bins), regions.ends(index), strict=True):
        edges = bins.given[j]
        names.append(features[j])
        lower.append(edges[first])
        upper.append(edges[last])
        texts.append(interval(features[j], edges[first], edges[last], is_closed=last == len(edges) - 1))
    where = ", ".join(filter(None, texts)) or "everywhere"
    return FoundRegion(
        features=tuple(names),
        lower=tuple(lower),
        upper=tuple(upper),
        where=where,
        n_observed=round(counts[0]),
        n_expected=counts[1],
        n_regions=regions.n_regions,
        n_bins=int(regions.bins_of(index).size),
    )
