"""The published training procedure, for comparison."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp

from wilks.optimize.problem import Box, Objective, project
from wilks.optimize.solver import Solver, State, first_state


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Adam(Solver):
    """Full-batch Adam with every parameter clipped into the box after each step, for a fixed number of epochs.

    The procedure of section 3.1 of "Learning New Physics from an Imperfect Machine". It does not know whether it has
    converged, and its value may rise from step to step. The state belongs to the parameters after the last update.

    Args:
        max_iterations: epochs.
        rate, decay_mean, decay_square, epsilon: the options of Adam, with the published values.
    """

    max_iterations: int = 300_000
    rate: float = 1e-3
    decay_mean: float = 0.9
    decay_square: float = 0.999
    epsilon: float = 1e-7

    def init(self, objective: Objective, start: jax.Array, box: Box) -> State:
        return first_state(objective, start, memory=jnp.zeros((2, start.size)), radius=self.rate)

    def step(self, objective: Objective, state: State, box: Box) -> State:
        count = state.n_iterations + 1
        mean = self.decay_mean * state.memory[0] + (1 - self.decay_mean) * state.gradient
        square = self.decay_square * state.memory[1] + (1 - self.decay_square) * state.gradient**2
        correction = jnp.sqrt(1 - self.decay_square**count) / (1 - self.decay_mean**count)
        move = -self.rate * correction * mean / (jnp.sqrt(square) + self.epsilon)
        params = project(state.params + move, box)
        value, gradient = objective.value_and_gradient(params)
        return state._replace(
            params=params,
            value=value,
            gradient=gradient,
            memory=jnp.stack([mean, square]),
            n_iterations=count,
            is_done=~jnp.isfinite(value),
        )
