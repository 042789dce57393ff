"""Responses from the documents that describe them."""

from typing import Any

from wilks.errors import InputError
from wilks.nuisances.binned import BinnedPolynomial
from wilks.nuisances.response import Polynomial
from wilks.nuisances.separate import SeparatePolynomials
from wilks.nuisances.taylor import LearnedPolynomial

RESPONSE_KINDS: dict[str, type[LearnedPolynomial] | type[BinnedPolynomial] | type[SeparatePolynomials]] = {
    one.kind: one for one in (LearnedPolynomial, BinnedPolynomial, SeparatePolynomials)
}


def response_from_dict(document: dict[str, Any]) -> Polynomial:
    """The response that its `to_dict` described; formulas are known to their nuisances and are no such response.

    Raises:
        InputError: its kind is unknown.

    >>> response = BinnedPolynomial(("scale",), ((1,),), (0,), ([0.0, 1.0],), [[0.5]])
    >>> response_from_dict(response.to_dict()).to_dict() == response.to_dict()
    True
    """
    kind = document.get("kind")
    if kind not in RESPONSE_KINDS:
        raise InputError(f"the kind of a response must be one of {sorted(RESPONSE_KINDS)}, but {kind!r} came")
    return RESPONSE_KINDS[kind].from_dict(document)
