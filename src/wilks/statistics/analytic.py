"""Null laws that are computed from the reference: what they say of a t, and the curve that an answer keeps of one."""

import abc
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt

from wilks import lazy
from wilks.errors import CalibrationError
from wilks.significance import log_p_value, z_score_from_log
from wilks.significance.printing import decimals
from wilks.statistics.fits import FitResult
from wilks.statistics.law import Law, Probability, Refusal
from wilks.statistics.words import LawWords
from wilks.typing import FloatArray

if TYPE_CHECKING:
    from scipy import interpolate
else:
    interpolate = lazy.Module("scipy.interpolate")

LARGEST_EXCESS, LARGEST_CORRECTION, LARGEST_DISPARITY, CONFIRMED_Z = 0.11, 2.0, 0.1, 5.0
_BROKEN_EXCESS = 0.5
_NEXT_ORDER = 0.5
LOG_LEAST, _NEARLY_ONE = math.log(1e-300), -1e-5


SCORE_LAW = LawWords(
    origin="the analytic null of the score statistic, a weighted sum of chi-squares with a correction for finite "
    "counts",
    interval="what the neglected terms of the analytic null are worth; it is no statistical error",
    methods={
        "analytic": f"analytic: where toys confirmed this null, Z up to {CONFIRMED_Z:g} and a correction of at most "
        f"{LARGEST_CORRECTION:g}.",
        "extrapolated": "extrapolated: beyond where toys confirmed this null (Z up to "
        f"{CONFIRMED_Z:g}, a correction of at most {LARGEST_CORRECTION:g}).",
    },
    excess="what finite counts add to the variance of t, as a share of it; the null answers everywhere up to "
    f"{LARGEST_EXCESS:g}",
    terms="chi-squares in the weighted sum",
    limit="Gaussian limit",
    limit_note="without the correction for finite counts",
    remedy="choose a larger ridge or width",
    correction=f"p over p in the Gaussian limit; toys confirm it up to {LARGEST_CORRECTION:g}",
    curve="analytic null",
    band="what the neglected terms are worth",
    caption=", computed at a few points and joined by a smooth curve. The band is what the neglected terms are worth; "
    "the Gaussian limit lacks the correction for finite counts.",
)


class LawFigures(NamedTuple):
    """An analytic law in short.

    Attributes:
        mean, variance: of t.
        excess: what finite counts add to the variance, as a share of it: how far the law is from its Gaussian limit.
        known_share: of the reference's own fluctuations, what a pool tells: 0 for the law over references.
        disparity: what the mean is off because the reference is not like other events, as far as a pool tells.
        n_terms: chi-squares in the weighted sum.
    """

    mean: float
    variance: float
    excess: float
    known_share: float
    disparity: float
    n_terms: int


