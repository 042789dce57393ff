"""log r of several regions: each event follows the nuisances of its own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from wilks.functions import NamedFunction
from wilks.nuisances.collection import Nuisances
from wilks.nuisances.effect import Part
from wilks.nuisances.response import Response
from wilks.samples import RegionLayout
from wilks.typing import FloatArray


@dataclass(frozen=True, eq=False)
class RegionResponse(Response):
    """log r(x; nu) = log r_k(x; nu) for an event of region k, at the nuisances that region k has.

    Args:
        names: of all nuisances, in order.
        layout: of the rows.
        regions: the nuisances of each region; they may share some.
        spares: an event of each, at which the response of a region is taken for events that are not its own.
    """

    names: tuple[str, ...]
    layout: RegionLayout
    regions: tuple[Nuisances, ...]
    spares: tuple[tuple[float, ...], ...]
    kind = "regions"

    @property
    def user_functions(self) -> tuple[NamedFunction, ...]:
        """Functions of the user, of all regions."""
        return tuple(function for one in self.regions for function in one.functions)

    def rows(self, events: FloatArray) -> FloatArray:
        """The number of the region, and what each region needs of the event, or of its spare one: (n, k)."""
        return np.concatenate([events[:, :1], *(self._rows(k, events) for k in range(len(self.regions)))], axis=1)

    def _rows(self, k: int, events: FloatArray) -> FloatArray:
        nuisances, inside = self.regions[k], self.layout.is_in(k, events)
        rows = np.repeat(nuisances.rows(np.array([self.spares[k]])), events.shape[0], axis=0)
        rows[inside] = nuisances.rows(self.layout.own(k, events))
        return rows

    def column_log_ratio(self, nu: jax.Array, columns: jax.Array) -> jax.Array:
        return self.structure(columns.shape[0]).column_log_ratio(nu, columns)

    def structure(self, width: int) -> "RegionEffects":
        effects = [one.effect(len(spare)) for one, spare in zip(self.regions, self.spares, strict=True)]
        positions = tuple(tuple(self.names.index(name) for name in one.names) for one in self.regions)
        return RegionEffects(tuple(one.parts for one in effects), positions)

    def to_dict(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "names": list(self.names),
            **{f"region_{name}": value for name, value in self.layout.to_dict().items()},
            "regions": [one.to_dict() for one in self.regions],
            "spares": [list(one) for one in self.spares],
        }

    @classmethod
    def from_dict(cls, document: Mapping[str, Any], regions: Sequence[Nuisances]) -> "RegionResponse":
        """What `to_dict` described, with the nuisances of the regions made again."""
        layout = RegionLayout(tuple(document["region_names"]), tuple(map(tuple, document["region_features"])))
        spares = tuple(tuple(one) for one in document["spares"])
        return cls(tuple(document["names"]), layout, tuple(regions), spares)


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class RegionEffects:
    """The responses of regions, and which nuisances each has."""

    parts: tuple[tuple[Part, ...], ...]
    positions: tuple[tuple[int, ...], ...] = field(metadata={"static": True})

    def column_log_ratio(self, nu: jax.Array, columns: jax.Array) -> jax.Array:
        """log r of rows in columns (k, n), at nu (j,): shape (n,)."""
        total, first = jnp.zeros(columns.shape[1], columns.dtype), 1
        for k, (parts, positions) in enumerate(zip(self.parts, self.positions, strict=True)):
            for part in parts:
                rows = columns[first : first + part.width]
                log_r = part.column_log_ratio(nu[np.array(positions)], rows)
                total = total + jnp.where(columns[0] == k, log_r, 0.0)
                first += part.width
        return total
