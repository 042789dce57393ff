"""The null distribution of the score statistic of a kernel, from the reference and a pool of further events.

With psi = phi / sqrt(h + 2 ridge) the statistic is q = |b|^2, b = sum_D psi - m, m = sum_R w psi, N = sum_R w. Under
the null the data are a Poisson process and

    E b = mu,   Cov b = V = sum_R w psi psi^T + C,

where the sum in V stands for nature, as reference and pool show it, and mu and C are the mean and the covariance of
its distance from m (`wilks.laws.nature`): the law is that given this reference as far as a pool tells that
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
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import scipy.linalg

from wilks.analysis import Analysis
from wilks.errors import CalibrationError
from wilks.fitting import KernelEngine, kernel_engine_of
from wilks.laws.nature import Nature, nature_of
from wilks.models import Kernel
from wilks.significance.weighted import Correction, weighted_log_sf
from wilks.typing import ComplexArray, FloatArray, whole_number

LARGEST_EXCESS, LARGEST_CORRECTION, LARGEST_DISPARITY, CONFIRMED_Z = 0.11, 2.0, 0.1, 5.0
_BROKEN_EXCESS = 0.5
_NEXT_ORDER = 0.5
_NEARLY_SURE = -1e-3
_RANK_TOLERANCE = 1e-9
_MOST_CUBED, _POINTS_AT_ONCE = 100, 64


@dataclass(frozen=True, eq=False)
class ScoreNull:
    """The null law of a score statistic. Made by :func:`score_null`.

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

    @property
    def mean(self) -> float:
        """``tr V + |mu|^2``, exact."""
        return float(np.sum(self.weights) + np.sum(self.shift**2)) + self.floor

    @property
    def variance(self) -> float:
        """``2 tr V^2 + sum_R w |psi|^4`` and the terms in mu, exact but for the reference's own fourth cumulant."""
        displaced = self.shift @ (self.weights * self.shift + np.sum(self.traced, axis=1))
        return float(2.0 * np.sum(self.weights**2) + np.sum(self.quartic) + 4.0 * displaced)

    @property
    def excess(self) -> float:
        """The second term of the variance over the first: how far b is from Gaussian, 0 in the limit."""
        return float(np.sum(self.quartic) / (2.0 * np.sum(self.weights**2)))

    @property
    def scope(self) -> str:
        """Over what the law is one."""
        if self.known_share == 0.0:
            return "over data and references of this size"
        return f"given this reference, of whose fluctuations the pool tells {100.0 * self.known_share:.0f} %"

    def to_dict(self) -> dict[str, float]:
        """The figures that describe the law, for JSON."""
        return {
            "mean": self.mean,
            "variance": self.variance,
            "excess": self.excess,
            "known_share": self.known_share,
            "disparity": self.disparity,
        }

    def is_confirmed_at(self, q: float) -> bool:
        """Whether toys have confirmed the corrected law there.

        Where the correction multiplies p by 2 at most, toys agree with it within 10 %, up to an excess of 0.5, unless
        the reference is not like other events.
        """
        if self.excess > _BROKEN_EXCESS or not self._is_like_others or math.isnan(q):
            return False
        return abs(self._log_p(q) - self.gaussian_log_p_value(q)) <= math.log(LARGEST_CORRECTION)

    def is_usable_at(self, q: float) -> bool:
        """Whether the law answers there: where it is confirmed, and nearly everywhere up to an excess of 0.11."""
        is_near = self.excess <= LARGEST_EXCESS and self._is_like_others
        return self.is_confirmed_at(q) or (is_near and not math.isnan(self._log_p(q)))

    @property
    def _is_like_others(self) -> bool:
        """Whether E q is off by a tenth of its standard deviation at most."""
        return abs(self.disparity) <= LARGEST_DISPARITY * math.sqrt(self.variance)

    @property
    def needs(self) -> str:
        """What must hold for an answer everywhere, for messages."""
        if not self._is_like_others:
            return "needs a reference that is like other events"
        return f"needs nearly Gaussian counts far in its tail, with an excess variance of at most {LARGEST_EXCESS:g}"

    @property
    def shortcoming(self) -> str:
        """Why it does not answer where it does not, for messages."""
        if not self._is_like_others:
            return f"its Gaussians stand on events of its own, which moves the mean of q by {self.disparity:.2g}"
        return f"its excess variance is {self.excess:.3g}"

    def gaussian_p_value(self, q: float) -> float:
        """P(Q >= q) in the Gaussian limit, which is too small."""
        return math.exp(self.gaussian_log_p_value(q))

    def gaussian_log_p_value(self, q: float) -> float:
        """log P(Q >= q) in the Gaussian limit, also where it underflows."""
        return self._tail(q, self._displacement)

    def p_value(self, q: float) -> float:
        """P(Q >= q) with the correction for finite counts; 0 where it underflows.

        Raises:
            CalibrationError: as `log_p_value`.
        """
        return math.exp(self.log_p_value(q))

    def log_p_value(self, q: float) -> float:
        """log P(Q >= q) with the correction for finite counts, also where P underflows.

        Raises:
            CalibrationError: the law is not usable there (`is_usable_at`), or q is NaN.
        """
        if math.isnan(q):
            raise CalibrationError("a p-value needs a valid statistic, got NaN")
        if not self.is_usable_at(q):
            raise CalibrationError(
                f"the analytic null {self.needs}, but {self.shortcoming}; run toys = run_toys(analysis, Null(), "
                "n_toys=10_000, seed=1) and give calibration=calibrate(toys), or choose a larger ridge or width"
            )
        return self._log_p(q)

    def unconfirmed_p_value(self, q: float) -> float:
        """`p_value` at any excess, for studies."""
        return math.exp(self._log_p(q))

    def _log_p(self, q: float) -> float:
        """log P(Q >= q) with the correction: half a second for many features, and an answer asks several times.

        Without it where hardly any q is smaller: there it changes nothing, and its expansion breaks down.
        """
        if q not in self._known:
            limit = self.gaussian_log_p_value(q)
            self._known[q] = limit if limit > _NEARLY_SURE else self._tail(q, self.correction)
        return self._known[q]

    def _tail(self, q: float, correction: Correction) -> float:
        """NaN where the expansion has broken down."""
        try:
            return weighted_log_sf(q - self.floor, self.weights, correction=correction)
        except CalibrationError:
            return math.nan

    def interval(self, q: float) -> tuple[float, float]:
        """p times and over (p/p_Gauss)^(1/2): more than the next order is worth, as measured with toys."""
        low, high = self.log_interval(q)
        return math.exp(low), math.exp(high)

    def log_interval(self, q: float) -> tuple[float, float]:
        """The logarithms of the ends of `interval`, also where they underflow."""
        log_p = self.log_p_value(q)
        spread = _NEXT_ORDER * abs(log_p - self.gaussian_log_p_value(q))
        return log_p - spread, min(0.0, log_p + spread)

    def correction(self, s: ComplexArray) -> ComplexArray:
        """What mu and finite counts add to log E exp(s q) at complex s (c,), shape (c,)."""
        stretched = self._stretched(s)
        leading = stretched[:, self.weights.size - self.cubic.shape[0] :]
        lengths = np.sum((stretched @ self.quartic) * stretched, axis=1)
        turned = stretched @ self.traced.T
        pulled, pushed = np.sum(stretched * turned**2, axis=1), (stretched * turned) @ self.shift
        cubes = np.concatenate([self._cubes(leading[rows]) for rows in _portions(s.size, _POINTS_AT_ONCE)])
        counts: ComplexArray = s**2 / 2 * (lengths + 4 * pushed) + s**3 / 9 * (6 * cubes + 9 * pulled)
        return self._displacement(s) + counts

    def _cubes(self, stretched: ComplexArray) -> ComplexArray:
        """sum_abc cubic_abc D_a D_b D_c for each row of D (c, k), shape (c,): products of real matrices first."""
        n, k = stretched.shape
        flat = self.cubic.reshape(k, k * k)
        once = (stretched.real @ flat + 1j * (stretched.imag @ flat)).reshape(n, k, k)
        cubes: ComplexArray = np.sum(np.matmul(once, stretched[:, :, None])[:, :, 0] * stretched, axis=1)
        return cubes

    def _displacement(self, s: ComplexArray) -> ComplexArray:
        """s mu D mu, what mu adds in the Gaussian limit, where b fluctuates."""
        moved: ComplexArray = s * (self._stretched(s) @ self.shift**2)
        return moved

    def _stretched(self, s: ComplexArray) -> ComplexArray:
        """D in the eigenvectors of V, shape (c, r)."""
        stretched: ComplexArray = 1.0 / (1.0 - 2.0 * np.outer(s, self.weights))
        return stretched


