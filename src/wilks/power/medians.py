"""How often, and how clearly, a given alternative would be seen."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from wilks.campaign import Toys
from wilks.errors import CalibrationError
from wilks.laws import Calibration
from wilks.laws.empirical import Empirical
from wilks.laws.inputs import t_values
from wilks.significance import chi2_z_score, clopper_pearson, exceedance_interval, median_ranks, z_score
from wilks.significance.printing import decimals, failed_toys, finite_or_none, probability
from wilks.significance.printing import toys as toys_text
from wilks.typing import FloatArray
from wilks.wording import Printed, stacked, table

MIN_TOYS = 3


@dataclass(frozen=True)
class ChiSquareMedian:
    """The median Z read from the chi-square; ``method`` is ``chi2`` or ``extrapolated``."""

    z_score: float
    low: float
    high: float
    method: str

    def to_dict(self) -> dict[str, object]:
        """All figures, ready for JSON."""
        numbers = {"z_score": self.z_score, "low": self.low, "high": self.high}
        return {**{name: finite_or_none(value) for name, value in numbers.items()}, "method": self.method}


@dataclass(frozen=True)
class MedianZ(Printed):
    """The Z that half of the toys of an alternative exceed, with its 68 % interval.

    ``z_score`` is the empirical Z at the median t, p = (k + m + 1)/(n + 1) of the null toys. If no
    null toy reaches the median t (``is_lower_bound``) the true median Z may lie anywhere above:
    ``high`` is then infinite. ``chi2`` is None unless the null toys are compatible with the chi-square.
    """

    z_score: float
    low: float
    high: float
    p_value: float
    median_t: float
    n_toys: int
    n_failed: int
    is_lower_bound: bool
    overlap_z_error: float | None
    chi2: ChiSquareMedian | None
    method: str = "empirical"

    def __str__(self) -> str:
        bound = "at least " if self.is_lower_bound else ""
        rows = [("median Z", bound + decimals(self.z_score), _interval(self.low, self.high), self.method)]
        if self.chi2:
            values = decimals(self.chi2.z_score), _interval(self.chi2.low, self.chi2.high), self.chi2.method
            rows.append(("median Z", *values))
        lines = [
            table(rows),
            f"Median t {decimals(self.median_t)} from {toys_text(self.n_toys)}; intervals are at 68 %.",
        ]
        if self.is_lower_bound:
            lines.append("No null toy reaches the median t: the empirical Z is a lower bound.")
        if self.overlap_z_error:
            lines.append(f"A common error of {decimals(self.overlap_z_error)} on Z from the finite pool comes on top.")
        if self.n_failed:
            lines.append(failed_toys(self.n_failed, self.n_toys))
        return stacked(*lines)

    def to_dict(self) -> dict[str, object]:
        """All figures, ready for JSON; infinities become None."""
        return {
            "z_score": finite_or_none(self.z_score),
            "low": finite_or_none(self.low),
            "high": finite_or_none(self.high),
            "p_value": self.p_value,
            "median_t": self.median_t,
            "n_toys": self.n_toys,
            "n_failed": self.n_failed,
            "is_lower_bound": self.is_lower_bound,
            "overlap_z_error": self.overlap_z_error,
            "method": self.method,
            "chi2": self.chi2.to_dict() if self.chi2 else None,
        }


@dataclass(frozen=True)
class Power(Printed):
    """The share of toys of an alternative with an empirical p of at most ``size``.

    ``interval`` is the Clopper-Pearson interval of the power of this very test; failed toys count
    as not rejected in ``power``, and the interval spans both outcomes. The null toys fix where the
    test rejects only with an error: ``size_interval`` says which false-alarm rates it may have.
    """

    power: float
    interval: tuple[float, float]
    size: float
    size_interval: tuple[float, float]
    n_toys: int
    n_failed: int
    method: str = "empirical"

    def __str__(self) -> str:
        rows = (
            ("power", probability(self.power), _probabilities(self.interval), self.method),
            ("size", f"{self.size:g}", _probabilities(self.size_interval), "from the null toys"),
        )
        lines = [table(rows), f"From {toys_text(self.n_toys)} of the alternative; intervals are at 68 %."]
        if self.n_failed:
            lines.append(failed_toys(self.n_failed, self.n_toys))
        return stacked(*lines)

    def to_dict(self) -> dict[str, object]:
        """All figures, ready for JSON."""
        return {
            "power": self.power,
            "interval": list(self.interval),
            "size": self.size,
            "size_interval": list(self.size_interval),
            "n_toys": self.n_toys,
            "n_failed": self.n_failed,
            "method": self.method,
        }


@dataclass(frozen=True)
class _Median:
    """The median of t and the order statistics around it; failed toys below, then above."""

    t: float
    low: float
    high: float


def median_z_score(calibration: Calibration, toys: Toys | npt.ArrayLike) -> MedianZ:
    """Return the median Z of toys of an alternative, or of bare values of t (k,) with NaN = failed.

    The 68 % interval joins two errors in quadrature: the order statistics around the median t
    (:func:`wilks.significance.median_ranks`; failed toys all below, and all above), and the
    Clopper-Pearson interval of the null toys at the median t (for the chi-square: its band).
    Failed toys count as below the median.

    Raises CalibrationError for fewer than 3 toys, if half of them or more failed, or if the
    toys belong to another analysis than the calibration.

    >>> from wilks.laws import calibrate
    >>> rng = np.random.default_rng(1)
    >>> calibration = calibrate(rng.chisquare(13, size=400), degrees_of_freedom=13)
    >>> print(median_z_score(calibration, rng.noncentral_chisquare(13, 12.0, size=100)))
      median Z  1.67  [1.55, 1.85]  empirical
      median Z  1.58  [1.47, 1.87]  chi2
    Median t 21.90 from 100 toys; intervals are at 68 %.
    """
    _check_same_analysis(calibration, toys)
    values = t_values(toys)
    median = _median(values)
    z = z_score(calibration.p_value(median.t))
    z_low, z_high = (z_score(p) for p in reversed(calibration.interval(median.t)))
    lows = z_score(calibration.null.p_value(median.low)), z_low
    low, high = _join(z, lows, (_upper_z(calibration.null, median.high), z_high))
    return MedianZ(
        z_score=z,
        low=low,
        high=high,
        p_value=calibration.p_value(median.t),
        median_t=median.t,
        n_toys=int(values.size),
        n_failed=int(np.isnan(values).sum()),
        is_lower_bound=calibration.count(median.t) == 0,
        overlap_z_error=calibration.overlap_z_error,
        chi2=_chi2_median(calibration, median) if calibration.compatible else None,
    )


def power_at_size(calibration: Calibration, toys: Toys | npt.ArrayLike, *, size: float = 0.05) -> Power:
    """Return the share of toys of an alternative whose empirical p is at most ``size``.

    Raises CalibrationError unless 0 < size < 1, if the null toys are too few for a p that small, or
    if the toys belong to another analysis than the calibration.

    >>> from wilks.laws import calibrate
    >>> rng = np.random.default_rng(1)
    >>> calibration = calibrate(rng.chisquare(13, size=399), degrees_of_freedom=13)
    >>> print(power_at_size(calibration, rng.noncentral_chisquare(13, 12.0, size=100), size=0.05))
      power  0.55  [0.50, 0.60]    empirical
      size   0.05  [0.039, 0.061]  from the null toys
    From 100 toys of the alternative; intervals are at 68 %.
    """
    _check_same_analysis(calibration, toys)
    values = t_values(toys)
    rank = _rejection_rank(calibration, size)
    valid = values[np.isfinite(values)]
    n_failed = int(values.size - valid.size)
    n_rejected = int(np.sum(calibration.null.counts(valid) < rank))
    low, _ = clopper_pearson(n_rejected, values.size)
    _, high = clopper_pearson(n_rejected + n_failed, values.size)
    size_low, _ = exceedance_interval(rank, calibration.n_toys)
    _, size_high = exceedance_interval(rank + calibration.n_failed, calibration.n_toys)
    return Power(n_rejected / values.size, (low, high), size, (size_low, size_high), int(values.size), n_failed)


def _rejection_rank(calibration: Calibration, size: float) -> int:
    """The rank r such that p <= size exactly where fewer than r null toys lie at or above t."""
    if not 0.0 < size < 1.0:
        raise CalibrationError(f"the size must lie strictly between 0 and 1, got {size}")
    possible = np.arange(calibration.n_failed + 1, calibration.n_toys + 1) / (calibration.n_toys + 1)
    rank = int((possible <= size).sum())
    if rank == 0:
        n_needed = math.ceil((calibration.n_failed + 1) / size) - 1
        raise CalibrationError(
            f"a test of size {size:g} needs null toys that can give so small a p; {toys_text(calibration.n_toys)} "
            f"give {calibration.null.smallest_p_value:.3g} at best: run at least {n_needed}"
        )
    return rank


def _median(values: FloatArray) -> _Median:
    n = int(values.size)
    if n < MIN_TOYS:
        raise CalibrationError(f"a median with an interval needs at least {MIN_TOYS} toys, got {n}")
    failed_below = np.sort(np.nan_to_num(values, nan=-np.inf))
    failed_above = np.sort(np.nan_to_num(values, nan=np.inf))
    rank, _ = median_ranks(n)
    middle = float(failed_below[(n - 1) // 2] + failed_below[n // 2]) / 2.0
    if not math.isfinite(middle):
        raise CalibrationError(
            f"more than half of the toys must have a valid t, got {int(np.isnan(values).sum())} failed of {n}"
        )
    return _Median(t=middle, low=float(failed_below[rank - 1]), high=float(failed_above[n - rank]))


def _upper_z(null: Empirical, t: float) -> float:
    """Empirical Z as an upper end: infinite where no null toy reaches t: nothing bounds it there."""
    return math.inf if null.count(t) == 0 else z_score(null.p_value(t))


def _chi2_median(calibration: Calibration, median: _Median) -> ChiSquareMedian:
    answer = calibration.chi2(median.t)
    dof = answer.degrees_of_freedom
    z_low = chi2_z_score(median.low, dof)
    z_high = chi2_z_score(median.high, dof) if math.isfinite(median.high) else math.inf
    lows, highs = (z_low, answer.z_interval[0]), (z_high, answer.z_interval[1])
    return ChiSquareMedian(answer.z_score, *_join(answer.z_score, lows, highs), answer.method)


def _join(z: float, lows: tuple[float, float], highs: tuple[float, float]) -> tuple[float, float]:
    """Add the distances of two intervals from z in quadrature, on either side."""
    if math.isinf(z):
        return min(lows), max(highs)
    return z - math.hypot(*(z - low for low in lows)), z + math.hypot(*(high - z for high in highs))


def _check_same_analysis(calibration: Calibration, toys: Toys | npt.ArrayLike) -> None:
    if not isinstance(calibration, Calibration):
        raise CalibrationError(
            f"the first argument must be wilks.calibrate(toys), but a {type(calibration).__name__} came"
        )
    ours = calibration.fingerprint
    if ours is not None:
        calibration.check_usable(ours)
    if ours is not None and isinstance(toys, Toys) and toys.fingerprint != ours:
        raise CalibrationError(
            f"the toys of the alternative must come from the calibrated analysis ({ours[:12]}), "
            f"got toys of {toys.fingerprint[:12]}; run them, or the calibration, again"
        )


def _interval(low: float, high: float) -> str:
    return f"[{decimals(low)}, {decimals(high)}]"


def _probabilities(interval: tuple[float, float]) -> str:
    return f"[{probability(interval[0])}, {probability(interval[1])}]"
