"""Is t what it claims to be? Its null distribution at other values of the nuisances."""

import contextlib
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import scipy.special
import scipy.stats

from wilks.analysis import Analysis
from wilks.campaign import LocalProcesses, Toys, run_toys, stored_toys
from wilks.errors import InputError
from wilks.hypotheses import Hypothesis, Null, ShiftedNuisance
from wilks.laws.compatibility import Compatibility, judge
from wilks.significance import ks_p_value
from wilks.significance.printing import probability, table
from wilks.storage import as_path
from wilks.toys import check_drawable
from wilks.typing import FloatArray
from wilks.wording import Printed

_SMALLEST_SHARE, _SMALLEST_FISHER, _LARGEST_PULL = 0.01, 0.01, 3.6

_HEADER: tuple[str, ...] = (
    *("nuisances", "toys", "mean of t", "variance/(2 mean)", "KS p of t", "KS p of tau", "KS p with nu = 0"),
)


@dataclass(frozen=True, eq=False)
class ValidationCell:
    """The toys of one point of the nuisances.

    Attributes:
        toys: of the hypothesis.
        compatibility: of t with the chi-square.
        tau_ks_p_value: of tau with the same chi-square: what would come out without Delta.
        null_ks_p_value: two-sample KS of t with the toys at nu = 0, which needs no chi-square; None for these.
    """

    toys: Toys
    compatibility: Compatibility
    tau_ks_p_value: float
    null_ks_p_value: float | None

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
            "null_ks_p_value": self.null_ks_p_value,
            "smallest_t": float(np.nanmin(self.toys.t)),
            "share_began_at_delta": float(np.mean(self.toys.began_at_delta)),
        }


@dataclass(frozen=True)
class Validation(Printed):
    """t at several points of the nuisances, as Table 2 of "Learning New Physics from an Imperfect Machine".

    It passes if the smallest KS p of the n cells is above 0.01/n, Fisher's combination of them above 0.01, and no cell
    has a mean or variance more than 3.6 errors off. The cells are independent of each other. Of 4,000 simulated
    validations with 15 cells of 100 chi-square(13) toys the mean fails in 0.6 % and the variance in 2.3 %.
    """

    cells: tuple[ValidationCell, ...]

    @property
    def ks_p_values(self) -> FloatArray:
        """KS p of t with the chi-square, one for each cell."""
        return np.array([cell.compatibility.ks_p_value for cell in self.cells])

    @property
    def fisher_p_value(self) -> float:
        """Fisher's combination: -2 sum log p against chi-square(2 n)."""
        return fisher_p_value(self.ks_p_values)

    @property
    def is_passed(self) -> bool:
        """Whether t has one and the same chi-square everywhere, as far as the toys can tell."""
        pulls = [abs(pull) for cell in self.cells for pull in _pulls(cell.compatibility)]
        smallest = float(np.min(self.ks_p_values)) * len(self.cells)
        return smallest > _SMALLEST_SHARE and self.fisher_p_value > _SMALLEST_FISHER and max(pulls) < _LARGEST_PULL

    def to_dict(self) -> dict[str, Any]:
        """All figures, ready for JSON."""
        return {
            "is_passed": self.is_passed,
            "fisher_p_value": self.fisher_p_value,
            "cells": [cell.to_dict() for cell in self.cells],
        }

    def __str__(self) -> str:
        rows = [_HEADER, *(_row(cell) for cell in self.cells)]
        n, smallest = len(self.cells), float(np.min(self.ks_p_values))
        dof = self.cells[0].compatibility.degrees_of_freedom
        n_failed = sum(cell.toys.n_failed for cell in self.cells)
        lines = [
            table(rows),
            f"t against chi-square({dof:g}): smallest KS p {probability(smallest)} of {n} (limit "
            f"{_SMALLEST_SHARE / n:.2g}), Fisher's combination {probability(self.fisher_p_value)}.",
            "t does not depend on the nuisances, as far as these toys can tell."
            if self.is_passed
            else "t depends on the nuisances, or is no chi-square: look at the response (`wilks learn-nuisances` shows "
            "its closure), at the order of the polynomial, and at the reach of the reference.",
        ]
        return "\n".join(lines + ([f"{n_failed} toys failed."] if n_failed else []))


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
) -> Validation:
    """Run toys at nu = 0 and at shifted nuisances, and compare t with one chi-square everywhere.

    Args:
        analysis: with nuisances and a source of toys that reaches the points.
        n_toys: at each point, at least: every finished toy of a store is used.
        seed: of the toys.
        hypotheses: the points; None: those of `shifted_hypotheses`.
        degrees_of_freedom: of the chi-square; None: the number of parameters of the model, which must then say what
            t follows, as that of a kernel, a set or a scan does not.
        store: a folder, which gets a campaign for each point; None keeps the toys in memory.
        executor: as for `run_toys`.
        progress: called with the number of finished toys of all points, and how many there are in all.

    Raises:
        InputError: an analysis without nuisances, a penalty, or points that cannot be drawn, before anything is
            computed.
    """
    if not analysis.nuisances:
        raise InputError("the analysis has no nuisances, so that nothing can be shifted; calibrate looks at nu = 0")
    if analysis.model.is_penalized and degrees_of_freedom is None:
        raise InputError(
            f"a validation compares t with one chi-square at all nuisances, but that of the "
            f"{analysis.model.describe()} follows none, for a penalty or as several statistics are in it, and "
            "depends on the nuisances. Calibrate it with toys at the nuisances of "
            "Delta, wilks.ShiftedNuisance; in Python degrees_of_freedom= compares it nonetheless"
        )
    points = tuple(hypotheses) if hypotheses is not None else shifted_hypotheses(analysis)
    for point in points:
        check_drawable(analysis, point)
    dof = float(analysis.n_parameters if degrees_of_freedom is None else degrees_of_freedom)
    campaigns = []
    with contextlib.ExitStack() as stack:
        if executor is None and not analysis.local_functions and not analysis.model.is_accelerated:
            executor = stack.enter_context(LocalProcesses())  # which keep what they compiled from point to point
        for k, point in enumerate(points):
            folder = None if store is None else as_path(store) / _folder_name(point)
            report = _part(progress, k, n_toys, len(points))
            toys = run_toys(analysis, point, n_toys=n_toys, seed=seed, store=folder, executor=executor, progress=report)
            if folder is not None:
                toys = stored_toys(folder, analysis=analysis, hypothesis=point, seed=seed)
            campaigns.append(toys)
    return Validation(tuple(_cells(campaigns, dof)))


