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
    "wilks.plots.style": ["numbers_of", "to_pdf", "to_png", "to_svg"],
    "wilks.plots.survival_curve": ["survival"],
    "wilks.plots.validations": ["tau_and_t", "validation"],
    "wilks.plots.scans": ["tomography"],
    "wilks.plots.catalog": ["figures_of", "save_figures"],
    "wilks.plots.corners": ["corner"],
    "wilks.plots.looks": ["styled"],
    "wilks.plots.numbers": ["to_csv", "to_hepdata"],
    "wilks.plots.sensitivities": ["sensitivity"],
    "wilks.plots.timelines": ["timeline"],
    "wilks.plots.toy_percentiles": ["percentiles", "percentiles_by"],
    "wilks.plots.comparisons": ["member_significances", "two_samples"],
}

if TYPE_CHECKING:
    from wilks.interpretation import common_columns
    from wilks.plots.campaign import running_mean
    from wilks.plots.catalog import figures_of, save_figures
    from wilks.plots.comparisons import member_significances, two_samples
    from wilks.plots.corners import corner
    from wilks.plots.feature_ratios import overview, projected, ratio, ratios
    from wilks.plots.fits import starts
    from wilks.plots.looks import styled
    from wilks.plots.nuisance_pulls import pulls
    from wilks.plots.null import null_distribution, qq
    from wilks.plots.numbers import to_csv, to_hepdata
    from wilks.plots.power import power_curves
    from wilks.plots.regions import region
    from wilks.plots.responses import response_closure, response_study
    from wilks.plots.scans import tomography
    from wilks.plots.selections import weight_clips
    from wilks.plots.sensitivities import sensitivity
    from wilks.plots.style import numbers_of, to_pdf, to_png, to_svg
    from wilks.plots.survival_curve import survival
    from wilks.plots.timelines import timeline
    from wilks.plots.toy_percentiles import percentiles, percentiles_by
    from wilks.plots.validations import tau_and_t, validation
else:
    __getattr__, __dir__ = lazy.exports(__name__, _NAMES)

__all__ = [
    "common_columns",
    "corner",
    "figures_of",
    "member_significances",
    "null_distribution",
    "numbers_of",
    "overview",
    "percentiles",
    "percentiles_by",
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
    "save_figures",
    "sensitivity",
    "starts",
    "styled",
    "survival",
    "tau_and_t",
    "timeline",
    "to_csv",
    "to_hepdata",
    "to_pdf",
    "to_png",
    "to_svg",
    "tomography",
    "two_samples",
    "validation",
    "weight_clips",
]
