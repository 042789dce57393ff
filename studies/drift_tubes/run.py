"""Anomalies of a chamber of drift tubes: how often a batch of 500 segments shows them.

    python -m studies.drift_tubes.run power

References of 2,000 good segments and batches of 500, of the toy of a chamber in `wilks.problems.drift_tubes`, with
times of several resolutions. For each reference the null of every test comes from good batches against this reference,
and its power is the share of batches of an anomaly whose p is below that of 2 sigma. Tests: the default set of kernels,
as a monitor has it, and Pearson's chi-square of counts in ``n_bins`` intervals of equal content in the reference, of
each feature and summed over them.
"""

import dataclasses
from collections.abc import Iterator

import benchmarks.harness as harness
import numpy as np
from scipy import stats

import wilks
from wilks.monitor.null_laws import NullLaws, size_law
from wilks.monitor.scoring import scorer_of
from wilks.problems import drift_tubes as tubes

SEEDS = {"tubes": 11}
SCRIPT = harness.Script(__file__, __doc__, seed=SEEDS)
LEVEL = float(stats.norm.sf(2.0))
KERNELS, TOTAL, SIZE = "default set", "chi-square, all features", "good"


class Tests:
    """All tests against one reference, each a number that is larger for what deviates more."""

    def __init__(self, reference: wilks.Sample, *, n_events: int, n_bins: int) -> None:
        analysis = wilks.Analysis(reference=reference, expected_events=n_events)
        self._scorer, self._n = scorer_of(analysis), n_events
        shares = np.arange(1, n_bins) / n_bins
        self._edges = [np.quantile(reference.column(name), shares) for name in tubes.FEATURES]
        self._expected = [self._counts(reference.events, j) / reference.n_events for j in range(len(tubes.FEATURES))]

    def learn(self, batches: list[np.ndarray]) -> None:
        """Put the members of the set on one scale, by good batches."""
        combination = self._scorer.combination
        law = size_law(self._scorer.scores(batches), self._n, combination=combination, pool_z_error=None)
        self._laws = NullLaws((law,), combination)

    def of(self, batches: list[np.ndarray]) -> dict[str, np.ndarray]:
        """The statistics of batches, each (batches,)."""
        found = {KERNELS: np.array([self._laws.t(row, self._n) for row in self._scorer.scores(batches)])}
        squares = np.array([[self._chi_square(one, j) for j in range(len(tubes.FEATURES))] for one in batches])
        found |= {f"chi-square, {name}": squares[:, j] for j, name in enumerate(tubes.FEATURES)}
        return found | {TOTAL: squares.sum(axis=1)}

    def _chi_square(self, batch: np.ndarray, j: int) -> float:
        expected = len(batch) * self._expected[j]
        return float(np.sum((self._counts(batch, j) - expected) ** 2 / expected))

    def _counts(self, events: np.ndarray, j: int) -> np.ndarray:
        return np.bincount(np.searchsorted(self._edges[j], events[:, j]), minlength=self._edges[j].size + 1)


@SCRIPT.part(
    "power",
    resolutions=(4.0, 8.0, 16.0),
    n_references=8,
    n_reference=2_000,
    n_events=500,
    n_toys=1_000,
    n_batches=50,
    n_bins=10,
)
def power(options) -> Iterator[harness.Row]:
    for resolution in options.resolutions:
        found = [_shares(seed, resolution, options) for seed in range(options.n_references)]
        for name in found[0]:
            shares = np.array([[one[name][test] for test in one[name]] for one in found])
            errors = np.std(shares, axis=0, ddof=1) / np.sqrt(len(found))
            told = {"resolution_ns": resolution, "anomaly": name, "n_batches": options.n_batches * len(found)}
            values = zip(found[0][name], shares.mean(axis=0), errors, strict=True)
            yield told | {test: [float(share), float(error)] for test, share, error in values}


def _shares(seed: int, resolution: float, options) -> dict[str, dict[str, float]]:
    """Shares of batches beyond 2 sigma by each test, for each anomaly and for good batches, against one reference."""
    rng, nominal = np.random.default_rng([SEEDS["tubes"], seed]), tubes.Settings(resolution_ns=resolution)
    events = tubes.draw(rng, options.n_reference, nominal)
    reference = wilks.Sample(events, features=tubes.FEATURES)
    tests = Tests(reference, n_events=options.n_events, n_bins=options.n_bins)

    def batches(n: int, settings: tubes.Settings) -> list[np.ndarray]:
        return list(tubes.draw(rng, n * options.n_events, settings).reshape(n, options.n_events, -1))

    toys = batches(options.n_toys, nominal)
    tests.learn(toys)
    null = {name: np.sort(t) for name, t in tests.of(toys).items()}
    found = {}
    for name, settings in {SIZE: nominal, **tubes.PUBLISHED}.items():
        t = tests.of(batches(options.n_batches, dataclasses.replace(settings, resolution_ns=resolution)))
        found[name] = {test: float(np.mean(_p(t[test], null[test]) < LEVEL)) for test in t}
    return found


def _p(t: np.ndarray, null: np.ndarray) -> np.ndarray:
    """(k + 1)/(n + 1) for k of n good batches that reach t."""
    return (null.size - np.searchsorted(null, t * (1.0 - 1e-9)) + 1) / (null.size + 1)


if __name__ == "__main__":
    SCRIPT.main()
