"""Rules over time, against closed forms, simulation, and SciPy."""

import numpy as np
import pytest
import scipy.stats

from wilks.monitor.evidence import Count, Drift, EvidenceSum, Ranks, discoveries, e_value, tie_breaker


def test_the_conformal_p_is_its_formula() -> None:
    ranks = Ranks([np.array([1.0, 2.0, 2.0, 5.0])], n_earlier=2)
    assert ranks.p(2.0, 0, u=0.5) == pytest.approx((1 + 0.5 * 3) / 5)
    assert ranks.p(9.0, 0, u=0.5) == pytest.approx(0.5 / 5)
    for z in (7.0, 8.0, 9.0):
        ranks.add(z)
    assert ranks.n(0) == 6 and ranks.n_fixed(0) == 4, "of three earlier ones two are remembered"
    assert ranks.p(8.5, 0, u=0.5) == pytest.approx((1 + 0.5) / 7)
    assert ranks.mid_rank(2.0, 0) == 0.5


def test_conformal_p_are_uniform_and_independent_whatever_the_law() -> None:
    rng = np.random.default_rng(0)
    p = []
    for _ in range(40):
        z = np.round(rng.standard_cauchy(size=70), 1)  # with ties
        ranks = Ranks([z[:20]], n_earlier=1_000)
        for one in z[20:].tolist():
            p.append(ranks.p(one, 0, u=rng.random()))
            ranks.add(one)
    assert scipy.stats.kstest(p, "uniform").pvalue > 0.01
    assert abs(np.corrcoef(p[:-1], p[1:])[0, 1]) < 0.08


def test_the_sum_is_that_of_shiryaev_and_roberts_and_starts_again() -> None:
    total = EvidenceSum(kappa=0.5, run_length=2_000.0)
    values = [total.add(p) for p in (0.04, 0.25, 1e-8, 0.25)]
    assert [value for value, _ in values] == pytest.approx([2.5, 3.5, 22_500.0, 1.0])
    assert [is_alarm for _, is_alarm in values] == [False, False, True, False]
    assert e_value(0.01, kappa=0.5) == pytest.approx(5.0)


# p, the sum of Shiryaev and Roberts, and the e-CUSUM.
PUBLIC = [
    (0.3, 0.6968453019359488, 0.6968453019359488),
    (0.02, 7.871228283396183, 4.638742420664875),
    (0.9, 2.865070105534772, 1.4981377789136303),
    (0.001, 145.97504922671055, 56.58131160729722),
    (0.5, 71.62850156338283, 27.574983565203624),
    (0.04, 207.38929959624915, 78.7398391108882),
]


def mean_run_length(kappa: float, limit: float, *, n_cells: int = 500) -> float:
    """Mean number of p, uniform and independent, to the alarm of R' = e (1 + R): a Markov chain on cells of log R.

    e = kappa p^(kappa - 1) is Pareto: P(e > x) = (kappa/x)^(1/(1 - kappa)). L = 1 + P L of the cells below the limit.
    """
    edges = np.geomspace(kappa, limit, n_cells + 1)
    starts = np.append(0.0, np.sqrt(edges[1:] * edges[:-1]))
    above = np.minimum(1.0, (kappa * (1.0 + starts[:, None]) / edges) ** (1.0 / (1.0 - kappa)))
    stay = above[:, :-1] - above[:, 1:]
    lengths = np.linalg.solve(np.eye(n_cells) - stay[1:], np.ones(n_cells))
    return float(1.0 + stay[0] @ lengths)


@pytest.mark.parametrize(("kappa", "h"), [(0.5, 100.0), (0.3, 60.0), (0.8, 60.0)])
def test_false_alarms_of_the_sum_are_as_rare_as_they_are_declared(kappa: float, h: float) -> None:
    """By toys, and by a Markov chain, which knows no martingale."""
    rng, n = np.random.default_rng(1), 120_000
    total = EvidenceSum(kappa=kappa, run_length=h)
    times = np.diff([i for i, p in enumerate(rng.random(n)) if total.add(p)[1]], prepend=-1)
    assert mean_run_length(kappa, total.limit) == pytest.approx(h, rel=1e-3)
    assert np.mean(times) == pytest.approx(h, abs=4.0 * np.std(times) / np.sqrt(times.size))


