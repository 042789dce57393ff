import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wilks.analysis import Analysis
from wilks.errors import InputError
from wilks.hypotheses import Alternative, Generator, Null
from wilks.problems import exponential
from wilks.samples import Sample
from wilks.statistics.network import MLP
from wilks.toys import check_drawable, draw_toy, toy_rng

RNG = np.random.default_rng(0)
REFERENCE = Sample(RNG.exponential(size=2000))
VALUES = np.arange(1.0, 301.0)
LIKE_VALUES = Sample(RNG.uniform(1.0, 300.0, size=500))
BACKGROUND = Generator("wilks.problems.exponential:background")


def make(toy_source=BACKGROUND, *, expected_events: float = 100, reference: Sample = REFERENCE) -> Analysis:
    return Analysis(reference=reference, model=MLP((1,)), expected_events=expected_events, toy_source=toy_source)


def draws(analysis: Analysis, hypothesis=None, *, n: int = 1, seed: int = 1) -> list[np.ndarray]:
    return [draw_toy(analysis, hypothesis or Null(), seed=seed, index=i) for i in range(n)]


@given(st.integers(0, 2**64), st.integers(0, 10**9))
def test_the_random_numbers_of_a_toy_depend_on_its_name_alone(seed, index) -> None:
    key = int.from_bytes(
        hashlib.sha256(
            f'{{"hypothesis":{{"hypothesis":"null","n_events":null}},"index":{index},"seed":{seed}}}'.encode()
        ).digest()[:16],
        "little",
    )
    expected = np.random.Generator(np.random.Philox(key=key)).random(3)
    np.testing.assert_array_equal(toy_rng(Null(), seed=seed, index=index).random(3), expected)


def test_every_part_of_the_name_gives_another_stream() -> None:
    signal, another = Generator("numpy:zeros"), Generator("numpy:zeros", version="2")
    hypotheses = [Null(), Null(n_events=5), *(Alternative(signal=x, n_signal=5) for x in (signal, another))]
    firsts = {
        toy_rng(hypothesis, seed=seed, index=index).random()
        for hypothesis in hypotheses
        for seed in range(5)
        for index in range(5)
    }
    assert len(firsts) == len(hypotheses) * 25


def test_a_toy_is_the_same_in_any_order() -> None:
    analysis = make()
    forward = draws(analysis, n=5)
    for index in (4, 0, 2, 2):
        np.testing.assert_array_equal(draw_toy(analysis, Null(), seed=1, index=index), forward[index])


def test_the_random_numbers_of_a_toy_never_change() -> None:
    assert toy_rng(Null(), seed=1, index=0).random(2).tolist() == [0.5383155285949923, 0.9779274821015036]


def test_counts_are_poisson_or_fixed() -> None:
    counts = np.array([len(events) for events in draws(make(), n=400)])
    assert abs(counts.mean() - 100) < 4 * 10 / 20
    assert abs(counts.var() / 100 - 1) < 4 * np.sqrt(2 / 400)
    assert {len(events) for events in draws(make(), Null(n_events=37), n=5)} == {37}


def test_a_pool_gives_each_event_at_most_once() -> None:
    analysis = make(Sample(VALUES))
    toys = draws(analysis, n=20)
    for events in toys:
        assert len(np.unique(events)) == len(events)
        assert set(events.ravel()) <= set(VALUES)
    seen = np.concatenate(toys).ravel()
    assert len(np.unique(seen)) > 290
    assert not np.array_equal(np.sort(toys[0][:50], axis=0), toys[0][:50])


def test_a_whole_pool_can_be_drawn() -> None:
    analysis = make(Sample(VALUES), reference=LIKE_VALUES)
    check_drawable(analysis, Null(n_events=300))
    assert sorted(draws(analysis, Null(n_events=300))[0].ravel()) == VALUES.tolist()
    with pytest.raises(InputError, match="at least 301 unweighted events"):
        check_drawable(analysis, Null(n_events=301))


