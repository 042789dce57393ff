"""What studies and benchmarks share: networks with their null data sets, and the statistic at which a law has a p.

Muon pairs need the folder with ``dimuon_sm.h5`` of the method's authors; the exponential problem needs nothing.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import jax
import numpy as np
import scipy.optimize
import scipy.special

import wilks
from wilks.interpretation.projection import learned_weights, moved_weights
from wilks.laws import AnalyticLaw
from wilks.laws.empirical import Empirical
from wilks.problems import dimuon, exponential
from wilks.significance import median_interval, p_value, z_score
from wilks.statistics.fits import Data
from wilks.statistics.network.programs import DataSet, Programs
from wilks.toys import draw_toy

TOY_SEED = 31
SIZE, N_BOOTSTRAP = p_value(2.0), 400
N_REFERENCE, EXPECTED_EVENTS = 43_500, 8_700


class Network(NamedTuple):
    """A network on a problem, with the published clip."""

    hidden: tuple[int, ...]
    weight_clip: float
    search: wilks.Search
    is_dimuon: bool = True


RACE = wilks.Search(n_starts=24, race_iterations=100, n_kept=3)
NETWORKS = {
    "exponential-13": Network(
        exponential.HIDDEN, exponential.WEIGHT_CLIP, wilks.Search(n_starts=160, n_kept=160), is_dimuon=False
    ),
    "dimuon-96": Network((5, 5, 5), 2.16, RACE),
    "dimuon-181": Network((10, 10), 1.87, RACE),
    "dimuon-351": Network((50,), 1.89, RACE),
}


class Problem:
    """The analysis of one of `NETWORKS` and its data sets, all drawn from the reference model.

    Muon pairs: the first 43,500 events of a random order are the reference, and data sets of Poisson(8,700) events are
    cut one after the other from the rest, so that they share no event.
    """

    def __init__(self, network: Network, folder: Path | None = None, *, clip: float | None = None, search=None) -> None:
        self._events = None
        reference, expected, source = exponential.reference(seed=0), None, exponential.BACKGROUND
        if network.is_dimuon:
            if folder is None:
                raise SystemExit("--data must name the folder with dimuon_sm.h5")
            reference, rest = wilks.split(dimuon.read_dimuons(folder / "dimuon_sm.h5"), n_first=N_REFERENCE, seed=0)
            self._events, expected, source = rest.events, EXPECTED_EVENTS, None
        self.analysis = wilks.Analysis(
            reference=reference,
            model=wilks.MLP(hidden=network.hidden, weight_clip=clip or network.weight_clip),
            toy_source=source,
            expected_events=expected,
            standardize=network.is_dimuon,
            search=search or network.search,
        )

    def data(self, index: int) -> np.ndarray:
        """Data set ``index`` of the null, shape (n, d)."""
        if self._events is None:
            return draw_toy(self.analysis, wilks.Null(), seed=TOY_SEED, index=index)
        edges = self._edges()
        return self._events[edges[index] : edges[index + 1]]

    @property
    def n_data_sets(self) -> int:
        """Independent data sets there are."""
        return 1_000_000 if self._events is None else len(self._edges()) - 1

    def _edges(self) -> np.ndarray:
        sizes = np.random.Generator(np.random.Philox(TOY_SEED)).poisson(EXPECTED_EVENTS, size=1000)
        edges = np.concatenate([[0], np.cumsum(sizes)])
        return edges[edges <= len(self._events)]


def every_start(*, clip: float = exponential.WEIGHT_CLIP, n_starts: int = 160) -> wilks.Analysis:
    """The exponential problem, searched from ``n_starts`` starts without a race."""
    search = wilks.Search(n_starts=n_starts, n_kept=n_starts, seed=0)
    return Problem(NETWORKS["exponential-13"], clip=clip, search=search).analysis


def seen_by(programs: Programs, events: np.ndarray) -> DataSet:
    """One data set without auxiliary measurements, as the exploration sees it and whole."""
    together = programs.data_sets([Data(events, np.empty(0))])
    return jax.tree.map(lambda array: array[0], together)


def five_features(rng: np.random.Generator, n: int) -> np.ndarray:
    """Events (n, 5): an exponential, three normals of which one leans on it and one is wider where another is large,
    and a uniform; smooth but for the two ends of the uniform and the one of the exponential.
    """
    first, normal = rng.exponential(size=n), rng.standard_normal((n, 3))
    leaning, wider = 0.5 * first + normal[:, 0], normal[:, 2] * np.exp(0.2 * normal[:, 1])
    return np.column_stack([first, leaning, normal[:, 1], wider, rng.uniform(-1.0, 1.0, size=n)])


def smooth(rng: np.random.Generator, n: int, n_features: int, *, heavier: float = 1.0) -> np.ndarray:
    """(n, d) events: half of the features, rounded up, gamma of shape 2, as momenta are, the others normal.

    Correlated through a Gaussian copula, 0.4^|i - j|. ``heavier`` multiplies the first three: a signal.
    """
    lags = np.abs(np.subtract.outer(np.arange(n_features), np.arange(n_features)))
    normal = rng.normal(size=(n, n_features)) @ np.linalg.cholesky(0.4**lags).T
    n_momenta = (n_features + 1) // 2
    normal[:, :n_momenta] = scipy.special.gammainccinv(2.0, scipy.special.ndtr(-normal[:, :n_momenta]))
    normal[:, :3] *= heavier
    return normal


def median_z(toys: wilks.Toys, null: wilks.Toys) -> dict[str, object]:
    """Median Z of toys by null toys with its 68 % interval, power at 2 and 3 sigma, and the share beyond all toys."""
    law, t = Empirical.of(null.t), toys.t[np.isfinite(toys.t)]
    z = np.array([z_score(p) for p in law.p_values(t).tolist()])
    return summary_of_z(z) | {"share_beyond_toys": np.mean(t > law.t[-1]), "n_failed": toys.n_failed}


def summary_of_z(z: np.ndarray) -> dict[str, object]:
    """Of the toys of a signal: their number, the median Z with its 68 % interval, and power at 2 and 3 sigma."""
    found = {"n_toys": z.size, "z": np.median(z), "z_interval": list(median_interval(z))}
    return found | {f"power_{s}": np.mean(z >= s) for s in (2, 3)}


def excess_in(
    column: str,
    edges: Sequence[float],
    *,
    analysis: wilks.Analysis,
    fit: wilks.FitResult,
    signal: wilks.Sample,
    n_signal: float,
) -> Iterator[dict[str, object]]:
    """In bins of a column: expected events, those of the signal, and what was learned, sum w (r exp(f) - r_Delta).

    r is the effect of the nuisances that were fitted with f, r_Delta that of those without; 1 where there are none.
    """
    reference, injected = analysis.reference, signal.rescaled(n_signal)
    learned, moved = learned_weights(analysis, fit), moved_weights(analysis, fit)
    assert learned is not None, "the fit must have converged"
    pairs = {
        "expected": (reference, reference.event_weights),
        "injected": (injected, injected.event_weights),
        "learned": (reference, learned - (reference.event_weights if moved is None else moved)),
    }
    sums = [np.histogram(one.column(column), edges, weights=weights)[0] for one, weights in pairs.values()]
    for ends, row in zip(pairwise(edges), np.column_stack(sums), strict=True):
        yield {column: list(ends)} | dict(zip(pairs, row, strict=True))


def power(null: np.ndarray, signal: np.ndarray) -> tuple[float, float]:
    """The share of signal toys beyond the value that 2.28 % of the null toys exceed, with its bootstrap error.

    The error is at least that of one toy in all.
    """
    rng = np.random.default_rng(0)
    shares = [
        np.mean(rng.choice(signal, signal.size) > np.quantile(rng.choice(null, null.size), 1.0 - SIZE))
        for _ in range(N_BOOTSTRAP)
    ]
    share = np.mean(signal > np.quantile(null, 1.0 - SIZE))
    return float(share), max(float(np.std(shares)), 1.0 / signal.size)


def threshold(law: AnalyticLaw, p: float) -> float:
    """The q to which the analytic law gives this p."""
    mean, variance, *_ = law.figures
    highest = mean + 10 * np.sqrt(variance)
    return float(scipy.optimize.brentq(lambda q: law.unconfirmed_p_value(q) - p, mean, highest, rtol=1e-6))
