"""The null distribution of t, and the answer that it gives for a fit of data."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

import numpy.typing as npt

from wilks.campaign.table import Toys
from wilks.errors import CalibrationError
from wilks.hypotheses import Null
from wilks.laws.answer import GoodnessOfFit, evaluate
from wilks.laws.chisquare import ChiSquareAnswer, chi_square_answer
from wilks.laws.compatibility import Compatibility, judge
from wilks.laws.empirical import Empirical
from wilks.laws.inputs import ToySummary, t_values, toy_summary
from wilks.laws.notices import fit_notices, toy_notices
from wilks.significance import z_score
from wilks.significance.printing import decimals, failed_toys, plain, toys
from wilks.significance.printing import probability as probability_text
from wilks.statistics.fits import FitResult
from wilks.statistics.law import Law, Probability
from wilks.storage import Storable
from wilks.typing import FloatArray, is_number
from wilks.wording import Printed


@dataclass(frozen=True, eq=False, repr=False)
class Calibration(Printed, Law, Storable):
    """The distribution of t under the null hypothesis, from toys. Made by :func:`calibrate`.

    The primary answer is the empirical p; the chi-square is a second one, given only if the
    toys were found compatible with it.
    """

    null: Empirical
    compatibility: Compatibility
    summary: ToySummary | None = None
    kind: ClassVar[str] = "empirical"
    interval_name: ClassVar[str] = "68 % interval"
    stored_as: ClassVar[str] = "calibration"

    @property
    def t(self) -> FloatArray:
        """Valid values of t, ascending (k,)."""
        return self.null.t

    @property
    def n_toys(self) -> int:
        """All toys, failed ones included."""
        return self.null.n_toys

    @property
    def n_failed(self) -> int:
        """Toys without a valid t."""
        return self.null.n_failed

    @property
    def degrees_of_freedom(self) -> float:
        """Of the chi-square that the toys are compared with."""
        return self.compatibility.degrees_of_freedom

    @property
    def is_estimated_dof(self) -> bool:
        """Whether the degrees of freedom are the mean of these toys."""
        return self.compatibility.is_estimated_dof

    @property
    def compatible(self) -> bool:
        """Whether the toys follow the chi-square by every check of :class:`Compatibility`."""
        return self.compatibility.is_compatible

    @property
    def fingerprint(self) -> str | None:
        """Of the analysis that the toys belong to; None if they came as bare values."""
        return self.summary.fingerprint if self.summary else None

    @property
    def overlap_z_error(self) -> float | None:
        """Common error of Z from a finite pool of toy events, if known."""
        return self.summary.overlap_z_error if self.summary else None

    @property
    def reach_z(self) -> float:
        """The largest Z that these toys can give: that of p = (m + 1)/(n + 1), m of n toys failed."""
        return z_score(self.null.smallest_p_value)

    def count(self, t: float) -> int:
        """Return how many valid toys lie at or above ``t``."""
        return self.null.count(t)

    def p_value(self, t: float) -> float:
        """Return the empirical p, (k + m + 1)/(n + 1).

        k valid toys lie at or above t, m of all n toys failed. Raises CalibrationError for NaN.

        >>> calibrate([1.0, 2.0, 3.0, 4.0], degrees_of_freedom=3).p_value(3.5)
        0.4
        """
        return self.null.p_value(t)

    def interval(self, t: float, *, level: float = 0.68) -> tuple[float, float]:
        """Return the Clopper-Pearson interval of p; failed toys below t at one end, above at the other.

        >>> low, high = calibrate([1.0, 2.0, 3.0, 4.0], degrees_of_freedom=3).interval(3.5)
        >>> round(low, 4), round(high, 4)
        (0.0427, 0.6172)
        """
        return self.null.interval(t, level=level)

    def upper_limit(self, t: float, *, level: float = 0.95) -> float:
        """Return the one-sided Clopper-Pearson upper limit on p, failed toys counted above t."""
        return self.null.upper_limit(t, level=level)

    def chi2_p_value(self, t: float, *, force: bool = False) -> float:
        """Return P(chi-square(degrees_of_freedom) >= t).

        Raises CalibrationError unless the toys are compatible with the chi-square or ``force``
        is given. Whether the toys reach this p is in the label that :meth:`chi2` returns.
        """
        return self.chi2(t, force=force).p_value

    def chi2(self, t: float, *, force: bool = False) -> ChiSquareAnswer:
        """Return p and Z from the chi-square with their label and band.

        The label is ``chi2`` if the toys are compatible and p is at least (m + 1)/(n + 1), the
        smallest p that they can give themselves; else ``extrapolated``, as is all that is forced.
        """
        if math.isnan(t):
            raise CalibrationError("a p-value needs a valid t, got NaN: a fit that failed has no p-value")
        if not (self.compatible or force):
            raise CalibrationError(
                f"a chi-square p needs toys that follow the chi-square. {self.compatibility.verdict} "
                "Use the empirical p_value, or force=True for a number labelled 'extrapolated'"
            )
        return chi_square_answer(t, self.compatibility, smallest_p_value=self.null.smallest_p_value)

    def check_usable(self, fingerprint: str) -> None:
        """Raise CalibrationError unless these are null toys of the analysis with this fingerprint.

        Null toys of a penalized model, such as a kernel, may be of shifted nuisances too, on which its t depends.
        """
        if self.summary is None:
            return
        if not self.summary.is_null:
            raise CalibrationError(
                f"a p-value needs toys of the null hypothesis, got toys of {type(self.summary.hypothesis).__name__}; "
                "run run_toys(analysis, Null(), ...)"
            )
        if self.summary.fingerprint != fingerprint:
            raise CalibrationError(
                "data and toys must share one analysis: the toys belong to fingerprint "
                f"{self.summary.fingerprint[:12]}, the data to {fingerprint[:12]}; "
                "calibrate this analysis, or load the one that the toys were made with"
            )

    def evaluate(self, fit: FitResult) -> GoodnessOfFit:
        """Return the answer for a fit of data.

        A fit that failed gets no p: p, Z and interval are NaN, and a warning says why. Raises
        CalibrationError if the toys are of another analysis, of another hypothesis, or of another
        fixed number of events.
        """
        return evaluate(fit, self)

    def check(self, fit: FitResult) -> None:
        self.check_usable(fit.fingerprint)
        self.check_count(fit.n_events)

    def probability(self, t: float) -> Probability:
        return Probability.of(self.p_value(t), self.interval(t), method=self.kind)

    def second(self, t: float) -> ChiSquareAnswer | None:
        return self.chi2(t) if self.compatible else None

    def notices(self, fit: FitResult) -> tuple[str, ...]:
        of_toys = toy_notices(self.null, self.compatibility, self.summary)
        return (*of_toys, *(fit_notices(fit, self.summary) if fit.converged else ()))

    def p_text(self, t: float, probability: Probability) -> str:
        """p as a fraction, with the counts it comes from."""
        k, m, n = self.null.count(t), self.n_failed, self.n_toys
        failed = f", {m} failed" if m else ""
        limit = f"; below {probability_text(self.null.upper_limit(t))} at 95 % CL" if k == 0 else ""
        return f"p = {k + m + 1}/{n + 1} ({k} of {n}{failed}{limit})"

    def sentences(self, fit: FitResult, probability: Probability) -> tuple[str, ...]:
        is_beyond = self.null.count(fit.t) == 0
        limit = f", Z above {decimals(z_score(self.null.upper_limit(fit.t)))} at 95 % CL" if is_beyond else ""
        first = f"{self.p_text(fit.t, probability)}{limit}. Intervals are at 68 %."
        if fit.members:  # t is made of p-values, and nobody expects a chi-square
            return (first,)
        chi2 = self.second(fit.t)
        if chi2 is None:
            return (first, f"No chi-square answer. {self.compatibility.verdict}")
        if chi2.method != "extrapolated":
            return (first,)
        return (
            first,
            f"The toys reach Z = {decimals(self.reach_z)}; the chi-square answer is beyond it. "
            "Its band holds the errors of their mean and variance, not a tail of another shape.",
        )

    def facts(self, t: float) -> dict[str, object]:
        chi2 = None if math.isnan(t) else self.second(t)
        return {"interval_level": 0.68, "chi2": chi2.to_dict() if chi2 else None, "calibration": self.to_dict()}

    def stored(self, t: float) -> Calibration:
        return self

    def to_document(self) -> dict[str, Any]:
        return {
            "t": self.null.t,
            "n_failed": self.n_failed,
            "compatibility": asdict(self.compatibility),
            "summary": self.summary and self.summary.to_document(),
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Calibration:
        return cls(
            Empirical(document["t"], document["n_failed"]),
            Compatibility(**document["compatibility"]),
            ToySummary.from_document(document["summary"]) if document["summary"] else None,
        )

    def to_dict(self) -> dict[str, object]:
        """Summary without the values of t, ready for JSON."""
        return {
            "n_toys": self.n_toys,
            "n_failed": self.n_failed,
            "degrees_of_freedom": self.degrees_of_freedom,
            "is_estimated_dof": self.is_estimated_dof,
            "compatible": self.compatible,
            "compatibility": self.compatibility.to_dict(),
            "reach_z": self.reach_z,
            "overlap_z_error": self.overlap_z_error,
            "fingerprint": self.fingerprint,
        }

    def __str__(self) -> str:
        lines = [
            f"Null distribution of t from {toys(self.n_toys)}",
            str(self.compatibility),
            self.compatibility.verdict,
            f"The toys reach Z = {decimals(self.reach_z)} (p = {probability_text(self.null.smallest_p_value)}).",
        ]
        if self.n_failed:
            lines.append(failed_toys(self.n_failed, self.n_toys))
        lines.extend(f"{n} of them: {code.message}." for code, n in (self.summary.failures if self.summary else ()))
        return "\n".join(lines)

    def __repr__(self) -> str:
        return (
            f"Calibration(n_toys={self.n_toys}, n_failed={self.n_failed}, "
            f"degrees_of_freedom={plain(self.degrees_of_freedom)}, compatible={self.compatible})"
        )

    def check_count(self, n_events: int) -> None:
        """Raise CalibrationError if the toys hold a fixed number of events that is not ``n_events``."""
        fixed = self.summary.hypothesis.n_events if self.summary and isinstance(self.summary.hypothesis, Null) else None
        if fixed is not None and fixed != n_events:
            raise CalibrationError(
                f"toys with a fixed number of events answer for that number alone: they hold {fixed}, "
                f"the data {n_events}; run toys with Null() for Poisson counts, or Null(n_events={n_events})"
            )


def calibrate(toys: Toys | npt.ArrayLike, *, degrees_of_freedom: float | None = None) -> Calibration:
    """Make the null distribution of t from toys, or from bare values of t (k,) with NaN = failed.

    Toys are compared with the chi-square of their model's number of parameters, bare values
    and toys of a penalized model, such as a kernel, with that of their own mean (and the result
    says so), unless ``degrees_of_freedom`` is given.
    Use toys that had no part in the choice of the weight clip: toys that chose it agree
    with the chi-square too well.

    Raises CalibrationError if no toy has a valid t, or t is negative or infinite.

    >>> import numpy as np
    >>> calibration = calibrate(np.random.default_rng(1).chisquare(13, size=400), degrees_of_freedom=13)
    >>> calibration
    Calibration(n_toys=400, n_failed=0, degrees_of_freedom=13, compatible=True)
    """
    null = Empirical.of(t_values(toys))
    summary = toy_summary(toys) if isinstance(toys, Toys) else None
    given = summary.degrees_of_freedom if summary and degrees_of_freedom is None else degrees_of_freedom
    dof = float(null.t.mean()) if given is None else given
    if not (is_number(dof) and math.isfinite(dof) and dof > 0.0):
        raise CalibrationError(
            f"the number of degrees of freedom must be positive, got {dof!r:.80}; give degrees_of_freedom="
        )
    dof = float(dof)
    compatibility = judge(null.t, dof, n_failed=null.n_failed, is_estimated_dof=given is None)
    return Calibration(null=null, compatibility=compatibility, summary=summary)
