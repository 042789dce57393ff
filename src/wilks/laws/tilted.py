"""Toys that live in the tail: probabilities of 1e-7 of a score statistic from some thousand toys.

A toy is drawn from the reference tilted by a random direction g of the features, with g ~ N(0, 2s (1 - 2 s V)^-1),

    data ~ Poisson process of intensity w exp(g . psi),    rest ~ N(C g, C) for what is unknown of the reference,

and q = |b|^2 as always; mu, the distance of nature from the reference, moves g by 2s (1 - 2 s V)^-1 mu. In the Gaussian
limit g given b is N(2 s b, 2 s): with that the density of (b, g) under the null is known, and the weight of a toy is

    exp(K(s) - s q) exp( sum_R w (e^u - 1 - u - u^2/2) ),   u = g . psi,
    K(s) = -1/2 sum log(1 - 2 s v) + s mu (1 - 2 s V)^-1 mu.

Its mean over toys beyond q is P(Q >= q), whatever s is and without the Gaussian limit being true; a good s makes the
weights even.
"""

from dataclasses import dataclass

import numpy as np
import scipy.linalg
import scipy.optimize

from wilks.analysis import Analysis
from wilks.errors import CalibrationError
from wilks.fitting import kernel_engine_of
from wilks.laws.nature import Nature, nature_of
from wilks.laws.score import ScoreNull, score_null
from wilks.significance import least_tied
from wilks.typing import FloatArray

_BLOCK_NUMBERS = 2**22
_HELD_BACK = 0.85  # weights have lighter tails than at the saddle point itself


@dataclass(frozen=True)
class TailProbability:
    """A tail probability with its standard error, and the effective number (sum w)^2 / sum w^2 of toys beyond q."""

    p_value: float
    error: float
    n_effective: float


def tilted_p_value(analysis: Analysis, q: float, *, n_toys: int = 10_000, seed: int = 0) -> TailProbability:
    """P(Q >= q) of a score statistic under the null from importance-sampled toys.

    Reference and pool stand for nature: data are drawn from their events, or from the points that they were condensed
    to. Like the analytic law, `score_null`, this is the law given this reference as far as the pool tells it, and over
    data and references of this size without a pool.

    Raises:
        CalibrationError: t is not a score statistic, or there are nuisances, which these toys do not know.
    """
    if analysis.nuisances:
        raise CalibrationError(
            f"tilted toys need an analysis without nuisances, but {', '.join(analysis.nuisances.names)} came; use "
            "profiled_score_null(analysis, fit).p_value(q), or toys of ShiftedNuisance at the fitted nuisances"
        )
    null, nature = score_null(analysis), nature_of(analysis, kernel_engine_of(analysis))
    rng = np.random.Generator(np.random.Philox(seed))
    tilt = _Tilt(nature, s=_HELD_BACK * _saddle(null, q))
    n_points = sum(points.weights.size for points, _ in nature.parts)
    size = int(np.clip(_BLOCK_NUMBERS // n_points, 1, n_toys))
    portions = [tilt.draw(rng, min(size, n_toys - first)) for first in range(0, n_toys, size)]
    found, weights = (np.concatenate(parts) for parts in zip(*portions, strict=True))
    beyond = np.where(found >= least_tied(q), weights, 0.0)
    error = float(np.std(beyond) / np.sqrt(n_toys))
    squares = float(np.sum(beyond**2))
    return TailProbability(float(np.mean(beyond)), error, float(np.sum(beyond)) ** 2 / squares if squares else 0.0)


class _Tilt:
    """The tilted toys of one s, in the coordinates psi."""

    def __init__(self, nature: Nature, *, s: float) -> None:
        self._nature, self._s, self._unknown_root = nature, s, _root(nature.unknown)
        values, vectors = scipy.linalg.eigh(nature.second + nature.unknown)
        values = np.maximum(values, 0.0)
        spread = 2.0 * s / (1.0 - 2.0 * s * values)
        self._direction_root = vectors * np.sqrt(spread)
        self._direction = (vectors * spread) @ (vectors.T @ nature.distance)
        self._log_mgf = 0.5 * float(nature.distance @ self._direction - np.sum(np.log1p(-2.0 * s * values)))

    def draw(self, rng: np.random.Generator, n: int) -> tuple[FloatArray, FloatArray]:
        """q and weights of n toys, each (n,)."""
        nature = self._nature
        g = self._direction + rng.normal(size=(n, nature.root.size)) @ self._direction_root.T
        b = nature.distance - nature.mean + g @ nature.unknown + rng.normal(size=g.shape) @ self._unknown_root.T
        log_weight = np.full(n, self._log_mgf)
        for psi, weights in nature.blocks():
            u = psi @ g.T
            tilted = np.exp(u)
            log_weight += weights @ (tilted - 1.0 - u - 0.5 * u**2)
            b += rng.poisson(weights[:, None] * tilted).T @ psi
        q = np.sum(b**2, axis=1)
        return q, np.exp(log_weight - self._s * q)


def _saddle(null: ScoreNull, q: float) -> float:
    """s at which the corrected K(s) - s q - log s is least, between 0 and the first singularity."""
    last = 0.5 / float(null.weights[-1])

    def exponent(s: float) -> float:
        log_mgf = -0.5 * float(np.sum(np.log1p(-2.0 * s * null.weights)))
        return log_mgf + float(null.correction(np.array([complex(s)])).real[0]) - s * q - float(np.log(s))

    return float(scipy.optimize.minimize_scalar(exponent, bounds=(1e-6 * last, (1 - 1e-6) * last), method="bounded").x)


def _root(covariance: FloatArray) -> FloatArray:
    """A matrix whose product with its transpose is ``covariance``."""
    values, vectors = scipy.linalg.eigh(covariance)
    root: FloatArray = vectors * np.sqrt(np.maximum(values, 0.0))
    return root