def neglected_factor(p: npt.ArrayLike, limit: npt.ArrayLike) -> FloatArray:
    """What the neglected terms of p (n,) are worth, a factor of at least 1, from its positive Gaussian limit (n,)."""
    change = np.divide(p, limit)
    factor: FloatArray = np.maximum(change, 1.0 / change) ** _NEXT_ORDER
    return factor


def score_null(analysis: Analysis, *, n_events: int | None = None) -> ScoreNull:
    """The null law of the score statistic of an analysis without nuisances, made once and kept with it.

    It is the law given this reference, as far as the pool of the analysis says where the reference is off nature; the
    law over references of this size if toys come from elsewhere.

    Args:
        analysis: with ``Kernel(is_score=True)``.
        n_events: of every data set, where their number is fixed, as in `Null`; None: Poisson counts.

    Raises:
        CalibrationError: t is not a score statistic, or there are nuisances.
        InputError: ``n_events`` is no number of at least 2 events.

    >>> import wilks
    >>> rng = np.random.default_rng(1)
    >>> reference, pool = wilks.split(wilks.Sample(rng.exponential(size=20_000)), n_first=4_000, seed=0)
    >>> kernel = wilks.Kernel(n_centers=20, width=1.0, ridge=3.0, is_score=True)
    >>> analysis = Analysis(reference=reference, model=kernel, expected_events=1_000, toy_source=pool)
    >>> null = score_null(analysis, n_events=1_000)
    >>> round(null.known_share, 6), null.mean < score_null(analysis).mean
    (0.8, True)
    """
    require_score(analysis)
    if analysis.nuisances:
        raise CalibrationError(
            "with nuisances the null of the score statistic depends on where they are, and this asks for one of the "
            f"analysis alone, which has {', '.join(analysis.nuisances.names)}; use "
            "profiled_score_null(analysis, fit(analysis, data))"
        )
    if n_events is not None:
        n_events = whole_number(n_events, name="n_events", least=2)
    return analysis.cached(
        f"score_null of {n_events} events", lambda: _score_null(analysis, kernel_engine_of(analysis), n_events)
    )