def test_equal_weights_of_a_pool_are_no_weights() -> None:
    plain, scaled = make(Sample(VALUES)), make(Sample(VALUES, np.full(300, 0.25)))
    np.testing.assert_array_equal(draws(plain)[0], draws(scaled)[0])


def test_a_weighted_pool_is_unweighted_for_each_toy() -> None:
    weights = np.where(VALUES <= 150, 1.0, 0.2)
    toys = draws(make(Sample(VALUES, weights), expected_events=50), n=200)
    share = np.mean(np.concatenate(toys) <= 150)
    assert abs(share - 1.0 / 1.2) < 4 * np.sqrt(0.14 / 10_000)
    assert all(len(np.unique(events)) == len(events) for events in toys)
    assert len(np.unique(np.concatenate(toys))) == 300


def test_events_without_weight_are_never_drawn() -> None:
    weights = np.where(VALUES <= 250, 1.0, 0.0)
    assert np.concatenate(draws(make(Sample(VALUES, weights)), n=10)).max() <= 250


def test_negative_weights_of_a_pool_are_refused_with_the_reason() -> None:
    weights = np.ones(300)
    weights[:3] = -0.5
    with pytest.raises(InputError, match=r"probability w / max w.*3 of 300 are"):
        check_drawable(make(Sample(VALUES, weights)), Null())
    with pytest.raises(InputError, match="300 of 300"):
        check_drawable(make(Sample(VALUES, -np.ones(300))), Null())


@pytest.mark.parametrize(
    ("pool", "n", "message"),
    [
        (Sample(VALUES[:149]), 100, r"at least 150 .*\(100 and 5 standard deviations\), but it gives 149"),
        (Sample(VALUES, np.where(VALUES == 1, 10.0, 1.0)), 100, "but it gives 31"),
        (Sample([]), 100, "but it gives 0"),
        (Sample(VALUES, np.zeros(300)), 100, "but it gives 0"),
    ],
)
def test_a_pool_that_is_too_small_is_refused(pool, n, message) -> None:
    with pytest.raises(InputError, match=message):
        check_drawable(make(pool, expected_events=n), Null())


def test_a_large_enough_pool_is_accepted() -> None:
    check_drawable(make(Sample(VALUES[::2]), reference=LIKE_VALUES), Null())
    weighted = Sample(VALUES, np.where(VALUES == 1, 2.0, 1.0))
    check_drawable(make(weighted, expected_events=50, reference=LIKE_VALUES), Null())


def test_a_toy_that_asks_too_much_of_a_pool_says_so() -> None:
    with pytest.raises(InputError, match=r"a toy of 301 events was asked of a pool that gives 300"):
        draw_toy(make(Sample(VALUES)), Null(n_events=301), seed=1, index=0)


def test_no_source_says_what_to_give() -> None:
    for verb in (lambda a: check_drawable(a, Null()), lambda a: draw_toy(a, Null(), seed=1, index=0)):
        with pytest.raises(InputError, match=r"toy_source=.*wilks\.split.*wilks\.Generator"):
            verb(make(None))


def one_column(rng, n, nuisances):
    return rng.exponential(size=(n, 1))


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda rng, n, nuisances: 1 / 0, "must return 64 events, but it raised ZeroDivisionError"),
        (lambda rng, n: rng.random(n), "raised TypeError"),
        (lambda rng, n, nuisances: rng.random((n, 2)), r"shape \(64, 1\), but its shape is \(64, 2\)"),
        (lambda rng, n, nuisances: rng.random(n + 1), r"but its shape is \(65, 1\)"),
        (lambda rng, n, nuisances: None, r"but its shape is \(\)|float"),
        (lambda rng, n, nuisances: ["a"] * n, "raised ValueError"),
        (lambda rng, n, nuisances: np.full(n, np.nan), "finite events"),
        (lambda rng, n, nuisances: np.full(n, -np.inf), "finite events"),
        (lambda rng, n, nuisances: np.random.default_rng().random(n), "all its random numbers from the rng"),
        (lambda rng, n, nuisances: REFERENCE.events[rng.choice(2000, n)], "must share no event with the reference"),
    ],
)
def test_a_generator_that_cannot_be_used_is_refused_before_anything_starts(function, message) -> None:
    with pytest.raises(InputError, match=message):
        check_drawable(make(function), Null())
    with pytest.raises(InputError, match=message):
        check_drawable(make(), Alternative(signal=function, n_signal=5))
    with pytest.raises(InputError, match=message):
        check_drawable(make(None), Alternative(source=function, expected_events=5))


