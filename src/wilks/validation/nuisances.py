"""t at shifted nuisances against one chi-square: Table 2 of "Learning New Physics from an Imperfect Machine"."""

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from wilks.analysis import Analysis
from wilks.campaign import Toys
from wilks.errors import CalibrationError, InputError
from wilks.hypotheses import Hypothesis, Null, ShiftedNuisance
from wilks.laws.compatibility import Compatibility, judge
from wilks.selection.selecting import kept_toys
from wilks.selection.trials import valid_t
from wilks.significance import fisher, ks_p_value
from wilks.significance.printing import probability
from wilks.toys import check_drawable
from wilks.typing import FloatArray
from wilks.validation.checks import SIZE, either_of
from wilks.wording import Printed, stacked, table

_HEADER = ("nuisances", "toys", "mean of t", "variance/(2 mean)", "KS p of t", "KS p of tau", "p, all tests")


@dataclass(frozen=True, eq=False)
class NuisanceCell:
    """The toys of one point of the nuisances, against a chi-square.

    Attributes:
        toys: of the hypothesis.
        compatibility: of t with the chi-square.
        tau_ks_p_value: of tau with the same chi-square: what would come out without Delta.
    """

    toys: Toys
    compatibility: Compatibility
    tau_ks_p_value: float

    @property
    def hypothesis(self) -> Hypothesis:
        """What the toys were drawn from."""
        return self.toys.hypothesis

    def to_dict(self) -> dict[str, Any]:
        """All figures, ready for JSON."""
        return {
            "nuisances": dict(self.hypothesis.nuisances),
            **self.compatibility.to_dict(),
            "tau_ks_p_value": self.tau_ks_p_value,
            "smallest_t": float(np.nanmin(self.toys.t)),
            "share_began_at_delta": float(np.mean(self.toys.began_at_delta)),
        }


@dataclass(frozen=True)
class NuisanceTable(Printed):
    """t at several points of the nuisances against one chi-square, as Table 2 of "Imperfect Machine".

    It passes if the omnibus p-values of the cells (`Compatibility.omnibus_p_value`), which are independent of each
    other, give more than 0.01 together: twice the less of n times the smallest and of Fisher's combination.
    """

    cells: tuple[NuisanceCell, ...]

    @property
    def ks_p_values(self) -> FloatArray:
        """KS p of t with the chi-square, one for each cell."""
        return np.array([cell.compatibility.ks_p_value for cell in self.cells])

    @property
    def fisher_p_value(self) -> float:
        """Fisher's combination of the KS p, as published."""
        return float(fisher(self.ks_p_values))

    @property
    def p_value(self) -> float:
        """Of all tests in all cells together."""
        return either_of(np.array([cell.compatibility.omnibus_p_value for cell in self.cells]))

    @property
    def is_passed(self) -> bool:
        """Whether t has one and the same chi-square everywhere, as far as the toys can tell."""
        return self.p_value > SIZE

    def to_dict(self) -> dict[str, Any]:
        """All figures, ready for JSON."""
        return {
            "is_passed": self.is_passed,
            "p_value": self.p_value,
            "fisher_p_value": self.fisher_p_value,
            "cells": [cell.to_dict() for cell in self.cells],
        }

    def __str__(self) -> str:
        dof = self.cells[0].compatibility.degrees_of_freedom
        n_failed = sum(cell.toys.n_failed for cell in self.cells)
        last = f"All tests at all points together: p {probability(self.p_value)} that t is chi-square({dof:g}) there."
        rows = table(map(_row, self.cells), header=_HEADER)
        return stacked(rows, last, *([f"{n_failed} toys failed."] if n_failed else []))


