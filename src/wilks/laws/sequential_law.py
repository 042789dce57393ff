"""The null law of one t: toys that were drawn, one after the other, until enough of them reach it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

from wilks.laws.calibration import Calibration
from wilks.laws.empirical import Empirical, check_observed
from wilks.laws.inputs import ToySummary
from wilks.laws.notices import fit_notices, sequential_notices
from wilks.laws.sequential import HitTally, Stopping
from wilks.significance import z_score
from wilks.statistics.fits import FitResult
from wilks.statistics.law import Law, Probability, Refusal
from wilks.typing import FloatArray

METHOD = "empirical"
_ZERO_T, _SAME_T = 1e-9, 1e-6


@dataclass(frozen=True, eq=False)
class SequentialLaw(Law):
    """p of one t among toys that stop at the h-th one that reaches it: h/L for L toys, (k + 1)/(n + 1) after all n.

    The order of toys is that of their index, however they were made; those beyond the stop count for nothing. A toy
    that failed is a hit, and the interval covers both outcomes. p is valid, P(p <= a) <= a, and not unbiased: the toys
    say nothing of another t.

    Attributes:
        observed_t: the t of the data.
        t: of the toys up to the stop, by index (k,); NaN where one failed.
        stopping: when they stop.
        summary: of these toys.
    """

    observed_t: float
    t: FloatArray
    stopping: Stopping
    summary: ToySummary
    kind: ClassVar[str] = "sequential"
    interval_name: ClassVar[str] = "68 % interval"

    @cached_property
    def tally(self) -> HitTally:
        """How many toys reach t, of how many."""
        return tally_of(self.t, observed_t=self.observed_t, stopping=self.stopping)

    @property
    def reach_z(self) -> float:
        """The largest Z that such toys can give: that of p = 1/(n + 1)."""
        return z_score(1.0 / (self.stopping.n_most + 1))

    @property
    def n_failed(self) -> int:
        """Toys without a t: hits."""
        return int(self.distribution.n_failed)

    @cached_property
    def distribution(self) -> Calibration:
        """These toys, to be looked at: for p of another t they are the wrong ones."""
        return Calibration(Empirical.of(self.t), None, self.summary)

    def probability(self, t: float) -> Probability | Refusal:
        check_observed(t)
        if abs(t - self.observed_t) > _SAME_T * max(1.0, abs(t)):
            return Refusal("needs toys that stop by this t", f"they stopped by t = {self.observed_t:.6g}")
        return self.tally.probability(METHOD, self.stopping)

    def check(self, fit: FitResult) -> None:
        self.distribution.check(fit)

    def notices(self, fit: FitResult) -> tuple[str, ...]:
        of_fit = fit_notices(fit, self.summary) if fit.converged else ()
        return (*sequential_notices(self.summary, n_failed=self.n_failed, n_toys=int(self.t.size)), *of_fit)

    def p_text(self, t: float, probability: Probability) -> str:
        return self.tally.text(self.stopping, what="toys")

    def sentences(self, fit: FitResult, probability: Probability) -> tuple[str, ...]:
        return (f"{self.p_text(fit.t, probability)}. Intervals are at 68 %. {self.meaning}",)

    @property
    def meaning(self) -> str:
        """What a p that was stopped is worth, in words."""
        return (
            f"Toys are made until {self.stopping.n_hits} of them reach t, {self.stopping.n_most:,} at most: p is "
            "valid, P(p ≤ a) ≤ a, and not unbiased."
        )

    def facts(self, t: float) -> dict[str, object]:
        tally, summary = self.tally, self.summary
        return {
            "interval_level": 0.68,
            "sequential": {
                "until_exceeding": self.stopping.n_hits,
                "most_toys": self.stopping.n_most,
                "n_toys": tally.n_draws,
                "n_exceeding": tally.n_hits,
                "n_failed": self.n_failed,
                "is_stopped_early": tally.is_early(self.stopping),
                "fingerprint": summary.fingerprint,
                "overlap_z_error": summary.overlap_z_error,
            },
        }

    def stored(self, t: float) -> "SequentialLaw":
        return self

    def to_document(self) -> dict[str, Any]:
        return {
            "observed_t": self.observed_t,
            "t": self.t,
            "stopping": dict(vars(self.stopping)),
            "summary": self.summary.to_document(),
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "SequentialLaw":
        """The inverse of `to_document`."""
        stopping, summary = Stopping(**document["stopping"]), ToySummary.from_document(document["summary"])
        return cls(document["observed_t"], document["t"], stopping, summary)


def tally_of(t: FloatArray, *, observed_t: float, stopping: Stopping) -> HitTally:
    """Of toys by their index. Where the observed t is nothing but rounding, 1e-9 or less, all of them reach it."""
    return HitTally().after(t, t=observed_t if observed_t > _ZERO_T else -math.inf, stopping=stopping)
