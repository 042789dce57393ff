"""The null law that multilevel splitting knows: at the observed t alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from wilks.errors import CalibrationError
from wilks.laws.empirical import check_observed
from wilks.laws.splitting.tail import Tail
from wilks.statistics.fits import FitResult
from wilks.statistics.law import Law, Probability, Refusal

_SAME_T = 1e-6


@dataclass(frozen=True, eq=False)
class SplitLaw(Law):
    """p of one t by multilevel splitting of toys.

    Args:
        tail: its runs.
        fingerprint: of the analysis.
        drawn: what the toys were drawn from, in words.
    """

    tail: Tail
    fingerprint: str
    drawn: str
    kind: ClassVar[str] = "splitting"
    interval_name: ClassVar[str] = "68 % interval"

    def probability(self, t: float) -> Probability | Refusal:
        check_observed(t)
        if abs(t - self.tail.t) > _SAME_T * max(1.0, abs(t)):
            return Refusal("needs runs of splitting towards this t", f"they went towards t = {self.tail.t:.6g}")
        return self.tail.answer

    def check(self, fit: FitResult) -> None:
        if self.fingerprint != fit.fingerprint:
            raise CalibrationError(
                f"data and toys must share one analysis: the toys belong to fingerprint {self.fingerprint[:12]}, the "
                f"data to {fit.fingerprint[:12]}"
            )

    def notices(self, fit: FitResult) -> tuple[str, ...]:
        return ()

    def p_text(self, t: float, probability: Probability) -> str:
        return self.tail.text("toys")

    def sentences(self, fit: FitResult, probability: Probability) -> tuple[str, ...]:
        return (f"{self.p_text(fit.t, probability)}, drawn from {self.drawn}.",)

    def facts(self, t: float) -> dict[str, object]:
        return {"splitting": self.tail.to_dict()}

    def stored(self, t: float) -> "SplitLaw":
        return self

    def to_document(self) -> dict[str, Any]:
        return {"tail": self.tail.to_document(), "fingerprint": self.fingerprint, "drawn": self.drawn}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "SplitLaw":
        """The inverse of `to_document`."""
        return cls(Tail.from_document(document["tail"]), document["fingerprint"], document["drawn"])