def validate_nuisances(
    analysis: Analysis,
    *,
    n_toys: int,
    seed: int,
    hypotheses: Sequence[Hypothesis] | None = None,
    degrees_of_freedom: float | None = None,
    store: str | Path | None = None,
    executor: Executor | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> NuisanceTable:
    """Run toys at nu = 0 and at shifted nuisances, and compare t with one chi-square everywhere.

    `validate` asks more, of every family of models.

    Args:
        analysis: with nuisances and a source of toys that reaches the points.
        n_toys: at each point.
        seed: of the toys.
        hypotheses: the points; None: those of `shifted_hypotheses`.
        degrees_of_freedom: of the chi-square; None: the number of parameters of the model, which must then have no
            penalty, such as a kernel has.
        store: a folder, which gets a campaign for each point; None keeps the toys in memory.
        executor: as for `run_toys`.
        progress: called with the number of finished toys of a point, and how many it has, for one after the other.

    Raises:
        InputError: an analysis without nuisances, a penalty, or points that cannot be drawn, before anything is
            computed.
    """
    if not analysis.nuisances:
        raise InputError("the analysis has no nuisances, so that nothing can be shifted; calibrate looks at nu = 0")
    if analysis.model.is_penalized and degrees_of_freedom is None:
        raise InputError(
            f"this table compares t with one chi-square at all nuisances, but that of the {analysis.model.describe()} "
            "follows none, for a penalty or as several statistics are in it, and depends on the nuisances. "
            "wilks.validate looks at its p; degrees_of_freedom= compares t nonetheless"
        )
    points: tuple[Hypothesis, ...] = (
        (Null(), *shifted_hypotheses(analysis)) if hypotheses is None else tuple(hypotheses)
    )
    dof = float(analysis.n_parameters if degrees_of_freedom is None else degrees_of_freedom)
    for point in points:
        check_drawable(analysis, point)
    with kept_toys(analysis, store=store, executor=executor, progress=progress) as make:
        campaigns = [make(analysis, point, n_toys=n_toys, seed=seed) for point in points]
    return chi_square_table(campaigns, dof)


def shifted_hypotheses(analysis: Analysis) -> tuple[ShiftedNuisance, ...]:
    """Each nuisance one sigma up and down, the others at 0; and, of several, all up and all down together."""
    nuisances = analysis.nuisances
    alone = [{one.name: step * one.scale} for one in nuisances for step in (1.0, -1.0)]
    together = [{one.name: step * one.scale for one in nuisances} for step in (1.0, -1.0)] if len(nuisances) > 1 else []
    return tuple(ShiftedNuisance(values) for values in chain(alone, together))


def chi_square_table(campaigns: Sequence[Toys], dof: float) -> NuisanceTable:
    """The toys of every point against a chi-square of ``dof`` degrees of freedom.

    Raises:
        CalibrationError: all toys of a point failed.
    """
    return NuisanceTable(tuple(_cell(toys, dof) for toys in campaigns))


def point_text(hypothesis: Hypothesis) -> str:
    """The values of a point, for tables and figures."""
    return ", ".join(f"{name} {value:+.3g}" for name, value in hypothesis.nuisances.items()) or "all 0"


def _cell(toys: Toys, dof: float) -> NuisanceCell:
    t, tau = valid_t(toys), toys.tau
    if not t.size:
        raise CalibrationError(f"a point needs a toy with a valid t, but all of {toys.hypothesis.describe()} failed")
    compatibility = judge(t, dof, n_failed=toys.n_failed, is_estimated_dof=False)
    return NuisanceCell(toys, compatibility, ks_p_value(tau[np.isfinite(tau)], dof))


def _row(cell: NuisanceCell) -> tuple[str, ...]:
    compatibility = cell.compatibility
    return (
        point_text(cell.hypothesis),
        str(compatibility.n_toys),
        f"{compatibility.mean:.2f} +- {compatibility.mean_error:.2f}",
        f"{compatibility.variance_ratio:.2f} +- {compatibility.variance_ratio_error:.2f}",
        probability(compatibility.ks_p_value),
        probability(cell.tau_ks_p_value),
        probability(compatibility.omnibus_p_value),
    )
