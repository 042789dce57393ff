"""Every region above a threshold at once, by sorted cumulative sums, and the local Z of each."""

from typing import NamedTuple

import numpy as np

from wilks.significance import on_off_z_score
from wilks.typing import FloatArray

FEW_EVENTS = 10.0
"""Fewer effective reference events than that do not say how large their own weights are."""
_SMALLEST_GAP = 1e-9


class Cuts(NamedTuple):
    """Regions g >= c from everything to the smallest: c, data in it, sum of weights and of their squares, each (k,)."""

    thresholds: FloatArray
    n_observed: FloatArray
    n_expected: FloatArray
    variance: FloatArray


def cuts_of(data: FloatArray, reference: FloatArray, weights: FloatArray) -> Cuts:
    """All regions g >= c that differ, for g of the data (n,) and of the reference (m,) with its weights (m,)."""
    values = np.sort(np.concatenate([data, reference]))
    margin = _SMALLEST_GAP * (1.0 + np.abs(values))
    is_gap = np.diff(values) > margin[1:]
    between = 0.5 * (values[:-1] + values[1:])[is_gap]
    thresholds = np.concatenate([[values[0] - margin[0]], between])
    order = np.argsort(-reference, kind="stable")
    n_reference = reference.size - np.searchsorted(reference[order[::-1]], thresholds)
    return Cuts(
        thresholds,
        (data.size - np.searchsorted(np.sort(data), thresholds)).astype(np.float64),
        _cumulative(weights[order])[n_reference],
        _cumulative(weights[order] ** 2)[n_reference],
    )


def _cumulative(values: FloatArray) -> FloatArray:
    """Sums of the first 0, 1, ... of the values (m,), shape (m + 1,)."""
    return np.concatenate([[0.0], np.cumsum(values)])


def local_z_scores(cuts: Cuts, weights: FloatArray) -> FloatArray:
    """The local Z of each region (k,); NaN where its net weight is not positive though it holds reference events."""
    is_positive = cuts.n_expected > 0
    expected = np.where(is_positive, cuts.n_expected, 0.0)
    own_weight = cuts.variance / np.where(is_positive, cuts.n_expected, np.inf)
    mean_weight = float(np.sum(weights**2) / np.sum(weights))
    is_few = expected**2 <= FEW_EVENTS * cuts.variance
    weight = np.where(is_few, np.maximum(own_weight, mean_weight), own_weight)
    z = on_off_z_score(cuts.n_observed, expected / weight, tau=1.0 / weight)
    return np.where(is_positive | (cuts.variance == 0), z, np.nan)
