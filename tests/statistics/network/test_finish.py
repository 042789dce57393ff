"""The finish of descents: certified ends, the rescue, and budgets that do not suffice."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.tree_util import Partial

from wilks.optimize import Box, Certificate, Objective, certify
from wilks.search import Search
from wilks.statistics.network.finish import Finish, Finisher

from tests.lab.compilations import quick_jit

SHIFTS = jnp.array([0.0, 0.3])
STARTS = np.array([[-1.2, 1.0], [0.5, -1.0], [1.9, 1.9]])
OWNERS = np.array([0, 1, 0])
BOX = Box(-2 * jnp.ones(2), 2 * jnp.ones(2))
ONE = jnp.asarray(1.0)


@Partial
def rosenbrock(scale: jax.Array, shift: jax.Array) -> Objective:
    def function(w: jax.Array) -> jax.Array:
        return scale * (100.0 * (w[1] - w[0] ** 2) ** 2 + (1 - shift - w[0]) ** 2)

    return Objective(function, jax.value_and_grad(function), jax.hessian(function), lambda w: jnp.eye(2))


def finished(search: Search, *, near: jax.Array | None = None, width: int = 1) -> Finish:
    return Finisher(search, rosenbrock, BOX, width=width).finish(STARTS, OWNERS, SHIFTS, near=near, whole=ONE)


@pytest.mark.parametrize("width", [1, 4])
@pytest.mark.parametrize("near", [None, jnp.asarray(1.01)])
def test_every_start_ends_in_the_minimum_of_its_data_set(near: jax.Array | None, width: int) -> None:
    end = finished(Search(), near=near, width=width)
    expected = 1 - np.asarray(SHIFTS)[OWNERS]
    np.testing.assert_allclose(end.params, np.stack([expected, expected**2], axis=1), atol=1e-6)
    assert np.all(end.is_certified) and np.all(end.n_iterations > 0)


def test_the_certificate_is_that_of_the_very_point() -> None:
    @quick_jit
    def at(point: jax.Array, shift: jax.Array) -> tuple[Certificate, jax.Array]:
        objective = rosenbrock(ONE, shift)
        return certify(objective, point, BOX), objective.value(point)

    end = finished(Search())
    for k, owner in enumerate(OWNERS):
        expected, value = at(jnp.asarray(end.params[k]), SHIFTS[owner])
        for name, one in expected._asdict().items():
            np.testing.assert_allclose(getattr(end.certificate, name)[k], one, rtol=1e-6, atol=1e-15)
        assert end.value[k] == pytest.approx(float(value), abs=1e-15)


def test_a_finish_that_newton_has_too_few_iterations_for_is_rescued() -> None:
    end = finished(Search(n_starts=3, max_newton_iterations=2, max_iterations=25))
    assert np.all(end.is_certified)
    assert np.max(end.n_iterations) > 25 + 2


def test_a_finish_without_any_budget_is_not_certified() -> None:
    end = finished(Search(n_starts=3, max_newton_iterations=1, max_iterations=1))
    assert not np.any(end.is_certified)
    assert np.max(end.certificate.kkt_residual) > 1e-3


def test_a_start_that_is_not_finite_is_not_certified_and_costs_nothing() -> None:
    @Partial
    def broken(scale: jax.Array, shift: jax.Array) -> Objective:
        def function(w: jax.Array) -> jax.Array:
            return jnp.nan * scale * jnp.sum(w)

        return Objective(function, jax.value_and_grad(function), jax.hessian(function), lambda w: jnp.eye(2))

    end = Finisher(Search(), broken, BOX).finish(STARTS[:1], OWNERS[:1], SHIFTS, near=None, whole=ONE)
    assert not end.is_certified[0] and end.n_iterations[0] == 0