class AnalyticLaw(Law):
    """The law of a score statistic: a weighted sum of chi-squares with a correction for finite counts.

    ``method`` is ``analytic`` where toys have confirmed the law, up to Z = 5, and ``extrapolated`` beyond. The interval
    is what the terms left out of the correction are worth, not a statistical error.
    """

    kind = "analytic"
    interval_name = "interval"
    words: ClassVar[LawWords] = SCORE_LAW

    @property
    @abc.abstractmethod
    def figures(self) -> LawFigures:
        """What describes the law in short."""

    @abc.abstractmethod
    def unconfirmed_log_p_value(self, t: float) -> float:
        """log P(T >= t) with the correction, at any excess; NaN where its expansion has broken down."""

    @abc.abstractmethod
    def gaussian_log_p_value(self, t: float) -> float:
        """log P(T >= t) in the Gaussian limit, which is too small."""

    @abc.abstractmethod
    def curve(self, t: float) -> "AnalyticCurve":
        """The law at a few points, t among them where it can be, joined by a smooth curve."""

    @property
    def scope(self) -> str:
        """Over what the law is one."""
        if self.figures.known_share == 0.0:
            return "over data and references of this size"
        return f"given this reference, of whose fluctuations the pool tells {100.0 * self.figures.known_share:.0f} %"

    def reference_z_error(self, share: float) -> float:
        """What Z given all of the reference may differ by: sqrt(1 - s) N(R_0)/N_R, the latter the ``share``."""
        return math.sqrt(1.0 - self.figures.known_share) * share

    def is_confirmed_at(self, t: float) -> bool:
        """Whether toys have confirmed the corrected law there.

        Where the correction multiplies p by 2 at most, toys agree with it within 10 %, up to an excess of 0.5, unless
        the reference is not like other events.
        """
        if self.figures.excess > _BROKEN_EXCESS or not self._is_like_others or math.isnan(t):
            return False
        return abs(self.unconfirmed_log_p_value(t) - self.gaussian_log_p_value(t)) <= math.log(LARGEST_CORRECTION)

    def is_usable_at(self, t: float) -> bool:
        """Whether the law answers there: where it is confirmed, and nearly everywhere up to an excess of 0.11."""
        is_near = self.figures.excess <= LARGEST_EXCESS and self._is_like_others
        return self.is_confirmed_at(t) or (is_near and not math.isnan(self.unconfirmed_log_p_value(t)))

    def probability(self, t: float) -> Probability | Refusal:
        if math.isnan(t):
            raise CalibrationError("a p-value needs a valid statistic, got NaN")
        if not self.is_usable_at(t):
            return Refusal(self.needs, self.shortcoming)
        log_p, limit = self.unconfirmed_log_p_value(t), self.gaussian_log_p_value(t)
        is_within = z_score_from_log(log_p) <= CONFIRMED_Z and self.is_confirmed_at(t)
        return Probability.of_log(log_p, _ends(log_p, limit), method="analytic" if is_within else "extrapolated")

    def answered(self, t: float) -> Probability:
        """`probability`, where the law answers.

        Raises:
            CalibrationError: the law is not usable there (`is_usable_at`), or t is NaN.
        """
        found = self.probability(t)
        if isinstance(found, Refusal):
            raise CalibrationError(
                f"the analytic null {found.needs}, but {found.shortcoming}; run toys = run_toys(analysis, Null(), "
                "n_toys=10_000, seed=1) and give calibration=calibrate(toys), or "
                f"{self.words.remedy}"
            )
        return found

    def p_value(self, t: float) -> float:
        """P(T >= t) with the correction for finite counts; 0 where it underflows. Raises as `answered`."""
        return self.answered(t).p_value

    def log_p_value(self, t: float) -> float:
        """Its natural logarithm, also where it underflows. Raises as `answered`."""
        return self.answered(t).log_p_value

    def interval(self, t: float) -> tuple[float, float]:
        """p times and over (p/p_Gauss)^(1/2): more than the next order is worth, as measured with toys."""
        return self.answered(t).interval

    def log_interval(self, t: float) -> tuple[float, float]:
        """The logarithms of the ends of `interval`, also where they underflow."""
        return _ends(self.log_p_value(t), self.gaussian_log_p_value(t))

    def unconfirmed_p_value(self, t: float) -> float:
        """`p_value` at any excess, for studies."""
        return math.exp(self.unconfirmed_log_p_value(t))

    def gaussian_p_value(self, t: float) -> float:
        """P(T >= t) in the Gaussian limit, which is too small."""
        return math.exp(self.gaussian_log_p_value(t))

    @property
    def needs(self) -> str:
        """What must hold for an answer everywhere, for messages."""
        if not self._is_like_others:
            return "needs a reference that is like other events"
        return f"needs nearly Gaussian counts far in its tail, with an excess variance of at most {LARGEST_EXCESS:g}"

    @property
    def shortcoming(self) -> str:
        """Why it does not answer where it does not, for messages."""
        if not self._is_like_others:
            return (
                f"its Gaussians stand on events of its own, which moves the mean of t by {self.figures.disparity:.2g}"
            )
        return f"its excess variance is {self.figures.excess:.3g}"

    @property
    def _is_like_others(self) -> bool:
        """Whether E t is off by a tenth of its standard deviation at most."""
        return abs(self.figures.disparity) <= LARGEST_DISPARITY * math.sqrt(self.figures.variance)

    def check(self, fit: FitResult) -> None:
        """It was made for the analysis of the fit."""

    def notices(self, fit: FitResult) -> tuple[str, ...]:
        return ()

    def p_text(self, t: float, probability: Probability) -> str:
        return f"p = {probability.text} ({probability.method})"

    def sentences(self, fit: FitResult, probability: Probability) -> tuple[str, ...]:
        place = " at the nuisances of Delta" if fit.nuisances else ""
        return (
            f"Analytic null of the score statistic{place}: mean {decimals(self.figures.mean)}, standard deviation "
            f"{decimals(math.sqrt(self.figures.variance))}, excess variance {self.figures.excess:.3f}. It is the law "
            f"{self.scope}. The interval is what the order left out is worth.",
        )

    def facts(self, t: float) -> dict[str, object]:
        return {"null": self.to_dict()}

    def to_dict(self) -> dict[str, float]:
        """The figures that describe the law, for JSON."""
        return {name: value for name, value in self.figures._asdict().items() if name != "n_terms"}

    def stored(self, t: float) -> "AnalyticLaw":
        return self.curve(t)

    def to_document(self) -> dict[str, Any]:
        """Of its curve; see `AnalyticCurve`."""
        return self.curve(math.nan).to_document()


