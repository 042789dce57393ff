"""Every solver on every problem with a known minimum, and the contract that all solvers keep."""

import functools
import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import optimize

from wilks.optimize import Adam, Box, Certificate, Newton, Objective, QuasiNewton, Solver, State, certify, certify_by
from wilks.optimize.solver import is_unseen
from wilks.typing import FloatArray

from tests.lab.compilations import quick_jit


@dataclass(frozen=True)
class Problem:
    """A function in a box with its minimum there."""

    name: str
    function: Callable[[jax.Array], jax.Array]
    lower: tuple[float, ...]
    upper: tuple[float, ...]
    start: tuple[float, ...]
    minimum: tuple[float, ...]

    @property
    def box(self) -> Box:
        return Box(jnp.asarray(self.lower), jnp.asarray(self.upper))

    @property
    def objective(self) -> Objective:
        return objective_of(self.function)


def objective_of(function: Callable[[jax.Array], jax.Array]) -> Objective:
    return Objective(function, jax.value_and_grad(function), jax.hessian(function), lambda w: jnp.eye(w.size))


def bowl(w: jax.Array) -> jax.Array:
    matrix = jnp.array([[4.0, 1.0, 0.0], [1.0, 3.0, -1.0], [0.0, -1.0, 2.0]])
    return 0.5 * w @ matrix @ w - jnp.array([1.0, 2.0, 3.0]) @ w


def rosenbrock(w: jax.Array) -> jax.Array:
    return 100.0 * (w[1] - w[0] ** 2) ** 2 + (1 - w[0]) ** 2


def saddle(w: jax.Array) -> jax.Array:
    return w[0] ** 2 - w[1] ** 2 + 0.1 * w[1]


def flat_in_one_direction(w: jax.Array) -> jax.Array:
    return (w[0] + w[1] - 1.0) ** 2


def double_well(w: jax.Array) -> jax.Array:
    return (w[0] ** 2 - 1) ** 2 + 0.2 * w[0] + jnp.sum(w[1:] ** 2)


PROBLEMS = [
    Problem("bowl", bowl, (-9,) * 3, (9,) * 3, (5.0, -5.0, 1.0), tuple(np.linalg.solve(
        [[4.0, 1.0, 0.0], [1.0, 3.0, -1.0], [0.0, -1.0, 2.0]], [1.0, 2.0, 3.0]))),
    Problem("bowl cut by two bounds", bowl, (0.0, -1.0, -1.0), (1.0, 1.0, 1.0), (0.5, 0.0, 0.0), (0.0, 1.0, 1.0)),
    Problem("rosenbrock", rosenbrock, (-2.0, -2.0), (2.0, 2.0), (-1.2, 1.0), (1.0, 1.0)),
    Problem("rosenbrock cut by a bound", rosenbrock, (-2.0, -2.0), (0.5, 2.0), (-1.2, 1.0), (0.5, 0.25)),
    Problem("saddle", saddle, (-1.0, -2.0), (1.0, 2.0), (0.5, 0.0), (0.0, -2.0)),
    Problem("start on the bound", bowl, (-9,) * 3, (9,) * 3, (9.0, -9.0, 9.0), tuple(np.linalg.solve(
        [[4.0, 1.0, 0.0], [1.0, 3.0, -1.0], [0.0, -1.0, 2.0]], [1.0, 2.0, 3.0]))),
]  # fmt: skip
SOLVERS: list[Solver] = [
    QuasiNewton(max_iterations=500, tolerance=1e-16),
    Newton(max_iterations=100, tolerance=1e-18),
    Adam(max_iterations=30_000, rate=1e-2),
]


@functools.cache
def runner(solver: Solver, function: Callable[[jax.Array], jax.Array]) -> Callable[[jax.Array, Box], State]:
    """One program for all boxes and starts."""
    compiled: Callable[[jax.Array, Box], State] = quick_jit(
        lambda start, box: solver.run(objective_of(function), start, box)
    )
    return compiled


def run(solver: Solver, problem: Problem) -> State:
    return runner(solver, problem.function)(jnp.asarray(problem.start), problem.box)


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda problem: problem.name)
@pytest.mark.parametrize("solver", SOLVERS, ids=lambda solver: type(solver).__name__)
def test_solver_finds_the_known_minimum(solver: Solver, problem: Problem) -> None:
    end = run(solver, problem)
    tolerance = 2e-2 if isinstance(solver, Adam) else 1e-6
    np.testing.assert_allclose(end.params, problem.minimum, atol=tolerance)


