"""Known formulas of log r: functions of the user, and the key of the programs that are compiled from them."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from wilks.errors import InputError
from wilks.functions import NamedFunction
from wilks.nuisances.response import Response
from wilks.typing import FloatArray


@dataclass(frozen=True)
class Formulas(Response):
    """Known formulas, one for each nuisance; their logarithms are added."""

    names: tuple[str, ...]
    functions: tuple[NamedFunction, ...]
    is_constant: tuple[bool, ...]
    kind = "formulas"

    def rows(self, events: FloatArray) -> FloatArray:
        return events if not all(self.is_constant) else np.empty((events.shape[0], 0))

    def column_log_ratio(self, nu: jax.Array, columns: jax.Array) -> jax.Array:
        return self.structure(columns.shape[0]).column_log_ratio(nu, columns)

    def structure(self, width: int) -> "FormulaSum":
        return FormulaSum(tuple(Formula(one.call, width, one.role) for one in self.functions))

    def to_dict(self) -> dict[str, Any]:
        return {"kind": self.kind, "names": list(self.names), "functions": [one.mark() for one in self.functions]}


@dataclass(frozen=True, eq=False)
class Formula:
    """The log r of one nuisance, ``function(events, nu) -> (n,)``, for events of ``width`` features.

    Programs are kept by the text that XLA is given for the value and its first two derivatives in nu. So a function
    that is written twice is compiled once, and one that reads a number which has changed since is not mistaken for what
    it was; the function object would tell neither.
    """

    function: Callable[..., Any]
    width: int
    role: str = "the formula"

    def __call__(self, events: jax.Array, nu: jax.Array) -> jax.Array:
        """log r, shape (n,), for events (n, d)."""
        return jnp.reshape(self.function(events, nu), (events.shape[0],))

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the text, in hexadecimal, as it is when a program first takes the formula."""
        try:
            lowered = jax.jit(self._derivatives).lower(np.zeros((2, self.width)), np.zeros(()))
        except Exception as error:  # a formula of the user may raise anything
            reason = str(error).strip().partition("\n")[0]
            raise InputError(
                f"{self.role} must give one number for each event, function(events, nu) -> (n,), written with "
                f"jax.numpy to be traced and differentiated, but it raised {type(error).__name__}: {reason}. Use "
                "jax.numpy in place of numpy and math, jnp.where in place of if, and nu itself in place of float(nu)"
            ) from error
        return hashlib.sha256(lowered.as_text().encode()).hexdigest()

    def _derivatives(self, events: jax.Array, nu: jax.Array) -> list[jax.Array]:
        def slope(function: Callable[[jax.Array], jax.Array]) -> Callable[[jax.Array], jax.Array]:
            return lambda at: jax.jvp(function, (at,), (jnp.ones_like(at),))[1]

        def value(at: jax.Array) -> jax.Array:
            return self(events, at)

        return [function(nu) for function in (value, slope(value), slope(slope(value)))]


@dataclass(frozen=True)
class _Key:
    """Equal where the text is."""

    digest: str
    formula: Formula = field(compare=False)


jax.tree_util.register_pytree_node(Formula, lambda one: ((), _Key(one.digest, one)), lambda key, _: key.formula)


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class FormulaSum:
    """The sum of formulas, one for each nuisance."""

    formulas: tuple[Formula, ...]

    def column_log_ratio(self, nu: jax.Array, columns: jax.Array) -> jax.Array:
        """log r of events in columns (d, n), at nu (j,): shape (n,)."""
        events = columns.T
        total = jnp.zeros(columns.shape[1], columns.dtype)
        for j, formula in enumerate(self.formulas):
            total = total + formula(events, nu[j])
        return total
