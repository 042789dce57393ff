"""Newton's method in NumPy on functions whose minima are known: separable, quadratic in a box, logistic, dense."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pytest
import scipy.optimize

from wilks.optimize import NumpyNewton
from wilks.optimize.numpy_newton import conjugate_steps
from wilks.typing import FloatArray, IntArray

FREE = np.inf


@dataclass(frozen=True)
class Expanded:
    """k functions at points between bounds, with exact Hessians (k, p, p)."""

    value: FloatArray
    gradient: FloatArray
    hessians: FloatArray
    is_free: FloatArray
    is_dense: bool

    def gaps(self, rows: IntArray) -> FloatArray:
        return -np.sum(self.gradient[rows] * self._exact(rows), axis=1)

    def steps(self, rows: IntArray, forcing: FloatArray) -> FloatArray:
        if self.is_dense:
            return self._exact(rows)
        free, hessians = self.is_free[rows], self.hessians[rows]
        return conjugate_steps(
            lambda v: free * np.einsum("kij,kj->ki", hessians, free * v),
            free * self.gradient[rows],
            scale=np.full(free.shape[1], 2.0),
            forcing=forcing,
        )

    def _exact(self, rows: IntArray) -> FloatArray:
        """-H^-1 g of what the bounds do not hold."""
        steps = np.zeros((rows.size, self.gradient.shape[1]))
        for k, row in enumerate(rows):
            free = np.flatnonzero(self.is_free[row])
            steps[k, free] = -np.linalg.solve(self.hessians[row][np.ix_(free, free)], self.gradient[row, free])
        return steps


class Functions:
    """k functions of p parameters; a subclass says value, gradient and Hessian of one lane at w (p,)."""

    def __init__(self, bounds: tuple[object, object], *, n_parameters: int, is_dense: bool = False) -> None:
        self.bounds = tuple(np.broadcast_to(np.asarray(side, dtype=np.float64), n_parameters) for side in bounds)
        self.is_dense, self.n_expansions = is_dense, 0

    def one(self, lane: int, w: FloatArray) -> tuple[float, FloatArray, FloatArray]:
        raise NotImplementedError

    def expand(self, params: FloatArray, lanes: IntArray) -> Expanded:
        self.n_expansions += 1
        with np.errstate(over="ignore"):
            parts = [self.one(int(lane), w) for lane, w in zip(lanes, params, strict=True)]
        value, gradient, hessians = (np.array(part) for part in zip(*parts, strict=True))
        lower, upper = self.bounds
        is_held = ((params <= lower) & (gradient > 0)) | ((params >= upper) & (gradient < 0))
        return Expanded(value, gradient, hessians, (~is_held).astype(float), self.is_dense)

    def minimum(self, lane: int, start: FloatArray) -> FloatArray:
        """By SciPy."""
        found = scipy.optimize.minimize(
            lambda w: self.one(lane, w)[0],
            start,
            jac=lambda w: self.one(lane, w)[1],
            method="L-BFGS-B",
            bounds=list(zip(*self.bounds, strict=True)),
            options={"ftol": 1e-16, "gtol": 1e-10, "maxiter": 2000},
        )
        return np.asarray(found.x)


class Exponentials(Functions):
    """sum_j exp(w_j) - c_kj w_j + 1e-3/2 |w|^2, separable and steep."""

    modulus = 1e-3

    def __init__(self, slopes: FloatArray) -> None:
        super().__init__((-FREE, FREE), n_parameters=slopes.shape[1])
        self.slopes = slopes

    def one(self, lane: int, w: FloatArray) -> tuple[float, FloatArray, FloatArray]:
        grown, c = np.exp(w), self.slopes[lane]
        value = float(np.sum(grown - c * w + 0.5 * self.modulus * w**2))
        return value, grown - c + self.modulus * w, np.diag(grown + self.modulus)

    def minimum(self, lane: int, start: FloatArray) -> FloatArray:
        """exp(w) + modulus w = c by bisection."""
        c = self.slopes[lane]
        low, high = np.full(c.shape, -1e5), np.full(c.shape, 50.0)
        for _ in range(200):
            middle = 0.5 * (low + high)
            is_above = np.exp(middle) + self.modulus * middle > c
            low, high = np.where(is_above, low, middle), np.where(is_above, middle, high)
        return 0.5 * (low + high)


class Quadratics(Functions):
    """(w - c_k) A_k (w - c_k) / 2 with condition numbers of about 100."""

    def __init__(self, n: int, p: int, *, bounds: tuple[object, object], is_dense: bool = False) -> None:
        super().__init__(bounds, n_parameters=p, is_dense=is_dense)
        rng = np.random.default_rng(1)
        roots = rng.normal(size=(n, p, p))
        self.matrices = roots @ roots.transpose(0, 2, 1) + 0.1 * np.eye(p)
        self.centers = rng.normal(size=(n, p))

    def one(self, lane: int, w: FloatArray) -> tuple[float, FloatArray, FloatArray]:
        away, matrix = w - self.centers[lane], self.matrices[lane]
        return float(0.5 * away @ matrix @ away), matrix @ away, matrix


class Logistics(Functions):
    """sum_e log(1 + exp(-y_e x_e.w)) + 0.1 |w|^2, labels y of each lane."""

    def __init__(self, n: int, p: int, *, bounds: tuple[object, object] = (-FREE, FREE), is_dense: bool = False):
        super().__init__(bounds, n_parameters=p, is_dense=is_dense)
        rng = np.random.default_rng(2)
        self.x = rng.normal(size=(200, p)) * np.geomspace(0.3, 3.0, p)
        chances = 1 / (1 + np.exp(-self.x @ rng.normal(size=(p, n))))
        self.y = np.where(rng.uniform(size=(200, n)) < chances, 1.0, -1.0).T

    def one(self, lane: int, w: FloatArray) -> tuple[float, FloatArray, FloatArray]:
        margin = self.y[lane] * (self.x @ w)
        share = 1 / (1 + np.exp(margin))
        gradient = -(self.y[lane] * share) @ self.x + 0.2 * w
        hessian = (self.x * (share * (1 - share))[:, None]).T @ self.x + 0.2 * np.eye(w.size)
        return float(np.sum(np.logaddexp(0.0, -margin)) + 0.1 * w @ w), gradient, hessian


class Problem(NamedTuple):
    make: Callable[[], Functions]
    n_lanes: int
    has_active: bool = False
    """Whether bounds hold some parameters."""


SLOPES = np.array([[1.0, 1.0, 1.0], [1e4, 2.0, 0.5], [0.0, 1e-3, 3.0]])
PROBLEMS = {
    "separable and steep": Problem(lambda: Exponentials(SLOPES), 3),
    "quadratic": Problem(lambda: Quadratics(4, 6, bounds=(-FREE, FREE)), 4),
    "quadratic in a box, conjugate steps": Problem(lambda: Quadratics(4, 6, bounds=(-0.5, 0.5)), 4, True),
    "quadratic in a half space": Problem(lambda: Quadratics(4, 6, bounds=([0.0] + [-FREE] * 5, FREE)), 4, True),
    "logistic": Problem(lambda: Logistics(5, 8), 5),
    "logistic in a box, dense": Problem(lambda: Logistics(1, 8, bounds=(-0.4, 0.6), is_dense=True), 1, True),
    "quadratic, dense, a bound active": Problem(
        lambda: Quadratics(1, 6, bounds=([-FREE] * 5 + [1.0], FREE), is_dense=True), 1, True
    ),
}
every_problem = pytest.mark.parametrize("name", PROBLEMS)


@every_problem
def test_every_lane_reaches_its_minimum(name):
    """As bisection or SciPy finds it; what is missing is less than is said, and the bounds that hold are known."""
    functions, n_lanes, has_active = PROBLEMS[name].make(), *PROBLEMS[name][1:]
    lower, upper = functions.bounds
    start = np.clip(np.zeros((n_lanes, lower.size)), lower, upper)
    end = NumpyNewton(tolerance=1e-10).run(functions, start)
    best = np.stack([functions.minimum(lane, start[lane]) for lane in range(n_lanes)])
    np.testing.assert_allclose(end.params, best, atol=1e-4)
    least = functions.expand(best, np.arange(n_lanes)).value
    assert np.all(2 * (end.value - least) <= end.gap + 1e-9) and np.all(end.gap <= 1e-10)
    assert np.all((lower <= end.params) & (end.params <= upper))
    is_held = (best == lower) | (best == upper)
    assert np.any(is_held) == has_active
    np.testing.assert_array_equal((end.params == lower) | (end.params == upper), is_held)
    again = functions.expand(end.params, np.arange(n_lanes))
    np.testing.assert_array_equal(again.value, end.value)
    np.testing.assert_array_equal(again.gradient, end.gradient)


@every_problem
def test_lanes_do_not_disturb_each_other(name):
    functions, n_lanes, _ = PROBLEMS[name].make(), *PROBLEMS[name][1:]
    start = np.clip(np.zeros((n_lanes, functions.bounds[0].size)), *functions.bounds)
    together = NumpyNewton().run(functions, start)
    for row in range(n_lanes):
        alone = NumpyNewton().run(Lane(functions, row), start[row : row + 1])  # type: ignore[arg-type]
        np.testing.assert_allclose(alone.params[0], together.params[row], atol=1e-12)
        assert alone.n_iterations[0] == together.n_iterations[row]


class Lane:
    """One function of several."""

    def __init__(self, functions: Functions, row: int) -> None:
        self.bounds, self._functions, self._row = functions.bounds, functions, row

    def expand(self, params: FloatArray, lanes: IntArray) -> Expanded:
        return self._functions.expand(params, lanes + self._row)


@every_problem
def test_start_at_the_minimum_takes_no_step(name):
    functions, n_lanes, _ = PROBLEMS[name].make(), *PROBLEMS[name][1:]
    start = np.clip(np.zeros((n_lanes, functions.bounds[0].size)), *functions.bounds)
    best = NumpyNewton(tolerance=1e-14, slope_tolerance=1e-8).run(functions, start).params
    functions.n_expansions = 0
    end = NumpyNewton(tolerance=1e-6).run(functions, best)
    assert np.all(end.n_iterations == 0) and functions.n_expansions == 1
    np.testing.assert_array_equal(end.params, best)


def test_a_function_that_is_not_finite_at_its_start_stays_there():
    end = NumpyNewton().run(Exponentials(np.ones((2, 2))), np.array([[0.0, 0.0], [1e4, 0.0]]))
    assert end.n_iterations[1] == 0 and not np.isfinite(end.value[1])
    np.testing.assert_allclose(end.params[0], Exponentials(np.ones((1, 2))).minimum(0, np.zeros(2)), atol=1e-3)


def test_spent_budget_is_said():
    end = NumpyNewton(max_iterations=1).run(Exponentials(np.full((1, 1), 1e6)), np.zeros((1, 1)))
    assert end.n_iterations[0] == 1 and end.gap[0] > 1.0


@pytest.mark.parametrize("slope_tolerance", [1e-2, 1e-4])
def test_no_slope_is_left_where_the_curvature_is_large(slope_tolerance):
    """With a curvature of 1e4 a gap of 1e-8 would be met by a slope of 1e-2."""
    functions = Quadratics(4, 6, bounds=(-0.5, FREE))
    functions.matrices = functions.matrices * 1e4
    end = NumpyNewton(slope_tolerance=slope_tolerance).run(functions, np.zeros((4, 6)))
    lower, upper = functions.bounds
    downhill = np.clip(end.params - end.gradient, lower, upper) - end.params
    assert np.max(np.abs(downhill)) <= slope_tolerance and np.any(end.params == -0.5)


def test_conjugate_steps_solve_to_the_residual_that_is_asked_for():
    """H with 5 different eigenvalues, each lane with its own forcing."""
    rng = np.random.default_rng(0)
    turned, _ = np.linalg.qr(rng.normal(size=(5, 5)))
    hessian, gradient = turned @ np.diag([1.0, 3.0, 10.0, 30.0, 100.0]) @ turned.T, rng.normal(size=(3, 5))
    forcing = np.array([0.5, 1e-3, 1e-12])
    steps = conjugate_steps(lambda v: v @ hessian, gradient, scale=np.ones(5), forcing=forcing)
    residuals = np.linalg.norm(gradient + steps @ hessian, axis=1) / np.linalg.norm(gradient, axis=1)
    assert np.all(residuals <= forcing * 1.01)
    np.testing.assert_allclose(steps[2], -np.linalg.solve(hessian, gradient[2]), rtol=1e-9)


def test_a_lane_that_is_solved_exactly_waits_for_the_others():
    """An eigenvector is solved by one product, to the last bit; its neighbor needs three. No step may be NaN."""
    diagonal = np.array([2.0, 4.0, 8.0])
    gradient = np.array([[1.0, 0.0, 0.0], [1.0, 1.0, 1.0], [0.0, 0.0, 0.0]])
    steps = conjugate_steps(lambda v: v * diagonal, gradient, scale=np.ones(3), forcing=np.full(3, 1e-8))
    np.testing.assert_allclose(steps, -gradient / diagonal, atol=1e-7)
