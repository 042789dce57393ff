"""Newton's method by conjugate gradients for strongly convex functions, many of them side by side."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

from wilks.typing import FloatArray, IntArray


class Expansion(NamedTuple):
    """Functions at one point each: values (k,), gradients (k, p), and what multiplies (k, p) by the Hessians there."""

    value: FloatArray
    gradient: FloatArray
    product: Callable[[FloatArray, IntArray], FloatArray]
    """``product(vectors, rows)``: the Hessians of these rows of the expansion times one vector each."""


class ConvexFunctions(Protocol):
    """k functions J of p parameters; the Hessian of each minus ``modulus`` is nowhere negative."""

    @property
    def modulus(self) -> float: ...

    def expand(self, params: FloatArray, lanes: IntArray) -> Expansion:
        """The functions ``lanes`` (k,) at ``params`` (k, p)."""


@dataclass(frozen=True, eq=False)
class Minima:
    """Where each descent ended.

    ``excess`` bounds 2 (J - min J) and the Newton decrement g^T H^-1 g alike, by |g|^2 / modulus: for a strongly
    convex function this is a theorem and holds far from the minimum too (Boyd and Vandenberghe, Convex Optimization,
    eq. 9.9).
    """

    params: FloatArray
    value: FloatArray
    excess: FloatArray
    residual: FloatArray
    n_iterations: IntArray


@dataclass(frozen=True)
class NewtonCG:
    """Steps -H^-1 g by preconditioned conjugate gradients, halved until the function falls.

    The residual of a step falls with the gradient, so that convergence is superlinear (Dembo, Eisenstat and Steihaug,
    SIAM J. Numer. Anal. 19 (1982) 400).

    Args:
        tolerance: a descent ends where 2 (J - min J) is known to be below it.
        max_iterations: Newton steps at most.
        max_products: products with the Hessian in each of them at most.
    """

    tolerance: float = 1e-7
    max_iterations: int = 60
    max_products: int = 200

    def run(self, functions: ConvexFunctions, start: FloatArray, scale: FloatArray) -> Minima:
        """Descend from ``start`` (k, p); ``scale`` (p,) approximates the diagonals of the Hessians."""
        params, lanes = start.copy(), np.arange(start.shape[0])
        at = functions.expand(params, lanes)
        value, gradient = at.value.copy(), at.gradient.copy()
        n_iterations, forcing = np.zeros(lanes.size, dtype=np.int64), np.full(lanes.size, _LARGEST_FORCING)
        is_moving = np.isfinite(value)
        for _ in range(self.max_iterations):
            is_open = is_moving & (_squares(gradient) > self.tolerance * functions.modulus)
            rows, lanes = np.flatnonzero(is_open[lanes]), lanes[is_open[lanes]]
            if not lanes.size:
                break
            step = self._step(at, rows, gradient[lanes], scale, forcing[lanes])
            moved, at = _descend(functions, lanes, params[lanes], step, before=(value[lanes], gradient[lanes]))
            is_moving[lanes] = at.value < value[lanes]
            forcing[lanes] = np.clip(np.sqrt(_squares(at.gradient) / _squares(gradient[lanes])), 1e-4, _LARGEST_FORCING)
            params[lanes], value[lanes], gradient[lanes] = moved, at.value, at.gradient
            n_iterations[lanes] += 1
        residual = np.max(np.abs(gradient), axis=1, initial=0.0)
        return Minima(params, value, _squares(gradient) / functions.modulus, residual, n_iterations)

    def _step(
        self, at: Expansion, rows: IntArray, gradient: FloatArray, scale: FloatArray, forcing: FloatArray
    ) -> FloatArray:
        """-H^-1 g (k, p) to a residual of ``forcing`` (k,) times the gradient, in the norm of 1/``scale``."""
        step, residual = np.zeros_like(gradient), -gradient
        solved = residual / scale
        direction, size = solved, np.sum(residual * solved, axis=1)
        target = forcing**2 * size
        for _ in range(self.max_products):
            is_open = size > target
            if not np.any(is_open):
                break
            image = at.product(direction, rows)
            length = np.where(is_open, size / np.sum(direction * image, axis=1), 0.0)[:, None]
            step = step + length * direction
            residual = residual - length * image
            solved = residual / scale
            new_size = np.sum(residual * solved, axis=1)
            direction = solved + (new_size / size)[:, None] * direction
            size = new_size
        return step


_LARGEST_FORCING = 0.1
_DECREASE, _SHORTEST = 1e-4, 1e-9


def _descend(
    functions: ConvexFunctions,
    lanes: IntArray,
    params: FloatArray,
    step: FloatArray,
    *,
    before: tuple[FloatArray, FloatArray],
) -> tuple[FloatArray, Expansion]:
    """Where the functions fall far enough along ``step``, halved as often as it takes; unmoved where they never do."""
    value, gradient = before
    slope, length = np.sum(gradient * step, axis=1), np.ones(lanes.size)
    while True:
        moved = params + length[:, None] * step
        at = functions.expand(moved, lanes)
        is_lower = at.value <= value + _DECREASE * length * slope
        if np.all(is_lower | (length == 0.0)):
            return moved, at
        length = np.where(is_lower, length, np.where(length > _SHORTEST, 0.5 * length, 0.0))


def _squares(vectors: FloatArray) -> FloatArray:
    squares: FloatArray = np.sum(vectors**2, axis=1)
    return squares
