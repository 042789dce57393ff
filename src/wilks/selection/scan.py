"""Networks of several shapes, each at its clip: which of them are compatible, stable, and see random signals."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from wilks.analysis import Analysis
from wilks.selection.result import DEFAULT_SET_ADVICE, WeightClipSelection
from wilks.selection.trials import with_choice
from wilks.significance.printing import probability
from wilks.storage import Storable
from wilks.wording import Printed, stacked, table

_HEADER = (
    "network",
    "dof",
    "clip",
    "interval",
    "mean t - k",
    "KS p",
    "within sd/10",
    "starts",
    "s/toy",
    "power",
    "core s",
)
DEFAULT_SET = "default set"


@dataclass(frozen=True)
class Candidate:
    """One network of a scan.

    Attributes:
        hidden: neurons of its layers.
        n_parameters: degrees of freedom that are aimed at.
        selection: its clip, effort and spread; None where none was found, or the time did not suffice.
        powers: for each random signal the share of its toys that are seen; empty where that was not measured.
        core_seconds: of all its toys.
        reason: why something is missing; empty otherwise.
    """

    hidden: tuple[int, ...]
    n_parameters: int
    selection: WeightClipSelection | None
    powers: tuple[float, ...]
    core_seconds: float
    reason: str = ""

    @property
    def name(self) -> str:
        """``5x5x5``."""
        return "x".join(map(str, self.hidden))

    @property
    def is_compatible(self) -> bool:
        """Whether fresh toys follow the chi-square at its clip."""
        return self.selection is not None and self.selection.is_compatible

    @property
    def is_stable(self) -> bool:
        """Whether t hardly depends on the seed of the search."""
        return self.selection is not None and self.selection.is_stable

    @property
    def power(self) -> float:
        """Mean over the signals; NaN where it was not measured."""
        return float(np.mean(self.powers)) if self.powers else math.nan

    def to_document(self) -> dict[str, Any]:
        """Plain values."""
        own = {**vars(self), "hidden": list(self.hidden), "powers": list(self.powers)}
        return own | {"selection": None if self.selection is None else self.selection.to_document()}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "Candidate":
        """The inverse of `to_document`."""
        given = document["selection"]
        found = None if given is None else WeightClipSelection.from_document(given)
        lists = {name: tuple(document[name]) for name in ("hidden", "powers")}
        return cls(**{**document, **lists, "selection": found})


@dataclass(frozen=True, eq=False, repr=False)
class ArchitectureScan(Printed, Storable):
    """Networks of several shapes, as Table 3 of "Imperfect Machine", with their power on random signals.

    Attributes:
        candidates: in the order in which they were tried.
        default_powers: of the default set of kernels on the same toys; empty where the time did not suffice.
        size: false-alarm rate of the powers.
        n_signal_toys: of each signal.
        budget_core_seconds: what was given, times processes.
        spent_core_seconds: of all toys.
        seed: of toys and signals.
        analysis: that of the recommended network; None without one, and after `load`.
    """

    candidates: tuple[Candidate, ...]
    default_powers: tuple[float, ...]
    size: float
    n_signal_toys: int
    budget_core_seconds: float
    spent_core_seconds: float
    seed: int
    analysis: Analysis | None = None
    stored_as: ClassVar[str] = "architecture_scan"

    @property
    def largest(self) -> dict[int, Candidate]:
        """The largest compatible network of each depth."""
        found: dict[int, Candidate] = {}
        for one in sorted(self.candidates, key=lambda one: one.n_parameters):
            if one.is_compatible:
                found[len(one.hidden)] = one
        return dict(sorted(found.items()))

    @property
    def recommended(self) -> Candidate | None:
        """Of the compatible networks whose power is within an error of the best one's: a stable one, the largest.

        None where no network is compatible.
        """
        able = [one for one in self.candidates if one.is_compatible]
        if not able:
            return None
        best = max(able, key=lambda one: -1.0 if math.isnan(one.power) else one.power)
        equal = [one for one in able if one is best or not _sees_less(one, best)]
        return max(equal, key=lambda one: (one.is_stable, one.n_parameters))

    def __str__(self) -> str:
        rows = [_row(one) for one in self.candidates]
        if self.default_powers:
            blank = ("",) * (len(_HEADER) - 3)
            rows.append((DEFAULT_SET, *blank, _power_text(self.default_powers), ""))
        lines = [
            table(rows, header=_HEADER),
            f"Power at size {self.size:g} on {self._n_signals} random signals, {self.n_signal_toys} toys each, which a "
            "test made for the one signal sees at about Z = 5.",
            f"Spent: {self.spent_core_seconds:.0f} of {self.budget_core_seconds:.0f} core seconds.",
            *(f"{one.name}: {one.reason}." for one in self.candidates if one.reason),
            f"Largest compatible network of each depth: {self._largest_text()}.",
            self._recommendation(),
        ]
        return stacked(*lines)

    @property
    def _n_signals(self) -> int:
        return max(map(len, (self.default_powers, *(one.powers for one in self.candidates))))

    def _largest_text(self) -> str:
        return ", ".join(f"{one.name} ({one.n_parameters})" for one in self.largest.values()) or "none"

    def _recommendation(self) -> str:
        chosen = self.recommended
        if chosen is None:
            return "No network was found to be compatible within the time: take the default set (Analysis(model=None))."
        text = f"Recommended: {chosen.name}, clip {chosen.selection.weight_clip:g}" if chosen.selection else ""
        if not chosen.is_stable:
            text += f", but no network is stable within this effort: {DEFAULT_SET_ADVICE}"
        elif self.default_powers and _is_less(chosen.powers, self.default_powers):
            text += "; the default set of kernels sees more of these signals"
        return f"{text}."

    def to_dict(self) -> dict[str, Any]:
        """All figures, ready for JSON."""
        chosen = self.recommended
        return {
            "recommended": None if chosen is None else chosen.name,
            "largest": {str(depth): one.name for depth, one in self.largest.items()},
            "candidates": [_figures(one) for one in self.candidates],
            "default_powers": list(self.default_powers),
            "size": self.size,
            "n_signal_toys": self.n_signal_toys,
            "budget_core_seconds": self.budget_core_seconds,
            "spent_core_seconds": self.spent_core_seconds,
        }

    def to_document(self) -> dict[str, Any]:
        own = {name: value for name, value in vars(self).items() if name != "analysis"}
        lists = {"candidates": [one.to_document() for one in self.candidates]}
        return {**own, **lists, "default_powers": list(self.default_powers)}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "ArchitectureScan":
        candidates = tuple(map(Candidate.from_document, document["candidates"]))
        return cls(**{**document, "candidates": candidates, "default_powers": tuple(document["default_powers"])})

    def applied_to(self, analysis: Analysis) -> Analysis | None:
        """An analysis with the recommended network, its clip and its search; None without one."""
        chosen = self.recommended
        if chosen is None or chosen.selection is None:
            return None
        shaped = with_shape(analysis, chosen.hidden)
        return with_choice(shaped, weight_clip=chosen.selection.weight_clip, search=chosen.selection.search)


def with_shape(analysis: Analysis, hidden: Sequence[int]) -> Analysis:
    """The same analysis with other hidden layers."""
    return with_choice(analysis, hidden=tuple(hidden))


def _sees_less(one: Candidate, best: Candidate) -> bool:
    return not one.powers or _is_less(one.powers, best.powers)


def _is_less(powers: Sequence[float], others: Sequence[float]) -> bool:
    """Whether the mean over the same signals is lower by more than its error."""
    if not powers or not others:
        return False
    apart = np.asarray(others) - np.asarray(powers)
    return bool(np.mean(apart) > np.std(apart, ddof=1) / math.sqrt(apart.size)) if apart.size > 1 else False


def _power_text(powers: Sequence[float]) -> str:
    if not powers:
        return "-"
    error = np.std(powers, ddof=1) / math.sqrt(len(powers)) if len(powers) > 1 else math.nan
    return f"{np.mean(powers):.2f} +- {error:.2f}"


def _row(one: Candidate) -> tuple[str, ...]:
    found = one.selection
    if found is None:
        return (one.name, str(one.n_parameters), *("-",) * (len(_HEADER) - 3), f"{one.core_seconds:.0f}")
    fresh, (low, high) = found.fresh.compatibility, found.interval
    return (
        one.name,
        str(one.n_parameters),
        f"{found.weight_clip:g}",
        f"{low:.3g} to {high:.3g}",
        f"{fresh.mean - fresh.degrees_of_freedom:+.1f} +- {fresh.mean_error:.1f}",
        probability(fresh.ks_p_value),
        f"{found.spread.within_limit:.0%}",
        str(found.search.n_starts),
        f"{found.fresh.seconds:.2g}",
        _power_text(one.powers),
        f"{one.core_seconds:.0f}",
    )


def _figures(one: Candidate) -> dict[str, Any]:
    return {
        "hidden": list(one.hidden),
        "n_parameters": one.n_parameters,
        "is_compatible": one.is_compatible,
        "is_stable": one.is_stable,
        "powers": list(one.powers),
        "core_seconds": one.core_seconds,
        "reason": one.reason,
        "selection": None if one.selection is None else one.selection.to_dict(),
    }
