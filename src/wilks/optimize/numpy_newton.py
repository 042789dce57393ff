"""Newton's method in NumPy, for functions that bring their own steps: many of them side by side, between bounds."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from wilks.typing import BoolArray, FloatArray, IntArray

_LARGEST_FORCING, _LEAST_FORCING = 0.1, 1e-4
_DECREASE, _SHORTEST = 1e-4, 1e-9  # Armijo's condition, and the step below which nothing is gained


class Expansion(Protocol):
    """k functions at one point each; what is not asked for need not be computed."""

    @property
    def value(self) -> FloatArray:
        """Shape (k,)."""

    @property
    def gradient(self) -> FloatArray:
        """Shape (k, p)."""

    def gaps(self, rows: IntArray) -> FloatArray:
        """What 2 (J - min J) of these rows is, or is at most, shape (rows,)."""

    def steps(self, rows: IntArray, forcing: FloatArray) -> FloatArray:
        """-H^-1 g of these rows, to a residual of ``forcing`` (rows,) times the gradient, shape (rows, p)."""


class Functions(Protocol):
    """k functions of p parameters between bounds."""

    @property
    def bounds(self) -> tuple[FloatArray, FloatArray]:
        """Lower and upper bound of each parameter, shape (p,); they may be infinite."""

    def expand(self, params: FloatArray, lanes: IntArray) -> Expansion:
        """The functions ``lanes`` (k,) at ``params`` (k, p)."""


@dataclass(frozen=True, eq=False)
class Minima:
    """Where each descent ended, with ``gap``, what 2 (J - min J) is there, or is at most; all of length k."""

    params: FloatArray
    value: FloatArray
    gradient: FloatArray
    gap: FloatArray
    n_iterations: IntArray


@dataclass(frozen=True)
class NumpyNewton:
    """Steps that are cut at the bounds and halved until the function falls.

    A step need be no more exact than the gradient is small: its residual falls with the gradient, so that convergence
    is superlinear (Dembo, Eisenstat and Steihaug, SIAM J. Numer. Anal. 19 (1982) 400).

    Args:
        tolerance: a descent ends where 2 (J - min J), in units of t, is below it,
        slope_tolerance: and the largest entry of the gradient that the bounds do not hold. The former alone lets slopes
            of sqrt(tolerance times the largest curvature) through, which a certificate of both refuses.
        max_iterations: steps at most.
    """

    tolerance: float = 1e-8
    slope_tolerance: float = 1e-4
    max_iterations: int = 60

    def run(self, functions: Functions, start: FloatArray) -> Minima:
        """Descend from ``start`` (k, p)."""
        params, lanes = start.copy(), np.arange(start.shape[0])
        at = functions.expand(params, lanes)
        value, gradient, gap = at.value.copy(), at.gradient.copy(), at.gaps(lanes).copy()
        n_iterations, forcing = np.zeros(lanes.size, dtype=np.int64), np.full(lanes.size, _LARGEST_FORCING)
        is_moving, is_there = np.isfinite(value), self._is_there(functions, params, at, gap)
        for _ in range(self.max_iterations):
            is_open = is_moving & ~is_there
            rows, lanes = np.flatnonzero(is_open[lanes]), lanes[is_open[lanes]]
            if not lanes.size:
                break
            before = _Before(params[lanes], value[lanes], gradient[lanes], at.steps(rows, forcing[lanes]))
            moved, at = _lower(functions, lanes, before)
            is_moving[lanes] = at.value < before.value
            shrunk = np.sqrt(_squares(at.gradient) / _squares(before.gradient))
            forcing[lanes] = np.clip(shrunk, _LEAST_FORCING, _LARGEST_FORCING)
            params[lanes], value[lanes], gradient[lanes] = moved, at.value, at.gradient
            gap[lanes] = at.gaps(np.arange(lanes.size))
            is_there[lanes] = self._is_there(functions, moved, at, gap[lanes])
            n_iterations[lanes] += 1
        return Minima(params, value, gradient, gap, n_iterations)

    def _is_there(self, functions: Functions, params: FloatArray, at: Expansion, gap: FloatArray) -> BoolArray:
        """Which descents meet both tolerances at their points (k, p), shape (k,)."""
        downhill = np.clip(params - at.gradient, *functions.bounds) - params
        slopes = np.max(np.abs(downhill), axis=1, initial=0.0)
        there: BoolArray = (gap <= self.tolerance) & (slopes <= self.slope_tolerance)
        return there


def conjugate_steps(
    product: Callable[[FloatArray], FloatArray],
    gradient: FloatArray,
    *,
    scale: FloatArray,
    forcing: FloatArray,
    max_products: int = 200,
) -> FloatArray:
    """-H^-1 g (k, p) by conjugate gradients, to a residual of ``forcing`` (k,) times g in the norm of 1/``scale``.

    Args:
        product: H times a vector, for each of k.
        gradient: g, shape (k, p).
        scale: about the diagonal of H, shape (p,).
        forcing: relative residual of each.
        max_products: with H at most.
    """
    step, residual = np.zeros_like(gradient), -gradient
    solved = residual / scale
    direction, size = solved, np.sum(residual * solved, axis=1)
    target = forcing**2 * size
    for _ in range(max_products):
        is_open = size > target
        if not np.any(is_open):
            break
        image = product(direction)
        length = _ratios(size, np.sum(direction * image, axis=1), is_open)
        step = step + length * direction
        residual = residual - length * image
        solved = residual / scale
        new_size = np.sum(residual * solved, axis=1)
        direction = solved + _ratios(new_size, size, is_open) * direction
        size = new_size
    return step


def _ratios(above: FloatArray, below: FloatArray, is_open: BoolArray) -> FloatArray:
    """Of those that are open, shape (k, 1); 0 for the others, which may be 0 over 0 where they are solved exactly."""
    ratios: FloatArray = np.divide(above, below, out=np.zeros_like(above), where=is_open)
    return ratios[:, None]


@dataclass(frozen=True, eq=False)
class _Before:
    """Points (k, p) with values (k,) and gradients (k, p), and the steps (k, p) from there."""

    params: FloatArray
    value: FloatArray
    gradient: FloatArray
    step: FloatArray


def _lower(functions: Functions, lanes: IntArray, before: _Before) -> tuple[FloatArray, Expansion]:
    """Where the functions fall far enough along the steps, halved as often as it takes; unmoved where they never do."""
    length = np.ones(lanes.size)
    lower, upper = functions.bounds
    while True:
        moved = np.clip(before.params + length[:, None] * before.step, lower, upper)
        at = functions.expand(moved, lanes)
        slope = np.sum(before.gradient * (moved - before.params), axis=1)
        is_lower = at.value <= before.value + _DECREASE * slope
        if np.all(is_lower | (length == 0.0)):
            return moved, at
        length = np.where(is_lower, length, np.where(length > _SHORTEST, 0.5 * length, 0.0))


def _squares(vectors: FloatArray) -> FloatArray:
    squares: FloatArray = np.sum(vectors**2, axis=1)
    return squares
