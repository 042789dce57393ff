"""What nuisances do, as compiled programs know it: log r, the known yield and the auxiliary likelihood.

Everything here is a pytree: numbers (sigmas, coefficients of the yield, counts, correlations) are arguments of the
programs; kinds, positions and formulas are their key. z = nu / sigma has one entry for each nuisance, shape (j,).
"""

from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from wilks.nuisances.auxiliary import Auxiliary
from wilks.nuisances.response import ResponseStructure, Term, monomials
from wilks.typing import FloatArray


def _key(**options: Any) -> Any:
    """A field that belongs to the key of programs."""
    return field(metadata={"static": True}, **options)


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Part:
    """The response of some nuisances: their positions, and how many rows it takes of an event."""

    response: ResponseStructure
    positions: tuple[int, ...] = _key()
    width: int = _key()

    def column_log_ratio(self, nu: jax.Array, columns: jax.Array) -> jax.Array:
        """log r, shape (n,), at nu (j,) of all nuisances, for the rows of this part."""
        return self.response.column_log_ratio(nu[np.array(self.positions)], columns)


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class KnownYield:
    """`LogYield` with the positions of its nuisances."""

    coefficients: FloatArray
    terms: tuple[Term, ...] = _key()
    positions: tuple[int, ...] = _key()

    def log_ratio(self, nu: jax.Array) -> jax.Array:
        """log[ N(nu) / N(0) ] at nu (j,) of all nuisances: a scalar."""
        values = monomials(nu[np.array(self.positions)], self.terms)
        return jnp.asarray(sum(c * m for c, m in zip(self.coefficients, values, strict=True)))


@jax.tree_util.register_static
@dataclass(frozen=True)
class Auxiliaries:
    """The likelihood of all auxiliary measurements, with its numbers a part of the key of programs.

    As arguments they would be divided by at run time where XLA now multiplies by what it computed, and the last bits of
    every fit with nuisances would be others.

    Args:
        kinds: one for each nuisance.
        sigmas: of each.
        inverse: of the correlation matrix of the ``correlated``, row by row.
        correlated: positions of the Gaussian ones that are correlated; there may be none.
    """

    kinds: tuple[Auxiliary, ...]
    sigmas: tuple[float, ...]
    inverse: tuple[tuple[float, ...], ...]
    correlated: tuple[int, ...]

    def log_ratio(self, z: jax.Array, observed: jax.Array) -> jax.Array:
        """log[ L(nu | A) / L(0 | A) ], a scalar; z and observed (j,)."""
        sigmas = np.array(self.sigmas)
        nu, total = z * sigmas, jnp.zeros((), z.dtype)
        for j, kind in enumerate(self.kinds):
            if j not in self.correlated:
                total = total + kind.log_ratio(nu[j], observed[j], self.sigmas[j])
        if self.correlated:
            chosen = np.array(self.correlated)
            centre, at = observed[chosen] / sigmas[chosen], z[chosen]
            total = total + (centre - 0.5 * at) @ np.array(self.inverse) @ at
        return total


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Effect:
    """What the nuisances of an analysis do.

    Args:
        sigmas: shape (j,).
        parts: the responses; their logarithms are added, and their rows follow each other.
        log_yield: of the learned response, which is the last part; None: not known.
        auxiliaries: what is known about the nuisances from elsewhere.
    """

    sigmas: FloatArray
    parts: tuple[Part, ...]
    log_yield: KnownYield | None
    auxiliaries: Auxiliaries

    @property
    def is_shifted(self) -> bool:
        """Whether log r is shifted so that the reference sums to ``log_yield``."""
        return self.log_yield is not None

    def column_log_ratio(self, z: jax.Array, columns: jax.Array) -> jax.Array:
        """log r for rows that stand in columns (k, n): shape (n,)."""
        nu = (z * self.sigmas).astype(columns.dtype)
        total, first = jnp.zeros(columns.shape[1], columns.dtype), 0
        for part in self.parts:
            total = total + part.column_log_ratio(nu, columns[first : first + part.width])
            first += part.width
        return total

    def learned_column_log_ratio(self, z: jax.Array, columns: jax.Array) -> jax.Array:
        """`column_log_ratio` of the last part alone, which is what ``log_yield`` is about."""
        nu = (z * self.sigmas).astype(columns.dtype)
        return self.parts[-1].column_log_ratio(nu, columns[sum(part.width for part in self.parts[:-1]) :])

    def log_yield_ratio(self, z: jax.Array) -> jax.Array:
        """What ``log_yield`` says: a scalar, 0 where there is none."""
        return jnp.zeros((), z.dtype) if self.log_yield is None else self.log_yield.log_ratio(z * self.sigmas)

    def auxiliary_log_ratio(self, z: jax.Array, observed: jax.Array) -> jax.Array:
        """log[ L(nu | A) / L(0 | A) ] of all auxiliary measurements, a scalar; observed (j,)."""
        return self.auxiliaries.log_ratio(z, observed)
