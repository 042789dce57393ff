"""Nuisances from what they wrote about themselves."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from wilks.nuisances.collection import LogYield, Nuisances
from wilks.nuisances.nuisance import nuisance_from_dict
from wilks.nuisances.region_response import RegionResponse
from wilks.nuisances.response import Response
from wilks.nuisances.response_documents import response_from_dict


def nuisances_from_dict(document: Mapping[str, Any]) -> Nuisances:
    """The nuisances that `Nuisances.to_dict` described.

    Raises:
        InputError: a kind that is not known, or a function that cannot be imported.
    """
    log_yield, correlation = document["log_yield"], document["correlation"]
    return Nuisances(
        tuple(nuisance_from_dict(one) for one in document["parameters"]),
        None if document["response"] is None else _response(document["response"]),
        None if log_yield is None else LogYield.from_dict(log_yield),
        None if correlation is None else np.array(correlation),
    )


def _response(document: Mapping[str, Any]) -> Response:
    if document["kind"] == RegionResponse.kind:
        return RegionResponse.from_dict(document, [nuisances_from_dict(one) for one in document["regions"]])
    return response_from_dict(dict(document))
