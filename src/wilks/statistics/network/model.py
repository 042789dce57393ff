"""What a model that is fitted from many starts must say: a function that is traced, its box, and where to begin."""

from __future__ import annotations

import abc
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from wilks import lazy
from wilks.problem import Problem
from wilks.statistics.base import Engine, Statistic
from wilks.storage import named
from wilks.structures import Structure, overrides, register_by_identity
from wilks.typing import FloatArray

# The options of a network are read by commands that fit nothing, and must not wait for JAX.
if TYPE_CHECKING:
    import jax
    import jax.numpy as jnp

    from wilks.optimize import devices
else:
    jax, jnp = lazy.Module("jax"), lazy.Module("jax.numpy")
    devices = lazy.Module("wilks.optimize.devices")


class NetworkModel(Statistic):
    """f(x; w) with its box of allowed parameters; parameters are one flat vector of length p.

    A subclass writes the function on events that stand in columns, shape (d, n), and says how many parameters it
    has, where they may lie and where a search may start. This class checks shapes and turns rows into columns.
    Instances are frozen: two equal models give the same numbers.
    """

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if overrides(cls, "column_log_ratio", "column_jacobian", "column_curvature"):
            cls.structure = NetworkModel.structure  # type: ignore[method-assign]

    @property
    def structure(self) -> Structure:
        """What the compiled programs of a fit are kept by: this very model, unless a subclass knows better.

        A subclass whose box and other numbers change no program gives f without them, so that all its instances with
        equal f share programs. Where a subclass of that one writes f anew, the model is its own structure again.
        """
        register_by_identity(type(self))
        return self

    @abc.abstractmethod
    def bounds(self, n_features: int) -> tuple[FloatArray, FloatArray]:
        """Lower and upper bound of every parameter, each of shape (p,)."""

    @abc.abstractmethod
    def column_log_ratio(self, params: jax.Array, columns: jax.Array) -> jax.Array:
        """f for standardized events in columns of shape (d, n); result (n,). Traced and differentiated by JAX."""

    def column_jacobian(self, params: jax.Array, columns: jax.Array) -> jax.Array:
        """df/dw of each event, shape (p, n). A subclass may override it with something faster."""
        jacobian: jax.Array = jax.vmap(
            jax.grad(lambda w, event: self.column_log_ratio(w, event[:, None])[0]), (None, 1), 1
        )(params, columns)
        return jacobian

    def column_curvature(self, params: jax.Array, columns: jax.Array, coefficients: jax.Array) -> jax.Array:
        """sum_e c_e d2f(x_e)/dw2 for coefficients c (n,), shape (p, p). May be overridden as well."""
        curvature: jax.Array = jax.hessian(lambda w: coefficients @ self.column_log_ratio(w, columns))(params)
        return curvature

    @abc.abstractmethod
    def starting_points(self, rng: np.random.Generator, n_starts: int, *, events: FloatArray) -> FloatArray:
        """Parameter vectors inside the box, shape (s, p), from which a search may start.

        ``events`` are the standardized data, shape (n, d), n >= 0.
        """

    @abc.abstractmethod
    def flat_point(self, rng: np.random.Generator, *, events: FloatArray) -> FloatArray:
        """A parameter vector (p,) inside the box with f = 0 everywhere, from which descent can change any part of f."""

    @property
    def is_accelerated(self) -> bool:
        return devices.has_accelerator()

    def log_ratio(self, params: FloatArray, events: FloatArray) -> FloatArray:
        """f(x; w) for standardized events of shape (n, d); result (n,).

        Raises:
            InputError: ``params`` has not p entries.
        """
        self._check_params(params, events.shape[1])
        return np.asarray(self.column_log_ratio(jnp.asarray(params), jnp.asarray(events.T)))

    def engine(self, problems: Sequence[Problem]) -> Engine:
        (problem,) = problems
        engine: Engine = named("wilks.statistics.network.engine:NetworkEngine")(problem, self)
        return engine
