"""Figures. Each function takes results, computes nothing heavy and returns a matplotlib ``Figure``.

``figure.savefig("name.pdf")`` writes one; no window is opened and no global state is touched.
"""

from typing import TYPE_CHECKING

from wilks import lazy

_NAMES = {
    "wilks.interpretation": ["common_columns"],
    "wilks.plots.campaign": ["running_mean"],
    "wilks.plots.fits": ["starts"],
    "wilks.plots.null": ["null_distribution", "qq"],
    "wilks.plots.nuisance_pulls": ["pulls"],
    "wilks.plots.power": ["power_curves"],
    "wilks.plots.feature_ratios": ["overview", "projected", "ratio", "ratios"],
    "wilks.plots.regions": ["region"],
    "wilks.plots.responses": ["response_closure", "response_study"],
    "wilks.plots.selections": ["weight_clips"],
    "wilks.plots.style": ["to_png", "to_svg"],
    "wilks.plots.survival_curve": ["survival"],
    "wilks.plots.validations": ["validation"],
    "wilks.plots.scans": ["tomography"],
    "wilks.plots.comparisons": ["member_significances", "two_samples"],
}

if TYPE_CHECKING:
    from wilks.interpretation import common_columns
    from wilks.plots.campaign import running_mean
    from wilks.plots.comparisons import member_significances, two_samples
    from wilks.plots.feature_ratios import overview, projected, ratio, ratios
    from wilks.plots.fits import starts
    from wilks.plots.nuisance_pulls import pulls
    from wilks.plots.null import null_distribution, qq
    from wilks.plots.power import power_curves
    from wilks.plots.regions import region
    from wilks.plots.responses import response_closure, response_study
    from wilks.plots.scans import tomography
    from wilks.plots.selections import weight_clips
    from wilks.plots.style import to_png, to_svg
    from wilks.plots.survival_curve import survival
    from wilks.plots.validations import validation
else:
    __getattr__, __dir__ = lazy.exports(__name__, _NAMES)

__all__ = [
    "common_columns",
    "member_significances",
    "null_distribution",
    "overview",
    "power_curves",
    "projected",
    "pulls",
    "qq",
    "ratio",
    "ratios",
    "region",
    "response_closure",
    "response_study",
    "running_mean",
    "starts",
    "survival",
    "to_png",
    "to_svg",
    "tomography",
    "two_samples",
    "validation",
    "weight_clips",
]
