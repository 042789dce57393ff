"""What an answer says of the nuisances of its fit."""

import math
from collections.abc import Mapping

from wilks.significance.printing import decimals, plain
from wilks.statistics.fits import FitResult, FittedNuisance
from wilks.wording import table


def part_rows(fit: FitResult) -> list[tuple[str, ...]]:
    """Rows of tau and Delta, t = tau - Delta, for the table of an answer; none without nuisances."""
    return [("tau", decimals(fit.tau)), ("Delta", decimals(fit.delta))] if fit.nuisances else []


def nuisance_table(fit: FitResult) -> str:
    """Best fit and pull of each nuisance, with f and without.

    >>> from types import SimpleNamespace
    >>> at_tau, at_delta = (FittedNuisance("scale", x, 0.01, x / 0.1, 0.1) for x in (0.02, 0.05))
    >>> print(nuisance_table(SimpleNamespace(tau=20.0, delta=8.0, nuisances=[at_tau], delta_nuisances=[at_delta])))
      nuisance  at tau, with f  pull   at Delta, f = 0  pull
      scale     0.02 +- 0.01    +0.20  0.05 +- 0.01     +0.50
    """
    pairs = zip(fit.nuisances, fit.delta_nuisances, strict=True)
    rows = [(at_tau.name, *_cells(at_tau), *_cells(at_delta)) for at_tau, at_delta in pairs]
    return table(rows, header=("nuisance", "at tau, with f", "pull", "at Delta, f = 0", "pull"))


def distances(fit: FitResult, nu: Mapping[str, float]) -> dict[str, float]:
    """(best fit at Delta - nu) / sigma of each nuisance, for nu by name; names that are not given are at 0.

    What is held at the edge of its range has no error to tell its sigma from and is left out.
    """
    free = [one for one in fit.delta_nuisances if one.error > 0]
    return {one.name: (one.value - nu.get(one.name, 0.0)) * one.constraint / one.error for one in free}


def nuisances_to_dict(fit: FitResult) -> dict[str, object]:
    """For JSON."""
    return {
        "tau": fit.tau if math.isfinite(fit.tau) else None,
        "delta": fit.delta if math.isfinite(fit.delta) else None,
        "nuisances": [one.to_dict() for one in fit.nuisances],
        "delta_nuisances": [one.to_dict() for one in fit.delta_nuisances],
    }


def _cells(one: FittedNuisance) -> tuple[str, str]:
    pull = f"{one.pull:+.2f}" if math.isfinite(one.pull) else "none"
    return f"{plain(one.value)} +- {one.error:.2g}", pull
