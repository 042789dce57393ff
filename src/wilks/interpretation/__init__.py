"""What a fit has learned, in the words of counting: where data and reference disagree most."""

from wilks.interpretation.learned import LearnedRatio, common_columns, learned_ratio
from wilks.interpretation.regions import ColumnRange, Region, most_discrepant_region
from wilks.interpretation.shares import RegionShare, region_shares

__all__ = [
    "ColumnRange",
    "LearnedRatio",
    "Region",
    "RegionShare",
    "common_columns",
    "learned_ratio",
    "most_discrepant_region",
    "region_shares",
]
