"""The null distribution of the score statistic of a kernel, from the reference and a pool of further events.

With psi = phi / sqrt(h + 2 ridge) the statistic is q = |b|^2, b = sum_D psi - m, m = sum_R w psi, N = sum_R w. Under
the null the data are a Poisson process and

    E b = mu,   Cov b = V = sum_R w psi psi^T + C,

where the sum in V stands for nature, as reference and pool show it, and mu and C are the mean and the covariance of
its distance from m (`wilks.statistics.linear.nature`): the law is that given this reference as far as a pool tells that
distance, and over data *and* references of this size, mu = 0, without one. For n events in place of Poisson counts
psi is replaced by psi - m/N, w by w n/N and the distance of nature by that of n/N of it. Exactly

    E q = tr V + |mu|^2,   Var q = 2 tr V^2 + sum_R w |psi|^4 + 4 mu V mu + 4 sum_R w |psi|^2 mu.psi ;

for n events the second term is less by [(tr V_D)^2 + 2 tr V_D^2] / n, V_D the part of the data.

Gaussian limit: the sum of chi-squares with the weights v, the eigenvalues of V, and the displacements mu. But where the
reference is sparse, b is a sum of few, large terms. As E exp(s q) = E exp(sqrt(2s) g.b) for a Gaussian vector g
(Hubbard and Stratonovich), and b is compound Poisson, E exp(s q) is the mean of
exp( sqrt(2s) g.mu + sum_R w (e^u - 1 - u) ) over g, u = sqrt(2s) g.psi. Expanded about the Gaussian limit, in which g
has the covariance D = (1 - 2 s V)^-1 under the tilted law, log E exp(s q) grows to first order in 1/N and in mu by

    delta(s) = s^2/2 sum_R w l^2 + s^3/9 [ 6 sum_RR' w w' c^3 + 9 sum_RR' w w' l l' c ] + 2 s^2 sum_R w l psi^T D mu,
    l = psi^T D psi,   c = psi^T D psi',

which holds the first correction to every cumulant of q, the exact one of Var q among them. For n events the first term
is less by s^2/2 [ (tr D V_D)^2 + 2 tr (D V_D)^2 ] / n. The tail follows by the same inversion.
"""

import dataclasses
import itertools
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np
import scipy.linalg

from wilks.errors import CalibrationError
from wilks.significance import p_value as p_value_of
from wilks.significance.weighted import WeightedTail, weighted_isf
from wilks.statistics.analytic import LOG_LEAST, AnalyticCurve, AnalyticLaw, LawFigures
from wilks.statistics.linear.nature import Nature
from wilks.typing import ComplexArray, FloatArray, IntArray

_NEARLY_SURE = -1e-3
_RANK_TOLERANCE = 1e-9
_MOST_CUBED, _POINTS_AT_ONCE, _ROWS_AT_ONCE, _MODES_AT_ONCE = 100, 64, 1024, 20
_OF_ONE_THREAD = 2**18  # products of at most so many numbers are left to one thread by BLAS, which is faster at them
# Of a curve: its points, those of its limit, how near to t no other one stands, nor one of its limit to them, its ends.
_N_POINTS, _N_OF_LIMIT, _NEAR, _SAME = 4, 25, 0.05, 1e-6
_FIRST_P, _LAST_Z, _BEYOND = 0.999, 4.5, 1.3


