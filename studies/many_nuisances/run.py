"""Many nuisances at once: what learning, a fit and a null cost, and whether every fit is certified.

    python -m studies.many_nuisances.run weights
    python -m studies.many_nuisances.run correlated

``weights``: five features, 100,000 reference events for 10,000 expected ones, and K nuisances of which each has two
columns of event weights, up and down, as analyses write them. log r of nuisance k is exactly nu_k g_k(x) with a smooth
g_k of one or two features. The responses are learned to second order; what they are off by is a root mean square over
the reference at one sigma. Toys of the reference, and toys with all nuisances one sigma up, by the exact weights.

``correlated``: an exponential whose reference was itself fitted to 20,000 events as exp(sum_k nu_k phi_k(x)), 64 bumps
phi_k: 64 nuisances whose covariance is the inverse of the Fisher information of that fit. Toys of the reference with
auxiliary measurements of their own.
"""

from collections.abc import Iterator
from typing import Any

import benchmarks.harness as harness
import numpy as np

import wilks
from wilks.campaign import toys_here
from wilks.laws.empirical import Empirical
from wilks.nuisances import Polynomial, correlated
from wilks.problems import exponential
from wilks.responses import variations_from_weights

from studies.common import five_features

SCRIPT = harness.Script(__file__, __doc__, seed={"events": 1, "toys": 2})
N_REFERENCE, N_POOL, EXPECTED_EVENTS, SIZE = 100_000, 400_000, 10_000.0, 0.03
N_FITTED = 20_000
MODELS = {"set": wilks.KernelSet(), "network": wilks.MLP(hidden=(5,), weight_clip=2.0)}
NETWORK_1D = wilks.MLP(hidden=exponential.HIDDEN, weight_clip=exponential.WEIGHT_CLIP)


def effects(events: np.ndarray, n_nuisances: int) -> np.ndarray:
    """g_k (n, K) at one sigma: waves of one feature, or of two, of size 3 %, with mean near 0."""
    rng = np.random.Generator(np.random.Philox(7))
    columns = []
    for k in range(n_nuisances):
        i, j = rng.permutation(events.shape[1])[:2]
        wave = np.sin(rng.uniform(0.5, 1.0) * events[:, i] + rng.uniform(0.0, 2 * np.pi))
        columns.append(SIZE * wave * (np.tanh(events[:, j]) if k % 2 else 1.0))
    return np.column_stack(columns)


def sample_of(seed: int, n: int, n_nuisances: int) -> wilks.Sample:
    """Events with the columns of weights of all nuisances, up and down."""
    events = five_features(np.random.Generator(np.random.Philox(seed)), n)
    found = np.full(n, EXPECTED_EVENTS / n)
    sizes = effects(events, n_nuisances)
    extras = {f"w{k}{sign}": found * np.exp(step * sizes[:, k]) for k in range(n_nuisances) for sign, step in SIGNS}
    return wilks.Sample(events, found, features=tuple("abcde"), extras=extras)


SIGNS = (("up", 1.0), ("down", -1.0))


@SCRIPT.part("weights", n_nuisances=20, n_toys=200, n_null=1000, models=tuple(MODELS))
def run_weights(options) -> Iterator[harness.Row]:
    k = options.n_nuisances
    reference = sample_of(1, N_REFERENCE, k)
    nuisances = [wilks.Nuisance(f"nu{i}", 1.0) for i in range(k)]
    columns = {f"w{i}{sign}": {f"nu{i}": step} for i in range(k) for sign, step in SIGNS}
    variations = variations_from_weights(reference, columns)
    before = harness.peak_mb()
    learned, seconds = harness.timed(lambda: wilks.learn_responses(reference, nuisances, variations=variations))
    row = {"n_nuisances": k, "seconds": seconds, "megabytes": harness.peak_mb() - before, "samples_megabytes": before}
    yield row | deviations(learned, reference, k)
    pool = wilks.Sample(*pool_at(k, 0.0), features=tuple("abcde"))
    for name in options.models:
        analysis = wilks.Analysis(
            reference=reference.without_extras(), model=MODELS[name], nuisances=learned, toy_source=pool
        )
        yield {"model": name} | campaign(analysis, k, options)


def deviations(learned: wilks.Nuisances, reference: wilks.Sample, k: int) -> harness.Row:
    """Root mean square of learned less exact log r at one sigma: mean over nuisances, the largest, and the effect."""
    exact = effects(reference.events, k)
    off = [np.std(learned.log_ratio(reference.events, {f"nu{i}": 1.0}) - exact[:, i]) for i in range(k)]
    return {"rms_mean": np.mean(off), "rms_largest": np.max(off), "rms_of_effects": np.sqrt(np.mean(exact**2))}


