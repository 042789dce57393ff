"""The published procedure against an independent implementation of Adam."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from wilks.optimize import Adam, Box, Objective

from tests.lab.compilations import quick_jit


def test_adam_takes_the_steps_of_optax_with_clipping() -> None:
    def function(w: jax.Array) -> jax.Array:
        return jnp.sum((w - jnp.array([3.0, -0.2])) ** 2 * jnp.array([1.0, 10.0]))

    objective = Objective(function, jax.value_and_grad(function), jax.hessian(function), lambda w: jnp.eye(2))
    box = Box(-jnp.ones(2), jnp.ones(2))
    end = Adam(max_iterations=200, rate=0.05).run(objective, jnp.zeros(2), box)

    reference = optax.adam(0.05, b1=0.9, b2=0.999, eps=1e-7)
    params, state = jnp.zeros(2), reference.init(jnp.zeros(2))

    @quick_jit
    def step(params: jax.Array, state: Any) -> tuple[jax.Array, Any]:
        updates, state = reference.update(jax.grad(function)(params), state)
        return jnp.clip(params + updates, -1.0, 1.0), state

    for _ in range(200):
        params, state = step(params, state)
    # optax divides by the corrected root plus epsilon, the published code by the root plus epsilon
    np.testing.assert_allclose(end.params, params, atol=1e-6)
    assert int(end.n_iterations) == 200
