"""The tail of a sum over bins of functions of their counts, the expected counts being known as far as a sample tells.

    T = sum_k g_k(n_k),  g_k(n) = 2 [ n log(n/b_k) - n + b_k ],  n_k ~ Poisson(lambda_k),  lambda_k = c_k Gamma(a_k),

on condition of one sum, y = sum_k lambda_k = N, or y = sum_k n_k = n where the number of events is fixed. With

    w_k(n; u) = E[ P(n | lambda) e^(u y_k) ] = Gamma(n + a) / (n! Gamma(a)) c^n (1 + c - u c)^-(n + a)
                                          or Gamma(n + a) / (n! Gamma(a)) c^n (1 + c)^-(n + a) e^(u n)

the condition is an integral along imaginary u,

    P(T >= t | y) = int e^(-u y) [ sum over T >= t of prod_k w_k(n_k; u) ] du / int e^(-u y) prod_k sum_n w_k(n; u) du.

The w_k are tilted by e^(s g), s and the real part of u at the saddle point, where T and y have the wanted values in
the mean: the error is relative to p, however small. Values g_k above 1.25 t + 1 are taken as
that, which changes no T >= t and bounds them. The tilted laws of the g_k are laid on a grid in T, every value shared
between its two neighbors so that its mean stays, and convolved by fast Fourier transforms.

Where there are few combinations of counts in half of the bins they are added up one by one, and no grid is needed:
sorted by T, the other half adds to each of them a sum from the top.

The grid blurs T, and values equal to t must count. P is therefore the sum from a window below t on, less what others
than those values have in it: the density at its middle that follows from the two windows beside those about t, the
logarithm taken as linear. Where T has few values they are empty, and nothing is taken off: values that lie in the
window count as equal to t. Where T has many, all is smooth. The window is as wide as the blur, but not so wide that p
changes much in it: where that is less, T has so many values that none of them matters. Two more windows, farther out,
give another density, whose difference is the error; the grid is made finer until it is small, or p stays.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import scipy.fft

from wilks.statistics.histogram.alike import Alike, GivenSum, alike
from wilks.statistics.histogram.halves import Halves
from wilks.typing import ComplexArray, FloatArray

_PERIOD, _REACH = 12.0, 6.0  # of the integral, in standard deviations of y and of its conjugate
_FEW_TURNS, _FEW_BINS = 128, 4
_ABOVE = 1.25  # of t, so that also one bin alone has a saddle point
_MOST_STEPS, _DECREMENT, _RIDGE = 100, 1e-10, 1e-12
_FEWEST_POINTS, _MOST_POINTS, _MOST_NUMBERS = 2**13, 2**19, 2**24  # of a grid; numbers that are transformed
_SURE, _DISCRETE, _ROUNDING = 0.001, 0.005, 1e-4  # of log p: what is good enough, and what errors are at least
_TAIL, _MORE_FOR_FEW = 9.0, 20.0  # standard deviations
_NOTHING = 14.0  # minus the logarithm of what may be lost
_MOST_COMBINATIONS, _MOST_ADDED = 2**18, 2**22  # of the counts in half of the bins; in all turns
_MOST_TILT = 1e3  # of the exponents that both halves share
_NEXT, _BLURS, _WIDEST = 1.5, 3.0, 0.1  # of the window, in steps, standard deviations of the blur and scales of p
_LEAST = 1e-300


class Tail(NamedTuple):
    """log P(T >= t), and what it may be off."""

    log_p: float
    error: float


class Saddle(NamedTuple):
    """s and u with K = sum_k log sum_n w_k e^(s g), the means of T and y and their covariance (2, 2) there."""

    s: float
    u: float
    value: float
    mean: FloatArray
    covariance: FloatArray


@dataclass(frozen=True, eq=False)
class CountSum:
    """T.

    Args:
        expected: b, shape (k,); 0 in a bin that adds nothing to T but counts in y.
        shape, scale: a and c, shape (k,).
        given: y.
    """

    expected: FloatArray
    shape: FloatArray
    scale: FloatArray
    given: GivenSum

    def log_tail(self, t: float, *, is_rough: bool = False) -> Tail:
        """log P(T >= t); ``is_rough``: on a coarse grid, for a figure."""
        if t <= 0.0:
            return Tail(0.0, 0.0)
        bins = self._bins(_ABOVE * t + 1.0)
        at = saddle(bins, self.given, t)
        turns = self._turns(bins, at)
        halves = Halves.of(bins, self._shares(bins, at, at.u))
        n_numbers = halves.n_combinations * turns.angles.size
        if halves.n_combinations <= _MOST_COMBINATIONS and n_numbers <= _MOST_ADDED and at.s * t < _MOST_TILT:
            return self._added(halves, at, turns, t)
        most = 0 if is_rough else min(_MOST_POINTS, _MOST_NUMBERS // (len(bins) * turns.angles.size))
        n_points = max(_FEWEST_POINTS, 2 ** max(0, (most // 4).bit_length() - 1))
        before = self._tail(bins, at, turns, t, n_points)
        while 4 * n_points <= most and before.error > _DISCRETE + _SURE:
            n_points *= 4
            now = self._tail(bins, at, turns, t, n_points)
            is_same, before = abs(now.log_p - before.log_p) < _SURE, now
            if is_same:
                break
        return before

    def _added(self, halves: Halves, at: Saddle, turns: "_Turns", t: float) -> Tail:
        """From all combinations of counts, where they are few in each half of the bins."""
        count = halves.counter(t, s=at.s)
        total = self._integral(at, turns, lambda u: count(self._shares(halves.bins, at, u)))
        p = max(float(total[0]), _LEAST)
        return Tail(min(0.0, self._offset(at, t) + math.log(p)), _ROUNDING)

    def _offset(self, at: Saddle, t: float) -> float:
        """What is to be added to the logarithm of a tilted sum."""
        return at.value - at.s * t - at.u * self.given.value - self._log_density

    def _tail(self, bins: list[Alike], at: Saddle, turns: "_Turns", t: float, n_points: int) -> Tail:
        """On a grid of so many points."""
        grid = _Grid.of(bins, at, t, n_points=n_points)
        total = self._integral(at, turns, lambda u: grid.convolved(bins, self._shares(bins, at, u)))
        return grid.tail(total, offset=self._offset(at, t))

    @cached_property
    def moments(self) -> tuple[float, float]:
        """Mean and variance of T."""
        bins = self._bins(math.inf)
        at = saddle(bins, self.given, None)

        def sums(u: complex) -> ComplexArray:
            whole, mean, spread = 1.0 + 0.0j, 0.0j, 0.0j
            for one, shares in zip(bins, self._shares(bins, at, u), strict=True):
                ratio = np.sum(shares)
                first, second = np.sum(shares * one.terms) / ratio, np.sum(shares * one.terms**2) / ratio
                whole *= ratio**one.n_bins
                mean += one.n_bins * first
                spread += one.n_bins * (second - first**2)
            return whole * np.array([1.0, mean, mean**2 + spread])

        known, mean, square = self._integral(at, self._turns(bins, at), sums)
        return float(mean / known), float(square / known - (mean / known) ** 2)

    @cached_property
    def _log_density(self) -> float:
        """The logarithm of the density of y where it is given, or of its probability."""
        bins = self._bins(math.inf)
        at = saddle(bins, self.given, None)

        def whole(u: complex) -> ComplexArray:
            shares = zip(bins, self._shares(bins, at, u), strict=True)
            factors = np.array([complex(np.sum(each)) ** one.n_bins for one, each in shares])
            product: ComplexArray = np.prod(factors, keepdims=True)
            return product

        density = float(self._integral(at, self._turns(bins, at), whole)[0])
        return at.value - at.u * self.given.value + math.log(density)

    def _turns(self, bins: list[Alike], at: Saddle) -> "_Turns":
        """Those of y; all of a period where a few counts, or few bins, decide on T and y together."""
        if not self.given.is_of_counts:
            return _Turns.of(at)
        n_all = math.ceil(0.5 * _PERIOD * (math.sqrt(at.covariance[1, 1]) + 1.0))
        is_whole = n_all <= _FEW_TURNS or sum(one.n_bins for one in bins) <= _FEW_BINS
        return _Turns.of_period(at, n_all, n_turns=n_all if is_whole else None)

    def _bins(self, most: float) -> list[Alike]:
        return alike(self.expected, self.shape, self.scale, most=most)

    def _shares(self, bins: list[Alike], at: Saddle, u: complex) -> list[npt.NDArray[Any]]:
        """w(n; u) e^(s g), divided by its sum at the real part of u, of each kind (l,)."""
        shares = []
        for one in bins:
            size = np.real(self.given.log_weights(one, at.u)) + at.s * one.terms
            top = np.max(size)
            log_sum = top + math.log(np.sum(np.exp(size - top)))
            exponent = self.given.log_weights(one, u) if u.imag else self.given.log_weights(one, at.u)
            shares.append(np.exp(exponent + at.s * one.terms - log_sum))
        return shares

    def _integral(self, at: Saddle, turns: "_Turns", of: Callable[[complex], npt.NDArray[Any]]) -> FloatArray:
        """1/(2 pi) int e^(-i y x) of(u + i x) dx for a function with conjugate values at conjugate u."""
        total: FloatArray = np.zeros(())
        for angle, factor in zip(turns.angles, turns.factors, strict=True):
            values = of(complex(at.u, angle))
            total = total + factor * np.real(values * np.exp(-1j * angle * self.given.value))
        return total


class _Turns(NamedTuple):
    """Nodes of the trapezoidal rule on the positive axis, with what each adds."""

    angles: FloatArray
    factors: FloatArray

    @classmethod
    def of(cls, at: Saddle) -> "_Turns":
        """Those of a continuous y."""
        step = 2.0 * math.pi / (_PERIOD * math.sqrt(at.covariance[1, 1]))
        angles = step * np.arange(_n_turns(at, step) + 1, dtype=np.float64)
        return cls(angles, np.where(angles == 0.0, 1.0, 2.0) * step / (2.0 * math.pi))

    @classmethod
    def of_period(cls, at: Saddle, n_all: int, *, n_turns: int | None) -> "_Turns":
        """The first ``n_turns`` of 2 ``n_all`` nodes of a y that is a whole number; None: as many as its law needs."""
        step = math.pi / n_all
        angles = step * np.arange(min(n_turns or _n_turns(at, step), n_all) + 1, dtype=np.float64)
        is_single = (angles == 0.0) | (np.arange(angles.size) == n_all)
        return cls(angles, np.where(is_single, 1.0, 2.0) / (2.0 * n_all))


def _n_turns(at: Saddle, step: float) -> int:
    """Beyond which the law of y given T has no more to say, were it normal."""
    (variance, shared), (_, own) = at.covariance
    left = 1.0 - shared**2 / (variance * own) if variance * own > 0.0 else 1.0
    return math.ceil(_REACH / (step * math.sqrt(own * max(left, 1e-3))))


def saddle(bins: list[Alike], given: GivenSum, t: float | None) -> Saddle:
    """Where T = t and y are the means, by Newton's method; s = 0 where the mean of T is above t, or t is None."""
    at = _cumulants(bins, given, 0.0, 0.0)
    is_tilted = t is not None and at.mean[0] < t
    goal = np.array([t if is_tilted and t is not None else 0.0, given.value])
    free = np.array([is_tilted, True])
    for _ in range(_MOST_STEPS):
        slope = np.where(free, at.mean - goal, 0.0)
        curvature = np.where(np.outer(free, free), at.covariance, 0.0)
        scale = np.diag(np.where(free, _RIDGE * np.diag(curvature) + _RIDGE, 1.0))
        step = -np.linalg.solve(curvature + scale, slope)
        if -(slope @ step) < _DECREMENT:
            break
        before, at = at, _lower(bins, given, at, step=step, slope=slope, goal=goal)
        if at is before:
            break
    return at


