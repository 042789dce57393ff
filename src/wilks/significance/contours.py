"""Integrals along paths across the real axis, which give tails of Q from its cumulant-generating function K.

    P(Q >= x) = 1/(2 pi i) int exp(K(s) - s x) ds/s           across the axis to the right of 0,
    P(Q <  x) = 1/(2 pi i) int exp(K(s) - s x) ds/(-s)        to the left of it,

upwards along s(v) = c + 2 w [ i sinh(v/2) + a (cosh(v/2) - 1) ]. Near c, where v is the distance in units of w, the
integrand falls like a Gaussian, far out, where the path is straight, like exp(-s x) or as slowly as K lets it. Even
steps in v follow both. The trapezoidal rule converges geometrically in their number: what every second node gives is
off by far more than what all of them give.

K at the nodes does not depend on x. A contour is made for one x and serves others nearby.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from wilks.typing import BoolArray, ComplexArray, FloatArray

Exponent = Callable[[ComplexArray], ComplexArray]

_STEP = 0.25
_FIRST_NODES, _MORE_NODES, _MOST_NODES = 24, 12, 120
_NEGLIGIBLE = 40.0  # exp of minus this is nothing beside 1


class Integral(NamedTuple):
    """exp(log_scale) ``value``, and the value by every second node; NaN where the integrand is no number."""

    log_scale: float
    value: float
    coarse: float


@dataclass(frozen=True)
class Path:
    """The hyperbola s(v).

    Args:
        crossing: c, where it crosses the axis: positive, or negative for the lower tail.
        width: w.
        slope: a, of its real to its imaginary part far out.
    """

    crossing: float
    width: float
    slope: float

    def at(self, v: FloatArray) -> tuple[ComplexArray, ComplexArray]:
        """s at v (n,), and the logarithm of ds/dv over i pi |s| for real s, each (n,)."""
        across, along = np.sinh(0.5 * v), np.cosh(0.5 * v)
        s: ComplexArray = self.crossing + 2.0 * self.width * (1j * across + self.slope * (along - 1.0))
        rate = self.width * (along - 1j * self.slope * across)
        return s, np.log(rate / (math.copysign(math.pi, self.crossing) * s))


@dataclass(frozen=True, eq=False)
class _Nodes:
    """s (n,), and the logarithm of what is summed at each but for exp(-s x), shape (n,)."""

    s: ComplexArray
    logs: ComplexArray

    def is_alive(self, x: float) -> BoolArray:
        """Where the integrand is not negligible beside that on the axis, shape (n,)."""
        heights = self.logs.real - x * self.s.real
        alive: BoolArray = np.logical_not(heights < heights[0] - _NEGLIGIBLE)
        return alive

    def followed_by(self, others: "_Nodes") -> "_Nodes":
        return _Nodes(np.concatenate([self.s, others.s]), np.concatenate([self.logs, others.logs]))

    def between(self, others: "_Nodes") -> "_Nodes":
        """These, each with half of its weight, and behind each one of the others."""
        s, logs = (np.empty(2 * self.s.size, dtype=np.complex128) for _ in range(2))
        s[::2], s[1::2] = self.s, others.s
        logs[::2], logs[1::2] = self.logs - math.log(2.0), others.logs
        return _Nodes(s, logs)


class Contour:
    """A path with K at its nodes.

    Args:
        path: across the axis near where exp(K(s) - s x) / |s| is least.
        exponent: K at complex s (c,), shape (c,).
        x: for this x, and for larger ones, the nodes go as far as there is an integrand.

    Attributes:
        is_closed: whether the integrand has died at the last node.
    """

    is_closed: bool

    def __init__(self, path: Path, exponent: Exponent, *, x: float) -> None:
        self._path, self._exponent = path, exponent
        self._levels = [self._first(x)]

    @property
    def is_upper(self) -> bool:
        """Whether it gives P(Q >= x), not P(Q < x)."""
        return self._path.crossing > 0.0

    def integral(self, x: float, *, level: int = 0) -> Integral:
        """By steps in v of 1/4 over 2^level."""
        while len(self._levels) <= level:
            self._levels.append(self._finer())
        nodes = self._levels[level]
        with np.errstate(over="ignore", invalid="ignore"):  # where K is no K, no number comes out
            exponents = nodes.logs - x * nodes.s
            scale = float(np.max(exponents.real))
            terms = np.exp(exponents - scale).real
        return Integral(scale, float(np.sum(terms)), 2.0 * float(np.sum(terms[::2])))

    def _first(self, x: float) -> _Nodes:
        """As many nodes as the integrand at x needs; that on the axis counts half."""
        nodes = self._made(_STEP * np.arange(_FIRST_NODES, dtype=np.float64), step=_STEP)
        nodes.logs[0] -= math.log(2.0)
        while nodes.is_alive(x)[-1] and nodes.s.size < _MOST_NODES:
            more = np.arange(nodes.s.size, nodes.s.size + _MORE_NODES, dtype=np.float64)
            nodes = nodes.followed_by(self._made(_STEP * more, step=_STEP))
        alive = nodes.is_alive(x)
        self.is_closed = not alive[-1]
        n = int(np.flatnonzero(alive)[-1]) + 1
        return _Nodes(nodes.s[:n], nodes.logs[:n])

    def _finer(self) -> _Nodes:
        before, step = self._levels[-1], _STEP / 2.0 ** len(self._levels)
        middles = step * (2.0 * np.arange(before.s.size, dtype=np.float64) + 1.0)
        return before.between(self._made(middles, step=step))

    def _made(self, v: FloatArray, *, step: float) -> _Nodes:
        s, logs = self._path.at(v)
        with np.errstate(over="ignore", invalid="ignore"):
            return _Nodes(s, logs + self._exponent(s) + math.log(step))
