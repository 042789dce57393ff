"""Subsets of events: draws and moves have the null law, and sums are those of what is in. Keys are fixed."""

import numpy as np
import pytest
import scipy.stats

from wilks.errors import InputError
from wilks.laws.splitting import SplittingOptions, Tail, split_tail
from wilks.laws.splitting.subsets import PoissonSizes, StatisticOfSums, Subsets, summed

N_ITEMS = 60


class Few:
    """Three coordinates of 60 events; t is the sum of the first, 0 on average, or any other."""

    n_items = N_ITEMS

    def __init__(self) -> None:
        self.values = np.random.default_rng(2).normal(size=(N_ITEMS, 3))
        self.values[:, 1] = 1.0

    def of_items(self, items: np.ndarray | slice) -> np.ndarray:
        return self.values[items]

    def start(self) -> np.ndarray:
        return np.array([0.5, 0.0, -1.0])

    def t(self, sums: np.ndarray) -> np.ndarray:
        return sums[:, 0]


POPULATIONS = {
    "fixed": Subsets(StatisticOfSums(Few()), size=20),
    "poisson": Subsets(StatisticOfSums(Few()), mean=12.0),
}


@pytest.fixture(params=POPULATIONS)
def population(request: pytest.FixtureRequest) -> Subsets:
    return POPULATIONS[request.param]


def chances(population: Subsets) -> float:
    """How often an event is in."""
    return 20 / N_ITEMS if population.counts is None else 12 / N_ITEMS


@pytest.mark.parametrize("size", [0.02, 0.2, 1.0])
def test_moves_keep_the_law_of_draws(population: Subsets, size: float) -> None:
    """Sizes, single events and pairs of them after ten moves of 4,000 particles; 5 errors."""
    rng = np.random.default_rng(1)
    particles = population.drawn(4_000, rng)
    for _ in range(10):
        assert np.all(particles.move(-np.inf, size=size, rng=rng))
    n, share = particles.t.size, chances(population)
    assert particles.inside.mean(axis=0) == pytest.approx(share, abs=5 * np.sqrt(share / n))
    sizes = particles.inside.sum(axis=1)
    assert np.array_equal(sizes, particles.sizes)
    if population.counts is None:
        assert set(sizes) == {20}
        pair = share * 19 / 59
    else:
        assert abs(sizes.mean() - 12.0) < 5 * np.sqrt(12.0 / n)
        assert abs(sizes.var() - 12.0) < 5 * 12.0 * np.sqrt(2.1 / n)
        pair = 12.0**2 / (N_ITEMS * (N_ITEMS - 1))
    both = (particles.inside[:, :1] * particles.inside[:, 1:]).mean(axis=0)
    assert both == pytest.approx(pair, abs=5 * np.sqrt(pair / n))


def test_a_step_is_as_probable_back_as_forth(population: Subsets) -> None:
    """(t before, t after) has the law of (t after, t before): mean of t before of those that ended high, and back."""
    rng = np.random.default_rng(4)
    particles = population.drawn(20_000, rng)
    before = particles.t.copy()
    particles.move(-np.inf, size=0.1, rng=rng)
    one, other = before * particles.t**2, before**2 * particles.t
    assert abs(np.mean(one - other)) < 5 * np.std(one - other) / np.sqrt(before.size)


def test_moves_stay_above_the_level_and_sums_stay_true(population: Subsets) -> None:
    rng = np.random.default_rng(3)
    particles = population.drawn(500, rng)
    level = float(np.median(particles.t))
    particles = particles.picked(np.flatnonzero(particles.t >= level))
    moved = [particles.move(level, size=0.1, rng=rng) for _ in range(20)]
    assert 0.1 < np.mean(moved) < 1.0
    assert np.all(particles.t >= level)
    assert particles.kept == pytest.approx(summed(Few(), particles.inside), abs=1e-12)
    assert particles.t == pytest.approx(particles.kept[:, 0])


def test_the_number_among_some_events_has_its_law() -> None:
    """Against the law of a simulated pool: k of 15 of 60, given o of the other 45, by its definition."""
    sizes = PoissonSizes(N_ITEMS, 12.0)
    n_others = np.full(20_000, 9)
    found = sizes.given(n_others, 15, rng=np.random.default_rng(0))
    k = np.arange(16)
    law = scipy.stats.poisson.pmf(9 + k, 12.0) * scipy.special.binom(15, k) / scipy.special.binom(N_ITEMS, 9 + k)
    expected = 20_000 * law / law.sum()
    seen = np.bincount(found, minlength=16)
    is_full = expected > 5
    assert scipy.stats.chi2.sf(np.sum((seen - expected)[is_full] ** 2 / expected[is_full]), is_full.sum() - 1) > 1e-3


def test_a_pool_that_is_too_small_is_refused() -> None:
    with pytest.raises(InputError, match="need a pool of at least"):
        Subsets(StatisticOfSums(Few()), mean=40.0)
    with pytest.raises(InputError, match="must be taken from as many at least"):
        Subsets(StatisticOfSums(Few()), size=61)


@pytest.mark.parametrize("name", POPULATIONS)
def test_splitting_finds_what_many_draws_find(name: str) -> None:
    """p of a value that 200,000 draws exceed in 1e-3 of cases (7 %); 4 errors of both."""
    population = POPULATIONS[name]
    many = np.concatenate([population.drawn(20_000, np.random.default_rng(k)).t for k in range(10)])
    t = float(np.quantile(many, 1 - 1e-3))
    tail = split_tail(lambda rng: population, t, options=SplittingOptions(n_particles=300))
    assert isinstance(tail, Tail)
    assert abs(tail.log_p - np.log(1e-3)) < 4 * np.hypot(tail.relative_error, 0.07)
