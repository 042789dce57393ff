"""The tail of a sum over bins: against enumeration, importance-sampled counts, and the chi-square. Keys are fixed."""

import functools
import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.special import gammaln
from scipy.stats import nbinom, poisson

from wilks.significance import chi2_log_sf
from wilks.statistics.histogram import count_sums
from wilks.statistics.histogram.alike import GivenSum
from wilks.statistics.histogram.count_sums import CountSum
from wilks.statistics.histogram.deviance import deviance

SURE = 1e9  # events of a reference that tells everything


def count_sum(expected, shape, scale, *, total: float, n_events: int | None = None) -> CountSum:
    given_sum = GivenSum(total, False) if n_events is None else GivenSum(float(n_events), True)
    return CountSum(np.array(expected), np.array(shape), np.array(scale), given_sum)


def enumerated(expected, shape, *, total: float, n_events: int | None, most: int) -> tuple[np.ndarray, np.ndarray]:
    """All values of T with their probabilities: counts are Dirichlet-multinomial given their sum."""
    b, a, n = np.array(expected), np.array(shape), np.arange(float(most))
    terms = [deviance(n, np.full(most, mean)) if mean > 0 else np.zeros(most) for mean in b]
    t = summed(terms)
    log_p = summed([gammaln(n + one) - gammaln(one) - gammaln(n + 1) for one in a])
    sums = np.arange(float(b.size * (most - 1) + 1))
    of_sums = gammaln(sums + 1) + gammaln(a.sum()) - gammaln(sums + a.sum())
    of_sums += poisson.logpmf(sums, total) if n_events is None else np.where(sums == n_events, 0.0, -np.inf)
    log_p += of_sums[summed([n.astype(np.intp)] * b.size)]
    is_there = np.isfinite(log_p)
    return t[is_there], np.exp(log_p[is_there])


def summed(terms: list[np.ndarray]) -> np.ndarray:
    """Of all combinations of one number from each of the arrays."""
    return functools.reduce(lambda before, term: np.add.outer(before, term).ravel(), terms)


FEW = [
    ("one bin", [5.0], [SURE], 5.0, None),
    ("two bins", [3.0, 3.0], [SURE] * 2, 6.0, None),
    ("a reference of three times the data", [4.5, 2.7, 1.8], [13.5, 8.1, 5.4], 9.0, None),
    ("nine events", [4.5, 2.7, 1.8], [13.5, 8.1, 5.4], 9.0, 9),
    ("a bin that is not looked at", [4.5, 2.7, 0.0], [22.5, 13.5, 9.0], 9.0, None),
    ("the same, nine events", [4.5, 2.7, 0.0], [22.5, 13.5, 9.0], 9.0, 9),
    ("two events", [1.0, 1.0], [10.0, 10.0], 2.0, 2),
]


@pytest.mark.parametrize(("expected", "shape", "total", "n_events"), [one[1:] for one in FEW], ids=[x[0] for x in FEW])
def test_it_is_the_sum_over_all_counts(expected, shape, total, n_events):
    """Down to p = 1e-8, at values that T takes: they count."""
    scale = np.array([x if x > 0 else total - sum(expected) for x in expected]) / shape
    found = count_sum(expected, shape, scale, total=total, n_events=n_events)
    t, p = enumerated(expected, shape, total=total, n_events=n_events, most=60 if len(expected) < 3 else 45)
    mean = np.sum(p * t) / np.sum(p)
    variance = np.sum(p * (t - mean) ** 2) / np.sum(p)
    assert found.moments == pytest.approx((mean, variance), rel=1e-5)
    order = np.argsort(-t)
    tails = np.cumsum(p[order])
    for target in (0.5, 1e-2, 1e-5, 1e-8):
        place = order[min(np.searchsorted(tails, target), t.size - 1)]
        if t[place] <= 0.0 or tails[-1] < target:
            continue
        exact = np.sum(p[t >= t[place] * (1 - 1e-9)])
        assert found.log_tail(float(t[place])).log_p == pytest.approx(math.log(exact), abs=1e-4)


@given(st.integers(0, 10**6))
@example(8651)  # where a grid counts a value of T below t in part
@example(50043)
@settings(max_examples=6, derandomize=True)
def test_random_bins_are_summed_right(seed):
    """Four bins of any contents: no value of T below t counts, however near."""
    rng = np.random.default_rng(seed)
    total = float(rng.uniform(4.0, 9.0))
    shape = rng.uniform(5.0, 50.0, size=4)
    _check_tails(total, shape, most=32)


@pytest.mark.parametrize("seed", [5, 17, 19])  # those that a grid had off by .11, .03 and .04
def test_five_bins_are_summed_right(seed):
    rng = np.random.default_rng(seed)
    _check_tails(float(rng.uniform(3.0, 7.0)), rng.uniform(5.0, 50.0, size=5), most=20)


def _check_tails(total, shape, *, most):
    b = total * shape / shape.sum()
    t, p = enumerated(b, shape, total=total, n_events=None, most=most)
    found = count_sum(b, shape, b / shape, total=total)
    order = np.argsort(-t)
    tails = np.cumsum(p[order])
    for target in (0.3, 1e-2, 1e-3):
        place = float(t[order[np.searchsorted(tails, target)]])
        tail = found.log_tail(place)
        assert tail.log_p == pytest.approx(math.log(np.sum(p[t >= place * (1 - 1e-9)])), abs=2e-4)
        assert tail.error < 1e-3