@dataclass(frozen=True, eq=False)
class AnalyticCurve(AnalyticLaw):
    """An analytic law as a curve, which a saved answer keeps: enough to draw it, and to state p between its ends.

    Z in the cube root of t is nearly linear. That of the Gaussian limit, which costs little, is a spline through many
    points, and what the correction takes off it a spline through few.

    Args:
        in_short: its figures.
        t, log_p: points of the law, ascending in t, shape (n,).
        limit_t, limit_log_p: points of its Gaussian limit, shape (m,).
    """

    in_short: LawFigures
    t: FloatArray
    log_p: FloatArray
    limit_t: FloatArray
    limit_log_p: FloatArray
    _ARRAYS: ClassVar[tuple[str, ...]] = ("t", "log_p", "limit_t", "limit_log_p")

    @property
    def figures(self) -> LawFigures:
        return self.in_short

    def unconfirmed_log_p_value(self, t: float) -> float:
        return _at(self.t, self.log_p, t) if t in self.t else log_p_value(self._between(t, self.z_scores))

    def gaussian_log_p_value(self, t: float) -> float:
        known = t in self.limit_t
        return _at(self.limit_t, self.limit_log_p, t) if known else log_p_value(self._between(t, self.limit_z_scores))

    def _between(self, t: float, z_scores: Callable[[FloatArray], FloatArray]) -> float:
        """Z at t between the ends; NaN beyond."""
        first, last = self.ends
        return float(z_scores(np.cbrt(np.array([t])))[0]) if first <= t <= last else math.nan

    @property
    def ends(self) -> tuple[float, float]:
        """Between which t the curve is drawn."""
        drawn = self.t[_is_drawn(self.log_p)]
        return float(drawn[0]), float(drawn[-1])

    def z_scores(self, roots: FloatArray) -> FloatArray:
        """Z of the law at cube roots of t (k,), between the ends."""
        return self.limit_z_scores(roots) + np.asarray(self._less(roots), dtype=np.float64)

    def limit_z_scores(self, roots: FloatArray) -> FloatArray:
        """Z of its Gaussian limit at cube roots of t (k,), between the ends."""
        return np.asarray(self._limit(roots), dtype=np.float64)

    @cached_property
    def _limit(self) -> "interpolate.CubicSpline":
        drawn = _is_drawn(self.limit_log_p)
        return interpolate.CubicSpline(np.cbrt(self.limit_t[drawn]), _z_scores(self.limit_log_p[drawn]))

    @cached_property
    def _less(self) -> "interpolate.CubicSpline":
        drawn = _is_drawn(self.log_p)
        roots = np.cbrt(self.t[drawn])
        return interpolate.CubicSpline(roots, _z_scores(self.log_p[drawn]) - self.limit_z_scores(roots))

    def curve(self, t: float) -> "AnalyticCurve":
        return self

    def to_document(self) -> dict[str, Any]:
        return {"figures": self.in_short._asdict(), **{name: getattr(self, name) for name in self._ARRAYS}}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "AnalyticCurve":
        """The inverse of `to_document`."""
        return cls(LawFigures(**document["figures"]), *(document[name] for name in cls._ARRAYS))


def neglected_factor(log_p: npt.ArrayLike, log_limit: npt.ArrayLike) -> FloatArray:
    """What the neglected terms of p (n,) are worth, a factor of at least 1, from log p and that of its Gaussian limit.

    It is the square root of what the correction is worth: more than the next order, as measured with toys.
    """
    factor: FloatArray = np.exp(_NEXT_ORDER * np.abs(np.subtract(log_p, log_limit)))
    return factor


def _ends(log_p: float, log_limit: float) -> tuple[float, float]:
    spread = _NEXT_ORDER * abs(log_p - log_limit)
    return log_p - spread, min(0.0, log_p + spread)


def _at(t: FloatArray, log_p: FloatArray, observed: float) -> float:
    return float(log_p[np.flatnonzero(t == observed)[0]])


def _is_drawn(log_p: FloatArray) -> npt.NDArray[np.bool_]:
    """Which points have a p that differs from 1 and does not underflow."""
    return (log_p < _NEARLY_ONE) & (log_p > LOG_LEAST)


def _z_scores(log_p: FloatArray) -> FloatArray:
    return np.array([z_score_from_log(float(one)) for one in log_p])
