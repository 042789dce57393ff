"""A weight clip that was chosen, with all that it was chosen from."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

from wilks.analysis import Analysis
from wilks.laws.compatibility import MAX_PULL, Compatibility
from wilks.search import Search
from wilks.selection.spread import LARGEST_SPREAD, LEAST_SHARE, Spread
from wilks.selection.trials import Trial, with_choice
from wilks.significance.printing import probability
from wilks.storage import Storable
from wilks.wording import Printed, stacked, table

DEFAULT_SET_ADVICE = (
    "take the default set of kernels (Analysis(model=None)) for the answer, whose t has no seed, and this network as a "
    "second opinion"
)
_HEADER = ("stage", "clip", "toys", "mean t - k", "variance/(2 mean)", "KS p", "s/toy")


@dataclass(frozen=True)
class Stage:
    """What the toys of a stage said: the clip with its 68 % interval, and the clips that the next stage looks at.

    ``mean_error`` is that of the mean of t there, in standard deviations of the chi-square.
    """

    n_toys: int
    weight_clip: float
    interval: tuple[float, float]
    window: tuple[float, float]
    mean_error: float


@dataclass(frozen=True, eq=False, repr=False)
class WeightClipSelection(Printed, Storable):
    """A weight clip at which the mean of t is the number of parameters k, and how far that holds on fresh toys.

    Attributes:
        model: as `Statistic.to_dict`, with the chosen clip.
        n_parameters: k.
        stages: what the toys that chose said, stage by stage.
        trials: every clip that was looked at, in the order in which it was; all with the same toys 0, 1, ...
        fresh: toys that had no part in the choice, at the chosen clip.
        efforts: spread of t for every number of starts that was tried, at ``effort_clip``.
        spread: of t at the chosen clip and search, with the nuisances of the analysis.
        search: that was chosen.
        tolerance: error of the mean, in standard deviations of the chi-square, at which stages end.
        seed: of the toys.
        fingerprint: of the analysis that was chosen.
        overlap_z_error: on Z, which all toys of one pool share (`Analysis.overlap_z_error`); None without a pool.
        analysis: the one that was chosen; None after `load`: give the samples again, with ``model`` and ``search``.
    """

    model: Mapping[str, Any]
    n_parameters: int
    stages: tuple[Stage, ...]
    trials: tuple[Trial, ...]
    fresh: Trial
    efforts: tuple[Spread, ...]
    effort_clip: float
    spread: Spread
    search: Search
    tolerance: float
    seed: int
    fingerprint: str
    overlap_z_error: float | None = None
    analysis: Analysis | None = None
    stored_as: ClassVar[str] = "selection"

    @property
    def weight_clip(self) -> float:
        """The clip that was chosen, to three digits."""
        return float(self.model["weight_clip"])

    @property
    def interval(self) -> tuple[float, float]:
        """68 %, from the toys that chose: of the clip at which the mean of t is k."""
        return self.stages[-1].interval

    @property
    def is_stable(self) -> bool:
        """Whether t hardly depends on the seed of the search at the chosen clip and search."""
        return self.spread.is_small

    @property
    def is_compatible(self) -> bool:
        """Whether fresh toys agree with the chi-square."""
        return self.fresh.compatibility.is_compatible

    @cached_property
    def warnings(self) -> tuple[str, ...]:
        """What must be known beside the clip."""
        return tuple(_warnings(self))

    @property
    def table(self) -> tuple[Trial, ...]:
        """Every clip with each number of toys, the fresh ones last: Table 1 of "Imperfect Machine"."""
        return (*_last_of_each(self.trials), self.fresh)

    def __str__(self) -> str:
        low, high = self.interval
        last = self.stages[-1]
        lines = [
            f"Weight clip {self.weight_clip:g}, interval {low:.3g} to {high:.3g} at 68 %: there the mean of t is "
            f"{self.n_parameters}, the number of parameters k",
            table(map(_row, self.table), header=_HEADER),
            f"{self._end_text()} {last.mean_error:.2f} standard deviations of the chi-square: where the chi-square is "
            "quoted, Z may be off by as much.",
            f"Fresh toys, which chose nothing: {_lowered(self.fresh.compatibility.verdict)}",
            f"Spread: {self.spread}.",
            self._effort_text(),
        ]
        return stacked(*lines, *(f"Warning: {text}." for text in self.warnings))

    def to_dict(self) -> dict[str, Any]:
        """All figures, ready for JSON."""
        return {
            "weight_clip": self.weight_clip,
            "interval": [_finite(end) for end in self.interval],
            "n_starts": self.search.n_starts,
            "is_compatible": self.is_compatible,
            "is_stable": self.is_stable,
            "fresh": self.fresh.to_dict(),
            "spread": self.spread.to_dict(),
            "efforts": [one.to_dict() for one in self.efforts],
            "effort_clip": self.effort_clip,
            "table": [trial.to_dict() for trial in self.table],
            "stages": [_stage_document(stage) for stage in self.stages],
            "overlap_z_error": self.overlap_z_error,
            "warnings": list(self.warnings),
        }

    def to_document(self) -> dict[str, Any]:
        return {
            "model": dict(self.model),
            "n_parameters": self.n_parameters,
            "stages": [dict(vars(stage)) for stage in self.stages],
            "trials": [trial.to_dict() for trial in self.trials],
            "fresh": self.fresh.to_dict(),
            "efforts": [one.to_dict() for one in self.efforts],
            "effort_clip": self.effort_clip,
            "spread": self.spread.to_dict(),
            "search": dict(vars(self.search)),
            "tolerance": self.tolerance,
            "seed": self.seed,
            "fingerprint": self.fingerprint,
            "overlap_z_error": self.overlap_z_error,
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "WeightClipSelection":
        stages = ({name: _pair(value) for name, value in one.items()} for one in document["stages"])
        return cls(
            **{
                **document,
                "stages": tuple(Stage(**one) for one in stages),
                "trials": tuple(map(Trial.from_dict, document["trials"])),
                "fresh": Trial.from_dict(document["fresh"]),
                "efforts": tuple(map(Spread.from_dict, document["efforts"])),
                "spread": Spread.from_dict(document["spread"]),
                "search": Search(**document["search"]),
            }
        )

    def applied_to(self, analysis: Analysis) -> Analysis:
        """An analysis with the chosen clip and search in place of its own."""
        return with_choice(analysis, weight_clip=self.weight_clip, search=self.search)

    def _end_text(self) -> str:
        last = self.stages[-1]
        if last.mean_error <= self.tolerance:
            return f"{last.n_toys} toys are enough (tolerance {self.tolerance:g}): the mean is known to"
        return f"After all {last.n_toys} toys (tolerance {self.tolerance:g}) the mean is known to"

    def _effort_text(self) -> str:
        tried = ", ".join(f"{one.n_starts} starts {one.within_limit:.0%}" for one in self.efforts)
        chosen = f"At clip {self.effort_clip:g} toys within a tenth of the standard deviation: {tried}"
        if not self.efforts[-1].is_small:
            return f"{chosen}. None reaches {LEAST_SHARE:.0%}; the search stays at {self.search.n_starts} starts."
        return f"{chosen}. Chosen: {self.search.n_starts} starts."


def _warnings(found: WeightClipSelection) -> list[str]:
    fresh, spread, sentences = found.fresh.compatibility, found.spread, []
    if not all(map(math.isfinite, found.interval)):
        sentences.append(
            "the mean of t does not grow with the clip, so that no clip is better than another; this is the middle "
            "of those that were tried"
        )
    if not found.is_compatible:
        sentences.append(f"{_no_chi_square(fresh)}; p that is counted among toys is right whatever they follow")
    if not spread.is_small:
        sentences.append(
            f"t depends on the seed of the search: within {LARGEST_SPREAD:g} standard deviations on "
            f"{spread.within_limit:.0%} of toys where {LEAST_SHARE:.0%} are asked for. p stays valid, power is lost; "
            f"take more starts (search.n_starts, tried up to {found.efforts[-1].n_starts}), or {DEFAULT_SET_ADVICE}"
        )
    if (shared := found.overlap_z_error or 0.0) > found.tolerance:
        sentences.append(
            f"toys share the events of one pool: a common error of {shared:.2f} on Z, which fresh toys cannot show and "
            "more of them do not reduce, is larger than the tolerance; a larger pool or reference helps"
        )
    if fresh.n_failed:
        sentences.append(f"{fresh.n_failed} of {fresh.n_toys} fresh toys failed")
    return sentences


def _no_chi_square(fresh: Compatibility) -> str:
    """What is wrong with the chi-square at the chosen clip, and in which direction its p would be."""
    begin = (
        f"fresh toys at the chosen clip do not follow the chi-square ({', '.join(fresh.objections) or 'too few toys'})"
    )
    if fresh.is_judged and fresh.variance_ratio_pull < -MAX_PULL:
        return f"{begin}: t scatters less than it, and small p that are read from it are too large"
    if fresh.is_judged and fresh.variance_ratio_pull > MAX_PULL:
        return f"{begin}: t scatters more than it, and small p that are read from it are too small"
    return begin


def _last_of_each(trials: tuple[Trial, ...]) -> list[Trial]:
    """Each clip once for each stage, by stage and clip."""
    stages = {trial.stage: k for k, trial in reversed(list(enumerate(trials)))}
    each = {(trial.stage, trial.weight_clip): trial for trial in trials}
    return sorted(each.values(), key=lambda trial: (stages[trial.stage], trial.weight_clip))


def _row(trial: Trial) -> tuple[str, ...]:
    found = trial.compatibility
    return (
        trial.stage,
        f"{trial.weight_clip:g}",
        str(found.n_toys),
        f"{found.mean - found.degrees_of_freedom:+.2f} +- {mean_error(trial):.2f}",
        f"{found.variance_ratio:.2f} +- {found.variance_ratio_error:.2f}",
        probability(found.ks_p_value),
        f"{trial.seconds:.2g}",
    )


def mean_error(trial: Trial) -> float:
    """Of the mean of t, from the variance of these toys."""
    found = trial.compatibility
    n_valid = found.n_toys - found.n_failed
    return math.sqrt(2.0 * found.mean * found.variance_ratio / n_valid) if found.mean > 0 else math.nan


def _lowered(sentence: str) -> str:
    return sentence[0].lower() + sentence[1:]


def _stage_document(stage: Stage) -> dict[str, Any]:
    return vars(stage) | {"interval": [_finite(end) for end in stage.interval], "window": list(stage.window)}


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _pair(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
