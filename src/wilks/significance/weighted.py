"""The tail of a weighted sum of chi-squares, by inversion of its moment-generating function.

For Q = sum_j lambda_j X_j with X_j independent chi-square(1) and cumulant-generating function
K(s) = -1/2 sum_j log(1 - 2 lambda_j s),

    P(Q >= x) = 1/(2 pi i) int exp(K(s) - s x) ds/s

along any path from below to above the positive real axis that crosses it between 0 and 1/(2 max lambda). Imhof's
formula (Biometrika 48 (1961) 419) takes the imaginary axis and has an absolute error: nothing is left of a p of 1e-8.
Here the path crosses the axis at the saddle point, where the integrand is as large as p itself, and bends away from
it, where exp(-s x) dies: the error is relative to p, however small.
"""

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import scipy.optimize
import scipy.special

from wilks.errors import CalibrationError, InputError
from wilks.typing import ComplexArray, FloatArray

_FIRST_STEP, _LAST_STEP = 0.5, 0.01
_PRECISION, _SUFFICIENT = 1e-11, 1e-6
_TINY = 1e-7
_NEGLIGIBLE = 45.0  # exp of minus this is nothing beside 1
_FLATTEST, _FARTHEST, _CIRCLE = 0.05, 1e6, 16
_MOST_NODES, _MOST_HALVINGS = 1e6, 50
_LARGE = "the correction to a weighted sum of chi-squares must be small, but at {x:.6g} it is not"

Correction = Callable[[ComplexArray], ComplexArray]


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
    lambdas = _checked(weights)
    if not math.isfinite(x):
        raise InputError(f"x must be a finite number, got {x}")
    if x <= _TINY * lambdas[-1]:
        return math.log1p(-_most_below(max(x, 0.0), lambdas))
    path = _Path(x / lambdas[-1], lambdas / lambdas[-1], _rescaled(correction, 1.0 / lambdas[-1]))
    step, before, now = _FIRST_STEP, path.sum(_FIRST_STEP), math.nan
    while step > max(_LAST_STEP, path.reach / _MOST_NODES):
        step /= 2.0
        now = path.sum(step)
        if abs(now - before) <= _PRECISION * abs(now):
            break
        before = now
    if not (now > 0.0 and abs(now - before) <= _SUFFICIENT * now):
        raise CalibrationError(_LARGE.format(x=x))
    return min(0.0, path.peak + math.log(now))


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
    lambdas = _checked(weights)
    low, high = 0.0, float(np.sum(lambdas))
    while weighted_log_sf(high, lambdas) > math.log(p):
        low, high = high, 2.0 * high
    return float(
        scipy.optimize.brentq(lambda x: weighted_log_sf(x, lambdas) - math.log(p), low, high, xtol=1e-12 * high)
    )


def _most_below(x: float, lambdas: FloatArray) -> float:
    """A bound of P(sum < x): for every k the k largest terms alone, each with the smallest weight of them.

    Along the path exp(-s x) dies too late where x is tiny.
    """
    n_terms = np.arange(lambdas.size, 0, -1)
    return float(np.min(scipy.special.gammainc(0.5 * n_terms, 0.5 * x / lambdas)))


class _Path:
    """The parabola s(u) = c + i w u + bend w^2 u^2 through the saddle point c, and the integrand on it.

    c is where K(s) + delta(s) - s x - log s is least on the real axis and w^-2 its second derivative there. ``bend``
    makes the path follow the steepest descent at c, from the third derivative. With the largest lambda 1 it lies
    between 0.1 / (1 - 2c), so that exp(-s x) dies, and 1 / (1 - 2c), so that the path comes no nearer to the
    singularity at 1/2.
    """

    def __init__(self, x: float, lambdas: FloatArray, correction: Correction | None) -> None:
        self._x, self._lambdas, self._correction = x, lambdas, correction
        self._saddle = self._find_saddle()
        distance = 0.5 - self._saddle
        second, third = self._derivatives(0.3 * min(self._saddle, distance))
        self._width = second**-0.5
        self._bend = float(np.clip(third / (6.0 * second), _FLATTEST / distance, 0.5 / distance)) / second
        self.peak = float(self._exponent(np.array([complex(self._saddle)])).real[0])
        self.reach = self._reach()

    def _find_saddle(self) -> float:
        def slope(s: float) -> float:
            # The derivative of a function that is real on the axis, without a difference of near values.
            step = 1e-20 * s
            return float(self._exponent(np.array([complex(s, step)])).imag[0]) / step

        low, high = 0.25, 0.25
        for _ in range(_MOST_HALVINGS):
            low = 0.5 * low if slope(low) > 0.0 else low
            high = 0.5 * (high + 0.5) if slope(high) < 0.0 else high
        if not slope(low) <= 0.0 <= slope(high):
            raise CalibrationError(_LARGE.format(x=self._x))
        return float(scipy.optimize.brentq(slope, low, high, xtol=1e-14)) if low < high else low

    def _derivatives(self, radius: float) -> tuple[float, float]:
        """The second and third derivative of the exponent at the saddle point, by Cauchy's formula."""
        turns = np.exp(2j * np.pi * np.arange(_CIRCLE) / _CIRCLE)
        around = self._exponent(self._saddle + radius * turns)
        second, third = (math.factorial(k) * np.mean(around * turns**-k).real / radius**k for k in (2, 3))
        return float(second), float(third)

    def sum(self, step: float) -> float:
        """exp(-peak) times the integral, by the trapezoidal rule with ``step`` in u."""
        last = step * math.ceil(self.reach / step)
        u = np.arange(0.0, last + 0.5 * step, step)
        s = self._saddle + 1j * self._width * u + self._bend * u**2
        slope = self._width - 2j * self._bend * u  # ds/du over i
        with np.errstate(over="ignore", invalid="ignore"):  # a correction that is not small: the sum is no number
            terms = np.real(np.exp(self._exponent(s) - self.peak) * slope)
        return float(step / math.pi * (np.sum(terms) - 0.5 * terms[0]))

    def _reach(self) -> float:
        """u beyond which the integrand is negligible; it falls steadily along the path."""
        reach = 8.0
        while reach < _FARTHEST:
            s = self._saddle + 1j * self._width * reach + self._bend * reach**2
            if self._exponent(np.array([s])).real[0] < self.peak - _NEGLIGIBLE - math.log(1.0 + reach):
                break
            reach *= 1.25
        return reach

    def _exponent(self, s: ComplexArray) -> ComplexArray:
        """K(s) + delta(s) - s x - log s."""
        logs: ComplexArray = -0.5 * np.sum(np.log1p(-2.0 * np.outer(s, self._lambdas)), axis=1)
        more = 0.0 if self._correction is None else self._correction(s)
        return logs + more - s * self._x - np.log(s)


def _rescaled(correction: Correction | None, factor: float) -> Correction | None:
    return None if correction is None else lambda s: correction(factor * s)


def _checked(weights: npt.ArrayLike) -> FloatArray:
    """The positive weights in ascending order; those below 1e-12 of the largest, which nothing shows, are left out."""
    values = np.sort(np.asarray(weights, dtype=np.float64).ravel())
    if not (values.size and np.all(np.isfinite(values)) and values[0] >= 0.0 and values[-1] > 0.0):
        raise InputError("the weights of chi-squares must be finite, none negative and at least one positive")
    kept: FloatArray = values[values > 1e-12 * values[-1]]
    return kept
