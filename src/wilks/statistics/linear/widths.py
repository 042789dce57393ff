"""Widths of Gaussians by effective degrees of freedom.

A score statistic of Gaussians has, at f = 0, tr H (H + 2 ridge K)^-1 effective degrees of freedom. The number knows how
many features and how many events there are: a rule in it has neither.
"""

import numpy as np
import scipy.linalg

from wilks.statistics.linear.gaussians import Gaussians
from wilks.typing import FloatArray

_NARROWEST, _WIDEST, _N_WIDTHS = 0.004, 12.0, 10  # in units of the median distance between centers
_FLOOR, _LEAST_DOF = 1e-6, 1e-3


def width_of_dof(
    target: float, events: FloatArray, variances: FloatArray, *, centers: FloatArray, ridge: float
) -> float:
    """The width of Gaussians with so many effective degrees of freedom, tr H (H + 2 ridge K)^-1, to three digits.

    They fall with the width from some width on. It is read off a geometric grid, log dof being linear in log width
    in between.

    Args:
        target: degrees of freedom; where no width has so many, the one with most is taken.
        events: some rows, shape (c, d).
        variances: v, so that H = sum_i v_i (k_i - mean)(k_i - mean)^T; they sum to what those of all rows do.
        centers: shape (m, d).
        ridge: of the penalty.
    """
    distances = np.sqrt(np.sum((centers - centers[::-1]) ** 2, axis=1))
    middle = float(np.median(distances[distances > 0])) if np.any(distances > 0) else 1.0
    grid = middle * np.geomspace(_NARROWEST, _WIDEST, _N_WIDTHS)
    dofs = np.full(grid.size, np.nan)
    for k in reversed(range(grid.size)):  # narrower ones than the widest that has more are of no account
        dofs[k] = _dof(Gaussians(centers, float(grid[k])), events, variances, ridge=ridge)
        if dofs[k] > target:
            return _rounded(_between(grid[k : k + 2], dofs[k : k + 2], target))
    return _rounded(float(grid[np.argmax(dofs)]))


def _between(widths: FloatArray, dofs: FloatArray, target: float) -> float:
    """The width of the target between two of a grid, the first of which has more; the widest of all is alone."""
    if widths.size == 1:
        return float(widths[0])
    excess, lack = np.log(np.maximum(dofs / target, _LEAST_DOF))
    return float(widths[0] * (widths[1] / widths[0]) ** (excess / (excess - lack)))


def _rounded(width: float) -> float:
    return float(f"{width:.3g}")


def _dof(gaussians: Gaussians, events: FloatArray, variances: FloatArray, *, ridge: float) -> float:
    """tr H (H + 2 ridge K)^-1, with a floor under the penalty that rounding does not reach."""
    values = gaussians.values(events)
    values = values - variances @ values / np.sum(variances)
    rows = values * np.sqrt(variances)[:, None]
    penalty = 2.0 * ridge * gaussians.penalty()
    penalty[np.diag_indices_from(penalty)] += 2.0 * ridge * _FLOOR
    root = scipy.linalg.cholesky(rows.T @ rows + penalty, lower=True)
    whitened = scipy.linalg.solve_triangular(root, rows.T, lower=True, check_finite=False)
    return max(float(np.sum(whitened**2)), _LEAST_DOF)