def _lower(
    bins: list[Alike], given: GivenSum, at: Saddle, *, step: FloatArray, slope: FloatArray, goal: FloatArray
) -> Saddle:
    """The point along the step, halved until K - s t - u y falls; ``at`` where rounding hides any fall."""
    length, before = 1.0, at.value - at.s * goal[0] - at.u * goal[1]
    while length > 1e-9:
        s, u = at.s + length * float(step[0]), at.u + length * float(step[1])
        if u < given.most(bins):
            moved = _cumulants(bins, given, s, u)
            if moved.value - s * goal[0] - u * goal[1] <= before + 1e-4 * length * (slope @ step):
                return moved
        length *= 0.5
    return at


def _cumulants(bins: list[Alike], given: GivenSum, s: float, u: float) -> Saddle:
    value, mean, covariance = 0.0, np.zeros(2), np.zeros((2, 2))
    for one in bins:
        exponent = np.real(given.log_weights(one, u)) + s * one.terms
        top = float(np.max(exponent))
        shares = np.exp(exponent - top)
        total = float(np.sum(shares))
        shares /= total
        inner, spread = given.moments(one, u)
        both = np.stack([one.terms, inner])
        center = both @ shares
        away = both - center[:, None]
        value += one.n_bins * (top + math.log(total))
        mean += one.n_bins * center
        covariance += one.n_bins * ((shares * away) @ away.T + np.diag([0.0, shares @ spread]))
    return Saddle(s, u, value, mean, covariance)


