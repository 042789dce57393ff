"""The null distribution of t, and the answer that it gives for a fit of data."""

import math
from dataclasses import dataclass, field

import numpy.typing as npt

from wilks.errors import CalibrationError
from wilks.hypotheses import Null
from wilks.laws.base import NO_NUMBERS, Answer
from wilks.laws.chisquare import ChiSquareAnswer, chi_square_answer
from wilks.laws.compatibility import Compatibility, judge
from wilks.laws.empirical import Empirical
from wilks.laws.inputs import ToySummary, ToyTable, is_toy_table, t_values, toy_summary
from wilks.laws.members import has_members, members_text, members_to_dict
from wilks.laws.notices import ObservedFit, failed_fit, fit_notices, toy_notices
from wilks.laws.profiled import is_profiled, nuisance_table, nuisances_to_dict, part_rows
from wilks.laws.text import decimals, failed_toys, plain, probability, table, toys
from wilks.significance import z_score
from wilks.typing import FloatArray


@dataclass(frozen=True, eq=False, repr=False)
class Calibration:
    """The distribution of t under the null hypothesis, from toys. Made by :func:`calibrate`.

    The primary answer is the empirical p; the chi-square is a second one, given only if the
    toys were found compatible with it.
    """

    null: Empirical
    compatibility: Compatibility
    summary: ToySummary | None = None

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

    def evaluate(self, fit: ObservedFit) -> "GoodnessOfFit":
        """Return the answer for a fit of data.

        A fit that failed gets no p: p, Z and interval are NaN, and a warning says why. Raises
        CalibrationError if the toys are of another analysis, of another hypothesis, or of another
        fixed number of events.
        """
        self.check_usable(fit.fingerprint)
        self.check_count(fit.n_events)
        notices = toy_notices(self.null, self.compatibility, self.summary)
        if not (fit.converged and math.isfinite(fit.t)):
            warnings = (failed_fit(fit), *notices)
            return GoodnessOfFit(math.nan, math.nan, math.nan, (math.nan, math.nan), warnings, fit, self)
        p = self.p_value(fit.t)
        warnings = (*notices, *fit_notices(fit, self.summary))
        chi2 = self.chi2(fit.t) if self.compatible else None
        return GoodnessOfFit(fit.t, p, z_score(p), self.interval(fit.t), warnings, fit, self, chi2)

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
            f"The toys reach Z = {decimals(self.reach_z)} (p = {probability(self.null.smallest_p_value)}).",
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


@dataclass(frozen=True, eq=False, repr=False)
class GoodnessOfFit(Answer):
    """p and Z of the data, how they came about, and what to know beside them.

    ``interval`` is the 68 % interval of p. All numbers are NaN if the fit of the data failed.
    Z is ``-inf`` where every toy lies at or above t (p = 1). ``chi2`` is None unless the toys
    are compatible with the chi-square.
    """

    calibration: Calibration
    chi2: ChiSquareAnswer | None = None
    method: str = field(default="empirical", kw_only=True)

    @property
    def p_text(self) -> str:
        """The empirical p as a fraction, with the counts it comes from.

        No toy reaching t reads "p = 1/1001 (0 of 1000; below 0.0030 at 95 % CL)".
        """
        if not self.is_answered:
            return "no p-value"
        null = self.calibration.null
        k, m, n = null.count(self.t), null.n_failed, null.n_toys
        failed = f", {m} failed" if m else ""
        limit = f"; below {probability(null.upper_limit(self.t))} at 95 % CL" if k == 0 else ""
        return f"p = {k + m + 1}/{n + 1} ({k} of {n}{failed}{limit})"

    def __str__(self) -> str:
        lines = ["Goodness of fit", table(self._rows()), *self._sentences()]
        if self.is_answered and is_profiled(self.fit):
            lines.append(nuisance_table(self.fit))
        if self.is_answered and has_members(self.fit):
            lines.append(members_text(self.fit, p_value=self.p_value, interval=self.interval))
        lines.extend(f"Warning: {text}." for text in self.warnings)
        return "\n".join(lines)

    def to_dict(self) -> dict[str, object]:
        """All figures, ready for JSON; NaN and infinities become None."""
        return {
            **self.numbers_to_dict(),
            "interval_level": 0.68,
            "method": self.method,
            "p_text": self.p_text,
            "is_answered": self.is_answered,
            "chi2": self.chi2.to_dict() if self.chi2 else None,
            "warnings": list(self.warnings),
            "calibration": self.calibration.to_dict(),
            **(nuisances_to_dict(self.fit) if is_profiled(self.fit) else {}),
            **(members_to_dict(self.fit, p_value=self.p_value) if has_members(self.fit) else {}),
        }

    def _rows(self) -> list[tuple[str, ...]]:
        if not self.is_answered:
            return list(NO_NUMBERS)
        p_low, p_high = (probability(p) for p in self.interval)
        z_low, z_high = (decimals(z) for z in self.z_interval)
        z_text = decimals(self.z_score) if math.isfinite(self.z_score) else f"below {z_high}"
        rows: list[tuple[str, ...]] = [
            ("t", decimals(self.t)),
            *part_rows(self.fit),
            ("p-value", probability(self.p_value), f"[{p_low}, {p_high}]", self.method),
            ("Z", z_text, f"[{z_low}, {z_high}]", self.method),
        ]
        if self.chi2:
            z_low, z_high = (decimals(z) for z in self.chi2.z_interval)
            rows.append(("p-value", self.chi2.p_text, "", self.chi2.method))
            rows.append(("Z", decimals(self.chi2.z_score), f"[{z_low}, {z_high}]", self.chi2.method))
        return rows

    def _sentences(self) -> list[str]:
        if not self.is_answered:
            return []
        null = self.calibration.null
        limit = f", Z above {decimals(z_score(null.upper_limit(self.t)))} at 95 % CL" if null.count(self.t) == 0 else ""
        sentences = [f"{self.p_text}{limit}. Intervals are at 68 %."]
        if self.chi2 is None:
            sentences.append(f"No chi-square answer. {self.calibration.compatibility.verdict}")
        elif self.chi2.method == "extrapolated":
            sentences.append(
                f"The toys reach Z = {decimals(self.calibration.reach_z)}; the chi-square answer is beyond it. "
                "Its band holds the errors of their mean and variance, not a tail of another shape."
            )
        return sentences


def calibrate(toys: ToyTable | npt.ArrayLike, *, degrees_of_freedom: float | None = None) -> Calibration:
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
    summary = toy_summary(toys) if is_toy_table(toys) else None
    given = summary.degrees_of_freedom if summary and degrees_of_freedom is None else degrees_of_freedom
    dof = float(null.t.mean()) if given is None else float(given)
    if not (math.isfinite(dof) and dof > 0.0):
        raise CalibrationError(
            f"the number of degrees of freedom must be positive, got {dof:g}; give degrees_of_freedom="
        )
    compatibility = judge(null.t, dof, n_failed=null.n_failed, is_estimated_dof=given is None)
    return Calibration(null=null, compatibility=compatibility, summary=summary)