@functools.cache
def walker(
    solver: Solver, function: Callable[[jax.Array], jax.Array]
) -> Callable[[jax.Array, Box], tuple[State, State]]:
    """The first state and those of 12 steps, by one program for all boxes and starts."""
    objective = objective_of(function)

    def walk(start: jax.Array, box: Box) -> tuple[State, State]:
        def step(state: State, _: None) -> tuple[State, State]:
            new = solver.step(objective, state, box)
            return new, new

        first = solver.init(objective, start, box)
        return first, jax.lax.scan(step, first, None, length=12)[1]

    compiled: Callable[[jax.Array, Box], tuple[State, State]] = quick_jit(walk)
    return compiled


@functools.cache
def first_states(solver: Solver, problem: Problem) -> tuple[State, ...]:
    """The states of 12 steps."""
    walk = walker(solver, problem.function)
    first, later = jax.tree.map(np.asarray, walk(jnp.asarray(problem.start), problem.box))
    states = (first, *(jax.tree.map(lambda leaf, k=k: leaf[k], later) for k in range(12)))
    return states[1:] if is_unseen(first) else states


@functools.cache
def slope_of(
    function: Callable[[jax.Array], jax.Array],
) -> Callable[[jax.Array], tuple[jax.Array, jax.Array]]:
    compiled: Callable[[jax.Array], tuple[jax.Array, jax.Array]] = quick_jit(jax.value_and_grad(function))
    return compiled


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda problem: problem.name)
@pytest.mark.parametrize("solver", SOLVERS, ids=lambda solver: type(solver).__name__)
class TestContract:
    """What every solver promises, step by step."""

    def test_value_and_gradient_belong_to_params(self, solver: Solver, problem: Problem) -> None:
        for state in first_states(solver, problem):
            value, gradient = slope_of(problem.function)(state.params)
            np.testing.assert_allclose(state.value, value, rtol=1e-12, atol=1e-12)
            np.testing.assert_allclose(state.gradient, gradient, rtol=1e-10, atol=1e-10)

    def test_params_stay_in_the_box(self, solver: Solver, problem: Problem) -> None:
        for state in first_states(solver, problem):
            assert np.all(state.params >= problem.box.lower) and np.all(state.params <= problem.box.upper)

    def test_iterations_are_counted(self, solver: Solver, problem: Problem) -> None:
        states = first_states(solver, problem)
        assert [int(state.n_iterations) for state in states] == list(range(len(states)))

    def test_value_never_rises(self, solver: Solver, problem: Problem) -> None:
        values = [float(state.value) for state in first_states(solver, problem)]
        if isinstance(solver, Adam):
            assert values[-1] < values[0]
        else:
            assert all(later <= earlier for earlier, later in itertools.pairwise(values))


@pytest.mark.parametrize("solver", SOLVERS, ids=lambda solver: type(solver).__name__)
def test_start_without_a_finite_value_ends_at_once(solver: Solver) -> None:
    problem = Problem("nan", lambda w: jnp.sum(jnp.log(w)), (-1.0,), (1.0,), (-0.5,), (0.0,))
    end = run(solver, problem)
    assert bool(end.is_done) and int(end.n_iterations) == 0 and not np.isfinite(end.value)


def test_step_into_a_region_without_finite_values_is_refused() -> None:
    problem = Problem(
        "wall", lambda w: jnp.where(w[0] > 0.3, jnp.nan, (w[0] - 0.25) ** 2), (-9.0,), (9.0,), (-8.0,), (0.25,)
    )
    for solver in SOLVERS[:2]:
        np.testing.assert_allclose(run(solver, problem).params, problem.minimum, atol=1e-5)


def test_quasi_newton_matches_scipy_on_random_convex_problems() -> None:
    rng = np.random.default_rng(0)
    solver = QuasiNewton(max_iterations=2000, tolerance=1e-18)

    @quick_jit
    def minimize(matrix: jax.Array, slope: jax.Array) -> jax.Array:
        def function(w: jax.Array) -> jax.Array:
            return 0.5 * w @ matrix @ w + slope @ w + jnp.sum(w**4)

        objective = Objective(function, jax.value_and_grad(function), jax.hessian(function), lambda w: jnp.eye(w.size))
        return solver.run(objective, jnp.zeros(8), Box(-0.5 * jnp.ones(8), 0.5 * jnp.ones(8))).value

    for _ in range(10):
        root, slope = rng.normal(size=(8, 8)), 5 * rng.normal(size=8)
        matrix = root @ root.T

        def function(w: FloatArray, matrix: FloatArray = matrix, slope: FloatArray = slope) -> float:
            return float(0.5 * w @ matrix @ w + slope @ w + np.sum(w**4))

        expected = optimize.minimize(
            function, np.zeros(8), method="L-BFGS-B", bounds=[(-0.5, 0.5)] * 8, options={"ftol": 1e-15, "gtol": 1e-10}
        )
        assert float(minimize(matrix, slope)) <= expected.fun + 1e-7