@dataclass(frozen=True, eq=False)
class _Grid:
    """Equally spaced values of T from 0 on.

    Args:
        n_points, step: of the grid.
        window: half the width of the window about t.
        t, s: of the tail.
    """

    n_points: int
    step: float
    window: float
    t: float
    s: float

    @classmethod
    def of(cls, bins: list[Alike], at: Saddle, t: float, *, n_points: int) -> "_Grid":
        """As long as the tilted law of T."""
        n_bins = sum(one.n_bins for one in bins if np.any(one.terms))
        reach = (_TAIL + _MORE_FOR_FEW / max(n_bins, 1)) * math.sqrt(at.covariance[0, 0])
        reach = min(reach, n_bins * (_ABOVE * t + 1.0) - t)
        length = max(t, float(at.mean[0])) + reach
        if at.s > 0.0:  # what lies farther out counts for nothing, or falls below t, where it is not looked at
            length = min(length, max(t + _NOTHING / at.s, reach))
        step = length / n_points
        blur = step * (_NEXT + _BLURS * math.sqrt(n_bins / 6.0))
        scale = min(math.sqrt(at.covariance[0, 0]), 1.0 / max(at.s, 1e-9))
        return cls(n_points, step, max(min(blur, _WIDEST * scale), _NEXT * step), t, at.s)

    def convolved(self, bins: list[Alike], shares: list[npt.NDArray[Any]]) -> npt.NDArray[Any]:
        """The law of T for these weights of the counts of each kind of bins."""
        is_real = not any(np.iscomplexobj(one) for one in shares)
        whole: npt.NDArray[Any] = np.ones(1)
        for one, weights in zip(bins, shares, strict=True):
            laid = self._laid(one.terms, weights)
            moved = scipy.fft.rfft(laid) if is_real else scipy.fft.fft(laid)
            whole = whole * (moved**one.n_bins if one.n_bins > 1 else moved)
        law: npt.NDArray[Any] = scipy.fft.irfft(whole, self.n_points) if is_real else scipy.fft.ifft(whole)
        return law

    def _laid(self, values: FloatArray, weights: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Weights on the grid, each shared between the two neighbors of its value."""
        place = values / self.step
        left = np.floor(place).astype(np.int64)
        right = place - left

        def sums(each: FloatArray) -> FloatArray:
            both = np.bincount(left, each * (1.0 - right), self.n_points).astype(np.float64)
            both[1:] += np.bincount(left, each * right, self.n_points)[:-1]
            return both

        return sums(weights.real) + 1j * sums(weights.imag) if np.iscomplexobj(weights) else sums(weights)

    def tail(self, law: FloatArray, *, offset: float) -> Tail:
        """log of the sums of e^(-s (T - t)) over T beyond t, plus ``offset``."""
        away = self.step * np.arange(self.n_points) - self.t
        weighted, window = law * np.exp(-self.s * np.maximum(away, -6.0 * self.window)), self.window

        def beyond(place: float) -> float:
            """Every point of the grid stands for a step about it."""
            return max(0.0, float(weighted @ np.clip((away - place) / self.step + 0.5, 0.0, 1.0)))

        windows = -np.diff([beyond(place * window) for place in (-5.0, -3.0, -1.0, 1.0, 3.0, 5.0)])
        outer_below, below, _, above, outer_above = np.maximum(windows, 0.0)
        others, again = 0.5 * below**0.625 * above**0.375, 0.5 * outer_below**0.5625 * outer_above**0.4375
        p = max(beyond(-window) - others, _LEAST)
        return Tail(min(0.0, offset + math.log(p)), _DISCRETE + abs(others - again) / p)
