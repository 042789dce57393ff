"""The tests of the study are those of a monitor, and Pearson's."""

import numpy as np
import scipy.stats

import wilks
from wilks.monitor.null_laws import combined, size_law
from wilks.monitor.scoring import scorer_of
from wilks.problems import drift_tubes as tubes

from studies.drift_tubes import run as study


def test_they_are_those_of_a_monitor_and_of_pearson() -> None:
    rng = np.random.default_rng(0)
    reference = tubes.reference(400, seed=1)
    toys = [tubes.draw(rng, 60) for _ in range(60)]
    tests = study.Tests(reference, n_events=60, n_bins=5)
    tests.learn(toys)
    batches = [tubes.draw(rng, 60), tubes.draw(rng, 60, tubes.Settings(threshold=0.25))]
    found = tests.of(batches)
    scorer = scorer_of(wilks.Analysis(reference=reference, expected_events=60))
    law = size_law(scorer.scores(toys), 60, combination="half_cauchy", pool_z_error=None)
    t = combined("half_cauchy", scorer.scores(batches), mean=law.mean, variance=law.variance)
    np.testing.assert_allclose(found[study.KERNELS], t, rtol=1e-9)
    edges = np.quantile(reference.events[:, 2], [0.2, 0.4, 0.6, 0.8])
    counts = [np.bincount(np.searchsorted(edges, x[:, 2]), minlength=5) for x in (reference.events, *batches)]
    expected = [scipy.stats.chisquare(one, 60 * counts[0] / 400).statistic for one in counts[1:]]
    np.testing.assert_allclose(found["chi-square, t3_ns"], expected)
    total = sum(found[f"chi-square, {name}"] for name in tubes.FEATURES)
    np.testing.assert_allclose(found[study.TOTAL], total)
    assert found[study.KERNELS][1] > found[study.KERNELS][0] and total[1] > total[0]