def sampled(b: np.ndarray, t: float, *, tilt: float, n: int, seed: int) -> tuple[float, float]:
    """P(T >= t) for Poisson counts of mean b, with its error, from counts drawn with weights e^(tilt g)."""
    rng = np.random.default_rng(seed)
    total, log_weight = np.zeros(n), np.zeros(n)
    for mean in b:
        counts = np.arange(0.0, mean + 60.0 + 20.0 * math.sqrt(mean))
        g = deviance(counts, np.full_like(counts, mean))
        log_shares = poisson.logpmf(counts, mean) + tilt * g
        norm = np.logaddexp.reduce(log_shares)
        drawn = rng.choice(counts.size, size=n, p=np.exp(log_shares - norm))
        total += g[drawn]
        log_weight += norm - tilt * g[drawn]
    weights = np.where(total >= t * (1 - 1e-9), np.exp(log_weight), 0.0)
    return float(np.mean(weights)), float(np.std(weights) / math.sqrt(n))


@pytest.mark.parametrize(
    ("n_bins", "t", "tilt"), [(20, 45.0, 0.24), (20, 70.0, 0.34), (20, 105.0, 0.38), (60, 150.0, 0.28)]
)
def test_it_is_what_weighted_counts_give(n_bins, t, tilt):
    """From p = 2e-3 to 5e-13, within the error of the samples, 2 %."""
    b = np.linspace(2.0, 9.0, n_bins)
    found = count_sum(b, b * SURE, np.full(n_bins, 1.0 / SURE), total=float(np.sum(b)))
    p, error = sampled(b, t, tilt=tilt, n=100_000, seed=n_bins)
    assert error < 0.02 * p
    assert math.exp(found.log_tail(t).log_p) == pytest.approx(p, abs=4.0 * error)


def test_toys_of_the_whole_model_agree():
    """Dirichlet references, Poisson counts."""
    rng = np.random.default_rng(7)
    shape, total = np.linspace(12.0, 60.0, 12), 90.0
    b = total * shape / shape.sum()
    nature = total * rng.dirichlet(shape, size=100_000)
    t = deviance(rng.poisson(nature).astype(float), np.broadcast_to(b, nature.shape)).sum(axis=1)
    found = count_sum(b, shape, b / shape, total=total)
    assert np.mean(t) == pytest.approx(found.moments[0], rel=0.004)
    assert np.var(t) == pytest.approx(found.moments[1], rel=0.02)
    for level in (0.5, 0.1, 0.01, 0.001):
        place = float(np.quantile(t, 1.0 - level))
        assert math.exp(found.log_tail(place).log_p) == pytest.approx(level, rel=4.0 / math.sqrt(1e5 * level))


def test_many_events_and_a_large_reference_make_it_a_chi_square():
    b = np.full(10, 1e6)
    poisson_counts = count_sum(b, b * 1e4, np.full(10, 1e-4), total=1e7)
    fixed = count_sum(b, b * 1e4, np.full(10, 1e-4), total=1e7, n_events=10**7)
    for t in (5.0, 20.0, 60.0):
        assert poisson_counts.log_tail(t).log_p == pytest.approx(chi2_log_sf(t, 10), abs=3e-3)
        assert fixed.log_tail(t).log_p == pytest.approx(chi2_log_sf(t, 9), abs=3e-3)


def test_a_coarse_grid_is_as_good_where_values_are_many():
    shape = np.linspace(100.0, 300.0, 100)
    found = count_sum(shape / 10, shape, np.full(100, 0.1), total=float(shape.sum()) / 10)
    for t in (110.0, 200.0):
        assert found.log_tail(t, is_rough=True).log_p == pytest.approx(found.log_tail(t).log_p, abs=2e-3)


def test_the_smallest_and_the_largest_values():
    found = count_sum([3.0, 3.0], [30.0, 30.0], [0.1, 0.1], total=6.0)
    assert found.log_tail(0.0).log_p == 0.0
    both_as_expected = nbinom.pmf(3, 30.0, 30.0 / 33.0) ** 2
    assert found.log_tail(1e-12).log_p == pytest.approx(np.log1p(-both_as_expected), abs=5e-3), "T is 0 there alone"
    assert found.log_tail(3000.0).log_p < -700.0, "p underflows, its logarithm does not"


def test_a_saddle_point_is_not_sought_on_where_rounding_hides_any_fall(monkeypatch):
    """There a step that leads nowhere would be tried a hundred times, thirty lengths each."""
    tried, cumulants = [], count_sums._cumulants
    monkeypatch.setattr(count_sums, "_cumulants", lambda *at: tried.append(at) or cumulants(*at))
    b = np.linspace(2.0, 9.0, 60)
    count_sum(b, b * SURE, np.full(60, 1.0 / SURE), total=float(np.sum(b))).log_tail(150.0)
    assert 5 < len(tried) < 150
