"""What a report says of a scan."""

from wilks.statistics.words import Words


def scan_words(*, is_profiled: bool) -> Words:
    """Of a scan, without and with nuisances.

    >>> scan_words(is_profiled=False).formulas[0]
    't = max_r 2 [ n_r log(n_r/b_r) − n_r + b_r ]'
    """
    return Words(
        formulas=_PROFILED_FORMULAS if is_profiled else _FORMULAS,
        sentences=(
            "f is a constant inside one region of the scanned features, f(x; w) = log(n_r/b_r), and 0 outside; w holds "
            "it bin by bin. The region is the best of all contiguous ones within the limits of the scan.",
            "t is the largest likelihood ratio of the counts of a region: that of its own free expectation and of the "
            "reference" + (", with the nuisances profiled in either, Δ for the reference." if is_profiled else "."),
            "Large t means that in some region the count differs from the expected one by more than chance"
            + (" and the nuisances make" if is_profiled else " makes")
            + " the largest of so many differences. The local p of a region is that of its count had nothing "
            "else been looked at; the p of t takes account of all regions, since toys are scanned as the data are.",
        ),
        tau="-2 min L over all regions" + (", their f and the nuisances" if is_profiled else " and their f"),
        decrement="in units of t: how much is missing to the maximum, "
        + ("over the nuisances and over all regions" if is_profiled else "which has a closed form"),
        residual="largest entry of the gradient" + (" in the nuisances" if is_profiled else ""),
        is_searched=False,
    )


_FORMULAS = (
    "t = max_r 2 [ n_r log(n_r/b_r) − n_r + b_r ]",
    "n_r: data events in region r,   b_r = Σ w_e over the reference in region r",
)
_PROFILED_FORMULAS = (
    "t = τ − Δ,   Δ = −2 min L[0, ν],   τ = max_r ( −2 min L[w_r, ν] )",
    "w_r = log( n_r / b_r(ν) ),   b_r(ν) = Σ w_e r(x_e; ν) over the reference in region r",
)
