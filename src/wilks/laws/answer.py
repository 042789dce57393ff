"""The answer for data: p and Z by a null law, and what must be known beside them."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from wilks.errors import CalibrationError
from wilks.laws.chisquare import ChiSquareAnswer
from wilks.laws.found import found_text, found_to_dict
from wilks.laws.members import members_text, members_to_dict
from wilks.laws.notices import failed_fit
from wilks.laws.profiled import nuisance_table, nuisances_to_dict, part_rows
from wilks.significance.printing import decimals, finite_or_none
from wilks.statistics import family_of
from wilks.statistics.fits import FitResult
from wilks.statistics.law import Law, Probability, Refusal, SecondAnswer
from wilks.storage import Storable, named
from wilks.wording import Printed, stacked, table

NO_NUMBERS = (("t", "failed"), ("p-value", "none"), ("Z", "none"))
_LAWS = {
    "empirical": "wilks.laws.calibration:Calibration",
    "analytic": "wilks.statistics.analytic:AnalyticCurve",
    "sequential": "wilks.laws.sequential_law:SequentialLaw",
    "splitting": "wilks.laws.splitting.law:SplitLaw",
}


@dataclass(frozen=True, eq=False, repr=False)
class GoodnessOfFit(Printed, Storable):
    """p and Z of the data, how they came about, and what to know beside them.

    All numbers are NaN if the fit of the data failed. Z is ``-inf`` where every toy lies at or above t (p = 1).

    Attributes:
        fit: of the data.
        law: the null law that p was looked up in, a `Calibration` or an analytic one; None after a fit that failed, for
            which there is none.
        probability: p and Z; None without an answer.
        warnings: sentences.
    """

    fit: FitResult
    law: Law | None
    probability: Probability | None
    warnings: tuple[str, ...] = ()
    stored_as: ClassVar[str] = "answer"

    @property
    def is_answered(self) -> bool:
        """Whether there is a p at all."""
        return self.probability is not None

    @property
    def t(self) -> float:
        """The test statistic of the data."""
        return self.fit.t if self.is_answered else math.nan

    @property
    def p_value(self) -> float:
        """P(T >= t) under the null hypothesis."""
        return self.probability.p_value if self.probability else math.nan

    @property
    def log_p_value(self) -> float:
        """Its natural logarithm, finite where ``p_value`` underflows to 0."""
        return self.probability.log_p_value if self.probability else math.nan

    @property
    def z_score(self) -> float:
        """The standard deviations of a normal distribution that have this p, one-sided."""
        return self.probability.z_score if self.probability else math.nan

    @property
    def interval(self) -> tuple[float, float]:
        """Of p: 68 %, by Clopper-Pearson for toys, by the spread of runs for splitting; what an analytic law lacks."""
        return self.probability.interval if self.probability else (math.nan, math.nan)

    @property
    def z_interval(self) -> tuple[float, float]:
        """The interval of Z that belongs to ``interval``; its upper end is ``inf`` where nothing bounds it."""
        return self.probability.z_interval if self.probability else (math.nan, math.nan)

    @property
    def method(self) -> str:
        """Where p comes from: empirical, splitting, analytic, extrapolated; none without an answer."""
        return self.probability.method if self.probability else "none"

    @property
    def p_text(self) -> str:
        """p with where it comes from: no toy reaching t reads "p = 1/1001 (0 of 1000; below 0.0030 at 95 % CL)"."""
        return self.law.p_text(self.t, self.probability) if self.law and self.probability else "no p-value"

    @property
    def calibration(self) -> Any:
        """The law, a `Calibration`, if it comes from toys; else None."""
        return self.law if self.law and self.law.kind == "empirical" else None

    @property
    def chi2(self) -> ChiSquareAnswer | None:
        """The second answer, if toys are compatible with the chi-square; never for a t of several statistics."""
        second = self._second
        return second if isinstance(second, ChiSquareAnswer) else None

    @property
    def gamma(self) -> Probability | None:
        """The second answer in its place, by the gamma law of two moments of the toys, where that answers at this t."""
        second = self._second
        return second if isinstance(second, Probability) else None

    @property
    def _second(self) -> SecondAnswer | None:
        return self.law.second(self.t) if self.law and self.is_answered else None

    def __str__(self) -> str:
        warnings = (f"Warning: {text}." for text in self.warnings)
        return stacked("Goodness of fit", table(self._rows()), *self._sentences(), *warnings)

    def __repr__(self) -> str:
        numbers = f"t={self.t:.4g}, p_value={self.p_value:.4g}, z_score={self.z_score:.4g}"
        return f"{type(self).__name__}({numbers}, method={self.method!r})"

    def _rows(self) -> tuple[tuple[str, ...], ...]:
        if not (self.law and self.probability):
            return NO_NUMBERS
        first = (("t", decimals(self.t)), *part_rows(self.fit), *self.probability.rows())
        second = self._second
        return (*first, *(second.rows() if second else ()))

    def _sentences(self) -> list[str]:
        if not (self.law and self.probability):
            return []
        lines = list(self.law.sentences(self.fit, self.probability))
        if self.fit.nuisances:
            lines.append(nuisance_table(self.fit))
        if self.fit.members:
            lines.append(members_text(self.fit.members, p_value=self.p_value, interval=self.interval))
        for one in self.fit.regions:
            lines.append(found_text(one, p_value=self.p_value, interval=self.interval))
        return lines

    def to_dict(self) -> dict[str, object]:
        """All figures, ready for JSON; NaN and infinities become None."""
        return {
            "t": finite_or_none(self.t),
            "p_value": finite_or_none(self.p_value),
            "log_p_value": finite_or_none(self.log_p_value),
            "z_score": finite_or_none(self.z_score),
            "interval": [finite_or_none(p) for p in self.interval],
            "z_interval": [finite_or_none(z) for z in self.z_interval],
            "method": self.method,
            "p_text": self.p_text,
            "is_answered": self.is_answered,
            "warnings": list(self.warnings),
            **(self.law.facts(self.t) if self.law else {"null": None}),
            **(nuisances_to_dict(self.fit) if self.fit.nuisances else {}),
            **(members_to_dict(self.fit.members, p_value=self.p_value) if self.fit.members else {}),
            **(found_to_dict(self.fit.regions[0], p_value=self.p_value) if self.fit.regions else {}),
        }

    def to_document(self) -> dict[str, Any]:
        law = None if self.law is None else self.law.stored(self.t)
        return {
            "fit": self.fit.to_document(),
            "law": None if law is None else {"kind": law.kind, **law.to_document()},
            "probability": None if self.probability is None else self.probability.to_document(),
            "warnings": list(self.warnings),
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "GoodnessOfFit":
        law, probability = document["law"], document["probability"]
        return cls(
            FitResult.from_document(document["fit"]),
            None if law is None else _stored_law(law),
            None if probability is None else Probability.from_document(probability),
            tuple(document["warnings"]),
        )


def _stored_law(document: Mapping[str, Any]) -> Law:
    """The law that an answer kept: of toys, a curve, or one that a family of models keeps in its own way."""
    kind = document["kind"]
    law: Law = named(_LAWS[kind]).from_document(document) if kind in _LAWS else family_of(kind).stored_law(document)
    return law


def evaluate(fit: FitResult, law: Law, *, warnings: tuple[str, ...] = ()) -> GoodnessOfFit:
    """The answer for a fit of data by a law. A fit that failed gets no p; a warning says why.

    Args:
        fit: of the data.
        law: of its t under the null hypothesis.
        warnings: what must be known beside what the law says.

    Raises:
        CalibrationError: the law is one of another analysis, or refuses at this t; the fit is part of a joint one.
    """
    if fit.joint:
        raise CalibrationError(
            "p belongs to the t of a fit, but this one is the part of a joint fit in one region, and its t is that of "
            "all of them; give the joint fit, or fit the analysis of the region by itself"
        )
    law.check(fit)
    law = law.of(fit)
    notices = (*law.notices(fit), *warnings)
    if not (fit.converged and math.isfinite(fit.t)):
        return unanswered(fit, law=law, warnings=notices)
    found = law.probability(fit.t)
    if isinstance(found, Refusal):
        raise CalibrationError(f"the null law must answer at the t of the data: {found}")
    return GoodnessOfFit(fit, law, found, notices)


def unanswered(fit: FitResult, *, law: Law | None = None, warnings: tuple[str, ...] = ()) -> GoodnessOfFit:
    """The answer for a fit of data that failed: none, with the reason."""
    return GoodnessOfFit(fit, law, None, (failed_fit(fit), *warnings))
