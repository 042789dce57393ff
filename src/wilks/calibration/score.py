"""The null distribution of the score statistic of a kernel, from the reference alone.

With psi = phi / sqrt(h + 2 ridge) the statistic is q = |b|^2, b = sum_D psi - sum_R w psi. Under the null

    E b = 0,   Cov b = V = sum_R w psi psi^T + sum_R w^2 (psi - m/N)(psi - m/N)^T,   m = sum_R w psi,   N = sum_R w:

the data are a Poisson process, and the reference has fluctuations of its own. This is the law over data *and*
references of this size. Toys of one fixed reference follow it with an error of about N(R_0)/N_R in Z. Exactly

    E q = tr V,   Var q = 2 tr V^2 + sum_R w |psi|^4 .

Gaussian limit: the sum of chi-squares weighted by the eigenvalues v of V. But where the reference is sparse, b is a sum
of few, large terms. As E exp(s q) = E exp(sqrt(2s) g.b) for a Gaussian vector g (Hubbard and Stratonovich), and b is
compound Poisson, E exp(s q) is the mean of exp( sum_R w (e^u - 1 - u) ) over g, u = sqrt(2s) g.psi. Expanded about the
Gaussian limit, in which g has the covariance D = (1 - 2 s V)^-1 under the tilted law, log E exp(s q) grows to first
order in 1/N by

    delta(s) = s^2/2 sum_R w l^2 + s^3/9 [ 6 sum_RR' w w' c^3 + 9 sum_RR' w w' l l' c ],
    l = psi^T D psi,   c = psi^T D psi',

which holds the first correction to every cumulant of q, the exact one of Var q among them. The tail follows by the
same inversion.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import scipy.linalg

from wilks.analysis import Analysis
from wilks.errors import CalibrationError
from wilks.fitting import KernelEngine, kernel_engine_of
from wilks.fitting.moments import reference_fluctuations
from wilks.models import Kernel
from wilks.significance import weighted_log_sf
from wilks.typing import FloatArray

LARGEST_EXCESS, LARGEST_CORRECTION, CONFIRMED_Z = 0.11, 2.0, 5.0
_BROKEN_EXCESS = 0.5
_NEXT_ORDER = 0.5
_RANK_TOLERANCE = 1e-9
_MOST_CUBED = 100


@dataclass(frozen=True, eq=False)
class ScoreNull:
    """The null law of a score statistic. Made by :func:`score_null`.

    Args:
        weights: the eigenvalues v of V, shape (r,), in ascending order.
        quartic: sum_R w psi_a^2 psi_b^2 in the eigenvectors of V, shape (r, r).
        cubic: (sum_R w psi_a psi_b psi_c)^2 of the leading eigenvectors, shape (k, k, k).
        traced: sum_R w psi_a^2 psi_c, shape (c, a) = (r, r).
    """

    weights: FloatArray
    quartic: FloatArray
    cubic: FloatArray
    traced: FloatArray
    _known: dict[float, float] = field(default_factory=dict, init=False, repr=False)

    @property
    def mean(self) -> float:
        """E q = tr V, exact."""
        return float(np.sum(self.weights))

    @property
    def variance(self) -> float:
        """``2 tr V^2 + sum_R w |psi|^4``, exact but for the reference's own fourth cumulant."""
        return float(2.0 * np.sum(self.weights**2) + np.sum(self.quartic))

    @property
    def excess(self) -> float:
        """The second term of the variance over the first: how far b is from Gaussian, 0 in the limit."""
        return float(np.sum(self.quartic) / (2.0 * np.sum(self.weights**2)))

    def is_confirmed_at(self, q: float) -> bool:
        """Whether toys have confirmed the corrected law there.

        Where the correction multiplies p by 2 at most, toys agree with it within 10 %, up to an excess of 0.5.
        """
        if self.excess > _BROKEN_EXCESS or math.isnan(q):
            return False
        return abs(self._log_p(q) - weighted_log_sf(q, self.weights)) <= math.log(LARGEST_CORRECTION)

    def is_usable_at(self, q: float) -> bool:
        """Whether the law answers there: where it is confirmed, and everywhere up to an excess of 0.11."""
        return self.excess <= LARGEST_EXCESS or self.is_confirmed_at(q)

    def gaussian_p_value(self, q: float) -> float:
        """P(Q >= q) in the Gaussian limit, which is too small."""
        return math.exp(weighted_log_sf(q, self.weights))

    def p_value(self, q: float) -> float:
        """P(Q >= q) with the correction for finite counts.

        Raises:
            CalibrationError: the law is not usable there (`is_usable_at`), or q is NaN.
        """
        if math.isnan(q):
            raise CalibrationError("a p-value needs a valid statistic, got NaN")
        if not self.is_usable_at(q):
            raise CalibrationError(
                "far in its tail the analytic null needs nearly Gaussian counts, with an excess variance of at most "
                f"{LARGEST_EXCESS:g}, but it is {self.excess:.3g}; run toys = run_toys(analysis, Null(), "
                "n_toys=10_000, seed=1) and give calibration=calibrate(toys), or choose a larger ridge or width"
            )
        return self.unconfirmed_p_value(q)

    def unconfirmed_p_value(self, q: float) -> float:
        """`p_value` at any excess, for studies."""
        return math.exp(self._log_p(q))

    def _log_p(self, q: float) -> float:
        """log P(Q >= q) with the correction: half a second for many features, and an answer asks several times."""
        if q not in self._known:
            self._known[q] = weighted_log_sf(q, self.weights, correction=self.correction)
        return self._known[q]

    def interval(self, q: float) -> tuple[float, float]:
        """p times and over (p/p_Gauss)^(1/2): more than the next order is worth, as measured with toys."""
        p, limit = self.p_value(q), self.gaussian_p_value(q)
        spread = max(p / limit, limit / p) ** _NEXT_ORDER if min(p, limit) > 0 else 1.0
        return p / spread, min(1.0, p * spread)

    def correction(self, s: npt.NDArray[np.complex128]) -> npt.NDArray[np.complex128]:
        """delta at complex s (c,), shape (c,)."""
        stretched = 1.0 / (1.0 - 2.0 * np.outer(s, self.weights))
        leading = stretched[:, self.weights.size - self.cubic.shape[0] :]
        lengths = np.sum((stretched @ self.quartic) * stretched, axis=1)
        turned = stretched @ self.traced.T
        pulled = np.sum(stretched * turned**2, axis=1)
        cubes = np.array([((self.cubic @ one) @ one) @ one for one in leading])
        total: npt.NDArray[np.complex128] = s**2 / 2 * lengths + s**3 / 9 * (6 * cubes + 9 * pulled)
        return total


