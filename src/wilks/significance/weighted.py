"""The tail of a weighted sum of chi-squares, by inversion of its moment-generating function.

For Q = sum_j lambda_j X_j with X_j independent chi-square(1) and cumulant-generating function
K(s) = -1/2 sum_j log(1 - 2 lambda_j s),

    P(Q >= x) = 1/(2 pi i) int exp(K(s) - s x) ds/s

along any path from below to above the positive real axis that crosses it between 0 and 1/(2 max lambda). Imhof's
formula (Biometrika 48 (1961) 419) takes the imaginary axis and has an absolute error: nothing is left of a p of 1e-8.
Here the path crosses the axis at the saddle point, where the integrand is as large as p itself, and bends away from
it, where exp(-s x) dies (`wilks.significance.contours`): the error is relative to p, however small. For x below the
mean of Q the path crosses the axis to the left of 0 instead, and P(Q < x) is what comes out.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import scipy.special

from wilks import lazy
from wilks.errors import CalibrationError, InputError
from wilks.significance.contours import Contour, Path
from wilks.typing import ComplexArray, FloatArray

if TYPE_CHECKING:
    from scipy import optimize
else:
    optimize = lazy.Module("scipy.optimize")

_PRECISION, _ROUNDING, _LAST_LEVEL = 1e-7, 1e-15, 5
_TINY, _FARTHEST = 1e-7, 1e15  # in units of the largest weight
_STEEPEST, _FLATTEST = 0.2, 1.2
_NO_STEP, _LARGEST_LOG = 1e-20, 700.0
_RADIUS, _WELL_INSIDE, _N_ON_CIRCLE, _MOST_CIRCLES = 0.3, 0.9, 8, 60
_MOST_STEPS, _NEAR = 60, 1e-3
_LARGE = "the correction to a weighted sum of chi-squares must be small, but at {x:.6g} it is not"

Correction = Callable[[ComplexArray], ComplexArray]
_Derivatives = tuple[float, float, float]


class WeightedTail:
    """log P(sum_j lambda_j chi-square(1) >= x) at any x, to about 1e-9.

    The paths are those of a grid of x with steps of a standard deviation. Each is made when it is needed, and kept with
    what K and the correction are along it: a second x nearby costs a sum of some thirty terms. Which paths there are
    already changes nothing in the value at an x.

    Args:
        weights: lambda, shape (j,).
        correction: delta(s), which is added to K(s); see `weighted_log_sf`.

    Raises:
        InputError: the weights are not finite, one is negative, or none is positive.

    >>> tail = WeightedTail([1.0, 1.0])
    >>> [round(tail.log_sf(x), 9) for x in (46.0, 46.5)]
    [-23.0, -23.25]
    """

    def __init__(self, weights: npt.ArrayLike, correction: Correction | None = None) -> None:
        lambdas = _checked(weights)
        self._largest = float(lambdas[-1])
        self._law = _Law(lambdas / self._largest, _rescaled(correction, 1.0 / self._largest))
        self._mean = self._law.mean()
        self._spread = math.sqrt(2.0 * float(np.sum(self._law.lambdas**2))) / self._mean
        self._contours: dict[tuple[int, bool], Contour] = {}

    def log_sf(self, x: float) -> float:
        """log P.

        Raises:
            InputError: x is not finite.
            CalibrationError: the correction is so large, along the path, that the integral does not converge; x exceeds
                the largest weight by more than 1e15.
        """
        if not math.isfinite(x):
            raise InputError(f"x must be a finite number, got {x}")
        scaled = x / self._largest
        if scaled <= _TINY:
            return math.log1p(-_most_below(max(scaled, 0.0), self._law.lambdas))
        if scaled > _FARTHEST:
            raise CalibrationError(f"x must be at most {_FARTHEST:g} times the largest weight, but {x:.6g} came")
        log_p = self._log_p(scaled)
        if math.isnan(log_p):
            raise CalibrationError(_LARGE.format(x=x))
        return min(0.0, log_p)

    def _log_p(self, x: float) -> float:
        """In units of the largest weight; NaN where no path converges."""
        place = round(math.log(x / self._mean) / self._spread)
        if place < 0:
            log_p = _log_p(self._contour(place, is_upper=False), x)
            if not math.isnan(log_p):  # far out on the negative side a correction may be none
                return log_p
        return _log_p(self._contour(place, is_upper=True), x)

    def _contour(self, place: int, *, is_upper: bool) -> Contour:
        """That of a place of the grid, which has even steps in log x about the mean, where the upper tail begins."""
        key = place, is_upper
        if key not in self._contours:
            middle, least = (self._mean * math.exp((place - shift) * self._spread) for shift in (0.0, 0.5))
            self._contours[key] = Contour(self._law.path(middle, is_upper=is_upper), self._law.exponent, x=least)
        return self._contours[key]


def _log_p(contour: Contour, x: float) -> float:
    """By the first steps that are fine enough, as far as the rounding of s x lets them be; NaN if none are."""
    if not contour.is_closed:
        return math.nan
    allowed = max(_PRECISION, _ROUNDING * x)
    for level in range(_LAST_LEVEL + 1):
        scale, value, coarse = contour.integral(x, level=level)
        if contour.is_upper and abs(coarse - value) <= allowed * value:
            return scale + math.log(value)
        size = math.exp(min(scale, _LARGEST_LOG))
        if not contour.is_upper and size * abs(coarse - value) <= allowed * (1.0 - size * value):
            return math.log1p(-size * value)
    return math.nan


def weighted_log_sf(x: float, weights: npt.ArrayLike, *, correction: Correction | None = None) -> float:
    """Return log P(sum_j lambda_j chi-square(1) >= x) for ``weights`` lambda (j,), to about 1e-9.

    ``correction`` delta(s) is added to K(s) where the law is not quite such a sum: for an array of complex s (c,) its
    values (c,), analytic away from the real axis beyond 1/(2 max lambda), and small.

    Where x is below 1e-7 of the largest lambda, P differs from 1 by 3e-4 at most, and its lower bound is returned.

    Raises InputError unless the weights are finite, none negative and one positive, and x is finite, and
    CalibrationError where the correction is so large, along the path, that the integral does not converge.

    >>> round(weighted_log_sf(46.0, [1.0, 1.0]), 9)
    -23.0
    >>> round(weighted_log_sf(3000.0, [0.5] * 26), 3) == round(weighted_log_sf(6000.0, [1.0] * 26), 3)
    True
    """
    return WeightedTail(weights, correction).log_sf(x)


def weighted_sf(x: float, weights: npt.ArrayLike) -> float:
    """Return P(sum_j lambda_j chi-square(1) >= x), accurate relative to itself.

    >>> f"{weighted_sf(36.84136, [1.0, 1.0]):.4e}"
    '1.0000e-08'
    """
    return math.exp(weighted_log_sf(x, weights))


def weighted_isf(p: float, weights: npt.ArrayLike) -> float:
    """Return x with P(sum_j lambda_j chi-square(1) >= x) = p for 0 < p < 1.

    >>> round(weighted_isf(0.05, [1.0] * 13), 4)
    22.362
    """
    if not 0.0 < p < 1.0:
        raise InputError(f"a p-value must lie strictly between 0 and 1, got {p}")
    tail, low, high = WeightedTail(weights), 0.0, float(np.sum(weights))
    while tail.log_sf(high) > math.log(p):
        low, high = high, 2.0 * high
    return float(optimize.brentq(lambda x: tail.log_sf(x) - math.log(p), low, high, xtol=1e-12 * high))


def _most_below(x: float, lambdas: FloatArray) -> float:
    """A bound of P(sum < x): for every k the k largest terms alone, each with the smallest weight of them.

    Along the path exp(-s x) dies too late where x is tiny.
    """
    n_terms = np.arange(lambdas.size, 0, -1)
    return float(np.min(scipy.special.gammainc(0.5 * n_terms, 0.5 * x / lambdas)))


@dataclass(frozen=True, eq=False)
class _Law:
    """K(s) with the largest lambda 1, so that its first singularity is at 1/2, and the correction to it."""

    lambdas: FloatArray
    correction: Correction | None

    def exponent(self, s: ComplexArray) -> ComplexArray:
        """K(s) + delta(s), shape (c,)."""
        logs: ComplexArray = -0.5 * np.sum(np.log(1.0 - 2.0 * np.outer(s, self.lambdas)), axis=1)
        return logs if self.correction is None else logs + self.correction(s)

    def mean(self) -> float:
        """Of Q: K'(0) + delta'(0); without the correction where that is not positive."""
        own = float(np.sum(self.lambdas))
        more = 0.0 if self.correction is None else float(self.correction(np.array([1j * _NO_STEP]))[0].imag) / _NO_STEP
        return own + more if 0.0 < own + more < math.inf else own

    def path(self, x: float, *, is_upper: bool) -> Path:
        """The hyperbola through the saddle point c, where K(s) + delta(s) - s x - log |s| is least on the real axis.

        w^-2 is the second derivative there. Far out the path is as steep as makes it follow the steepest descent at c,
        from the third derivative, but neither so steep that exp(-s x) dies late, nor so flat that it comes near to the
        singularities from 1/2 on.
        """
        saddle, (_, second, third) = self._saddle(x, is_upper=is_upper)
        width = second**-0.5
        return Path(saddle, width, min(max(2.0 / 3.0 * third * width**3, _STEEPEST), _FLATTEST))

    def _saddle(self, x: float, *, is_upper: bool) -> tuple[float, _Derivatives]:
        """c, positive or negative, and the derivatives there.

        It is found without the correction first, and then by the Taylor series of the correction about what was found,
        as often as that leads out of the circle in which the series holds. Any path gives the same integral: one that
        goes through the saddle point of K alone is taken where the correction would lead towards a singularity.
        """
        low, high = (0.0, 0.5) if is_upper else (-(0.5 * self.lambdas.size + 2.0) / x, 0.0)
        start = _root(lambda c: self._derivatives(c, x), low=low, high=high, start=self._guess(x, is_upper=is_upper))
        if self.correction is None:
            return start, self._derivatives(start, x)
        saddle = start
        for _ in range(_MOST_CIRCLES):
            center, radius = saddle, _RADIUS * _room(saddle)
            series = _Series.of(self.correction, center, radius)

            def derivatives(c: float, series: _Series = series) -> _Derivatives:
                return _added(self._derivatives(c, x), series.derivatives(c))

            saddle = _root(derivatives, low=center - radius, high=center + radius, start=center)
            is_inside = abs(saddle - center) < _WELL_INSIDE * radius
            if is_inside and derivatives(saddle)[1] > 0.0:
                return saddle, derivatives(saddle)
            if is_inside or saddle > center:
                break
        return start, self._derivatives(start, x)

    def _guess(self, x: float, *, is_upper: bool) -> float:
        """c for equal weights of 1 with the same mean: a root of 2 x c^2 + b c = 1."""
        b = float(np.sum(self.lambdas)) - x + 2.0
        larger = math.copysign(abs(b) + math.hypot(b, math.sqrt(8.0 * x)), b)
        roots = (-larger / (4.0 * x), 2.0 / larger)
        return max(roots) if is_upper else min(roots)

    def _derivatives(self, c: float, x: float) -> _Derivatives:
        """The first three derivatives of K(s) - s x - log |s| at c."""
        turned = self.lambdas / (1.0 - 2.0 * c * self.lambdas)
        squares = turned * turned
        first, second, third = float(np.sum(turned)), float(np.sum(squares)), float(np.sum(squares * turned))
        return first - x - 1.0 / c, 2.0 * second + 1.0 / c**2, 8.0 * third - 2.0 / c**3


@dataclass(frozen=True)
class _Series:
    """The Taylor series of a function that is real on the real axis, to the fifth power."""

    center: float
    coefficients: tuple[float, ...]

    @classmethod
    def of(cls, function: Correction, center: float, radius: float) -> "_Series":
        """From its values on a circle, by Cauchy's formula."""
        turns = np.exp(2j * np.pi * np.arange(_N_ON_CIRCLE // 2 + 1) / _N_ON_CIRCLE)
        sums = np.fft.hfft(function(center + radius * turns), _N_ON_CIRCLE) / _N_ON_CIRCLE
        return cls(center, tuple((sums / radius ** np.arange(_N_ON_CIRCLE)).tolist()[:6]))

    def derivatives(self, at: float) -> _Derivatives:
        """The first three."""
        d, (_, a, b, c, e, f) = at - self.center, self.coefficients
        return (
            a + d * (2.0 * b + d * (3.0 * c + d * (4.0 * e + d * 5.0 * f))),
            2.0 * b + d * (6.0 * c + d * (12.0 * e + d * 20.0 * f)),
            6.0 * c + d * (24.0 * e + d * 60.0 * f),
        )


def _root(derivatives: Callable[[float], _Derivatives], *, low: float, high: float, start: float) -> float:
    """c between ``low`` and ``high``, of one sign, where a rising function is 0, to a thousandth of its `_room`.

    By Newton's steps for the function times c (1 - 2c), which takes off its poles at 0 and 1/2; halves where they leave
    the interval.
    """
    c = start
    for _ in range(_MOST_STEPS):
        value, slope, _ = derivatives(c)
        low, high = (c, high) if value < 0.0 else (low, c)
        change = slope * c * (1.0 - 2.0 * c) + value * (1.0 - 4.0 * c)
        to = c - value * c * (1.0 - 2.0 * c) / change if change != 0.0 else low
        to = to if low < to < high else 0.5 * (low + high)
        if abs(to - c) <= _NEAR * _room(c):
            return to
        c = to
    return c


def _room(c: float) -> float:
    """The distance to the next singularity, 0 or 1/2."""
    return min(abs(c), 0.5 - c)


def _added(first: _Derivatives, second: _Derivatives) -> _Derivatives:
    return first[0] + second[0], first[1] + second[1], first[2] + second[2]


def _rescaled(correction: Correction | None, factor: float) -> Correction | None:
    return None if correction is None else lambda s: correction(factor * s)


def _checked(weights: npt.ArrayLike) -> FloatArray:
    """The positive weights in ascending order; those below 1e-12 of the largest, which nothing shows, are left out."""
    values = np.sort(np.asarray(weights, dtype=np.float64).ravel())
    if not (values.size and np.all(np.isfinite(values)) and values[0] >= 0.0 and values[-1] > 0.0):
        raise InputError("the weights of chi-squares must be finite, none negative and at least one positive")
    kept: FloatArray = values[values > 1e-12 * values[-1]]
    return kept