def require_score(analysis: Analysis) -> None:
    """Raise unless t is the score statistic of a kernel.

    Raises:
        CalibrationError: it is not.
    """
    model = analysis.model
    if not (isinstance(model, Kernel) and model.is_score):
        raise CalibrationError(
            "a p-value of this model needs null toys, got calibration=None; run "
            "toys = run_toys(analysis, Null(), n_toys=400, seed=1) and give calibration=calibrate(toys). "
            "Only the score statistic, wilks.Kernel(is_score=True), has a null without toys"
        )


def _score_null(analysis: Analysis, engine: KernelEngine, n_events: int | None) -> ScoreNull:
    nature, expected = nature_of(analysis, engine), analysis.expected_events
    if n_events is None:
        law = law_of(nature.blocks(), nature.second + nature.unknown, mean=nature.distance)
        return _with_shares(law, nature)
    factor, center = n_events / expected, nature.mean / expected
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
    cubic = np.zeros((n_cubed, n_cubed * n_cubed))
    for block, each in features:
        psi, weights = block @ vectors, each[:, None]
        quartic += (weights * psi**2).T @ psi**2
        traced += (weights * psi).T @ psi**2
        cubic += _products(psi[:, n_modes - n_cubed :], weights)
        if n_events is not None:
            second += (weights * psi).T @ psi
    if n_events is not None:
        quartic -= (np.outer(np.diag(second), np.diag(second)) + 2.0 * second**2) / n_events
    shift, floor = np.zeros(n_modes), 0.0
    if mean is not None:
        shift = mean @ vectors
        floor = max(0.0, float(mean @ mean - shift @ shift))
    cubes = cubic.reshape(n_cubed, n_cubed, n_cubed) ** 2
    return ScoreNull(values, quartic, cubes, traced, shift, floor)


def _products(psi: FloatArray, weights: FloatArray) -> FloatArray:
    """sum w psi_a psi_b psi_c, shape (k, k k), in portions."""
    n, k = psi.shape
    total = np.zeros((k, k * k))
    for rows in _portions(n, max(1, 2**21 // k**2)):
        some = psi[rows]
        total += (weights[rows] * some).T @ (some[:, :, None] * some[:, None, :]).reshape(len(some), -1)
    return total


def _portions(n: int, size: int) -> Iterator[slice]:
    return (slice(first, first + size) for first in range(0, n, size))