def shifted_hypotheses(analysis: Analysis) -> tuple[Hypothesis, ...]:
    """nu = 0; each nuisance one sigma up and down, the others at 0; and, of several, all up and all down together."""
    nuisances = analysis.nuisances
    alone = [{one.name: step * one.scale} for one in nuisances for step in (1.0, -1.0)]
    together = [{one.name: step * one.scale for one in nuisances} for step in (1.0, -1.0)] if len(nuisances) > 1 else []
    return (Null(), *(ShiftedNuisance(values) for values in chain(alone, together)))


def fisher_p_value(p_values: FloatArray) -> float:
    """Fisher's combination of independent p-values.

    >>> round(fisher_p_value(np.array([0.5, 0.5])), 4)
    0.5966
    """
    statistic = -2.0 * float(np.sum(np.log(np.maximum(p_values, 1e-300))))
    return float(scipy.special.chdtrc(2 * len(p_values), statistic))


def _folder_name(point: Hypothesis) -> str:
    return ",".join(f"{name}={value:g}" for name, value in point.nuisances.items()) or "null"


def _part(
    progress: Callable[[int, int], None] | None, k: int, n_toys: int, n_points: int
) -> Callable[[int, int], None] | None:
    """The progress of point ``k`` as a part of all."""
    if progress is None:
        return None
    report = progress
    return lambda n_done, n_total: report(k * n_toys + n_done, n_points * n_toys)


def _cells(campaigns: Sequence[Toys], dof: float) -> list[ValidationCell]:
    null = next((toys for toys in campaigns if isinstance(toys.hypothesis, Null)), None)
    cells = []
    for toys in campaigns:
        t, tau = (values[np.isfinite(values)] for values in (toys.t, toys.tau))
        if not t.size:
            raise InputError(f"all toys of {toys.hypothesis.describe()} failed: {toys}")
        compatibility = judge(t, dof, n_failed=toys.n_failed, is_estimated_dof=False)
        both = None if null is None or toys is null else _two_sample(t, null.t)
        cells.append(ValidationCell(toys, compatibility, ks_p_value(tau, dof), both))
    return cells


def _two_sample(t: FloatArray, other: FloatArray) -> float:
    return float(scipy.stats.ks_2samp(t, other[np.isfinite(other)]).pvalue)


def _pulls(compatibility: Compatibility) -> tuple[float, float]:
    return compatibility.mean_pull, compatibility.variance_ratio_pull


def _row(cell: ValidationCell) -> tuple[str, ...]:
    compatibility = cell.compatibility
    values = ", ".join(f"{name} {value:+.3g}" for name, value in cell.hypothesis.nuisances.items())
    return (
        values or "all 0",
        str(compatibility.n_toys),
        f"{compatibility.mean:.2f} +- {compatibility.mean_error:.2f}",
        f"{compatibility.variance_ratio:.2f} +- {compatibility.variance_ratio_error:.2f}",
        probability(compatibility.ks_p_value),
        probability(cell.tau_ks_p_value),
        "-" if cell.null_ks_p_value is None else probability(cell.null_ks_p_value),
    )
