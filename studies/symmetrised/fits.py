"""t of two samples: symmetrised, each against both, and unsymmetrised, the one against the other."""

import numpy as np
import scipy.special

import wilks
from wilks.comparison.comparing import prepare_samples
from wilks.comparison.networks import NetworkBlock
from wilks.comparison.nulls import Relabelling
from wilks.nuisances import Nuisances
from wilks.problem import Problem
from wilks.samples import Sample, Standardization
from wilks.statistics import Statistic
from wilks.statistics.fits import Data
from wilks.statistics.network.engine import NetworkEngine
from wilks.statistics.points import to_few_sizes

N_BINS = 20


def network(clip: float) -> wilks.MLP:
    return wilks.MLP(hidden=(4,), weight_clip=clip)


def symmetrised(a: np.ndarray, b: np.ndarray, *, clip: float, n_starts: int) -> np.ndarray:
    """t_{A+B}(A) and t_{A+B}(B)."""
    null = Relabelling.of(Sample(a), Sample(b))
    block = NetworkBlock(null, network(clip), search=wilks.Search(n_starts=n_starts))
    first, second = block.of_each(null.counts[None])[0]
    return np.array([second, first] if null.is_swapped else [first, second])


def unsymmetrised(a: np.ndarray, b: np.ndarray, *, clip: float, n_starts: int) -> float:
    """t_B(A) of a network, B scaled to the number of events of A."""
    reference = Sample(b).rescaled(float(a.size))
    problem = Problem(reference, Standardization.of(reference), Nuisances(), wilks.Search(n_starts=n_starts))
    engine = NetworkEngine(problem, network(clip), rounding=to_few_sizes)
    return engine.fit([Data(a[:, None], np.empty(0))])[0].t


def against(a: np.ndarray, b: np.ndarray, model: Statistic) -> float:
    """t_B(A) of another model, B scaled to the number of events of A."""
    reference = Sample(b).rescaled(float(a.size))
    return wilks.fit(wilks.Analysis(reference=reference, model=model), a).t


def binned(a: np.ndarray, b: np.ndarray) -> float:
    """t_{A+B}(A) + t_{A+B}(B) with f constant in bins of equal contents of the pooled sample, in closed form."""
    edges = np.quantile(np.concatenate([a, b]), np.arange(1, N_BINS) / N_BINS)
    counts = np.array([np.bincount(np.searchsorted(edges, one), minlength=N_BINS) for one in (a, b)])
    expected = np.outer(counts.sum(axis=1), counts.sum(axis=0)) / counts.sum()
    return float(2.0 * np.sum(scipy.special.xlogy(counts, counts / expected)))


def default_set(a: np.ndarray, b: np.ndarray) -> float:
    """t of `wilks.compare`."""
    return float(prepare_samples(Sample(a), Sample(b)).statistics.observed().total[0])
