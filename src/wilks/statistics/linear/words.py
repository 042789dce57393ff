"""What a report says of a kernel, and of a set of them."""

from wilks.statistics.words import Words

_PENALIZED = "ridge · wᵀKw"
_DELTA = "Δ = −2 min L[0, ν]"
_COMBINATIONS = {
    "product": "t = −2 Σ log p_j",
    "min_p": "t = −2 log min p_j",
    "average": "t = −2 log mean p_j",
    "half_cauchy": "t = −2 log h,   1/tan(πh/2) = mean 1/tan(πp_j/2)",
}


def kernel_words(*, is_score: bool, is_profiled: bool) -> Words:
    """Of one kernel, without and with nuisances.

    >>> kernel_words(is_score=False, is_profiled=False).formulas
    ('t = −2 min { L[w] + ridge · wᵀKw }',)
    """
    return Words(
        formulas=_formulas("t", "τ", is_score=is_score, is_profiled=is_profiled),
        sentences=(
            "f(x; w) = Σ w_m k(x, z_m) with Gaussians k at the centers z. No box holds the parameters w: the penalty "
            f"{_PENALIZED}, K being the Gaussians at each other’s centers, is added to L.",
            _meaning("t", is_score=is_score, is_profiled=is_profiled),
            "Large t means that the data are described better by some f than by the reference; t ≥ 0 since f = 0, "
            "which costs no penalty, is among the alternatives.",
        ),
        tau="-2 min L over all parameters, penalty included" + (", L being expanded" if is_score else ""),
        decrement="in units of t: how much is missing to the maximum, which is the only one",
        residual="largest entry of the gradient",
        is_searched=False,
    )


def kernel_set_words(n_members: int, *, combination: str, is_score: bool, is_profiled: bool) -> Words:
    """Of a set of ``n_members`` kernels, without and with nuisances.

    >>> kernel_set_words(4, combination="min_p", is_score=True, is_profiled=False).formulas[0]
    't = −2 log min p_j,   p_j = P(gamma ≥ t_j)'
    """
    one = _formulas("t_j", "τ_j", is_score=is_score, is_profiled=is_profiled)
    return Words(
        formulas=(f"{_COMBINATIONS[combination]},   p_j = P(gamma ≥ t_j)", *one),
        sentences=(
            f"Each of the {n_members} members has an f(x; w) = Σ w_m k(x, z_m) of its own, with Gaussians k at the "
            "centers z; they differ in the width of the Gaussians and in the ridge. No box holds the parameters w: the "
            f"penalty {_PENALIZED}, K being the Gaussians at each other’s centers, is added to L.",
            _meaning("t_j", is_score=is_score, is_profiled=is_profiled),
            "p_j puts the members on one scale, by a gamma law with the mean and the variance that their score "
            "statistics have under the null. It is approximate; toys of all members together give the null of t.",
            "Large t means that the data are described better by the f of some members than by the reference. The f of "
            "the figures is the mean of the members’ f"
            + ("; so are the nuisances at τ, and τ stands for t + Δ." if is_profiled else "."),
        ),
        tau="t + Δ",
        decrement="in units of its t: how much is missing to the maximum of the worst member",
        residual="largest entry of the gradient of the worst member",
        is_searched=False,
    )


def _formulas(t: str, tau: str, *, is_score: bool, is_profiled: bool) -> tuple[str, ...]:
    """Of the statistic of one kernel."""
    if is_profiled:
        expanded = ", expanded to second order about f = 0 and the ν of Δ" if is_score else ""
        return (f"{t} = {tau} − Δ,   {_DELTA}", f"{tau} = −2 min {{ L[w, ν] + {_PENALIZED} }}{expanded}")
    if not is_score:
        return (f"{t} = −2 min {{ L[w] + {_PENALIZED} }}",)
    return (
        f"{t} = bᵀ (H + 2 ridge)⁻¹ b,   φ(x) = K^(−1/2) k(x, z)",
        "b = Σ φ(x) over data − Σ w_e φ(x_e) over reference,   H = Σ w_e φ(x_e) φ(x_e)ᵀ over reference",
    )


def _meaning(t: str, *, is_score: bool, is_profiled: bool) -> str:
    """What the statistic of one kernel is."""
    if is_score:
        place = "f = 0 and the nuisances of Δ" if is_profiled else "f = 0"
        return f"{t} is the score statistic, with L and penalty expanded to second order about {place}."
    maximum = f"The factor −2 makes {t} twice the maximum of that logarithm"
    return f"{maximum} after the penalty" + (", over f and the nuisances, less Δ." if is_profiled else ".")
