"""The exponent of the alternative, f(x; w) + log r(x; nu), as a function of one vector."""

from dataclasses import dataclass, field

import jax
import jax.numpy as jnp

from wilks.nuisances.effect import Effect
from wilks.structures import Structure


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Profiled:
    """s(x; theta) = f(x; w) + log r(x; sigma z) with theta = (w, z); without a model s = log r and theta = z.

    An event is a column: its standardized features, then the rows that `Nuisances.rows` makes of it. f and log r share
    no parameter, so that second derivatives have no mixed part.

    Args:
        model: the structure of f; None: f = 0, the fit of the nuisances alone.
        effect: of the nuisances, `Nuisances.effect`.
        n_features: features of the model.
        is_learned_only: log r of the learned response alone, which is what a known yield is about.
    """

    model: Structure | None
    effect: Effect
    n_features: int = field(metadata={"static": True})
    is_learned_only: bool = field(default=False, metadata={"static": True})

    @property
    def n_model_parameters(self) -> int:
        """Length of w."""
        return 0 if self.model is None else self.model.n_parameters(self.n_features)

    def column_log_ratio(self, params: jax.Array, columns: jax.Array) -> jax.Array:
        """s of each event, shape (n,)."""
        w, z, inputs, rows = self._split(params, columns)
        log_r = self._log_r(z, rows)
        return log_r if self.model is None else self.model.column_log_ratio(w, inputs) + log_r

    def column_jacobian(self, params: jax.Array, columns: jax.Array) -> jax.Array:
        """ds/dtheta of each event, shape (p, n)."""
        w, z, inputs, rows = self._split(params, columns)
        by_z: jax.Array = jax.jacfwd(lambda at: self._log_r(at, rows))(z).T
        return by_z if self.model is None else jnp.concatenate([self.model.column_jacobian(w, inputs), by_z])

    def column_curvature(self, params: jax.Array, columns: jax.Array, coefficients: jax.Array) -> jax.Array:
        """sum_e c_e d2s(x_e)/dtheta2 for coefficients c (n,), shape (p, p)."""
        w, z, inputs, rows = self._split(params, columns)
        by_z: jax.Array = jax.hessian(lambda at: coefficients @ self._log_r(at, rows))(z)
        if self.model is None:
            return by_z
        by_w = self.model.column_curvature(w, inputs, coefficients)
        both: jax.Array = jax.scipy.linalg.block_diag(by_w, by_z)
        return both

    def _split(self, params: jax.Array, columns: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array, jax.Array]:
        p, d = self.n_model_parameters, self.n_features
        return params[:p], params[p:], columns[:d], columns[d:]

    def _log_r(self, z: jax.Array, rows: jax.Array) -> jax.Array:
        effect = self.effect
        return (effect.learned_column_log_ratio if self.is_learned_only else effect.column_log_ratio)(z, rows)
