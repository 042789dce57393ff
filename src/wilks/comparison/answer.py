"""The answer of a comparison: p and Z, of which members and features they come, and where the samples differ."""

import math
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from wilks.comparison.where import Interval
from wilks.laws import Probability
from wilks.laws.sequential import HitTally
from wilks.laws.splitting import Tail
from wilks.significance import z_score_from_log
from wilks.significance.printing import decimals, finite_or_none, probability, probability_from_log
from wilks.storage import Storable
from wilks.wording import Printed, listed, stacked, table

_MOST_MEMBERS, _MOST_FEATURES, _NOTABLE = 5, 8, 0.05
_MORE = {
    "permutation": "More of them (n_permutations, on the command line --permutations) make p smaller; reach=1e-7, "
    "--reach 1e-7, estimates it by splitting.",
    "bootstrap": "More of them (n_permutations, on the command line --permutations) make p smaller.",
}


@dataclass(frozen=True)
class MemberAnswer:
    """What one member says alone.

    Attributes:
        name, kind, feature, width: as of `wilks.comparison.blocks.Member`.
        t: its statistic.
        log_p_value: of its local p, by a law with the mean and the variance of t under the null, exact or nearly; of a
            network, which is alone, that of the answer.
        corrected_p_value: the share of draws in which any member is as extreme; NaN for a member alone.
    """

    name: str
    kind: str
    feature: str
    width: float
    t: float
    log_p_value: float
    corrected_p_value: float

    def to_dict(self) -> dict[str, object]:
        """For JSON."""
        return {
            **vars(self),
            "width": finite_or_none(self.width),
            "p_value": math.exp(self.log_p_value),
            "z_score": finite_or_none(z_score_from_log(self.log_p_value)),
            "corrected_p_value": finite_or_none(self.corrected_p_value),
        }


@dataclass(frozen=True)
class FeatureAnswer:
    """What one feature says alone.

    Attributes:
        feature: its name.
        log_p_value: of its local p, of all waves on its ranks together; approximate.
        corrected_p_value: the share of draws in which any feature is as extreme.
        interval: where the samples differ most.
    """

    feature: str
    log_p_value: float
    corrected_p_value: float
    interval: Interval

    def to_dict(self) -> dict[str, object]:
        """For JSON."""
        return {
            "feature": self.feature,
            "log_p_value": self.log_p_value,
            "p_value": math.exp(self.log_p_value),
            "corrected_p_value": finite_or_none(self.corrected_p_value),
            "interval": self.interval.to_document(),
        }


@dataclass(frozen=True)
class CountsAnswer:
    """Whether the sizes of the samples agree with their expected ratio.

    Attributes:
        expected_ratio: of the first to the second.
        log_p_value: of the two-sided p.
        shape_p_value: that of the distributions alone, which is independent of it.
    """

    expected_ratio: float
    log_p_value: float
    shape_p_value: float

    @property
    def p_value(self) -> float:
        """Two-sided; 0 where it underflows."""
        return math.exp(self.log_p_value)

    @property
    def text(self) -> str:
        """p as it is printed."""
        return probability_from_log(self.log_p_value)

    def to_dict(self) -> dict[str, object]:
        """For JSON."""
        return {**vars(self), "p_value": self.p_value}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "CountsAnswer":
        """From the fields; earlier versions kept p itself."""
        content = dict(document)
        if "p_value" in content:
            content["log_p_value"] = math.log(max(content.pop("p_value"), sys.float_info.min))
        return cls(**content)


