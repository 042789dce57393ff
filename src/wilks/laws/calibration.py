"""The null distribution of t, and the answer that it gives for a fit of data."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy.typing as npt

from wilks.campaign.table import Toys
from wilks.errors import CalibrationError
from wilks.hypotheses import Null
from wilks.laws.answer import GoodnessOfFit, evaluate
from wilks.laws.chisquare import ChiSquareAnswer, chi_square_answer
from wilks.laws.compatibility import Compatibility, judge
from wilks.laws.empirical import Empirical, check_observed
from wilks.laws.gamma import gamma_probability
from wilks.laws.inputs import ToySummary, t_values, toy_summary
from wilks.laws.notices import fit_notices, toy_notices
from wilks.laws.screening import screen
from wilks.significance import z_score
from wilks.significance.printing import decimals, failed_toys, plain, toys
from wilks.significance.printing import probability as probability_text
from wilks.statistics.fits import FitResult
from wilks.statistics.law import Law, Probability, Refusal
from wilks.storage import Storable
from wilks.typing import FloatArray, is_number
from wilks.wording import Printed, stacked


@dataclass(frozen=True, eq=False, repr=False)
class Calibration(Printed, Law, Storable):
    """The distribution of t under the null hypothesis, from toys. Made by :func:`calibrate`.

    The primary answer is the empirical p. The second one is that of the chi-square if the toys were found compatible
    with it, else that of the gamma law of their mean and variance, near them.

    ``compatibility`` is None where t is made of several statistics, as that of a set of kernels or a scan: nothing
    makes it follow a chi-square, and there is no second answer. ``findings`` says what is odd about bare values of t
    (`screen`).
    """

    null: Empirical
    compatibility: Compatibility | None
    summary: ToySummary | None = None
    findings: tuple[str, ...] = ()
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
    def degrees_of_freedom(self) -> float | None:
        """Of the chi-square that the toys are compared with, if there is one."""
        return self.compatibility.degrees_of_freedom if self.compatibility else None

    @property
    def is_estimated_dof(self) -> bool:
        """Whether the degrees of freedom are the mean of these toys."""
        return self.compatibility is not None and self.compatibility.is_estimated_dof

    @property
    def compatible(self) -> bool:
        """Whether there is a chi-square to compare with, and the toys follow it as :class:`Compatibility` decides."""
        return self.compatibility is not None and self.compatibility.is_compatible

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
        """Return how many valid toys lie at or above ``t``. Raises CalibrationError as `p_value`."""
        check_observed(t)
        return self.null.count(t)

    def p_value(self, t: float) -> float:
        """Return the empirical p, (k + m + 1)/(n + 1).

        k valid toys lie at or above t, m of all n toys failed. Raises CalibrationError for a t that no fit of data has:
        NaN, infinite, or below -1e-3, such as -1 for a fit that failed.

        >>> calibrate([1.0, 2.0, 3.0, 4.0], degrees_of_freedom=3).p_value(3.5)
        0.4
        """
        check_observed(t)
        return self.null.p_value(t)

    def interval(self, t: float, *, level: float = 0.68) -> tuple[float, float]:
        """Return the Clopper-Pearson interval of p; failed toys below t at one end, above at the other.

        >>> low, high = calibrate([1.0, 2.0, 3.0, 4.0], degrees_of_freedom=3).interval(3.5)
        >>> round(low, 4), round(high, 4)
        (0.0427, 0.6172)
        """
        check_observed(t)
        return self.null.interval(t, level=level)

    def upper_limit(self, t: float, *, level: float = 0.95) -> float:
        """Return the one-sided Clopper-Pearson upper limit on p, failed toys counted above t."""
        check_observed(t)
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
        check_observed(t)
        if self.compatibility is None:
            raise CalibrationError(
                "a chi-square p needs a t that may follow a chi-square, but this one is made of several statistics; "
                "use the empirical p_value"
            )
        if not (self.compatible or force):
            raise CalibrationError(
                f"a chi-square p needs toys that follow the chi-square. {self.compatibility.verdict} "
                "Use the empirical p_value, or force=True for a number labelled 'extrapolated'"
            )
        return chi_square_answer(t, self.compatibility, smallest_p_value=self.null.smallest_p_value)

    def gamma(self, t: float) -> Probability | Refusal:
        """p by the gamma law of mean and variance of the toys, to Z = 2 or within their reach (`gamma_probability`).

        >>> import numpy as np
        >>> toys = np.random.default_rng(1).chisquare(13, size=400)
        >>> found = calibrate(toys, degrees_of_freedom=13).gamma(20.0)
        >>> found.method, round(found.p_value, 3)
        ('gamma', 0.079)
        """
        check_observed(t)
        if self.compatibility is None:
            return Refusal("is one of a t near to a chi-square", "this t is made of several statistics")
        return gamma_probability(t, self.null)

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

    def of(self, fit: FitResult) -> Calibration:
        """Without the chi-square for a fit whose t is made of several statistics, which bare values of t do not say."""
        is_more = (fit.members or fit.regions) and self.compatibility is not None
        return dataclasses.replace(self, compatibility=None) if is_more else self

    def second(self, t: float) -> ChiSquareAnswer | Probability | None:
        """From the chi-square if the toys are compatible with it, else by two moments, near the toys."""
        if self.compatible:
            return self.chi2(t)
        found = self.gamma(t)
        return found if isinstance(found, Probability) else None

    def notices(self, fit: FitResult) -> tuple[str, ...]:
        of_toys = toy_notices(self.null, self.compatibility, self.summary)
        return (*self.findings, *of_toys, *(fit_notices(fit, self.summary) if fit.converged else ()))

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
        if self.compatibility is None:
            return (first,)
        if not self.compatible:
            found = self.gamma(fit.t)
            more = "" if isinstance(found, Probability) else f" No gamma answer either: {found}."
            return (first, f"No chi-square answer. {self.compatibility.verdict}{more}")
        if self.chi2(fit.t).method != "extrapolated":
            return (first,)
        return (
            first,
            f"The toys reach Z = {decimals(self.reach_z)}; the chi-square answer is beyond it. "
            "Its band holds the errors of their mean and variance, not a tail of another shape.",
        )

    def facts(self, t: float) -> dict[str, object]:
        chi2 = self.chi2(t).to_dict() if self.compatible and not math.isnan(t) else None
        gamma = None if math.isnan(t) or self.compatibility is None else self.gamma(t)
        return {
            "interval_level": 0.68,
            "chi2": chi2,
            "gamma": {"refused": str(gamma)} if isinstance(gamma, Refusal) else gamma and gamma.to_dict(),
            "calibration": self.to_dict(),
        }

    def stored(self, t: float) -> Calibration:
        return self

    def to_document(self) -> dict[str, Any]:
        return {
            "t": self.null.t,
            "n_failed": self.n_failed,
            "compatibility": self.compatibility and self.compatibility.to_document(),
            "summary": self.summary and self.summary.to_document(),
            "findings": list(self.findings),
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Calibration:
        null = Empirical(document["t"], document["n_failed"])
        return cls(
            null,
            _stored_compatibility(document["compatibility"], null),
            ToySummary.from_document(document["summary"]) if document["summary"] else None,
            tuple(document["findings"]),
        )

    def to_dict(self) -> dict[str, object]:
        """Summary without the values of t, ready for JSON."""
        return {
            "n_toys": self.n_toys,
            "n_failed": self.n_failed,
            "degrees_of_freedom": self.degrees_of_freedom,
            "is_estimated_dof": self.is_estimated_dof if self.compatibility else None,
            "compatible": self.compatible if self.compatibility else None,
            "compatibility": self.compatibility.to_dict() if self.compatibility else None,
            "reach_z": self.reach_z,
            "overlap_z_error": self.overlap_z_error,
            "fingerprint": self.fingerprint,
            "findings": list(self.findings),
        }

    def __str__(self) -> str:
        lines = [
            f"Null distribution of t from {toys(self.n_toys)}",
            *((str(self.compatibility), self.compatibility.verdict) if self.compatibility else (moments(self.t),)),
            f"The toys reach Z = {decimals(self.reach_z)} (p = {probability_text(self.null.smallest_p_value)}).",
        ]
        if self.n_failed:
            lines.append(failed_toys(self.n_failed, self.n_toys))
        lines.extend(f"Warning: {text}." for text in self.findings)
        lines.extend(f"{n} of them: {code.message}." for code, n in (self.summary.failures if self.summary else ()))
        return stacked(*lines)

    def __repr__(self) -> str:
        dof = self.degrees_of_freedom
        compared = "" if dof is None else f", degrees_of_freedom={plain(dof)}, compatible={self.compatible}"
        return f"Calibration(n_toys={self.n_toys}, n_failed={self.n_failed}{compared})"

    def check_count(self, n_events: int) -> None:
        """Raise CalibrationError if the toys hold a fixed number of events that is not ``n_events``."""
        fixed = self.summary.hypothesis.n_events if self.summary and isinstance(self.summary.hypothesis, Null) else None
        if fixed is not None and fixed != n_events:
            raise CalibrationError(
                f"toys with a fixed number of events answer for that number alone: they hold {fixed}, "
                f"the data {n_events}; run toys with Null() for Poisson counts, or Null(n_events={n_events})"
            )


def calibrate(
    toys: Toys | npt.ArrayLike, *, degrees_of_freedom: float | None = None, is_tuned: bool = False
) -> Calibration:
    """Make the null distribution of t from toys, or from bare values of t (k,) with NaN = failed.

    Toys are compared with the chi-square of their model's number of parameters, bare values
    and toys of a penalized model, such as a kernel, with that of their own mean (and the result
    says so), unless ``degrees_of_freedom`` is given. Toys whose t is made of several statistics, of a set of
    kernels or a scan, are
    compared with none, unless it is given.

    Bare values are looked at for toys that are there twice and for two sets in one: what is found stands in
    ``findings``, and among the warnings of every answer.

    Args:
        toys: of the null hypothesis.
        degrees_of_freedom: of the chi-square.
        is_tuned: these toys chose the weight clip that brings their mean to ``degrees_of_freedom``: their mean then
            says nothing, and the other tests allow for it. Toys that had no part in the choice see more.

    Raises CalibrationError if no toy has a valid t, or t is negative or infinite.

    >>> import numpy as np
    >>> calibration = calibrate(np.random.default_rng(1).chisquare(13, size=400), degrees_of_freedom=13)
    >>> calibration
    Calibration(n_toys=400, n_failed=0, degrees_of_freedom=13, compatible=True)
    """
    values = t_values(toys)
    null = Empirical.of(values)
    summary = toy_summary(toys) if isinstance(toys, Toys) else None
    findings = () if summary else screen(values)
    if summary and summary.is_combined and degrees_of_freedom is None:
        return Calibration(null=null, compatibility=None, summary=summary)
    given = summary.degrees_of_freedom if summary and degrees_of_freedom is None else degrees_of_freedom
    dof = float(null.t.mean()) if given is None else given
    if not (is_number(dof) and math.isfinite(dof) and dof > 0.0):
        raise CalibrationError(
            f"the number of degrees of freedom must be positive, got {dof!r:.80}; give degrees_of_freedom="
        )
    dof, is_estimated = float(dof), given is None
    compatibility = judge(null.t, dof, n_failed=null.n_failed, is_estimated_dof=is_estimated, is_tuned=is_tuned)
    return Calibration(null=null, compatibility=compatibility, summary=summary, findings=findings)


def moments(t: FloatArray) -> str:
    """Mean and standard deviation of a t that is made of several statistics: there is no chi-square for them.

    >>> import numpy as np
    >>> moments(np.array([1.0, 2.0, 6.0]))
    't is made of several statistics; it has the mean 3.00 and the standard deviation 2.65.'
    """
    spread = decimals(float(t.std(ddof=1))) if t.size > 1 else "unknown"
    mean = decimals(float(t.mean()))
    return f"t is made of several statistics; it has the mean {mean} and the standard deviation {spread}."


def _stored_compatibility(found: Mapping[str, Any] | None, null: Empirical) -> Compatibility | None:
    """As it was judged; judged again where the layout was one without a p for all tests together."""
    if found is None:
        return None
    if found["omnibus_p_value"] is None:
        dof, is_estimated = found["degrees_of_freedom"], found["is_estimated_dof"]
        return judge(null.t, dof, n_failed=null.n_failed, is_estimated_dof=is_estimated)
    return Compatibility(**found)
