"""Networks of several regions: the parameters of all in one vector."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np

from wilks.problem import Problem
from wilks.statistics.base import Engine, Statistic
from wilks.statistics.network import NetworkModel
from wilks.statistics.regions.base import Regions
from wilks.storage import named
from wilks.structures import Structure
from wilks.typing import FloatArray


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class RegionSum:
    """f of rows as compiled programs know it: the f of each region, 0 in the others.

    Args:
        parts: f of the regions that have one.
        shifts, scales: of their features.
        numbers: of these regions.
        places: where their features stand.
    """

    parts: tuple[Structure, ...]
    shifts: tuple[FloatArray, ...]
    scales: tuple[FloatArray, ...]
    numbers: tuple[int, ...] = field(metadata={"static": True})
    places: tuple[tuple[int, ...], ...] = field(metadata={"static": True})

    def n_parameters(self, n_features: int) -> int:
        return sum(self.sizes)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Parameters of each."""
        return tuple(one.n_parameters(len(places)) for one, places in zip(self.parts, self.places, strict=True))

    def column_log_ratio(self, params: jax.Array, columns: jax.Array) -> jax.Array:
        total = jnp.zeros(columns.shape[1], columns.dtype)
        for j, own in enumerate(self._split(params)):
            value = self.parts[j].column_log_ratio(own, self._inputs(j, columns))
            total = total + jnp.where(self._is_in(j, columns), value, 0.0)
        return total

    def column_jacobian(self, params: jax.Array, columns: jax.Array) -> jax.Array:
        each = [
            jnp.where(self._is_in(j, columns), self.parts[j].column_jacobian(own, self._inputs(j, columns)), 0.0)
            for j, own in enumerate(self._split(params))
        ]
        return jnp.concatenate(each)

    def column_curvature(self, params: jax.Array, columns: jax.Array, coefficients: jax.Array) -> jax.Array:
        each = [
            self.parts[j].column_curvature(
                own, self._inputs(j, columns), jnp.where(self._is_in(j, columns), coefficients, 0.0)
            )
            for j, own in enumerate(self._split(params))
        ]
        whole: jax.Array = jax.scipy.linalg.block_diag(*each)
        return whole

    def _split(self, params: jax.Array) -> list[jax.Array]:
        return jnp.split(params, np.cumsum(self.sizes)[:-1])

    def _is_in(self, j: int, columns: jax.Array) -> jax.Array:
        return columns[0] == self.numbers[j]

    def _inputs(self, j: int, columns: jax.Array) -> jax.Array:
        own = columns[np.array(self.places[j])]
        shift, scale = (jnp.asarray(one, own.dtype)[:, None] for one in (self.shifts[j], self.scales[j]))
        return jnp.where(self._is_in(j, columns), (own - shift) / scale, 0.0)


@dataclass(frozen=True)
class NetworkRegions(Regions, NetworkModel):
    """f_k is a network in its box; the search is over the parameters of all regions together. See `MLP`."""

    kind: ClassVar[str] = "network_regions"
    summary: ClassVar[str] = "Networks of several regions."
    version: ClassVar[int] = 1

    def engine(self, problems: Sequence[Problem]) -> Engine:
        (problem,) = problems
        engine: Engine = named("wilks.statistics.regions.network_engine:RegionNetworkEngine")(problem, self)
        return engine

    @classmethod
    def takes(cls, model: Statistic) -> bool:
        return isinstance(model, NetworkModel)

    @property
    def networks(self) -> list[tuple[int, NetworkModel]]:
        """Those regions that have one, with their numbers."""
        return [(k, one) for k, one in enumerate(self.models) if isinstance(one, NetworkModel)]

    @property
    def structure(self) -> Structure:
        numbers = [k for k, _ in self.networks]
        return RegionSum(
            tuple(one.structure for _, one in self.networks),
            tuple(self.maps[k].shift for k in numbers),
            tuple(self.maps[k].scale for k in numbers),
            tuple(numbers),
            tuple(tuple(self.layout.places(k).tolist()) for k in numbers),
        )

    def bounds(self, n_features: int) -> tuple[FloatArray, FloatArray]:
        each = [one.bounds(len(self.features[k])) for k, one in self.networks]
        lower, upper = (np.concatenate(side) for side in zip(*each, strict=True))
        return lower, upper

    def column_log_ratio(self, params: jax.Array, columns: jax.Array) -> jax.Array:
        return self.structure.column_log_ratio(params, columns)

    def column_jacobian(self, params: jax.Array, columns: jax.Array) -> jax.Array:
        return self.structure.column_jacobian(params, columns)

    def column_curvature(self, params: jax.Array, columns: jax.Array, coefficients: jax.Array) -> jax.Array:
        return self.structure.column_curvature(params, columns, coefficients)

    def starting_points(self, rng: np.random.Generator, n_starts: int, *, events: FloatArray) -> FloatArray:
        each = [one.starting_points(rng, n_starts, events=self.inputs(k, events)) for k, one in self.networks]
        return np.concatenate(each, axis=1)

    def flat_point(self, rng: np.random.Generator, *, events: FloatArray) -> FloatArray:
        return np.concatenate([one.flat_point(rng, events=self.inputs(k, events)) for k, one in self.networks])

    def log_ratio(self, params: FloatArray, events: FloatArray) -> FloatArray:
        return self.region_log_ratio(params, events)
