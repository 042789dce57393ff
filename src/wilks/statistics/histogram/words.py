"""What a report says of a histogram."""

from wilks.statistics.analytic import CONFIRMED_Z
from wilks.statistics.words import LawWords, Words

_EXACT = f"analytic: the law of the counts, confirmed by toys and by enumeration up to Z = {CONFIRMED_Z:g}."
_BEYOND = f"extrapolated: the same law beyond Z = {CONFIRMED_Z:g}, where it rests on what is assumed of the reference."

LAW_WORDS = LawWords(
    origin="the law of the counts in the bins, as far as reference and pool tell their expected values",
    interval="what the computation may be off; it is no statistical error",
    methods={"analytic": _EXACT, "extrapolated": _BEYOND},
    excess="what finite counts and the finite reference add to the variance of the chi-square, as a share of it",
    terms="bins",
    limit="limit of many events",
    limit_note="the chi-square of as many degrees of freedom as bins; one less for a fixed number of events",
    remedy="choose fewer bins",
    correction="p over p in that limit",
    curve="law of the counts",
    band="",
    caption=", computed at a few points and joined by a smooth curve, and by its limit for many events and a large "
    "reference, a chi-square.",
)


def histogram_words(*, is_profiled: bool) -> Words:
    """Of a histogram, without and with nuisances.

    >>> histogram_words(is_profiled=False).formulas[0]
    't = −2 min L[w] = 2 Σ_k [ n_k log(n_k/b_k) − n_k + b_k ]'
    """
    return Words(
        formulas=_PROFILED_FORMULAS if is_profiled else _FORMULAS,
        sentences=(
            "f is a step function, f(x; w) = w_k in bin k and 0 outside all bins. No box and no penalty holds the "
            "parameters w; in a bin without data w_k is minus infinity, and the learned ratio 0.",
            "The factor −2 makes t twice the maximum of that logarithm, the likelihood ratio of the counts in the bins "
            + ("with the nuisances, less Δ." if is_profiled else "of a saturated model and of the reference."),
            "Large t means that the counts differ from the expected ones by more than chance"
            + (" and the nuisances" if is_profiled else "")
            + " make them differ, in whatever bins and directions; t ≥ 0 since f = 0 is among the alternatives.",
        ),
        tau="-2 min L over all parameters",
        decrement="in units of t: how much is missing to the maximum"
        + (" over the nuisances, at their best w" if is_profiled else ", which has a closed form"),
        residual="largest entry of the gradient" + (" in the nuisances" if is_profiled else ""),
        is_searched=False,
    )


_FORMULAS = (
    "t = −2 min L[w] = 2 Σ_k [ n_k log(n_k/b_k) − n_k + b_k ]",
    "n_k: data events in bin k,   b_k = Σ w_e over the reference in bin k",
)
_PROFILED_FORMULAS = (
    "t = τ − Δ,   Δ = −2 min L[0, ν],   τ = −2 min L[w, ν]",
    "w_k = log( n_k / b_k(ν) ),   b_k(ν) = Σ w_e r(x_e; ν) over the reference in bin k",
)
