"""Bounds on t of every region from the loss about one point, so that few regions need a fit.

For region r let L_r[z] be the loss minimized over f_r, with b_r(z) the expected events and n_r the data there,

    L_r = L_0 - [ n_r log(n_r / b_r) - n_r + b_r ],   t_r = 2 ( L_0[zhat] - min_z L_r ),   zhat that of Delta.

With g and B the gradient and the Hessian of b_r, G_0 and H_0 those of L_0, at any z

    G = G_0 - (1 - n/b) g,   H = H_0 - (n / b^2) g g^T - (1 - n/b) B,   lambda^2 = G^T H^-1 G,

all of them sums over the bins of the region. Then

    2 ( L_0[zhat] - L_r[z] )  <=  t_r  <=  2 ( L_0[zhat] - L_r[z] ) + 2 [ -lambda - log(1 - lambda) ],

the first always, the second for lambda < 1 wherever L_r is self-concordant (Yu. Nesterov, Introductory Lectures on
Convex Optimization (2004), section 4.1): its third derivative along any line is at most twice the second to the power
3/2. Events of a region with log r linear in z, whose slopes d differ from each other by at most R, add n k_2 and
n k_3 with |k_3| <= R k_2, all others w e^s d^2 and w e^s d^3, and uncorrelated Gaussian auxiliary measurements add 1 to
the second derivative: with half of it for either,

    R n k_2 <= 2 (n k_2 + 1/2)^(3/2) for R <= 3.6,  |d| x <= 2 (x + 1/2)^(3/2) for |d| <= 3.6,  x = w e^s d^2 in sum:

so that one sigma, in any direction, must not change log r by more than 1.8, and weights must not be negative. Where log
r bends in z, or an auxiliary measurement is another, the bound is that of such a function with these derivatives.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from wilks.statistics.histogram.deviance import deviance
from wilks.statistics.histogram.profiled_loss import BinnedPoints
from wilks.statistics.points import Own
from wilks.statistics.responses import Responses
from wilks.statistics.scan.regions import Regions
from wilks.typing import FloatArray

_FLATTEST = 1e-10  # of the largest curvature: a Hessian below has no inverse to go by


class Bounds(NamedTuple):
    """What is known of t of every region (r,): bounds on it, and what a quadratic expansion expects."""

    lower: FloatArray
    upper: FloatArray
    estimate: FloatArray


@dataclass(frozen=True, eq=False)
class Expansion:
    """L_0 and the expected events of every region at one z, to second order.

    Args:
        value, gradient, hessian: of L_0: a number, (j,), (j, j).
        expected, slopes, bends: of b_r: (r,), (r, j), (r, j, j).
    """

    value: float
    gradient: FloatArray
    hessian: FloatArray
    expected: FloatArray
    slopes: FloatArray
    bends: FloatArray

    def bounds(self, counts: FloatArray, *, at_delta: float) -> Bounds:
        """For n of the regions (r,) and L_0 at the nuisances of Delta."""
        is_positive = self.expected > 0
        expected = np.where(is_positive, self.expected, 1.0)
        ratio = counts / expected
        gradient = self.gradient - (1.0 - ratio)[:, None] * self.slopes
        outer = self.slopes[:, :, None] * self.slopes[:, None, :]
        hessian = self.hessian - (ratio / expected)[:, None, None] * outer - (1.0 - ratio)[:, None, None] * self.bends
        squares = np.where(is_positive, _decrements(gradient, hessian), np.inf)
        lower = 2.0 * (at_delta - self.value) + deviance(counts, expected)
        lower = np.where(is_positive, lower, -np.inf)
        is_near = squares < 1.0
        size = np.sqrt(np.where(is_near, squares, 0.0))
        upper = np.where(is_near, lower + 2.0 * (-size - np.log1p(-size)), np.inf)
        return Bounds(lower, upper, lower + np.where(np.isfinite(squares), squares, 0.0))


class Expander(NamedTuple):
    """What makes expansions for one data set.

    Attributes:
        points: the reference, bin by bin.
        responses: there.
        own: the data with their auxiliary measurements.
        regions: of these bins.
    """

    points: BinnedPoints
    responses: Responses
    own: Own
    regions: Regions

    def at(self, z: FloatArray) -> Expansion:
        """The expansion about z (j,)."""
        response, own = self.responses.at(z), self.responses.own_at(z, self.own)
        moved = self.points.weights * np.exp(response.log_ratio)
        slopes = moved[:, None] * response.slopes
        n_bins = self.points.starts.size - 1
        bends = self.responses.curvatures(z, moved, places=self.points.places, n_places=n_bins + 1)
        bends = bends + self._products(slopes, response.slopes)
        each = (self.points.sums(moved), self.points.sums(slopes), bends[:-1])
        expected, of_slopes, of_bends = (self._of_regions(one) for one in each)
        return Expansion(
            value=float(self.points.weights @ np.expm1(response.log_ratio)) - own.value,
            gradient=np.sum(slopes, axis=0) - own.gradient,
            hessian=np.sum(bends, axis=0) - own.hessian,
            expected=expected,
            slopes=of_slopes,
            bends=of_bends,
        )

    def _products(self, moved: FloatArray, slopes: FloatArray) -> FloatArray:
        """sum w e^s d d^T in each bin and, last, in none, (k + 1, j, j)."""
        columns = [self._all_sums(moved * one[:, None]) for one in slopes.T]
        return np.stack(columns, axis=1)

    def _all_sums(self, values: FloatArray) -> FloatArray:
        """Sums over the bins and, last, over what lies in none."""
        outside = np.sum(values[self.points.starts[-1] :], axis=0)
        return np.concatenate([self.points.sums(values), outside[None]])

    def _of_regions(self, values: FloatArray) -> FloatArray:
        """Sums over the regions of values of the bins (k, ...), shape (r, ...)."""
        return np.moveaxis(self.regions.sums(np.moveaxis(values, 0, -1)), -1, 0)


def tightest(found: Sequence[Bounds]) -> Bounds:
    """What several expansions say together; the estimate is that of the highest lower bound."""
    lower = np.stack([one.lower for one in found])
    best = np.argmax(lower, axis=0)
    estimates = np.stack([one.estimate for one in found])
    upper = np.min([one.upper for one in found], axis=0)
    return Bounds(np.max(lower, axis=0), upper, estimates[best, np.arange(best.size)])


def _decrements(gradient: FloatArray, hessian: FloatArray) -> FloatArray:
    """G^T H^-1 G of regions, (r,); infinite where H (r, j, j) is not positive, or not finite."""
    is_finite = np.all(np.isfinite(hessian), axis=(1, 2)) & np.all(np.isfinite(gradient), axis=1)
    values, vectors = np.linalg.eigh(np.where(is_finite[:, None, None], hessian, np.eye(gradient.shape[1])))
    is_positive = values[:, 0] > _FLATTEST * np.maximum(values[:, -1], 1.0)
    along = np.einsum("rij,ri->rj", vectors, np.where(is_finite[:, None], gradient, 0.0))
    squares = np.sum(along**2 / np.where(is_positive[:, None], values, 1.0), axis=1)
    return np.where(is_finite & is_positive, squares, np.inf)
