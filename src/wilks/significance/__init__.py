"""From p to Z and back, binomial intervals, and the tails of a chi-square.

Everything here is one-sided unless it says otherwise: p is the chance, if the null hypothesis holds, of a value at
least as large as the observed one, and Z is the number of standard deviations above which a
normal variable lies with that chance. Upper tails are computed as upper tails, never as
``1 - cdf``, and where p itself underflows its logarithm is used.
"""

from typing import TYPE_CHECKING

from wilks import lazy

_NAMES = {
    "wilks.significance.chisquare": [
        *("chi2_isf", "chi2_log_sf", "chi2_sf", "chi2_z_score"),
        *("ks_distance", "variance_ratio_error"),
    ],
    "wilks.significance.combining": ["COMBINATIONS", "gamma_log_sf", "half_cauchy", "strongest_log_p"],
    "wilks.significance.counts": [
        *("clopper_pearson", "clopper_pearson_upper", "count_at_or_above"),
        *("exceedance_interval", "least_tied", "median_interval", "median_ranks"),
    ],
    "wilks.significance.exact": ["binomial_log_p_value", "binomial_p_value", "ks_p_value"],
    "wilks.significance.independent": ["INDEPENDENT", "fisher"],
    "wilks.significance.normal": ["log_p_value", "p_value", "z_score", "z_score_from_log"],
    "wilks.significance.on_off": ["on_off_z_score"],
    "wilks.significance.poisson": ["poisson_log_p_value"],
    "wilks.significance.weighted": ["weighted_isf", "weighted_log_sf", "weighted_sf"],
}

if TYPE_CHECKING:
    from wilks.significance.chisquare import (
        chi2_isf,
        chi2_log_sf,
        chi2_sf,
        chi2_z_score,
        ks_distance,
        variance_ratio_error,
    )
    from wilks.significance.combining import COMBINATIONS, gamma_log_sf, half_cauchy, strongest_log_p
    from wilks.significance.counts import (
        clopper_pearson,
        clopper_pearson_upper,
        count_at_or_above,
        exceedance_interval,
        least_tied,
        median_interval,
        median_ranks,
    )
    from wilks.significance.exact import binomial_log_p_value, binomial_p_value, ks_p_value
    from wilks.significance.independent import INDEPENDENT, fisher
    from wilks.significance.normal import log_p_value, p_value, z_score, z_score_from_log
    from wilks.significance.on_off import on_off_z_score
    from wilks.significance.poisson import poisson_log_p_value
    from wilks.significance.weighted import weighted_isf, weighted_log_sf, weighted_sf
else:
    __getattr__, __dir__ = lazy.exports(__name__, _NAMES)

__all__ = [
    "COMBINATIONS",
    "INDEPENDENT",
    "binomial_log_p_value",
    "binomial_p_value",
    "chi2_isf",
    "chi2_log_sf",
    "chi2_sf",
    "chi2_z_score",
    "clopper_pearson",
    "clopper_pearson_upper",
    "count_at_or_above",
    "exceedance_interval",
    "fisher",
    "gamma_log_sf",
    "half_cauchy",
    "ks_distance",
    "ks_p_value",
    "least_tied",
    "log_p_value",
    "median_interval",
    "median_ranks",
    "on_off_z_score",
    "p_value",
    "poisson_log_p_value",
    "strongest_log_p",
    "variance_ratio_error",
    "weighted_isf",
    "weighted_log_sf",
    "weighted_sf",
    "z_score",
    "z_score_from_log",
]
