"""Relabellings and toys: draws and moves have the null law, and sums are those of what is in. Keys are fixed."""

from typing import Any

import numpy as np
import pytest
import scipy.stats

from wilks.errors import InputError
from wilks.laws.splitting import SplittingOptions, Tail, split_tail
from wilks.laws.splitting.slots import SlotPopulation, SlotSums
from wilks.laws.splitting.subsets import Subsets, n_particles_for, summed

N_ITEMS = 60


class Few:
    """Three coordinates of 60 events, of which the first makes t; kept, or made when they are wanted."""

    n_items = N_ITEMS

    def __init__(self, *, is_kept: bool = True) -> None:
        self.values = np.random.default_rng(2).normal(size=(N_ITEMS, 3))
        self.values[:, 1] = 1.0
        self.whole = self.values if is_kept else None

    def of_items(self, items: np.ndarray | slice) -> np.ndarray:
        return self.values[items]

    def start(self) -> np.ndarray:
        return np.array([0.5, 0.0, -1.0])

    def t(self, sums: np.ndarray) -> np.ndarray:
        return sums[:, 0]


POPULATIONS: dict[str, Any] = {
    "relabelling": Subsets(Few(), 20),
    "fixed": SlotPopulation(SlotSums(Few()), size=20),
    "poisson": SlotPopulation(SlotSums(Few()), mean=12.0),
    "poisson, nothing kept": SlotPopulation(SlotSums(Few(is_kept=False)), mean=12.0),
}


@pytest.fixture(params=POPULATIONS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def inside(particles: Any) -> np.ndarray:
    """Which events are in, shape (n, M)."""
    if hasattr(particles, "inside"):
        return np.asarray(particles.inside)
    found = np.zeros((particles.t.size, N_ITEMS), dtype=np.int64)
    for row, slots in zip(found, particles.slots, strict=True):
        np.add.at(row, slots[slots >= 0], 1)
    return found


@pytest.mark.parametrize("size", [0.02, 0.2, 1.0])
def test_moves_keep_the_law_of_draws(name: str, size: float) -> None:
    """Sizes, single events and pairs of them after ten moves of 4,000 particles; 5 errors."""
    rng = np.random.default_rng(1)
    particles = POPULATIONS[name].drawn(4_000, rng)
    for _ in range(10):
        assert np.all(particles.move(-np.inf, size=size, rng=rng))
    found, n = inside(particles), particles.t.size
    assert found.max() == 1
    mean = 12.0 if name.startswith("poisson") else 20.0
    share, sizes = mean / N_ITEMS, found.sum(axis=1)
    assert found.mean(axis=0) == pytest.approx(share, abs=5 * np.sqrt(share / n))
    if name.startswith("poisson"):
        assert abs(sizes.mean() - 12.0) < 5 * np.sqrt(12.0 / n)
        assert abs(sizes.var() - 12.0) < 5 * 12.0 * np.sqrt(2.1 / n)
        pair = 12.0**2 / (N_ITEMS * (N_ITEMS - 1))
    else:
        assert set(sizes) == {20}
        pair = share * 19 / 59
    both = (found[:, :1] * found[:, 1:]).mean(axis=0)
    assert both == pytest.approx(pair, abs=5 * np.sqrt(pair / n))


def test_a_step_is_as_probable_back_as_forth(name: str) -> None:
    """(t before, t after) has the law of (t after, t before), as far as a moment that is odd under exchange tells."""
    rng = np.random.default_rng(4)
    particles = POPULATIONS[name].drawn(20_000, rng)
    before = particles.t.copy()
    particles.move(-np.inf, size=0.1, rng=rng)
    one, other = before * particles.t**2, before**2 * particles.t
    assert abs(np.mean(one - other)) < 5 * np.std(one - other) / np.sqrt(before.size)


def test_moves_stay_above_the_level_and_sums_stay_true(name: str) -> None:
    rng = np.random.default_rng(3)
    particles = POPULATIONS[name].drawn(500, rng)
    level = float(np.median(particles.t))
    particles = particles.picked(np.flatnonzero(particles.t >= level))
    moved = [particles.move(level, size=0.1, rng=rng) for _ in range(20)]
    assert 0.1 < np.mean(moved) < 1.0
    assert np.all(particles.t >= level)
    totals = summed(Few(), inside(particles).astype(np.int8))
    assert particles.t == pytest.approx(totals[:, 0], abs=1e-12)


def test_the_number_among_some_slots_has_its_law() -> None:
    """k of 15 slots, given that 9 of the others hold events, by its definition."""
    toys = POPULATIONS["poisson"]
    found = toys.given(np.full(20_000, 9), 15, rng=np.random.default_rng(0))
    k, c = np.arange(16), toys.n_slots
    law = scipy.stats.poisson.pmf(9 + k, 12.0) * scipy.special.binom(15, k) / scipy.special.binom(c, 9 + k)
    expected, seen = 20_000 * law / law.sum(), np.bincount(found, minlength=16)
    is_full = expected > 5
    assert scipy.stats.chi2.sf(np.sum((seen - expected)[is_full] ** 2 / expected[is_full]), is_full.sum() - 1) > 1e-3


def test_a_pool_that_is_too_small_is_refused() -> None:
    with pytest.raises(InputError, match="need a pool of at least"):
        SlotPopulation(SlotSums(Few()), mean=40.0)
    with pytest.raises(InputError, match="must come from as many at least"):
        Subsets(Few(), 61)


def test_more_than_can_be_done_is_refused() -> None:
    with pytest.raises(InputError, match=r"at most 2e\+09 numbers"):
        n_particles_for(10**10)


def test_splitting_finds_what_many_draws_find(name: str) -> None:
    """p of a value that 100,000 draws exceed in 1e-3 of cases (10 %); 4 errors of both."""
    population = POPULATIONS[name]
    many = np.concatenate([population.drawn(20_000, np.random.default_rng(k)).t for k in range(5)])
    t = float(np.quantile(many, 1 - 1e-3))
    tail = split_tail(lambda rng: population, t, options=SplittingOptions(n_particles=300))
    assert isinstance(tail, Tail)
    assert abs(tail.log_p - np.log(1e-3)) < 4 * np.hypot(tail.relative_error, 0.1)
