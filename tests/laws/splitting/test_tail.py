"""Multilevel splitting on statistics whose tail is known exactly. Keys are fixed."""

import math

import numpy as np
import pytest
import scipy.stats

import wilks
from wilks.errors import InputError
from wilks.laws.splitting import SplittingOptions, Tail, split_tail
from wilks.laws.splitting.gaussian import GaussianParticles, GaussianSums
from wilks.laws.splitting.route import Route
from wilks.laws.splitting.runs import Run
from wilks.statistics.law import Refusal

SMALL = SplittingOptions(n_particles=200, n_runs=4)


class Coins:
    """t = heads of 60 coins that are tossed: its values are few, and tie. A move tosses a share of them again."""

    def __init__(self, coins: np.ndarray) -> None:
        self._coins, self.t = coins, self.heads(coins)

    @staticmethod
    def heads(coins: np.ndarray) -> np.ndarray:
        return coins.sum(axis=1).astype(float)

    @classmethod
    def drawn(cls, n: int, rng: np.random.Generator) -> "Coins":
        return cls(rng.random((n, 60)) < 0.5)

    def picked(self, places: np.ndarray) -> "Coins":
        return type(self)(self._coins[places])

    def move(self, least: float, *, size: float, rng: np.random.Generator) -> np.ndarray:
        is_new = rng.random(self._coins.shape) < size
        coins = np.where(is_new, rng.random(self._coins.shape) < 0.5, self._coins)
        t = self.heads(coins)
        taken = t >= least
        self._coins[taken], self.t[taken] = coins[taken], t[taken]
        return taken


class Frozen(GaussianParticles):
    """Particles that never move."""

    def picked(self, places: np.ndarray) -> "Frozen":
        return Frozen(self._x[places])

    def move(self, least: float, *, size: float, rng: np.random.Generator) -> np.ndarray:
        return np.zeros(self.t.size, dtype=bool)


class FrozenSums(GaussianSums):
    def drawn(self, n: int, rng: np.random.Generator) -> Frozen:
        return Frozen(rng.standard_normal((n, 2)))


def tail_of(population: object, t: float, options: SplittingOptions = SMALL) -> Tail:
    tail = split_tail(lambda rng: population, t, options=options)
    assert isinstance(tail, Tail) and not tail.shortcoming
    return tail


@pytest.mark.parametrize("p", [0.5, 1e-2, 1e-4, 1e-7])
@pytest.mark.parametrize("n_dimensions", [1, 20])
def test_a_chi_square_comes_out(p: float, n_dimensions: int) -> None:
    """Within 4 errors by Student's t of 7 degrees of freedom: 0.5 % of fixed keys would fail."""
    options = SplittingOptions(n_particles=300)
    tail = tail_of(GaussianSums(n_dimensions), scipy.stats.chi2.isf(p, n_dimensions), options)
    assert abs(tail.log_p - math.log(p)) < 4.0 * tail.relative_error
    assert tail.answer.method == "splitting"  # type: ignore[union-attr]


@pytest.mark.parametrize("heads", [30, 42, 50, 53])
def test_ties_lose_no_mass(heads: int) -> None:
    """P(heads >= 53 of 60) is 4e-10, and each level is one value."""
    exact = scipy.stats.binom.sf(heads - 1, 60, 0.5)
    tail = tail_of(Coins, float(heads), SplittingOptions(reach=1e-10, n_particles=400))
    assert abs(tail.log_p - math.log(exact)) < 4.0 * tail.relative_error


def test_rounding_makes_no_difference_to_ties() -> None:
    assert tail_of(Coins, 45.0).log_p == tail_of(Coins, 45.0 * (1 + 5e-10)).log_p


@pytest.mark.parametrize("n", [30, pytest.param(60, marks=pytest.mark.nightly)])
def test_the_error_is_the_spread_between_repetitions(n: int) -> None:
    """Of n repetitions: pulls have the width of Student's t; their mean is right, as runs have no bias."""
    exact = math.log(1e-4)
    tails = [
        tail_of(GaussianSums(3), scipy.stats.chi2.isf(1e-4, 3), SplittingOptions(n_particles=150, seed=seed))
        for seed in range(n)
    ]
    p = np.exp([one.log_p - exact for one in tails])
    assert abs(np.mean(p) - 1.0) < 4.0 * np.std(p) / math.sqrt(n)
    covered = np.mean([one.answer.interval[0] < 1e-4 < one.answer.interval[1] for one in tails])  # type: ignore[union-attr]
    assert abs(covered - 0.68) < 4.0 * math.sqrt(0.68 * 0.32 / n)
    assert np.std(p) == pytest.approx(np.mean([one.relative_error for one in tails]), rel=0.4)