def test_the_mean_run_length_of_few_calibration_batches_is_the_same() -> None:
    """p that are ranks among earlier ones are uniform and independent: no reference has a run length of its own."""
    rng, h, lengths = np.random.default_rng(5), 20.0, list[int]()
    for _ in range(400):
        ranks, total = Ranks([rng.standard_cauchy(size=10)], n_earlier=10_000), EvidenceSum(kappa=0.5, run_length=h)
        is_alarm, n = False, 0
        while not is_alarm:
            z, n = float(rng.standard_cauchy()), n + 1
            is_alarm = total.add(ranks.p(z, 0, u=rng.random()))[1]
            ranks.add(z)
        lengths.append(n)
    assert np.mean(lengths) == pytest.approx(h, abs=4.0 * np.std(lengths) / 20.0)


def test_the_sum_is_never_below_the_cusum_of_the_same_evidence() -> None:
    rng = np.random.default_rng(2)
    total, cusum = EvidenceSum(kappa=0.3, run_length=1e300), 0.0
    for p in rng.random(500):
        value, _ = total.add(p)
        cusum = e_value(p, kappa=0.3) * max(1.0, cusum)
        assert value >= cusum


def test_sum_and_cusum_are_those_of_a_public_implementation() -> None:
    """Numbers of `PowerMartingale(epsilon=0.3)` of nonconform 2.0.0, which asks for a newer Python than this."""
    total, cusum = EvidenceSum(kappa=0.3, run_length=1e300), 0.0
    for p, reached, at_most in PUBLIC:
        cusum = e_value(p, kappa=0.3) * max(1.0, cusum)
        assert (total.add(p)[0], cusum) == pytest.approx((reached, at_most), rel=1e-12)


def test_k_of_n_counts_the_last_ones() -> None:
    count = Count(level=0.1, n=3)
    assert [count.add(p) for p in (0.05, 0.5, 0.01, 0.02, 0.5, 0.5)] == [1, 1, 2, 2, 2, 1]


def test_drift_is_the_rank_test_of_mann_and_whitney() -> None:
    rng = np.random.default_rng(3)
    fixed, last = rng.normal(size=60), rng.normal(0.5, size=25)
    ranks, drift = Ranks([fixed], n_earlier=1), Drift(n_batches=25)
    found = [drift.add(ranks.mid_rank(one, 0), n_fixed=60) for one in [9.0, *last.tolist()]]
    assert found[:24] == [None] * 24
    expected = scipy.stats.mannwhitneyu(last, fixed, alternative="greater", method="asymptotic", use_continuity=False)
    assert found[-1] == pytest.approx(expected.pvalue, rel=1e-9)


def test_discoveries_are_those_of_scipy() -> None:
    rng = np.random.default_rng(4)
    p = np.concatenate([rng.random(90), 1e-3 * rng.random(10)])
    found = discoveries(p, rate=0.1)
    assert list(found.found) == list(scipy.stats.false_discovery_control(p) <= 0.1) and sum(found.found) >= 8
    assert discoveries([0.5, 0.9], rate=0.1) == ((False, False), 0.0)
    assert discoveries([], rate=0.1) == ((), 0.0)


def test_ties_are_broken_by_seed_and_number_alone() -> None:
    u = [tie_breaker(1, i) for i in range(2_000)]
    again, other = ([tie_breaker(seed, i) for i in range(2_000)] for seed in (1, 2))
    assert again == u != other
    assert min(u) > 0.0 and max(u) < 1.0 and scipy.stats.kstest(u, "uniform").pvalue > 0.01
