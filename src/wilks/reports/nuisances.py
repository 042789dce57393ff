"""What a report says about nuisance parameters."""

from collections.abc import Iterator

import numpy as np

from wilks.analysis import Analysis
from wilks.nuisances import Nuisance, Nuisances
from wilks.reports.tables import Table, number
from wilks.responses import Closure
from wilks.statistics.fits import FitResult, FittedNuisance

_HEADER = ("nuisance", "at τ, with f", "pull", "error/sigma", "at Δ, f = 0", "pull", "error/sigma")


def nuisance_tables(analysis: Analysis, fit: FitResult | None, closure: Closure | None) -> tuple[Table, ...]:
    """The nuisances, their best fits, and how well learned responses reproduce the varied samples."""
    if not analysis.nuisances:
        return ()
    return tuple(_tables(analysis.nuisances, fit, closure))


def _tables(nuisances: Nuisances, fit: FitResult | None, closure: Closure | None) -> Iterator[Table]:
    rows = tuple(_nuisance_row(nuisances, one, j, fit) for j, one in enumerate(nuisances))
    yield Table(
        "", rows, ("nuisance", "sigma", "auxiliary measurement", "observed", "response"), _correlation(nuisances)
    )
    if fit is not None and fit.nuisances:
        pairs = zip(fit.nuisances, fit.delta_nuisances, strict=True)
        fitted = tuple((a.name, *_cells(a), *_cells(b)) for a, b in pairs)
        note = (
            "Pull: distance of the best fit from what the auxiliary measurement alone says, in sigma. Error/sigma is "
            "the constraint: 1 where the data say nothing about the nuisance, small where they say more than that "
            "measurement. A large pull at Δ is a disagreement of data and auxiliary measurement; it is not part of t."
        )
        yield Table("Best fits", fitted, _HEADER, note)
    if closure is not None:
        yield _closure_table(closure)


def _nuisance_row(nuisances: Nuisances, one: Nuisance, j: int, fit: FitResult | None) -> tuple[str, ...]:
    observed = fit.observed[j] if fit is not None and fit.observed else one.observed
    shown = number(observed) if one.is_constrained else "none"
    return (one.name, number(one.scale), _auxiliary(one), shown, _response(nuisances, one))


def _auxiliary(one: Nuisance) -> str:
    kind = one.auxiliary.kind.replace("_", "-")
    return f"{kind}, {number(one.auxiliary.observed_at(0.0))} expected" if one.auxiliary.kind == "poisson" else kind


def _response(nuisances: Nuisances, one: Nuisance) -> str:
    if one.is_normalization:
        return f"exact: multiplies the yield by {one.yield_text}"
    if one.log_ratio is not None:
        return f"exact: {one.functions[0].name}"
    return nuisances.response.kind.replace("_", " ") if nuisances.response is not None else "none"


def _correlation(nuisances: Nuisances) -> str:
    if nuisances.correlation is None:
        return ""
    names, matrix = nuisances.names, nuisances.correlation
    places = [(i, j) for j in range(len(names)) for i in range(j) if matrix[i, j] != 0]
    pairs = [f"{names[i]} and {names[j]} {matrix[i, j]:+.3g}" for i, j in places]
    return f"Correlations of the auxiliary measurements: {', '.join(pairs) or 'none'}."


def _cells(one: FittedNuisance) -> tuple[str, str, str]:
    pull = f"{one.pull:+.2f}" if np.isfinite(one.pull) else "none"
    return f"{number(one.value)} ± {number(one.error)}", pull, f"{one.constraint:.2f}"


def _closure_table(closure: Closure) -> Table:
    rows = tuple(
        (
            ", ".join(f"{name} = {value:g}" for name, value in row.values.items()),
            f"{row.distance:.3g}",
            row.worst.name,
            f"{row.worst.chi2:.1f}/{row.worst.dof}",
            f"{row.p_value:.2g}",
            f"{row.worst.shift_in_t:.2f} ± {row.worst.shift_error:.2f}",
            _verdict(closure, index),
        )
        for index, row in enumerate(closure.rows)
    )
    header = ("variation", "largest |nu|/sigma", "worst in", "χ²/bins", "p, all columns", "shift in t", "")
    note = (
        "The reference times the learned r(x; nu) against the varied samples, in bins of every column. χ² is that of "
        "the worst column, p that of all together: the least of the columns times their number, at most 1. Shift in t: "
        "what the deviation would add to t if f could follow it bin by bin and no nuisance absorbed it."
    )
    return Table("Closure of the learned responses", rows, header, note)


def _verdict(closure: Closure, index: int) -> str:
    row = closure.rows[index]
    if any(row is poor for poor in closure.poor_rows):
        return "poor"
    return "good" if row.is_judged else "too far to decide"
