"""The penalized loss of a kernel and its nuisances together, and the descent to its minimum."""

from typing import NamedTuple

import numpy as np
import scipy.linalg

from wilks.fitting.features import Features, Reference
from wilks.fitting.kernel_responses import KernelResponse
from wilks.fitting.objectives import Own
from wilks.typing import BoolArray, FloatArray

_EXPONENT_LIMIT = 700.0
_GOAL, _MOST_STEPS = 1e-10, 60
_DECREASE, _SHORTEST = 1e-4, 1e-9


class Slopes(NamedTuple):
    """J at one theta with its gradient (p,), its exact Hessian (p, p), and one that is positive (p, p)."""

    value: float
    gradient: FloatArray
    hessian: FloatArray
    positive: FloatArray


class ProfiledLoss:
    """J[alpha, z] = sum_R w (exp(f + s) - 1) - sum_D (f + s) - log[L(nu|A) / L(0|A)] + ridge |alpha|^2, s = log r.

    theta = (alpha, z) is one vector of length p = r + j.

    Args:
        reference, features, response: of the analysis.
        sums: sum_D phi, shape (r,).
        own: the data with their auxiliary measurements.
        ridge: of the kernel.
    """

    def __init__(
        self,
        reference: Reference,
        features: Features,
        response: KernelResponse,
        *,
        sums: FloatArray,
        own: Own,
        ridge: float,
    ) -> None:
        self._reference, self._features, self._response = reference, features, response
        self._sums, self._own, self._ridge = sums, own, ridge

    def value(self, theta: FloatArray) -> float:
        """J; infinite or NaN where it is not defined."""
        alpha, z = self._split(theta)
        log_ratio, weights = self._response.at(z).log_ratio, self._reference.weights
        total = self._ridge * alpha @ alpha - alpha @ self._sums - self._response.own_at(z, self._own).value
        for phi, rows in self._reference.blocks(self._features):
            total += weights[rows] @ np.expm1(np.minimum(phi @ alpha + log_ratio[rows], _EXPONENT_LIMIT))
        return float(total)

    def slopes(self, theta: FloatArray) -> Slopes:
        """J with its derivatives."""
        alpha, z = self._split(theta)
        at, own, weights = self._response.at(z), self._response.own_at(z, self._own), self._reference.weights
        n, size = alpha.size, theta.size
        value, tilted = self._ridge * alpha @ alpha - alpha @ self._sums - own.value, np.empty_like(weights)
        gradient = np.concatenate([2.0 * self._ridge * alpha - self._sums, -own.gradient])
        gram = np.diag(np.concatenate([np.full(n, 2.0 * self._ridge), np.zeros(size - n)]))
        for phi, rows in self._reference.blocks(self._features):
            excess = np.expm1(np.minimum(phi @ alpha + at.log_ratio[rows], _EXPONENT_LIMIT))
            value += weights[rows] @ excess
            tilted[rows] = weights[rows] * (excess + 1.0)
            both = np.concatenate([phi, at.slopes[rows]], axis=1)
            gradient += tilted[rows] @ both
            both *= np.sqrt(tilted[rows, None])
            gram += both.T @ both
        bend, exact, positive = self._response.curvature(z, tilted) - own.hessian, gram.copy(), gram
        exact[n:, n:] += bend
        positive[n:, n:] += _positive_part(bend)
        return Slopes(float(value), gradient, exact, positive)

    def _split(self, theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        n = self._features.n_features
        return theta[:n], theta[n:]


class End(NamedTuple):
    """Where a descent ended, with what certifies it.

    Attributes:
        theta: the point (p,).
        value: J there.
        decrement: g^T H^-1 g with the exact Hessian of what is free; infinite where that is not positive.
        least_curvature: its smallest eigenvalue.
        residual: the largest slope of what is free.
        variances: the diagonal of its inverse, shape (p,); 0 for what is held.
        n_steps: Newton steps.
    """

    theta: FloatArray
    value: float
    decrement: float
    least_curvature: float
    residual: float
    variances: FloatArray
    n_steps: int


def descend(loss: ProfiledLoss, start: FloatArray, *, lower: FloatArray, upper: FloatArray) -> End:
    """Newton's method with dense factors from ``start`` (p,) between ``lower`` and ``upper`` (p,).

    The matrix is the exact Hessian where that is positive; elsewhere the second derivatives of log r are replaced by
    their positive part. Steps are cut at the bounds and halved until J falls. It goes on until the decrease foreseen,
    in t, is below 1e-10, or J falls no more.
    """
    theta, at, n_steps = start, loss.slopes(start), 0
    while n_steps < _MOST_STEPS and np.isfinite(at.value):
        is_free = _free(theta, at.gradient, lower, upper)
        step = np.zeros_like(theta)
        step[is_free] = -_solved(at, is_free)
        if -(at.gradient @ step) < _GOAL:
            break
        moved = _lower_point(loss, theta, step, at, lower=lower, upper=upper)
        if moved is None:
            break
        theta, at, n_steps = moved, loss.slopes(moved), n_steps + 1
    return _end(theta, at, n_steps, _free(theta, at.gradient, lower, upper))


def _lower_point(
    loss: ProfiledLoss, theta: FloatArray, step: FloatArray, at: Slopes, *, lower: FloatArray, upper: FloatArray
) -> FloatArray | None:
    """Where J falls far enough along ``step``; None where it nowhere does."""
    length = 1.0
    while length > _SHORTEST:
        moved = np.clip(theta + length * step, lower, upper)
        if loss.value(moved) <= at.value + _DECREASE * (at.gradient @ (moved - theta)):
            return moved
        length *= 0.5
    return None


def _solved(at: Slopes, is_free: BoolArray) -> FloatArray:
    """H^-1 g of the free parameters."""
    chosen = np.ix_(is_free, is_free)
    try:
        factor = scipy.linalg.cho_factor(at.hessian[chosen])
    except np.linalg.LinAlgError:
        factor = scipy.linalg.cho_factor(at.positive[chosen])
    solved: FloatArray = scipy.linalg.cho_solve(factor, at.gradient[is_free])
    return solved


def _free(theta: FloatArray, gradient: FloatArray, lower: FloatArray, upper: FloatArray) -> BoolArray:
    """All but what lies on a bound that descent would cross."""
    is_held: BoolArray = ((theta <= lower) & (gradient > 0)) | ((theta >= upper) & (gradient < 0))
    return ~is_held


def _end(theta: FloatArray, at: Slopes, n_steps: int, is_free: BoolArray) -> End:
    variances = np.zeros_like(theta)
    if not np.all(np.isfinite(at.hessian)):
        return End(theta, at.value, np.nan, np.nan, np.nan, variances, n_steps)
    curvatures, directions = scipy.linalg.eigh(at.hessian[np.ix_(is_free, is_free)])
    gradient = at.gradient[is_free]
    is_positive = bool(curvatures[0] > 0)
    decrement = float(np.sum((directions.T @ gradient) ** 2 / curvatures)) if is_positive else np.inf
    variances[is_free] = directions**2 @ (1.0 / curvatures) if is_positive else np.nan
    residual = float(np.max(np.abs(gradient)))
    return End(theta, at.value, decrement, float(curvatures[0]), residual, variances, n_steps)


def _positive_part(matrix: FloatArray) -> FloatArray:
    """The nearest matrix without negative eigenvalues."""
    if not np.all(np.isfinite(matrix)):
        return matrix
    values, vectors = np.linalg.eigh(matrix)
    part: FloatArray = (vectors * np.maximum(values, 0.0)) @ vectors.T
    return part
