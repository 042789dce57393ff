"""The elementary bins of a scan, from the reference alone: equal steps or equal expected events of each feature."""

from collections.abc import Callable, Mapping

import numpy as np

from wilks.samples import far_values
from wilks.typing import FloatArray

Edges = tuple[float, ...]


def regular_edges(values: FloatArray, weights: FloatArray, *, n_bins: int) -> Edges:
    """``n_bins`` equal steps over the range of values (n,) with weights (n,), the outermost of which reach to infinity.

    Values far outside all others (`wilks.samples.far_values`), such as a -9999 that stands for a missing one, have no
    part in the range, and bins of their own.

    >>> regular_edges(np.array([0.0, 1.0, 4.0]), np.ones(3), n_bins=4)
    (-inf, 1.0, 2.0, 3.0, inf)
    """
    is_far = far_values(values, np.abs(weights))
    near, far = values[~is_far], values[is_far]
    low, high = float(np.min(near)), float(np.max(near))
    below, above = far[far < low], far[far > high]
    inner = np.linspace(low, high, n_bins + 1)[1:-1]
    ends = [0.5 * (low + np.max(below))] if below.size else [], [0.5 * (high + np.min(above))] if above.size else []
    return _whole(np.concatenate([ends[0], inner, ends[1]]))


def quantile_edges(values: FloatArray, weights: FloatArray, *, n_bins: int) -> Edges:
    """Edges between which lie equal shares of the weights (n,) of values (n,), negative ones counting as none.

    >>> quantile_edges(np.array([0.0, 1.0, 2.0, 30.0]), np.ones(4), n_bins=2)
    (-inf, 2.0, inf)
    """
    order = np.argsort(values, kind="stable")
    shares = np.cumsum(np.maximum(weights[order], 0.0))
    wanted = shares[-1] * np.arange(1, n_bins) / n_bins
    places = np.searchsorted(shares, wanted * (1.0 + 1e-12), side="right")
    found = values[order][np.minimum(places, values.size - 1)]
    return _whole(found[found > values[order[0]]])


def _whole(inner: FloatArray) -> Edges:
    """With everything that lies beyond."""
    return (-np.inf, *np.unique(inner).tolist(), np.inf)


MAKERS: Mapping[str, Callable[..., Edges]] = {"regular": regular_edges, "quantiles": quantile_edges}
