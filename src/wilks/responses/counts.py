"""Events of several samples in the same cells, with the covariance that they share."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from wilks.samples import Sample
from wilks.typing import FloatArray, IntArray

_LEAST_PER_TAIL_BIN = 100.0
_TAIL_STEP = 4.0
_RELATIVE_FLOOR = 1e-9


@dataclass(frozen=True, eq=False)
class Counts:
    """Sums of event weights (m + 1, b), the central sample first, and their covariance (b, m + 1, m + 1).

    Independent samples have a diagonal covariance sum_e w_e^2. Two samples that are the same events with other weights
    share sum_e w_e w'_e. Samples made by transforming the same events are taken as independent, which overstates the
    error of what changes between them.
    """

    sums: FloatArray
    covariance: FloatArray

    @property
    def log_ratios(self) -> FloatArray:
        """log[ N_b(nu_i) / N_b(0) ], shape (m, b)."""
        return np.asarray(np.log(self.sums[1:] / self.sums[0]))

    @property
    def log_ratio_covariance(self) -> FloatArray:
        """To first order, (b, m, m): the error of the central sample is common to all m."""
        relative = self.covariance / (self.sums.T[:, :, None] * self.sums.T[:, None, :])
        m = relative.shape[1] - 1
        difference = np.concatenate([-np.ones((m, 1)), np.eye(m)], axis=1)
        covariance = difference @ relative @ difference.T
        # Samples that differ by one factor have no error at all.
        floor = _RELATIVE_FLOOR * (1.0 + np.trace(covariance, axis1=1, axis2=2)[:, None, None])
        return np.asarray(covariance + floor * np.eye(m))


def count(samples: Sequence[Sample], cells: Sequence[IntArray], *, n_cells: int) -> Counts:
    """Counts of samples whose events fall in ``cells`` (n,) each; the first sample is the central one."""
    sums = np.stack([_sums(cell, one.event_weights, n_cells) for one, cell in zip(samples, cells, strict=True)])
    owner = first_with_same_events(samples)
    covariance = np.zeros((n_cells, len(samples), len(samples)))
    for i, left in enumerate(samples):
        for j in range(i + 1):
            if owner[i] == owner[j]:
                shared = _sums(cells[i], left.event_weights * samples[j].event_weights, n_cells)
                covariance[:, i, j] = covariance[:, j, i] = shared
    return Counts(sums, covariance)


def first_with_same_events(samples: Sequence[Sample]) -> list[int]:
    """For each sample the position of the first one that has exactly its events, in their order.

    >>> one, other = Sample([1.0, 2.0]), Sample([1.0, 3.0])
    >>> first_with_same_events([one, other, Sample([1.0, 2.0], [0.5, 0.5])])
    [0, 1, 0]
    """
    owners: list[int] = []
    for i, sample in enumerate(samples):
        same = (j for j in dict.fromkeys(owners) if np.array_equal(samples[j].events, sample.events))
        owners.append(next(same, i))
    return owners


def quantile_edges(
    values: FloatArray, event_weights: FloatArray, *, n_bins: int, divides_tails: bool = True
) -> FloatArray:
    """About ``n_bins`` bins of equal sums of weights, the outermost divided further as long as events last.

    >>> quantile_edges(np.arange(101.0), np.ones(101), n_bins=4).tolist()
    [0.0, 25.0, 50.0, 75.0, 100.0]
    """
    order = np.argsort(values, kind="stable")
    ordered, cumulative = values[order], np.cumsum(np.maximum(event_weights[order], 0.0))
    n_effective = cumulative[-1] ** 2 / float(np.sum(np.square(event_weights)))
    n_tail = max(0, int(np.log(n_effective / n_bins / _LEAST_PER_TAIL_BIN) / np.log(_TAIL_STEP)))
    n_tail = n_tail if divides_tails else 0
    tail = _TAIL_STEP ** -np.arange(n_tail, 0.0, -1.0) / n_bins
    inner = np.arange(1, n_bins) / n_bins
    probabilities = np.concatenate([tail, inner, 1.0 - tail[::-1]])
    places = np.searchsorted(cumulative, probabilities * cumulative[-1])
    # Equal values, as a count of jets has, make fewer bins.
    return np.unique(np.concatenate([ordered[:1], ordered[np.minimum(places, ordered.size - 1)], ordered[-1:]]))


def _sums(cell: IntArray, event_weights: FloatArray, n_cells: int) -> FloatArray:
    return np.bincount(cell, event_weights, minlength=n_cells).astype(np.float64)
