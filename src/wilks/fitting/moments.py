"""Mean and variance of score statistics under the null, exact, for any number of ridges at once."""

import numpy as np

from wilks.analysis import Analysis
from wilks.fitting.features import Features, Reference
from wilks.typing import FloatArray


def reference_fluctuations(analysis: Analysis, features: Features) -> FloatArray:
    """sum_R w^2 (phi - m/N)(phi - m/N)^T with m = sum_R w phi, shape (r, r): the reference's own part of Cov b.

    Equal weights w make it w (H - m m^T / N).
    """
    weights = analysis.reference.event_weights
    counted = weights[weights != 0]
    if np.ptp(counted) == 0:
        spread = np.diag(features.curvature) - np.outer(features.mean, features.mean) / analysis.expected_events
        equal: FloatArray = counted[0] * spread
        return equal
    events = analysis.standardization.apply(analysis.reference.events)
    squares = Reference(events, weights**2, width=features.placement.width)
    center, total = features.mean / analysis.expected_events, np.zeros((features.n_features, features.n_features))
    for phi, rows in squares.blocks(features):
        away = phi - center
        total += (away * squares.weights[rows, None]).T @ away
    return total


def score_moments(
    analysis: Analysis, reference: Reference, features: Features, *, scales: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """E q and Var q of q = sum_j b_j^2 / s_j for each row s of ``scales`` (k, r); two arrays (k,).

    With F = sum_R w phi phi^T + `reference_fluctuations`, the covariance of b over data and references,

        E q = sum_j F_jj / s_j,   Var q = 2 sum_ij F_ij^2 / (s_i s_j) + sum_R w (sum_j phi_j^2 / s_j)^2 ,

    which are those of `wilks.laws.ScoreNull`, without what its tail needs.
    """
    covariance = np.diag(features.curvature) + reference_fluctuations(analysis, features)
    inverse = 1.0 / scales
    mean = inverse @ np.diag(covariance)
    variance = 2.0 * np.sum((inverse @ covariance**2) * inverse, axis=1)
    for phi, rows in reference.blocks(features):
        variance += reference.weights[rows] @ (phi**2 @ inverse.T) ** 2
    return mean, variance