@dataclass(frozen=True, eq=False)
class ScoreNull(AnalyticLaw):
    """The null law of a score statistic. Made by :func:`score_law`.

    Args:
        weights: the eigenvalues v of V, shape (r,), in ascending order.
        quartic: sum_R w psi_a^2 psi_b^2 in the eigenvectors of V, shape (r, r).
        cubic: (sum_R w psi_a psi_b psi_c)^2 of the leading eigenvectors, shape (k, k, k).
        traced: sum_R w psi_a^2 psi_c, shape (c, a) = (r, r).
        shift: mu in the eigenvectors of V, shape (r,).
        floor: ``|mu|^2`` in directions in which b does not fluctuate, as the number of events where it is fixed.
        known_share: of the reference's own fluctuations, what a pool tells: 0 for the law over references.
        disparity: what E q is off because the reference is not like other events (`Nature`), as far as a pool tells.
    """

    weights: FloatArray
    quartic: FloatArray
    cubic: FloatArray
    traced: FloatArray
    shift: FloatArray
    floor: float = 0.0
    known_share: float = 0.0
    disparity: float = 0.0
    _known: dict[float, float] = field(default_factory=dict, init=False, repr=False)
    _known_limit: dict[float, float] = field(default_factory=dict, init=False, repr=False)

    @cached_property
    def mean(self) -> float:
        """``tr V + |mu|^2``, exact."""
        return float(np.sum(self.weights) + np.sum(self.shift**2)) + self.floor

    @cached_property
    def variance(self) -> float:
        """``2 tr V^2 + sum_R w |psi|^4`` and the terms in mu, exact but for the reference's own fourth cumulant."""
        displaced = self.shift @ (self.weights * self.shift + np.sum(self.traced, axis=1))
        return float(2.0 * np.sum(self.weights**2) + np.sum(self.quartic) + 4.0 * displaced)

    @cached_property
    def excess(self) -> float:
        """The second term of the variance over the first: how far b is from Gaussian, 0 in the limit."""
        return float(np.sum(self.quartic) / (2.0 * np.sum(self.weights**2)))

    @property
    def figures(self) -> LawFigures:
        return LawFigures(
            self.mean, self.variance, self.excess, self.known_share, self.disparity, int(self.weights.size)
        )

    def unconfirmed_log_p_value(self, t: float) -> float:
        """log P(Q >= t) with the correction, found once for each t.

        Without it where hardly any q is smaller: there it changes nothing, and its expansion breaks down.
        """
        if t not in self._known:
            limit = self.gaussian_log_p_value(t)
            self._known[t] = limit if limit > _NEARLY_SURE else self._log_sf(t, self._corrected_tail)
        return self._known[t]

    def gaussian_log_p_value(self, t: float) -> float:
        if t not in self._known_limit:
            self._known_limit[t] = self._log_sf(t, self._limit_tail)
        return self._known_limit[t]

    def _log_sf(self, q: float, tail: WeightedTail) -> float:
        """NaN where the expansion has broken down."""
        try:
            return tail.log_sf(q - self.floor)
        except CalibrationError:
            return math.nan

    @cached_property
    def _corrected_tail(self) -> WeightedTail:
        return WeightedTail(self.weights, self.correction)

    @cached_property
    def _limit_tail(self) -> WeightedTail:
        return WeightedTail(self.weights, self._displacement if np.any(self.shift) else None)

    def curve(self, t: float) -> AnalyticCurve:
        points = self._points(t)
        log_p = np.array([self.unconfirmed_log_p_value(float(one)) for one in points])
        points, log_p = points[np.isfinite(log_p)], log_p[np.isfinite(log_p)]
        drawn = points[log_p > LOG_LEAST]
        roots, known = np.linspace(np.cbrt(drawn[0]), np.cbrt(drawn[-1]), _N_OF_LIMIT), np.cbrt(points)
        is_apart = np.min(np.abs(roots - known[:, None]), axis=0) > _SAME * (roots[-1] - roots[0])
        limit_t = np.unique(np.append(roots[is_apart] ** 3, points))
        limit = np.array([self.gaussian_log_p_value(float(one)) for one in limit_t])
        return AnalyticCurve(self.figures, points, log_p, limit_t, limit)

    def _points(self, t: float) -> FloatArray:
        """From the bulk of the law to Z = 4.5, or beyond t; and t itself."""
        moved = self.mean - float(np.sum(self.weights))
        first, last = (moved + weighted_isf(p, self.weights) for p in (_FIRST_P, p_value_of(_LAST_Z)))
        if math.isnan(t):
            return np.linspace(np.cbrt(first), np.cbrt(last), _N_POINTS) ** 3
        is_far = self.unconfirmed_log_p_value(t) <= LOG_LEAST
        roots = np.linspace(np.cbrt(first), np.cbrt(last if is_far else max(last, _BEYOND * t)), _N_POINTS)
        others = roots[np.abs(roots - np.cbrt(t)) > _NEAR * (roots[-1] - roots[0])]
        points: FloatArray = np.unique(np.append(others**3, t))
        return points

    def correction(self, s: ComplexArray) -> ComplexArray:
        """What mu and finite counts add to log E exp(s q) at complex s (c,), shape (c,)."""
        portions = _portions(s.size, _POINTS_AT_ONCE)
        counts: ComplexArray = np.concatenate([self._counts(s[rows]) for rows in portions])
        return self._displacement(s) + counts

    def _counts(self, s: ComplexArray) -> ComplexArray:
        """What finite counts add, mu or not."""
        stretched = np.ascontiguousarray(self._stretched(s).T)
        turned, squares = _product(self.traced, stretched), _product(self.quartic, stretched)
        leading, pairs = stretched[self.weights.size - self.cubic.shape[0] :], self._pairs
        cubes = _product(pairs.cubic, leading[pairs.first] * leading[pairs.second])
        lengths, pushed = np.sum(squares * stretched, axis=0), np.sum(stretched * turned * self.shift[:, None], axis=0)
        pulled = np.sum(stretched * turned**2, axis=0)
        third = 6 * np.sum(cubes * leading, axis=0) + 9 * pulled
        counts: ComplexArray = s**2 / 2 * (lengths + 4 * pushed) + s**3 / 9 * third
        return counts

    @cached_property
    def _pairs(self) -> "_Pairs":
        first, second = np.triu_indices(self.cubic.shape[0])
        return _Pairs(first, second, self.cubic[:, first, second] * np.where(first == second, 1.0, 2.0))

    def _displacement(self, s: ComplexArray) -> ComplexArray:
        """s mu D mu, what mu adds in the Gaussian limit, where b fluctuates."""
        moved: ComplexArray = s * (self._stretched(s) @ self.shift**2)
        return moved

    def _stretched(self, s: ComplexArray) -> ComplexArray:
        """D in the eigenvectors of V, shape (c, r)."""
        stretched: ComplexArray = 1.0 / (1.0 - 2.0 * np.outer(s, self.weights))
        return stretched


