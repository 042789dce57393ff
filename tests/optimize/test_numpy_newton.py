"""Newton's method by conjugate gradients on functions whose minima are known."""

import numpy as np

from wilks.optimize import Expansion, NewtonCG


class Exponentials:
    """J_k = sum_j exp(x_j) - c_kj x_j + modulus/2 |x|^2, separable and steep."""

    modulus = 1e-3

    def __init__(self, slopes: np.ndarray) -> None:
        self.slopes, self.n_expansions = slopes, 0

    def expand(self, params: np.ndarray, lanes: np.ndarray) -> Expansion:
        self.n_expansions += 1
        with np.errstate(over="ignore"):
            grown = np.exp(params)
        slopes = self.slopes[lanes]
        value = np.sum(grown - slopes * params + 0.5 * self.modulus * params**2, axis=1)
        gradient = grown - slopes + self.modulus * params
        return Expansion(value, gradient, lambda v, rows: (grown[rows] + self.modulus) * v)


def minimum(slopes: np.ndarray) -> np.ndarray:
    """exp(x) + modulus x = c by bisection."""
    low, high = np.full(slopes.shape, -1e5), np.full(slopes.shape, 50.0)
    for _ in range(200):
        middle = 0.5 * (low + high)
        is_above = np.exp(middle) + Exponentials.modulus * middle > slopes
        low, high = np.where(is_above, low, middle), np.where(is_above, middle, high)
    return 0.5 * (low + high)


def test_every_lane_reaches_its_minimum():
    slopes = np.array([[1.0, 1.0, 1.0], [1e4, 2.0, 0.5], [0.0, 1e-3, 3.0]])
    functions = Exponentials(slopes)
    end = NewtonCG(tolerance=1e-10).run(functions, np.zeros(slopes.shape), np.ones(3))
    np.testing.assert_allclose(end.params, minimum(slopes), atol=1e-4)
    assert np.all(end.excess < 1e-10)
    best = functions.expand(minimum(slopes), np.arange(3)).value
    assert np.all(2 * (end.value - best) <= end.excess + 1e-9)


def test_lanes_do_not_disturb_each_other():
    slopes = np.random.default_rng(0).exponential(5.0, size=(6, 4))
    together = NewtonCG().run(Exponentials(slopes), np.zeros((6, 4)), np.ones(4))
    for row in range(6):
        alone = NewtonCG().run(Exponentials(slopes[row : row + 1]), np.zeros((1, 4)), np.ones(4))
        np.testing.assert_allclose(alone.params[0], together.params[row], atol=1e-12)
        assert alone.n_iterations[0] == together.n_iterations[row]


def test_start_at_the_minimum_takes_no_step():
    slopes = np.ones((2, 3))
    end = NewtonCG(tolerance=1e-6).run(Exponentials(slopes), minimum(slopes), np.ones(3))
    assert np.all(end.n_iterations == 0)


def test_a_function_that_is_not_finite_at_its_start_stays_there():
    slopes = np.ones((2, 2))
    start = np.array([[0.0, 0.0], [1e4, 0.0]])
    end = NewtonCG().run(Exponentials(slopes), start, np.ones(2))
    assert end.n_iterations[1] == 0 and not np.isfinite(end.value[1])
    np.testing.assert_allclose(end.params[0], minimum(slopes)[0], atol=1e-3)


def test_spent_budget_is_said():
    end = NewtonCG(max_iterations=1).run(Exponentials(np.full((1, 1), 1e6)), np.zeros((1, 1)), np.ones(1))
    assert end.n_iterations[0] == 1 and end.excess[0] > 1.0
