"""Responses that are constant in bins."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from wilks.errors import InputError
from wilks.nuisances import BinnedPolynomial, Nuisance, Nuisances, Term, cell_of, n_cells
from wilks.responses.closure import check_responses
from wilks.responses.counts import Counts, count, quantile_edges
from wilks.responses.learning import yield_polynomial
from wilks.responses.polynomials import fit_polynomials, terms_for
from wilks.responses.variation import Variation, check_variations, points_of, warn_if_one_sided, warn_of_yields
from wilks.samples import Sample
from wilks.typing import FloatArray, whole_number


def bin_responses(
    reference: Sample,
    nuisances: Sequence[Nuisance],
    *,
    variations: Sequence[Variation],
    edges: Mapping[str, int | npt.ArrayLike],
    order: int | Mapping[str, int] = 2,
    terms: Sequence[Term] | None = None,
    yields_from_samples: bool = True,
    accept_poor: bool = False,
) -> Nuisances:
    """The nuisances together with log r(x; nu) constant in bins, for those that have no ``log_ratio``.

    In each bin log[ N_b(nu_i) / N_b(0) ] is fitted by the polynomial in nu with generalised least squares. The error of
    the central sample is common to all points of a bin, so that their covariance is

        C_ij = delta_ij sum w_i^2 / N_i^2 + sum w_0^2 / N_0^2,

    and samples that are the same events with other weights share sum w_i w_j / (N_i N_j) as well.

    Args:
        reference: the central sample.
        nuisances: all of the analysis; those with a ``log_ratio`` keep their formula.
        variations: samples of the others at chosen values.
        edges: the features to bin: ascending edges, or a number of bins of equal contents. Several make a grid.
        order, terms, yields_from_samples, accept_poor: as in `learn_responses`.

    Raises:
        InputError: variations that do not fit or cannot determine the terms; a bin without events in some sample.
        ResponseError: the response does not reproduce the variations.

    >>> samples = {nu: Sample(np.repeat([0.5, 1.5], [100, 100 + 50 * nu]), features=["x"]) for nu in (0, 1, -1)}
    >>> binned = bin_responses(samples[0], [Nuisance("slope", 1.0)], edges={"x": [0.0, 1.0, 2.0]},
    ...     variations=[Variation({"slope": nu}, samples[nu]) for nu in (1, -1)])
    >>> binned.log_ratio(np.array([[0.7], [1.7]]), {"slope": 1.0}).round(4).tolist()
    [0.0, 0.4055]
    """
    binned = [one for one in nuisances if one.log_ratio is None]
    names = tuple(one.name for one in binned)
    check_variations(reference, binned, variations)
    points = points_of(names, variations)
    chosen = terms_for(names, points, order=order, terms=terms)
    warn_if_one_sided(names, points)
    if yields_from_samples:
        warn_of_yields(reference, variations)
    axes, all_edges = _axes(reference, edges)
    samples = [reference, *(one.sample for one in variations)]
    cells = [cell_of(one.events[:, list(axes)], all_edges) for one in samples]
    counts = count(samples, cells, n_cells=n_cells(all_edges))
    _require_filled(counts, [reference.features[i] for i in axes], all_edges)
    fit = fit_polynomials(points, chosen, counts.log_ratios, counts.log_ratio_covariance)
    response = BinnedPolynomial(names, chosen, axes, all_edges, fit.coefficients)
    log_yield = yield_polynomial(reference, names, variations, chosen) if yields_from_samples else None
    result = Nuisances(tuple(nuisances), response, log_yield)
    if not accept_poor:
        check_responses(reference, result, variations=variations, columns=tuple(edges)).require_good()
    return result


def _axes(
    reference: Sample, edges: Mapping[str, int | npt.ArrayLike]
) -> tuple[tuple[int, ...], tuple[FloatArray, ...]]:
    if not edges:
        raise InputError(f"edges must name the features to bin, as {{'pt': 10}}, but {edges!r} came")
    unknown = [name for name in edges if name not in reference.features]
    if unknown:
        raise InputError(f"only features ({', '.join(reference.features)}) can be binned, but {unknown[0]!r} came")
    axes = tuple(reference.features.index(name) for name in edges)
    return axes, tuple(_edges(reference, name, given) for name, given in edges.items())


def _edges(reference: Sample, name: str, given: int | npt.ArrayLike) -> FloatArray:
    if np.ndim(given) == 0:
        n_bins = whole_number(given, name=f"the number of bins of {name!r}", least=1)
        return quantile_edges(reference.column(name), reference.event_weights, n_bins=n_bins, divides_tails=False)
    return np.array(given, dtype=np.float64)


def _require_filled(counts: Counts, names: Sequence[str], edges: tuple[FloatArray, ...]) -> None:
    empty = np.argwhere(counts.sums <= 0)
    if len(empty):
        sample, cell = (int(i) for i in empty[0])
        place = np.unravel_index(cell, [len(one) - 1 for one in edges])
        where = " and ".join(
            f"{one[i]:g} <= {name} < {one[i + 1]:g}" for name, one, i in zip(names, edges, place, strict=True)
        )
        raise InputError(
            f"every bin needs events in every sample, but {where} has a sum of weights of "
            f"{counts.sums[sample, cell]:g} in {f'variation {sample}' if sample else 'the reference'}; give fewer bins"
        )
