"""Several regions tested together: each has its own f, and they share nuisances."""

from wilks.statistics.regions.base import Regions
from wilks.statistics.regions.fixed import Fixed
from wilks.statistics.regions.together import (
    RegionSettings,
    named_regions,
    region_fits,
    regions_of,
    settings_of_regions,
)

__all__ = ["Fixed", "RegionSettings", "Regions", "named_regions", "region_fits", "regions_of", "settings_of_regions"]
