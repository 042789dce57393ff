"""What compiled programs are kept by: the structure of a function, without the numbers that are their arguments.

JAX keeps a program by the pytrees that its arguments are: their arrays are arguments, and all else is the key.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Protocol

from wilks import lazy

# A model is read and checked by commands that fit nothing, and must not wait for JAX.
if TYPE_CHECKING:
    import jax
else:
    jax = lazy.Module("jax")


class Structure(Protocol):
    """f(x; w) as compiled programs know it: a pytree."""

    def n_parameters(self, n_features: int) -> int:
        """Length p of the parameter vector for ``n_features`` inputs."""

    def column_log_ratio(self, params: jax.Array, columns: jax.Array) -> jax.Array:
        """f for standardized events in columns of shape (d, n); result (n,)."""

    def column_jacobian(self, params: jax.Array, columns: jax.Array) -> jax.Array:
        """df/dw of each event, shape (p, n)."""

    def column_curvature(self, params: jax.Array, columns: jax.Array, coefficients: jax.Array) -> jax.Array:
        """sum_e c_e d2f(x_e)/dw2 for coefficients c (n,), shape (p, p)."""


@cache
def register_by_identity(kind: type) -> None:
    """Make instances of a class pytrees without arrays, each the key of programs of its own; once."""
    jax.tree_util.register_pytree_node(kind, lambda one: ((), _Same(one)), lambda same, _: same.one)


def overrides(kind: type, *names: str) -> bool:
    """Whether a class itself defines any of ``names`` and leaves its ``structure`` to its bases.

    Their structure does not know what it changes.
    """
    own = vars(kind)
    return "structure" not in own and any(name in own for name in names)


def rounded_up(n: int, *, n_steps: int = 8) -> int:
    """At least n, and one of few numbers: each is a shape that something is compiled for.

    They are the multiples of 8, and from one power of two to the next ``n_steps``, itself a power of two: at most a
    share 1/``n_steps`` more than n.

    >>> [rounded_up(n) for n in (0, 9, 33, 1000)]
    [8, 16, 40, 1024]
    >>> [rounded_up(n, n_steps=4) for n in (1000, 1025, 2048, 2049)]
    [1024, 1280, 2048, 2560]
    """
    step = max(8, (1 << n.bit_length()) // (2 * n_steps))
    return max(8, -(-n // step) * step)


@dataclass(frozen=True, eq=False)
class _Same:
    """Equal where it holds the same object."""

    one: object

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.one is other.one

    def __hash__(self) -> int:
        return id(self.one)
