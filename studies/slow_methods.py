"""What the search is measured against: SciPy L-BFGS-B and the published Adam procedure, from Glorot-uniform starts."""

import jax
import jax.numpy as jnp
import numpy as np
from scipy import optimize

import wilks
from wilks import likelihood
from wilks.likelihood import Events
from wilks.optimize import Adam, Box
from wilks.statistics.objectives import objective


def glorot(rng: np.random.Generator, analysis: wilks.Analysis) -> np.ndarray:
    """Weights and biases uniform within sqrt(6 / (inputs + outputs)) of their layer, as published trainings start."""
    parts = []
    for n_out, n_in in analysis.model.layer_shapes(analysis.reference.n_features):
        limit = np.sqrt(6.0 / (n_in + n_out))
        parts += [rng.uniform(-limit, limit, n_out * n_in), rng.uniform(-limit, limit, n_out)]
    return np.concatenate(parts)


class SlowMethods:
    """Both methods for one analysis, compiled once for all its data sets."""

    def __init__(self, analysis: wilks.Analysis, *, function_tolerance: float) -> None:
        model = analysis.model
        lower, upper = model.bounds(analysis.reference.n_features)
        box = Box(jnp.asarray(lower), jnp.asarray(upper))
        self._bounds = list(zip(lower, upper, strict=True))
        self._function_tolerance = function_tolerance

        def adam(starts: jax.Array, events: Events, epochs: int) -> tuple[jax.Array, jax.Array]:
            solver, goal = Adam(max_iterations=epochs), objective(model.structure, events)
            ends = jax.vmap(lambda start: solver.run(goal, start, box))(starts)
            return ends.value, ends.params

        self._slope = jax.jit(lambda params, events: likelihood.value_and_gradient(model.structure, params, events))
        self._adam = jax.jit(adam, static_argnums=2)

    def scipy(self, start: np.ndarray, events: Events) -> tuple[float, np.ndarray, int]:
        """t, params and evaluations of one descent."""

        def function(params: np.ndarray) -> tuple[float, np.ndarray]:
            value, gradient = self._slope(params, events)
            return float(value), np.asarray(gradient)

        tolerances = {"ftol": self._function_tolerance, "gtol": 1e-6}
        options = tolerances | {"maxiter": 5000, "maxfun": 10_000, "maxcor": 20}
        end = optimize.minimize(function, start, jac=True, method="L-BFGS-B", bounds=self._bounds, options=options)
        return -2.0 * float(end.fun), end.x, int(end.nfev)

    def adam(self, starts: np.ndarray, events: Events, *, epochs: int) -> tuple[np.ndarray, np.ndarray]:
        """t (s,) and params (s, p) after ``epochs`` of full batches from starts (s, p), side by side."""
        values, params = self._adam(jnp.asarray(starts), events, epochs)
        return -2.0 * np.asarray(values), np.asarray(params)