def score_null(analysis: Analysis) -> ScoreNull:
    """The null law of the score statistic of an analysis without nuisances, made once and kept with it.

    Raises:
        CalibrationError: t is not a score statistic, or there are nuisances.
    """
    require_score(analysis)
    if analysis.nuisances:
        raise CalibrationError(
            "with nuisances the null of the score statistic depends on where they are, and this asks for one of the "
            f"analysis alone, which has {', '.join(analysis.nuisances.names)}; use "
            "profiled_score_null(analysis, fit(analysis, data))"
        )
    return analysis.cached("score_null", lambda: _score_null(analysis, kernel_engine_of(analysis)))


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


def _score_null(analysis: Analysis, engine: KernelEngine) -> ScoreNull:
    poisson, root = np.diag(engine.features.curvature / engine.scale), np.sqrt(engine.scale)
    blocks = engine.reference.blocks(engine.features)
    features = ((phi / root, engine.reference.weights[rows]) for phi, rows in blocks)
    return law_of(features, poisson + reference_covariance(analysis, engine))


def law_of(features: Iterable[tuple[FloatArray, FloatArray]], covariance: FloatArray) -> ScoreNull:
    """The law of |b|^2, b a sum of psi over a Poisson process and of Gaussian parts.

    Args:
        features: blocks of psi (c, r) with the weights (c,) of the process.
        covariance: of b, Gaussian parts included, shape (r, r).
    """
    values, vectors = scipy.linalg.eigh(covariance)
    is_kept = values > _RANK_TOLERANCE * values[-1]
    values, vectors = values[is_kept], vectors[:, is_kept]
    n_modes, n_cubed = values.size, min(values.size, _MOST_CUBED)
    quartic, traced = np.zeros((n_modes, n_modes)), np.zeros((n_modes, n_modes))
    cubic = np.zeros((n_cubed, n_cubed * n_cubed))
    for block, each in features:
        psi, weights = block @ vectors, each[:, None]
        quartic += (weights * psi**2).T @ psi**2
        traced += (weights * psi).T @ psi**2
        cubic += _products(psi[:, n_modes - n_cubed :], weights)
    return ScoreNull(values, quartic, cubic.reshape(n_cubed, n_cubed, n_cubed) ** 2, traced)


def reference_covariance(analysis: Analysis, engine: KernelEngine) -> FloatArray:
    """sum_R w^2 (psi - m/N)(psi - m/N)^T, shape (r, r): what the fluctuations of the reference add to Cov b."""
    root = np.sqrt(engine.scale)
    covariance: FloatArray = reference_fluctuations(analysis, engine.features) / np.outer(root, root)
    return covariance


def _products(psi: FloatArray, weights: FloatArray) -> FloatArray:
    """sum w psi_a psi_b psi_c, shape (k, k k), in portions."""
    n, k = psi.shape
    total, size = np.zeros((k, k * k)), max(1, 2**21 // k**2)
    for first in range(0, n, size):
        some = psi[first : first + size]
        total += (weights[first : first + size] * some).T @ (some[:, :, None] * some[:, None, :]).reshape(len(some), -1)
    return total
