"""The options of the search, and the finish of a descent."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from wilks.errors import InputError
from wilks.optimize import Box, Finish, Objective, Search, finish
from wilks.optimize.multistart import Approach


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_starts": 0}, "n_starts must be a whole number of at least 1"),
        ({"n_starts": 2.5}, "n_starts must be a whole number"),
        ({"n_starts": True}, "n_starts must be a whole number"),
        ({"seed": -1}, "seed must be a whole number of at least 0"),
        ({"kkt_tolerance": 0.0}, "kkt_tolerance must be positive"),
        ({"decrement_tolerance": float("nan")}, "decrement_tolerance must be positive"),
    ],
)
def test_options_outside_their_limits_are_refused(options: dict[str, float], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Search(**options)  # type: ignore[arg-type]


def test_no_more_ends_are_polished_than_there_are_starts() -> None:
    assert Search(n_starts=1, n_polished=3).n_polished == 1


def rosenbrock(w: jax.Array) -> jax.Array:
    return 100.0 * (w[1] - w[0] ** 2) ** 2 + (1 - w[0]) ** 2


def finished(search: Search) -> Finish:
    objective = Objective(rosenbrock, jax.value_and_grad(rosenbrock), jax.hessian(rosenbrock), lambda w: jnp.eye(2))
    box = Box(-2 * jnp.ones(2), 2 * jnp.ones(2))
    near = Approach(jnp.array([-1.2, 1.0]), jnp.asarray(7))
    return jax.jit(lambda near: finish(search, objective, near, box))(near)


def test_a_finish_that_newton_has_too_few_iterations_for_is_rescued() -> None:
    end = finished(Search(n_starts=1, max_newton_iterations=3))
    assert bool(end.is_certified)
    np.testing.assert_allclose(end.params, [1.0, 1.0], atol=1e-4)
    assert int(end.n_iterations) > 7 + 3


def test_a_finish_without_any_budget_is_not_certified() -> None:
    end = finished(Search(n_starts=1, max_newton_iterations=1, max_iterations=1))
    assert not bool(end.is_certified)
    assert float(end.certificate.kkt_residual) > 1e-3
