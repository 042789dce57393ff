"""Toys that live in the tail: probabilities of 1e-7 of a score statistic from some thousand toys.

A toy is drawn from the reference tilted by a random direction g of the features, with g ~ N(0, 2s (1 - 2 s V)^-1),

    data ~ Poisson process of intensity w exp(g . psi),    rest ~ N(C g, C) for what is unknown of the reference,

and q = |b|^2 as always; mu, the distance of nature from the reference, moves g by 2s (1 - 2 s V)^-1 mu. In the Gaussian
limit g given b is N(2 s b, 2 s): with that the density of (b, g) under the null is known, and the weight of a toy is

    exp(K(s) - s q) exp( sum_R w (e^u - 1 - u - u^2/2) ),   u = g . psi,
    K(s) = -1/2 sum log(1 - 2 s v) + s mu (1 - 2 s V)^-1 mu.

Its mean over toys beyond q is P(Q >= q), whatever s is and without the Gaussian limit being true; a good s makes the
weights even. Counts make their tail heavy: e^u for a Gaussian u, in the exponent, lets a mean exist and no variance. A
sum of such weights can be decided by one of them, and then neither it nor a spread that it shows means anything: it is
refused where the largest weight has more than a tenth of it. The error comes from independent seeds. That removes the
worst, not all: where finite counts multiply p by 3 and more, estimates that pass are too small by some 15 to 20 %.
"""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.linalg

from wilks import lazy
from wilks.analysis import Analysis
from wilks.errors import CalibrationError
from wilks.laws.without_toys import analytic_null, require_law
from wilks.significance import least_tied
from wilks.statistics.linear.nature import Nature
from wilks.statistics.linear.score_law import ScoreNull
from wilks.typing import FloatArray, whole_number

if TYPE_CHECKING:
    from scipy import optimize
else:
    optimize = lazy.Module("scipy.optimize")

_BLOCK_NUMBERS = 2**22
N_SEEDS = 16
LARGEST_SHARE = 0.1
_HELD_BACK = 0.85  # weights have lighter tails than at the saddle point itself


@dataclass(frozen=True)
class TailProbability:
    """A tail probability from weighted toys.

    Attributes:
        p_value: the sum of the weights of toys beyond q, over all toys.
        error: its standard error, from the spread between 16 independent seeds among which the toys are shared out: of
            them the error has an uncertainty of 18 % itself.
        n_effective: (sum w)^2 / sum w^2 of the toys beyond q.
        largest_share: of the largest weight in their sum, at most 0.1.
    """

    p_value: float
    error: float
    n_effective: float
    largest_share: float


def tilted_p_value(analysis: Analysis, q: float, *, n_toys: int = 10_000, seed: int = 0) -> TailProbability:
    """P(Q >= q) of a score statistic under the null from importance-sampled toys.

    Reference and pool stand for nature: data are drawn from their events, or from the points that they were condensed
    to. Like `analytic_null`, this is the law given this reference as far as the pool tells it, and over data and
    references of this size without a pool.

    Args:
        analysis: with ``Kernel(is_score=True)``, without nuisances.
        q: where the tail begins.
        n_toys: at least 160; ``seed`` is that of the 16 seeds among which they are shared out.

    Raises:
        CalibrationError: t is not a score statistic, or there are nuisances, which these toys do not know; one toy has
            more than a tenth of the sum of weights beyond q, which is then no estimate.
        InputError: fewer toys.
    """
    if analysis.nuisances:
        raise CalibrationError(
            f"tilted toys need an analysis without nuisances, but {', '.join(analysis.nuisances.names)} came; use "
            "analytic_null(analysis, fit).p_value(q), or toys of ShiftedNuisance at the fitted nuisances"
        )
    n_toys = whole_number(n_toys, name="n_toys", least=10 * N_SEEDS)
    require_law(analysis)
    null = analytic_null(analysis)
    if not isinstance(null, ScoreNull):
        raise CalibrationError(
            f"tilted toys are for score statistics, but the model is a {analysis.model.describe()}; its null is "
            "analytic_null(analysis).p_value(t)"
        )
    engine: Any = analysis.engine
    nature = engine.nature(analysis.nominal_pool)
    tilt = _Tilt(nature, s=_HELD_BACK * _saddle(null, q))
    sizes = [n_toys // N_SEEDS + (k < n_toys % N_SEEDS) for k in range(N_SEEDS)]
    seeds = np.random.SeedSequence(seed).spawn(N_SEEDS)
    return _combined([_beyond(tilt, q, seed=one, n_toys=n) for one, n in zip(seeds, sizes, strict=True)], q=q)


def _beyond(tilt: "_Tilt", q: float, *, seed: np.random.SeedSequence, n_toys: int) -> FloatArray:
    """The weights of the toys of one seed (n,), 0 where they lie below q."""
    rng = np.random.Generator(np.random.Philox(seed))
    size = min(n_toys, max(1, _BLOCK_NUMBERS // tilt.n_points))
    portions = [tilt.draw(rng, min(size, n_toys - first)) for first in range(0, n_toys, size)]
    found, weights = (np.concatenate(parts) for parts in zip(*portions, strict=True))
    return np.where(found >= least_tied(q), weights, 0.0)


def _combined(seeds: list[FloatArray], *, q: float) -> TailProbability:
    """The estimate from the weights beyond q of each seed."""
    weights = np.concatenate(seeds)
    total, largest = float(np.sum(weights)), float(np.max(weights))
    if not largest <= LARGEST_SHARE * total or total == 0.0:
        found = f"one of them has {largest / total:.0%} of their sum" if total > 0.0 else "none of them lies there"
        raise CalibrationError(
            f"tilted toys beyond q must have weights of which none exceeds {LARGEST_SHARE:.0%} of their sum, but of "
            f"{np.count_nonzero(weights):,} beyond q = {q:.6g}, of {weights.size:,} in all, {found}: they estimate "
            "nothing; take ten times as many, or plain toys where p is within their reach, run_toys(analysis, Null(), "
            "...), or choose a larger ridge or width, with which counts are nearer to Gaussian"
        )
    means = [float(np.mean(one)) for one in seeds]
    error = float(np.std(means, ddof=1)) / math.sqrt(len(seeds))
    return TailProbability(total / weights.size, error, total**2 / float(np.sum(weights**2)), largest / total)


class _Tilt:
    """The tilted toys of one s, in the coordinates psi."""

    def __init__(self, nature: Nature, *, s: float) -> None:
        self._nature, self._s, self._unknown_root = nature, s, _root(nature.unknown)
        self.n_points = sum(points.weights.size for points, _ in nature.parts)
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

    return float(optimize.minimize_scalar(exponent, bounds=(1e-6 * last, (1 - 1e-6) * last), method="bounded").x)


def _root(covariance: FloatArray) -> FloatArray:
    """A matrix whose product with its transpose is ``covariance``."""
    values, vectors = scipy.linalg.eigh(covariance)
    root: FloatArray = vectors * np.sqrt(np.maximum(values, 0.0))
    return root
