"""Values that stand for missing ones lie far outside; the ends of heavy tails do not."""

import numpy as np
import pytest
from scipy import stats

from wilks.samples import central_interval, far_events, far_values
from wilks.samples.outliers import FEWEST

LAWS = {
    "exponential": lambda rng, n: rng.exponential(size=n),
    "normal": lambda rng, n: rng.normal(size=n),
    "log-normal": lambda rng, n: np.exp(rng.normal(size=n)),
    "spectrum of transverse momentum": lambda rng, n: 20.0 * (1.0 + rng.pareto(4.0, size=n)),
    "Cauchy": lambda rng, n: rng.standard_cauchy(size=n),
    "Breit-Wigner in a window": lambda rng, n: 91.0 + 1.25 * np.tan(rng.uniform(-1.53, 1.53, size=n)),
    "counts": lambda rng, n: rng.poisson(3.0, size=n).astype(float),
    "codes of particles": lambda rng, n: rng.choice([-211.0, 211.0, 2212.0, 11.0, 22.0], size=n),
    "yes or no": lambda rng, n: (rng.random(n) < 0.02).astype(float),
    "mostly zero": lambda rng, n: np.where(rng.random(n) < 0.9, 0.0, rng.exponential(size=n)),
}
DEFAULTS = (-9999.0, -999.0, 99999.0, 1e30, float(np.finfo(np.float32).max), float(np.finfo(np.float64).max))


@pytest.mark.parametrize("name", LAWS)
@pytest.mark.parametrize(("n", "n_samples"), [(300, 200), (3_000, 60)])
def test_nothing_of_one_law_is_far(name, n, n_samples):
    """Of a Cauchy law of 300 events about one sample in a thousand has something far."""
    rng = np.random.default_rng([list(LAWS).index(name), n])
    n_found = sum(bool(far_values(LAWS[name](rng, n), np.ones(n)).any()) for _ in range(n_samples))
    assert n_found <= (1 if name == "Cauchy" else 0)


@pytest.mark.parametrize("value", DEFAULTS)
@pytest.mark.parametrize("share", [0.0005, 0.02, 0.3])
@pytest.mark.parametrize("name", ["exponential", "normal", "log-normal", "counts"])
def test_values_that_stand_for_missing_ones_are_far(name, share, value):
    values = LAWS[name](np.random.default_rng(1), 4_000)
    values[: int(share * 4_000)] = value
    found = far_values(values, np.ones(4_000))
    assert found.tolist() == (values == value).tolist()


def test_both_sides_and_several_values():
    values = np.random.default_rng(2).normal(size=2_000)
    values[:40], values[40:50], values[50:] = -999.0, -9999.0, values[50:]
    values[1_990:] = 1e6
    assert np.flatnonzero(far_values(values, np.ones(2_000))).tolist() == [*range(50), *range(1_990, 2_000)]


def test_a_repeated_value_is_far_where_a_tail_alone_would_reach():
    """One event at 9,999 may come from the tail of a Cauchy law; 80 there do not."""
    values = np.random.default_rng(3).standard_cauchy(size=4_000)
    last = np.max(np.abs(values))
    values[:80] = 5.0 * last
    assert far_values(values, np.ones(4_000)).sum() == 80


def test_few_events_and_constant_columns_have_nothing_far():
    values = np.append(np.zeros(FEWEST - 2), -9999.0)
    assert not far_values(values, np.ones(FEWEST - 1)).any()
    assert not far_values(np.zeros(1_000), np.ones(1_000)).any()
    assert not far_values(np.append(np.zeros(999), -9999.0), np.ones(1_000)).any()


def test_an_event_is_far_in_any_feature():
    events = np.random.default_rng(4).normal(size=(500, 3))
    events[7, 0], events[9, 2] = -9999.0, 1e30
    assert np.flatnonzero(far_events(events, np.ones(500))).tolist() == [7, 9]


def test_the_central_interval_of_a_law():
    """Half of [x(.1587), x(.8413)]: the standard deviation of a normal law, 0.829 of an exponential one."""
    x = np.random.default_rng(5).exponential(size=200_000)
    median, half = central_interval(x, np.ones(x.size))
    low, high = stats.expon.ppf(stats.norm.cdf([-1.0, 1.0]))
    assert (median, half) == pytest.approx((np.log(2.0), 0.5 * (high - low)), rel=0.01)


def test_a_weight_counts_like_repeated_values():
    values = np.array([1.0, 2.0, 5.0, 9.0])
    weighted = central_interval(values, np.array([1.0, 3.0, 2.0, 1.0]))
    assert weighted == central_interval(np.repeat(values, [1, 3, 2, 1]), np.ones(7))


def test_wider_intervals_serve_where_most_values_are_equal():
    x = np.zeros(1_000)
    x[:80] = np.linspace(1.0, 2.0, 80)
    low, high = 0.0, np.sort(x)[974]
    assert central_interval(x, np.ones(1_000))[1] == pytest.approx((high - low) / (2 * stats.norm.isf(0.025)))
