"""Figures. Each function takes results, computes nothing heavy and returns a matplotlib ``Figure``.

``figure.savefig("name.pdf")`` writes one; no window is opened and no global state is touched.
"""

from wilks.interpretation import common_columns
from wilks.plots.campaign import running_mean
from wilks.plots.fits import starts
from wilks.plots.null import null_distribution, qq
from wilks.plots.pulls import pulls
from wilks.plots.ratios import overview, ratio, ratios
from wilks.plots.regions import region
from wilks.plots.responses import response_closure, response_study
from wilks.plots.style import to_png, to_svg
from wilks.plots.survival import survival

__all__ = [
    "common_columns",
    "null_distribution",
    "overview",
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
]
