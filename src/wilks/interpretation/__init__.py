"""What a fit has learned, in the words of counting: where data and reference disagree, and how surely it is known."""

from typing import TYPE_CHECKING

from wilks import lazy

_NAMES = {
    "wilks.interpretation.variance_shares": ["Contribution", "Contributions", "contributions"],
    "wilks.interpretation.counting": ["Counted"],
    "wilks.interpretation.exports": ["write_events"],
    "wilks.interpretation.fit_comparison": ["FitComparison", "compare_fits"],
    "wilks.interpretation.gains": ["LocalGains", "local_gains"],
    "wilks.interpretation.learned": ["LearnedRatio", "common_columns", "learned_ratio"],
    "wilks.interpretation.onnx_files": ["write_onnx"],
    "wilks.interpretation.portable": ["PortableRatio", "load_ratio"],
    "wilks.interpretation.projection": ["Projection", "projected_ratio", "projected_ratios"],
    "wilks.interpretation.ratio_files": ["ratio_document", "write_ratio"],
    "wilks.interpretation.refits": ["Refits", "bootstrap_fits", "reseeded_fits"],
    "wilks.interpretation.regions": ["ColumnRange", "Region", "most_discrepant_region"],
    "wilks.interpretation.rules": ["Cut", "CutRule"],
    "wilks.interpretation.shares": ["RegionShare", "region_shares"],
    "wilks.interpretation.smallest": ["SmallestRegion", "smallest_region"],
    "wilks.interpretation.stability": ["Stability", "region_stability"],
}

if TYPE_CHECKING:
    from wilks.interpretation.counting import Counted
    from wilks.interpretation.exports import write_events
    from wilks.interpretation.fit_comparison import FitComparison, compare_fits
    from wilks.interpretation.gains import LocalGains, local_gains
    from wilks.interpretation.learned import LearnedRatio, common_columns, learned_ratio
    from wilks.interpretation.onnx_files import write_onnx
    from wilks.interpretation.portable import PortableRatio, load_ratio
    from wilks.interpretation.projection import Projection, projected_ratio, projected_ratios
    from wilks.interpretation.ratio_files import ratio_document, write_ratio
    from wilks.interpretation.refits import Refits, bootstrap_fits, reseeded_fits
    from wilks.interpretation.regions import ColumnRange, Region, most_discrepant_region
    from wilks.interpretation.rules import Cut, CutRule
    from wilks.interpretation.shares import RegionShare, region_shares
    from wilks.interpretation.smallest import SmallestRegion, smallest_region
    from wilks.interpretation.stability import Stability, region_stability
    from wilks.interpretation.variance_shares import Contribution, Contributions, contributions
else:
    __getattr__, __dir__ = lazy.exports(__name__, _NAMES)

__all__ = [
    "ColumnRange",
    "Contribution",
    "Contributions",
    "Counted",
    "Cut",
    "CutRule",
    "FitComparison",
    "LearnedRatio",
    "LocalGains",
    "PortableRatio",
    "Projection",
    "Refits",
    "Region",
    "RegionShare",
    "SmallestRegion",
    "Stability",
    "bootstrap_fits",
    "common_columns",
    "compare_fits",
    "contributions",
    "learned_ratio",
    "load_ratio",
    "local_gains",
    "most_discrepant_region",
    "projected_ratio",
    "projected_ratios",
    "ratio_document",
    "region_shares",
    "region_stability",
    "reseeded_fits",
    "smallest_region",
    "write_events",
    "write_onnx",
    "write_ratio",
]