class _Pairs(NamedTuple):
    """Pairs b <= c, each (p,), and the cubic form at a and both of them, both orders of these summed, (k, p)."""

    first: IntArray
    second: IntArray
    cubic: FloatArray


def score_law(nature: Nature, *, expected_events: float, n_events: int | None = None) -> ScoreNull:
    """The null law of the score statistic of one member without nuisances.

    It is the law given this reference, as far as a pool says where the reference is off nature; the law over
    references of this size without one.

    Args:
        nature: what reference and pool say of it.
        expected_events: N(R_0).
        n_events: of every data set, where their number is fixed; None: Poisson counts.
    """
    if n_events is None:
        law = law_of(nature.blocks(), nature.second + nature.unknown, mean=nature.distance)
        return _with_shares(law, nature)
    factor, center = n_events / expected_events, nature.mean / expected_events
    data = factor * (nature.second - np.outer(nature.mean, center))
    law = law_of(
        ((psi - center, factor * weights) for psi, weights in nature.blocks()),
        data + factor**2 * nature.unknown,
        mean=nature.distance + (factor - 1.0) * nature.mean,
        n_events=n_events,
    )
    return _with_shares(law, nature)


def _with_shares(law: ScoreNull, nature: Nature) -> ScoreNull:
    return dataclasses.replace(law, known_share=nature.known_share, disparity=nature.disparity)


def law_of(
    features: Iterable[tuple[FloatArray, FloatArray]],
    covariance: FloatArray,
    *,
    mean: FloatArray | None = None,
    n_events: int | None = None,
) -> ScoreNull:
    """The law of |b|^2, b a sum of psi over a process and of Gaussian parts.

    Args:
        features: blocks of psi (c, r) with the weights (c,) of the process.
        covariance: of b, Gaussian parts included, shape (r, r).
        mean: of b, shape (r,); None: 0.
        n_events: of a process with a fixed number of events, for which psi has no mean; None: a Poisson process.
    """
    values, vectors = scipy.linalg.eigh(covariance)
    is_kept = values > _RANK_TOLERANCE * values[-1]
    values, vectors = values[is_kept], vectors[:, is_kept]
    n_modes, n_cubed = values.size, min(values.size, _MOST_CUBED)
    second, quartic, traced = np.zeros((3, n_modes, n_modes))
    cubic = np.zeros((n_cubed, n_cubed, n_cubed))
    for block, each in features:
        psi, weights = block @ vectors, each[:, None]
        quartic += (weights * psi**2).T @ psi**2
        traced += (weights * psi).T @ psi**2
        _add_products(cubic, psi[:, n_modes - n_cubed :], weights)
        if n_events is not None:
            second += (weights * psi).T @ psi
    if n_events is not None:
        quartic -= (np.outer(np.diag(second), np.diag(second)) + 2.0 * second**2) / n_events
    shift, floor = np.zeros(n_modes), 0.0
    if mean is not None:
        shift = mean @ vectors
        floor = max(0.0, float(mean @ mean - shift @ shift))
    return ScoreNull(values, quartic, _symmetric(cubic) ** 2, traced, shift, floor)


def _add_products(total: FloatArray, psi: FloatArray, weights: FloatArray) -> None:
    """Add sum w psi_a psi_b psi_c of psi (n, k) to ``total`` (k, k, k) where a is the least of the three."""
    n, k = psi.shape
    for rows, first in itertools.product(_portions(n, _ROWS_AT_ONCE), range(0, k, _MODES_AT_ONCE)):
        some, rest = psi[rows, first : first + _MODES_AT_ONCE], psi[rows, first:]
        pairs = ((weights[rows] * some)[:, :, None] * rest[:, None, :]).reshape(len(rest), -1)
        total[first : first + _MODES_AT_ONCE, first:, first:] += (pairs.T @ rest).reshape(-1, *2 * rest.shape[1:])


def _symmetric(total: FloatArray) -> FloatArray:
    """The same with every order of a, b and c."""
    for a in range(total.shape[0]):
        total[a:, a, a:] = total[a:, a:, a] = total[a, a:, a:]
    return total


def _product(matrix: FloatArray, columns: ComplexArray) -> ComplexArray:
    """A real matrix (a, p) times complex columns (p, n), in slices that BLAS does in one thread."""
    numbers = columns.view(np.float64)
    total = np.zeros((matrix.shape[0], numbers.shape[1]))
    for rows in _portions(matrix.shape[1], max(1, _OF_ONE_THREAD // total.size)):
        total += matrix[:, rows] @ numbers[rows]
    return total.view(np.complex128)


def _portions(n: int, size: int) -> Iterator[slice]:
    return (slice(first, first + size) for first in range(0, n, size))