def test_one_feature_may_come_flat_and_integers_become_floats() -> None:
    check_drawable(make(one_column), Null())
    integers = Sample(RNG.integers(5, size=500))
    check_drawable(make(lambda rng, n, nuisances: rng.integers(5, size=n), reference=integers), Null())
    events = draw_toy(make(lambda rng, n, nuisances: [1] * n), Null(n_events=3), seed=1, index=0)
    assert events.dtype == np.float64 and events.tolist() == [[1.0], [1.0], [1.0]]


def test_a_generator_that_ignores_its_rng_is_refused_where_toys_would_all_be_one() -> None:
    def frozen(rng, n, nuisances):
        return np.random.default_rng(42).exponential(size=n)

    for analysis, hypothesis in ((make(frozen), Null()), (make(), Alternative(source=frozen, expected_events=5))):
        with pytest.raises(InputError, match="two different rngs gave the same events"):
            check_drawable(analysis, hypothesis)
    check_drawable(make(), Alternative(signal=lambda rng, n, nuisances: np.full(n, 6.4), n_signal=5))


def test_a_generator_is_not_asked_for_no_events() -> None:
    def careless(rng, n, nuisances):
        return np.array([[rng.random(), rng.random()] for _ in range(n)])  # of shape (0,) for n = 0

    reference = Sample(RNG.random((50, 2)))
    analysis = make(careless, reference=reference)
    toys = draws(analysis, Alternative(source=careless, expected_events=0.5), n=20)
    assert {events.shape[1] for events in toys} == {2}
    assert 0 in {len(events) for events in toys}


def test_a_signal_is_added_to_the_reference() -> None:
    hypothesis = Alternative(signal=lambda rng, n, nuisances: np.full(n, -5.0), n_signal=10)
    toys = draws(make(), hypothesis, n=300)
    n_signal = np.array([np.sum(events == -5.0) for events in toys])
    n_background = np.array([np.sum(events >= 0.0) for events in toys])
    assert abs(n_signal.mean() - 10) < 4 * np.sqrt(10 / 300)
    assert abs(n_background.mean() - 100) < 4 * 10 / np.sqrt(300)
    assert abs(np.corrcoef(n_signal, n_background)[0, 1]) < 4 / np.sqrt(300)


def test_a_source_replaces_the_reference() -> None:
    toys = draws(make(None), Alternative(source=exponential.background, expected_events=80), n=300)
    assert abs(np.mean([len(events) for events in toys]) - 80) < 4 * np.sqrt(80 / 300)


def test_a_signal_can_be_a_sample() -> None:
    signal = Sample(np.arange(-40.0, 0.0))
    check_drawable(make(), Alternative(signal=signal, n_signal=10))
    events = draws(make(), Alternative(signal=signal, n_signal=10))[0].ravel()
    assert set(events[events < 0]) <= set(signal.events.ravel())
    with pytest.raises(InputError, match="the signal must give at least 42"):
        check_drawable(make(), Alternative(signal=signal, n_signal=20))
    with pytest.raises(InputError, match="the signal must have the features x0"):
        check_drawable(make(), Alternative(signal=Sample([1.0], features=("z",)), n_signal=0))


def test_samples_of_a_hypothesis_share_nothing_with_the_reference() -> None:
    part = REFERENCE.take(np.arange(500))
    with pytest.raises(InputError, match=r"the alternative's source must share no event.*500 of its 500"):
        check_drawable(make(), Alternative(source=part, expected_events=100))


def test_the_same_seed_serves_two_hypotheses() -> None:
    null, alternative = Null(), Alternative(source=BACKGROUND, expected_events=100)
    assert not set(draws(make(), null)[0].ravel()) & set(draws(make(), alternative)[0].ravel())
