"""Responses that tests of several rooms share."""

from typing import Any

from wilks.nuisances import Polynomial
from wilks.typing import FloatArray


class Slope(Polynomial):
    """log r = nu x, whose yield is said to be that of the reference at any nu."""

    names, terms, kind = ("slope",), ((1,),), "slope"

    def coefficients(self, events: FloatArray) -> FloatArray:
        return events[:, :1]

    def to_dict(self) -> dict[str, Any]:
        return {"kind": self.kind}
