"""The answer for data whose null distribution is known without toys."""

import math
from dataclasses import dataclass

from wilks.laws.base import NO_NUMBERS, Answer
from wilks.laws.notices import ObservedFit, failed_fit
from wilks.laws.profiled import is_profiled, nuisance_table, nuisances_to_dict, part_rows
from wilks.laws.score import CONFIRMED_Z, ScoreNull
from wilks.laws.text import decimals, probability, table
from wilks.significance import z_score


@dataclass(frozen=True, eq=False, repr=False)
class AnalyticGoodnessOfFit(Answer):
    """p and Z of a score statistic from its analytic null; the same names as `GoodnessOfFit`.

    ``interval`` is what the terms left out of the correction are worth, not a statistical error. ``method`` is
    ``analytic`` where toys have confirmed the law, up to Z = 5, and ``extrapolated`` beyond. ``null`` is None, and all
    numbers are NaN, if the fit of the data failed.
    """

    null: ScoreNull | None

    @property
    def p_text(self) -> str:
        """The p with its method."""
        return f"p = {probability(self.p_value)} ({self.method})" if self.is_answered else "no p-value"

    def __str__(self) -> str:
        lines = ["Goodness of fit", table(self._rows())]
        if self.null is not None:
            lines.append(self._sentence(self.null))
        if self.is_answered and is_profiled(self.fit):
            lines.append(nuisance_table(self.fit))
        return "\n".join([*lines, *(f"Warning: {text}." for text in self.warnings)])

    def _rows(self) -> list[tuple[str, ...]]:
        if not self.is_answered:
            return list(NO_NUMBERS)
        z_low, z_high = (decimals(z) for z in self.z_interval)
        p_low, p_high = (probability(p) for p in self.interval)
        return [
            ("t", decimals(self.t)),
            *part_rows(self.fit),
            ("p-value", probability(self.p_value), f"[{p_low}, {p_high}]", self.method),
            ("Z", decimals(self.z_score), f"[{z_low}, {z_high}]", self.method),
        ]

    def _sentence(self, null: ScoreNull) -> str:
        place = " at the nuisances of Delta" if is_profiled(self.fit) else ""
        return (
            f"Analytic null of the score statistic{place}: mean {decimals(null.mean)}, standard deviation "
            f"{decimals(math.sqrt(null.variance))}, excess variance {null.excess:.3f}. It is the law "
            f"{null.scope}. The interval is what the order left out is worth."
        )

    def to_dict(self) -> dict[str, object]:
        """All figures, ready for JSON; NaN and infinities become None."""
        return {
            **self.numbers_to_dict(),
            "method": self.method,
            "p_text": self.p_text,
            "is_answered": self.is_answered,
            "warnings": list(self.warnings),
            "null": self.null and self.null.to_dict(),
            **(nuisances_to_dict(self.fit) if is_profiled(self.fit) else {}),
        }


def analytic_answer(fit: ObservedFit, null: ScoreNull, *, warnings: tuple[str, ...] = ()) -> AnalyticGoodnessOfFit:
    """p and Z of a fit of data.

    Raises:
        CalibrationError: the law is not confirmed by toys for this analysis.
    """
    p = null.p_value(fit.t)
    z = z_score(p)
    method = "analytic" if z <= CONFIRMED_Z and null.is_confirmed_at(fit.t) else "extrapolated"
    return AnalyticGoodnessOfFit(fit.t, p, z, null.interval(fit.t), warnings, fit, null, method=method)


def failed_answer(fit: ObservedFit, *, warnings: tuple[str, ...] = ()) -> AnalyticGoodnessOfFit:
    """The answer for a fit of data that failed: none, with the reason."""
    nan, reasons = math.nan, (failed_fit(fit), *warnings)
    return AnalyticGoodnessOfFit(nan, nan, nan, (nan, nan), reasons, fit, None, method="analytic")
