"""Nuisance parameters, auxiliary likelihoods and the evaluation of log r(x; nu).

An analysis without nuisances is the empty case of the general one. What traces log r needs JAX, and is loaded when it
is named.
"""

from typing import TYPE_CHECKING

from wilks import lazy

_NAMES = {
    "wilks.nuisances.auxiliary": ["Auxiliary", "Gaussian", "LogNormal", "PoissonCount", "Unconstrained"],
    "wilks.nuisances.binned": ["BinnedPolynomial", "cell_of", "n_cells"],
    "wilks.nuisances.checks": ["require_finite_response"],
    "wilks.nuisances.collection": ["LogYield", "Nuisances", "correlated"],
    "wilks.nuisances.documents": ["nuisances_from_dict"],
    "wilks.nuisances.inputs": ["NetworkInputs"],
    "wilks.nuisances.nuisance": ["Nuisance", "normalization"],
    "wilks.nuisances.region_response": ["RegionResponse"],
    "wilks.nuisances.region_sources": ["RegionSources", "sources_of_regions"],
    "wilks.nuisances.response": ["Polynomial", "Response", "Term", "all_terms", "monomials"],
    "wilks.nuisances.response_documents": ["response_from_dict"],
    "wilks.nuisances.separate": ["SeparatePolynomials"],
    "wilks.nuisances.shared": ["shared_nuisances"],
    "wilks.nuisances.taylor": ["LearnedPolynomial"],
    "wilks.nuisances.transforming": ["vary"],
    "wilks.nuisances.unselected": ["Unselected"],
}

if TYPE_CHECKING:
    from wilks.nuisances.auxiliary import Auxiliary, Gaussian, LogNormal, PoissonCount, Unconstrained
    from wilks.nuisances.binned import BinnedPolynomial, cell_of, n_cells
    from wilks.nuisances.checks import require_finite_response
    from wilks.nuisances.collection import LogYield, Nuisances, correlated
    from wilks.nuisances.documents import nuisances_from_dict
    from wilks.nuisances.inputs import NetworkInputs
    from wilks.nuisances.nuisance import Nuisance, normalization
    from wilks.nuisances.region_response import RegionResponse
    from wilks.nuisances.region_sources import RegionSources, sources_of_regions
    from wilks.nuisances.response import Polynomial, Response, Term, all_terms, monomials
    from wilks.nuisances.response_documents import response_from_dict
    from wilks.nuisances.separate import SeparatePolynomials
    from wilks.nuisances.shared import shared_nuisances
    from wilks.nuisances.taylor import LearnedPolynomial
    from wilks.nuisances.transforming import vary
    from wilks.nuisances.unselected import Unselected
else:
    __getattr__, __dir__ = lazy.exports(__name__, _NAMES)

__all__ = [
    "Auxiliary",
    "BinnedPolynomial",
    "Gaussian",
    "LearnedPolynomial",
    "LogNormal",
    "LogYield",
    "NetworkInputs",
    "Nuisance",
    "Nuisances",
    "PoissonCount",
    "Polynomial",
    "RegionResponse",
    "RegionSources",
    "Response",
    "SeparatePolynomials",
    "Term",
    "Unconstrained",
    "Unselected",
    "all_terms",
    "cell_of",
    "correlated",
    "monomials",
    "n_cells",
    "normalization",
    "nuisances_from_dict",
    "require_finite_response",
    "response_from_dict",
    "shared_nuisances",
    "sources_of_regions",
    "vary",
]