def test_newton_survives_a_flat_direction_beside_a_very_steep_one() -> None:
    problem = Problem(
        "cliff",
        lambda w: 1e10 * (w[0] + w[1] - 1.0) ** 2 + 1e10 * (w[2] - 0.5) ** 4,
        (-9.0,) * 4,
        (9.0,) * 4,
        (3.0, -4.0, 5.0, 6.0),
        (0.0,) * 4,
    )
    end = run(Newton(max_iterations=200, tolerance=1e-10), problem)
    assert float(end.value) < 1e-6


def certified(problem: Problem, point: jax.Array) -> Certificate:
    compiled = quick_jit(lambda at, box: certify(problem.objective, at, box))
    found: Certificate = compiled(point, problem.box)
    return found


_certified_by = quick_jit(certify_by)


class TestCertificate:
    def certificate(self, problem: Problem, point: tuple[float, ...]) -> dict[str, float]:
        found = certified(problem, jnp.asarray(point))
        return {name: float(value) for name, value in found._asdict().items()}

    def test_decrement_is_twice_the_decrease_of_a_quadratic(self) -> None:
        problem, point = PROBLEMS[0], (1.0, 1.0, 1.0)
        foreseen = 2 * float(bowl(jnp.asarray(point)) - bowl(jnp.asarray(problem.minimum)))
        assert self.certificate(problem, point)["newton_decrement"] == pytest.approx(foreseen, rel=1e-10)

    def test_minimum_on_a_bound_is_certified_without_the_held_parameters(self) -> None:
        found = self.certificate(PROBLEMS[1], PROBLEMS[1].minimum)
        assert found["newton_decrement"] < 1e-20
        assert found["kkt_residual"] < 1e-12
        assert found["share_at_bound"] == 1.0

    def test_saddle_is_not_certified(self) -> None:
        def function(w: jax.Array) -> jax.Array:
            return w[0] ** 2 - w[1] ** 2

        problem = Problem("saddle", function, (-1.0, -1.0), (1.0, 1.0), (0.0, 0.0), (0.0, 1.0))
        found = self.certificate(problem, (0.0, 0.0))
        assert found["kkt_residual"] == 0.0  # the gradient alone says nothing
        assert found["least_curvature"] == pytest.approx(-2.0)
        assert found["newton_decrement"] > 1.0

    def test_flat_direction_costs_nothing(self) -> None:
        problem = Problem("flat", flat_in_one_direction, (-9.0, -9.0), (9.0, 9.0), (0.0, 0.0), (0.5, 0.5))
        assert self.certificate(problem, (0.7, 0.3))["newton_decrement"] < 1e-12

    @pytest.mark.parametrize("width", [1e3, math.inf])
    def test_in_a_large_box_the_decrement_is_that_of_newton(self, width: float) -> None:
        """One slope is 0, and it counts 0 however far the box reaches."""
        gradient, hessian = jnp.array([0.3, 0.0, -0.2]), jnp.diag(jnp.array([2.0, 1.0, 4.0]))
        box = Box(-width * jnp.ones(3), width * jnp.ones(3))
        found = _certified_by(jnp.zeros(3), gradient, hessian, box)
        assert float(found.newton_decrement) == pytest.approx(0.3**2 / 2 + 0.2**2 / 4, rel=1e-14)
        assert float(found.least_curvature) == 1.0

    @pytest.mark.parametrize(
        ("slope", "curvature", "expected"),
        [(0.0, 0.0, 0.3**2 / 2), (1e-3, 0.0, math.inf), (0.0, -1e-3, math.inf), (math.nan, 0.0, math.nan)],
    )
    def test_in_an_infinite_box_a_direction_that_does_not_curve_counts_if_it_leads_anywhere(
        self, slope: float, curvature: float, expected: float
    ) -> None:
        box = Box(jnp.full(2, -math.inf), jnp.full(2, math.inf))
        found = _certified_by(jnp.zeros(2), jnp.array([0.3, slope]), jnp.diag(jnp.array([2.0, curvature])), box)
        assert float(found.newton_decrement) == pytest.approx(expected, rel=1e-14, nan_ok=True)

    def test_local_minimum_is_certified_though_a_better_one_exists(self) -> None:
        """A certificate is local: that is why there are several starts."""
        problem = Problem("two wells", double_well, (-2.0, -2.0), (2.0, 2.0), (0.9, 0.0), (0.97, 0.0))
        end = run(Newton(max_iterations=100, tolerance=1e-18), problem)
        assert float(end.params[0]) > 0
        assert float(certified(problem, end.params).newton_decrement) < 1e-12