def pool_at(k: int, step: float) -> tuple[np.ndarray, np.ndarray]:
    """Events of the pool and their weights with all nuisances at ``step`` sigma."""
    events = five_features(np.random.Generator(np.random.Philox(3)), N_POOL)
    weights = np.full(N_POOL, EXPECTED_EVENTS / N_POOL) * np.exp(step * effects(events, k).sum(axis=1))
    return events, weights


def campaign(analysis: wilks.Analysis, k: int, options) -> harness.Row:
    """The null, and toys with all nuisances one sigma up among it."""
    n_null = options.n_null if analysis.model.is_penalized else options.n_toys
    null, seconds = harness.timed(lambda: run(analysis, wilks.Null(), n_null))
    there = wilks.Sample(*pool_at(k, 1.0), features=tuple("abcde"))
    shifted = wilks.Alternative(
        source=there, expected_events=there.expected_events, nuisances={f"nu{i}": 1.0 for i in range(k)}
    )
    toys = run(analysis, shifted, options.n_toys)
    law = Empirical.of(null.t)
    p = np.array([law.p_value(float(t)) for t in toys.t[np.isfinite(toys.t)]])
    return told(null) | {
        "seconds_of_the_null": seconds,
        "megabytes": harness.peak_mb(),
        "shifted_n_failed": toys.n_failed,
        "shifted_mean": np.nanmean(toys.t),
        "shifted_p_below_0.1": np.mean(p <= 0.1),
        "shifted_p_below_0.05": np.mean(p <= 0.05),
    }


def run(analysis: wilks.Analysis, hypothesis: Any, n_toys: int) -> wilks.Toys:
    with wilks.LocalProcesses(1) as executor:
        return wilks.run_toys(analysis, hypothesis, n_toys=n_toys, seed=2, executor=executor)


def told(toys: wilks.Toys) -> harness.Row:
    t = toys.t[np.isfinite(toys.t)]
    found = {"n_toys": toys.t.size, "n_failed": toys.n_failed, "mean": t.mean(), "sd": t.std(ddof=1)}
    return found | {"smallest_t": t.min(), "seconds_per_toy": np.mean(toys.seconds)}


class Bumps(Polynomial):
    """log r = sum_k nu_k phi_k(x), phi_k Gaussians in log(1 + x) less their mean under exp(-x)."""

    kind = "bumps"

    def __init__(self, n: int) -> None:
        self.names = tuple(f"nu{k}" for k in range(n))
        self.terms = tuple(tuple(int(i == k) for i in range(n)) for k in range(n))
        self._centers = np.linspace(0.0, np.log1p(8.0), n)
        self._width = self._centers[1]
        self._mean = self._at(np.linspace(0.0, 40.0, 40_001), 0.0).T @ np.exp(-np.linspace(0.0, 40.0, 40_001)) * 1e-3

    def _at(self, x: np.ndarray, mean: Any) -> np.ndarray:
        return np.exp(-0.5 * ((np.log1p(x)[:, None] - self._centers) / self._width) ** 2) - mean

    def coefficients(self, events: np.ndarray) -> np.ndarray:
        return self._at(events[:, 0], self._mean)

    def to_dict(self) -> dict[str, Any]:
        return {"kind": self.kind, "n": len(self.names)}


@SCRIPT.part("correlated", n_nuisances=64, n_toys=100, models=("set", "network"))
def run_correlated(options) -> Iterator[harness.Row]:
    response = Bumps(options.n_nuisances)
    reference = exponential.reference()
    information = N_FITTED * np.cov(response.coefficients(reference.events).T)
    covariance = np.linalg.inv(information)
    scales = np.sqrt(np.diag(covariance))
    yield {"n_nuisances": options.n_nuisances, "sigmas": [scales.min(), np.median(scales), scales.max()]}
    nuisances = wilks.Nuisances(
        tuple(wilks.Nuisance(name, float(s)) for name, s in zip(response.names, scales, strict=True)), response
    )
    models = {"set": wilks.KernelSet(), "network": NETWORK_1D}
    for name in options.models:
        analysis = wilks.Analysis(
            reference=reference,
            model=models[name],
            nuisances=correlated(nuisances, covariance=covariance),
            toy_source=exponential.BACKGROUND,
            standardize=name == "set",
        )
        chosen = {"n_toys": options.n_toys, "seed": 2}  # here: another process knows no `Bumps`
        toys, seconds = harness.timed(lambda analysis=analysis: toys_here(analysis, wilks.Null(), **chosen))  # noqa: B023
        yield {"model": name, "seconds": seconds, "megabytes": harness.peak_mb()} | told(toys)


if __name__ == "__main__":
    SCRIPT.main()
