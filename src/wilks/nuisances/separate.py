"""Responses of nuisances that nothing moves together, each learned without the others."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from wilks.errors import InputError
from wilks.nuisances.response import Polynomial, Term
from wilks.nuisances.taylor import LearnedPolynomial
from wilks.typing import FloatArray


@dataclass(frozen=True, eq=False)
class SeparatePolynomials(Polynomial):
    """log r(x; nu) = sum over parts of log r_part(x; nu_part), each part in nuisances of its own.

    Args:
        names: of the nuisances, in the order in which log r takes them.
        parts: together they cover each name once.

    Raises:
        InputError: a nuisance that no part covers, or that two do.

    >>> from wilks.nuisances.inputs import NetworkInputs
    >>> from wilks.samples import Standardization
    >>> inputs = NetworkInputs(("x",), (), Standardization([0.0], [1.0]), [-2.0], [9.0])
    >>> a = LearnedPolynomial(("a",), ((1,),), inputs, (), "tanh", [[0.0, 1.0]])
    >>> b = LearnedPolynomial(("b",), ((1,),), inputs, (), "tanh", [[5.0, 1.0]])
    >>> both = SeparatePolynomials(("b", "a"), (a, b))
    >>> both.terms, both.coefficients(np.array([[2.0]])).tolist()
    (((0, 1), (1, 0)), [[2.0, 7.0]])
    """

    names: tuple[str, ...]
    parts: tuple[LearnedPolynomial, ...]
    kind = "separate_polynomials"

    def __post_init__(self) -> None:
        covered = [name for part in self.parts for name in part.names]
        if sorted(covered) != sorted(set(self.names)) or len(covered) != len(self.names):
            raise InputError(
                f"the parts of a response must cover each of {', '.join(self.names)} once, but they cover "
                f"{', '.join(covered)}"
            )

    @property
    def terms(self) -> tuple[Term, ...]:  # type: ignore[override]  # computed here
        """Those of the parts one after the other, as exponents of all nuisances."""
        return tuple(self._embedded(part.names, term) for part in self.parts for term in part.terms)

    def _embedded(self, names: Sequence[str], term: Term) -> Term:
        exponents = dict(zip(names, term, strict=True))
        return tuple(exponents.get(name, 0) for name in self.names)

    def coefficients(self, events: FloatArray) -> FloatArray:
        return np.concatenate([part.coefficients(events) for part in self.parts], axis=1)

    def to_dict(self) -> dict[str, Any]:
        return {"kind": self.kind, "names": list(self.names), "parts": [part.to_dict() for part in self.parts]}

    @classmethod
    def from_dict(cls, document: dict[str, Any]) -> "SeparatePolynomials":
        """The inverse of `to_dict`."""
        return cls(tuple(document["names"]), tuple(LearnedPolynomial.from_dict(part) for part in document["parts"]))