@dataclass(frozen=True, eq=False, repr=False)
class Comparison(Printed, Storable):
    """p and Z of two samples on equal terms: are they drawn from one distribution?

    Attributes:
        t: of all members together; for a single kernel its score statistic.
        probability: p and Z with their intervals and their method.
        p_text: p with where it comes from.
        sizes: events, and effective events where there are weights, of the first and the second sample.
        features: that were compared.
        members: each with its local p.
        by_feature: each feature with its own local p, the smallest first.
        tally: of draws; None for an analytic p.
        tail: runs of multilevel splitting; None where p does not come from them.
        counts: of the test of the sizes; None where it was not asked for.
        warnings: sentences.
        asked: what a command was asked for, by name, as JSON has it; empty for an answer that was made in Python.
    """

    t: float
    probability: Probability
    p_text: str
    sizes: tuple[float, float]
    features: tuple[str, ...]
    members: tuple[MemberAnswer, ...]
    by_feature: tuple[FeatureAnswer, ...] = ()
    tally: HitTally | None = None
    tail: Tail | None = None
    counts: CountsAnswer | None = None
    warnings: tuple[str, ...] = ()
    asked: Mapping[str, Any] = field(default_factory=dict)
    stored_as: ClassVar[str] = "comparison"

    @property
    def p_value(self) -> float:
        """P(T >= t) if both samples have one distribution."""
        return self.probability.p_value

    @property
    def z_score(self) -> float:
        """The standard deviations of a normal distribution that have this p, one-sided."""
        return self.probability.z_score

    @property
    def interval(self) -> tuple[float, float]:
        """Of p, 68 %."""
        return self.probability.interval

    @property
    def method(self) -> str:
        """Where p comes from: permutation, splitting, analytic or bootstrap."""
        return self.probability.method

    def __str__(self) -> str:
        first, second = (f"{n:,.0f}" for n in self.sizes)
        rows = (("t", decimals(self.t)), *self.probability.rows())
        lines = [
            f"Comparison of {first} with {second} events in {listed(self.features)}",
            table(rows),
            f"{self.p_text}.",
        ]
        if self.tally is not None and self.tally.n_hits == 0 and self.tail is None:
            lines.append(_MORE[self.method])
        lines += [self._counts_text()] if self.counts else []
        lines += [self._members_text()] if len(self.members) > 1 else []
        lines += [self._features_text()] if self.by_feature else []
        return stacked(*lines, *(f"Warning: {text}." for text in self.warnings))

    def __repr__(self) -> str:
        numbers = f"t={self.t:.4g}, p_value={self.p_value:.4g}, z_score={self.z_score:.4g}"
        return f"{type(self).__name__}({numbers}, method={self.method!r})"

    def _counts_text(self) -> str:
        assert self.counts is not None
        return (
            f"Sizes against a ratio of {self.counts.expected_ratio:g}: p = {self.counts.text}; the "
            f"distributions alone: p = {probability(self.counts.shape_p_value)}."
        )

    def _members_text(self) -> str:
        best = sorted(self.members, key=lambda one: one.log_p_value)[:_MOST_MEMBERS]
        rows = (
            (one.name, decimals(one.t), probability_from_log(one.log_p_value), probability(one.corrected_p_value))
            for one in best
        )
        return stacked(
            table(rows, header=("member", "t", "local p", "corrected p")),
            f"The {len(best)} most extreme of {len(self.members)} members. Local p-values are approximate; the "
            "corrected one is the chance that any member is as extreme.",
        )

    def _features_text(self) -> str:
        shown = self.by_feature[:_MOST_FEATURES]
        header = ("feature", "local p", "corrected p", "differs most in", "events", "expected")
        n_more = len(self.by_feature) - len(shown)
        more = f" {n_more} more features are in the result." if n_more else ""
        return stacked(table(map(_feature_row, shown), header=header), f"Events are those of the second sample.{more}")

    def to_dict(self) -> dict[str, object]:
        """All figures, ready for JSON; NaN and infinities become None."""
        return {
            "t": finite_or_none(self.t),
            "p_value": self.p_value,
            "log_p_value": self.probability.log_p_value,
            "z_score": finite_or_none(self.z_score),
            "interval": list(self.interval),
            "z_interval": [finite_or_none(z) for z in self.probability.z_interval],
            "method": self.method,
            "p_text": self.p_text,
            "n_draws": None if self.tally is None else self.tally.n_draws,
            "splitting": None if self.tail is None else self.tail.to_dict(),
            "sizes": list(self.sizes),
            "features": list(self.features),
            "members": [one.to_dict() for one in self.members],
            "by_feature": [one.to_dict() for one in self.by_feature],
            "counts": None if self.counts is None else self.counts.to_dict(),
            "warnings": list(self.warnings),
        }

    def to_document(self) -> dict[str, Any]:
        return {
            **vars(self),
            "probability": self.probability.to_document(),
            "sizes": list(self.sizes),
            "features": list(self.features),
            "members": [dict(vars(one)) for one in self.members],
            "by_feature": [{**vars(one), "interval": one.interval.to_document()} for one in self.by_feature],
            "tally": None if self.tally is None else self.tally.to_document(),
            "tail": None if self.tail is None else self.tail.to_document(),
            "counts": None if self.counts is None else dict(vars(self.counts)),
            "warnings": list(self.warnings),
            "asked": dict(self.asked),
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "Comparison":
        by_feature = (
            FeatureAnswer(**{**one, "interval": Interval.from_document(one["interval"])})
            for one in document["by_feature"]
        )
        return cls(
            **{
                **document,
                "probability": Probability.from_document(document["probability"]),
                "sizes": tuple(document["sizes"]),
                "features": tuple(document["features"]),
                "members": tuple(MemberAnswer(**one) for one in document["members"]),
                "by_feature": tuple(by_feature),
                "tally": None if document["tally"] is None else HitTally.from_document(document["tally"]),
                "tail": None if document.get("tail") is None else Tail.from_document(document["tail"]),
                "counts": None if document["counts"] is None else CountsAnswer.from_document(document["counts"]),
                "warnings": tuple(document["warnings"]),
            }
        )


def _feature_row(one: FeatureAnswer) -> tuple[str, ...]:
    local = probability_from_log(one.log_p_value), probability(one.corrected_p_value)
    if one.corrected_p_value > _NOTABLE:
        return (one.feature, *local)
    place = one.interval
    return (
        one.feature,
        *local,
        f"{place.low:.6g} to {place.high:.6g}",
        f"{place.second:,.6g}",
        f"{place.expected:,.6g}",
    )