def test_the_same_seed_gives_the_same_p_in_any_order() -> None:
    def together(jobs):  # type: ignore[no-untyped-def]
        return [job() for job in reversed(jobs)][::-1]

    options = {"options": SMALL, "identity": "a"}
    one = split_tail(lambda rng: GaussianSums(2), 20.0, **options)  # type: ignore[arg-type]
    other = split_tail(lambda rng: GaussianSums(2), 20.0, together=together, n_together=3, **options)  # type: ignore[arg-type]
    assert one == other
    moved = tail_of(GaussianSums(2), 20.0, SplittingOptions(n_particles=200, n_runs=4, seed=1))
    assert moved.log_p != one.log_p  # type: ignore[union-attr]


def test_runs_go_on_where_they_stopped(tmp_path) -> None:  # type: ignore[no-untyped-def]
    """The second run is interrupted; what was saved after the first is gone on with, to the last bit."""
    seen: list[Tail] = []

    def keep(tail: Tail) -> None:
        seen.append(tail)
        tail_of_now = tmp_path / "runs"
        wilks.storage.save(tail, tail_of_now, is_replacing=True)
        if len(tail.runs) == 2:
            raise KeyboardInterrupt

    made: list[int] = []

    def make(rng: np.random.Generator) -> GaussianSums:
        made.append(1)
        return GaussianSums(2)

    with pytest.raises(KeyboardInterrupt):
        split_tail(make, 20.0, options=SMALL, identity="a", keep=keep)
    kept = wilks.load(tmp_path / "runs")
    assert kept == seen[-1] and len(kept.runs) == 2
    made.clear()
    found = split_tail(make, 20.0, options=SMALL, identity="a", so_far=kept)
    assert len(made) == 2  # neither the pilot nor the first two
    assert found == split_tail(make, 20.0, options=SMALL, identity="a")
    made.clear()
    split_tail(make, 20.0, options=SMALL, identity="b", so_far=kept)
    assert len(made) == 5


def test_a_chain_that_does_not_move_is_refused() -> None:
    tail = split_tail(lambda rng: FrozenSums(2), 20.0, options=SMALL)
    assert isinstance(tail, Refusal)  # copies of one particle soon tie, and none lies above


def test_a_statistic_of_two_values_is_refused_or_counted() -> None:
    class Two(Coins):
        @staticmethod
        def heads(coins: np.ndarray) -> np.ndarray:
            return (coins.sum(axis=1) > 59).astype(float)

        @classmethod
        def drawn(cls, n: int, rng: np.random.Generator) -> "Two":
            return cls(rng.random((n, 60)) < 0.5)

    found = split_tail(lambda rng: Two, 1.0, options=SMALL)
    assert isinstance(found, Refusal)
    assert "t has too few distinct values" in str(found)
    assert tail_of(Two, 0.0).log_p == 0.0


def runs(*log_p: float, **changed: float) -> Tail:
    figures = {"least_accepted": 0.4, "least_moved": 0.9, "most_memory": 0.2, "n_families": 20.0} | changed
    made = tuple(Run(one, **figures) for one in log_p)
    return Tail("", 3.0, SplittingOptions(n_runs=len(log_p)), Route((), -5.0, True), made)


@pytest.mark.parametrize(
    ("tail", "words"),
    [
        (runs(-5.0, -5.0, -5.0, -math.inf), "no particle of a run came as far"),
        (runs(-5.0, -5.1, -5.0, -5.2, least_moved=0.1), "10.0% of the particles moved"),
        (runs(-5.0, -5.1, -5.0, -5.2, n_families=2.0), "descends from 8.0 draws"),
        (runs(-5.0, -9.0, -9.0, -9.0), "runs differ by so much"),
    ],
)
def test_runs_that_do_not_mix_say_so_and_give_no_number(tail: Tail, words: str) -> None:
    assert isinstance(tail.answer, Refusal)
    assert words in str(tail.answer)


def test_the_mean_and_its_error_by_hand() -> None:
    tail = runs(*np.log([1.0, 2.0, 3.0, 2.0]) - 10.0)
    assert tail.log_p == pytest.approx(math.log(2.0) - 10.0)
    assert tail.relative_error == pytest.approx(math.sqrt(2.0 / 3.0) / 2.0 / 2.0)
    low, high = tail.answer.interval  # type: ignore[union-attr]
    half = scipy.stats.t.ppf(0.84, 3) * tail.relative_error
    assert (low, high) == pytest.approx((2.0 * math.exp(-10.0 - half), 2.0 * math.exp(-10.0 + half)))


def test_beyond_the_reach_it_is_said_that_p_is_smaller() -> None:
    tail = tail_of(GaussianSums(1), 200.0, SplittingOptions(reach=1e-4, n_particles=200, n_runs=4))
    assert not tail.runs and tail.answer.p_value == pytest.approx(1e-4)  # type: ignore[union-attr]
    assert tail.answer.interval[0] == 0.0  # type: ignore[union-attr]
    assert "p is below 0.00010, the reach that was asked for" in tail.text("draws")


@pytest.mark.parametrize(
    "options", [{"reach": 0.0}, {"reach": 1.0}, {"reach": 1e-20}, {"n_runs": 2}, {"n_particles": 5}]
)
def test_options_have_limits(options: dict[str, float]) -> None:
    with pytest.raises(InputError):
        SplittingOptions(**options)  # type: ignore[arg-type]
