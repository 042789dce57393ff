"""The strength of the penalty where nobody chose it: as weak as single events allow."""

import numpy as np

from wilks.problem import Problem
from wilks.statistics.linear.basis import points_and_basis
from wilks.statistics.linear.feature_map import FeatureMap

_WEAKEST, _WEAK, STRONG, _MOST_OF_SINGLE_EVENTS = 0.03, 0.1, 0.3, 0.4


def ridges_for(problem: Problem, features: FeatureMap, *, n_widths: int) -> tuple[tuple[float], ...]:
    """One ridge for each width: 0.1, and 0.03 for the widest, where single events make little of the variance of the
    score statistic with 0.03; else 0.3 for all.

    Data of Poisson counts give q = b^T (H + 2 ridge K)^-1 b the variance

        2 sum_j (h_j / s_j)^2 + sum_R w (sum_j phi_j^2 / s_j)^2 ,   s = h + 2 ridge ,

    in the basis phi in which K is 1 and H diag(h). The second part is that of single events: where few are expected, a
    weak penalty lets one of them make q large, and a deviation must then be larger yet. It may be 0.4 of the first.
    Where events are many a weak penalty sees more, the weakest most of slow drifts (docs/decisions/default-set.md).

    Args:
        problem: with the reference.
        features: of the narrowest kernel, which feels single events most.
        n_widths: from the narrowest to the widest.
    """
    points, basis = points_and_basis(problem, features)
    scales = basis.curvature + 2.0 * _WEAKEST
    single = sum(
        float(points.weights[rows] @ np.sum(phi**2 / scales, axis=1) ** 2) for phi, rows in points.blocks(basis)
    )
    is_allowed = single <= _MOST_OF_SINGLE_EVENTS * 2.0 * float(np.sum((basis.curvature / scales) ** 2))
    return (*((_WEAK,),) * (n_widths - 1), (_WEAKEST,)) if is_allowed else ((STRONG,),) * n_widths
