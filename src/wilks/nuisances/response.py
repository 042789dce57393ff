"""How the reference changes with its nuisances: log r(x; nu)."""

import abc
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import factorial, prod
from typing import Any, Protocol

import jax
import jax.numpy as jnp

from wilks.errors import InputError
from wilks.functions import NamedFunction
from wilks.structures import overrides, register_by_identity
from wilks.typing import FloatArray

Term = tuple[int, ...]
"""Exponents, one for each nuisance: (1, 0) is linear in the first, (1, 1) the mixed term."""


class ResponseStructure(Protocol):
    """log r as compiled programs know it: a pytree; its arrays are arguments of the programs, the rest is their key."""

    def column_log_ratio(self, nu: jax.Array, columns: jax.Array) -> jax.Array:
        """log r of the events whose rows stand in columns (k, n), at nu (j,): shape (n,)."""


class Response(abc.ABC):
    """log r(x; nu) for some nuisances, 0 at nu = 0. nu is in the user's units, in the order of ``names``.

    What depends on the event alone is computed once: `rows` makes k numbers of each event, and `column_log_ratio` is a
    function of these and of nu.
    """

    names: tuple[str, ...]
    kind: str

    @property
    def user_functions(self) -> tuple[NamedFunction, ...]:
        """Functions of the user that it holds beside those of its nuisances."""
        return ()

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        register_by_identity(cls)
        if overrides(cls, "column_log_ratio"):
            cls.structure = Response.structure  # type: ignore[method-assign]

    def structure(self, width: int) -> "ResponseStructure":
        """What the compiled programs of a fit are kept by, where an event has ``width`` rows: this very response,
        unless a subclass knows better and gives a pytree without what changes no program.
        """
        return self

    @abc.abstractmethod
    def rows(self, events: FloatArray) -> FloatArray:
        """What log r needs of raw events (n, d): shape (n, k)."""

    @abc.abstractmethod
    def column_log_ratio(self, nu: jax.Array, columns: jax.Array) -> jax.Array:
        """log r of the events whose rows stand in columns (k, n), at nu (j,): shape (n,). Traced by JAX."""

    @abc.abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """Plain numbers and strings that define it, with its ``kind``."""


class Polynomial(Response):
    """log r(x; nu) = sum over terms of c_term(x) times the product of nu_j^e_j / e_j!.

    Eq. 14 of "Learning New Physics from an Imperfect Machine", with mixed terms. A subclass says what the coefficients
    of an event are.
    """

    terms: tuple[Term, ...]

    @abc.abstractmethod
    def coefficients(self, events: FloatArray) -> FloatArray:
        """c_term(x) for raw events (n, d): shape (n, k), in the order of ``terms``."""

    def rows(self, events: FloatArray) -> FloatArray:
        return self.coefficients(events)

    def column_log_ratio(self, nu: jax.Array, columns: jax.Array) -> jax.Array:
        return self.structure(columns.shape[0]).column_log_ratio(nu, columns)

    def structure(self, width: int) -> "Monomials":
        return Monomials(self.terms)


@jax.tree_util.register_static
@dataclass(frozen=True)
class Monomials:
    """A polynomial in nu; its coefficients stand in the rows of the events."""

    terms: tuple[Term, ...]

    def column_log_ratio(self, nu: jax.Array, columns: jax.Array) -> jax.Array:
        """log r of coefficients in columns (k, n), at nu (j,): shape (n,)."""
        return jnp.stack(list(monomials(nu, self.terms))) @ columns


def monomials(nu: Any, terms: Sequence[Term]) -> Iterator[Any]:
    """The product of nu_j^e_j / e_j! for each term; nu (j,), of numpy or JAX.

    >>> import numpy as np
    >>> [float(x) for x in monomials(np.array([2.0, 3.0]), [(1, 0), (2, 0), (1, 1)])]
    [2.0, 2.0, 6.0]
    """
    for term in terms:
        factors = [nu[j] ** exponent for j, exponent in enumerate(term) if exponent]
        yield prod(factors[1:], start=factors[0]) / prod(factorial(exponent) for exponent in term)


def all_terms(n_nuisances: int, *, order: int) -> tuple[Term, ...]:
    """Every term up to ``order`` in all nuisances together, mixed ones included, the lowest first.

    >>> all_terms(2, order=2)
    ((0, 1), (1, 0), (0, 2), (1, 1), (2, 0))
    """
    if n_nuisances < 1 or order < 1:
        raise InputError(f"there must be a nuisance and an order of at least 1, but {n_nuisances} and {order} came")
    return tuple(term for total in range(1, order + 1) for term in _terms_of(n_nuisances, total))


def _terms_of(n: int, total: int) -> Iterator[Term]:
    """Exponents of n nuisances with this sum, in rising order."""
    if n == 1:
        yield (total,)
        return
    for first in range(total + 1):
        yield from ((first, *rest) for rest in _terms_of(n - 1, total - first))
