"""Copies inside one sample are found; rounded, integer and resampled values that tie by chance are not accused."""

import numpy as np
import pytest

from wilks.samples import Sample, repeated_events

SOURCES = {
    "continuous": lambda rng, n: rng.normal(size=(n, 3)),
    "one continuous feature": lambda rng, n: rng.exponential(size=(n, 1)),
    "float32, one feature": lambda rng, n: rng.exponential(size=(n, 1)).astype(np.float32),
    "two decimals": lambda rng, n: np.round(rng.normal(size=(n, 2)), 2),
    "four decimals and a peak": lambda rng, n: np.round(
        np.where(rng.random((n, 1)) < 0.3, 3.1 + 0.03 * rng.normal(size=(n, 1)), 2.0 + 2.0 * rng.random((n, 1))), 4
    ),
    "differences of decimals": lambda rng, n: np.round(rng.random((n, 1)), 3) - np.round(rng.random((n, 1)), 3),
    "integers": lambda rng, n: rng.integers(0, 100, (n, 2)),
    "few values": lambda rng, n: rng.geometric(0.5, (n, 1)),
    "yes or no": lambda rng, n: rng.integers(0, 2, (n, 5)),
    "steps of a converter": lambda rng, n: 0.0731 * rng.poisson(500, size=(n, 2)),
    "integer beside continuous": lambda rng, n: np.column_stack([rng.integers(0, 3, n), rng.normal(size=n)]),
    "half of them zero": lambda rng, n: np.where(rng.random((n, 1)) < 0.5, 0.0, rng.normal(size=(n, 2))),
}
CAN_BE_SEEN = [name for name in SOURCES if name not in {"few values"}]


@pytest.mark.parametrize("name", SOURCES)
@pytest.mark.parametrize("n", [200, 3_000, 30_000])
def test_chance_is_no_copy(name, n):
    rng = np.random.default_rng([list(SOURCES).index(name), n])
    for _ in range(20 if n < 30_000 else 3):
        sample, other = (Sample(SOURCES[name](rng, n)) for _ in range(2))
        assert repeated_events(sample) == repeated_events(sample, like=other) == 0


@pytest.mark.parametrize("name", CAN_BE_SEEN)
@pytest.mark.parametrize("n", [200, 3_000])
def test_every_event_twice_is_found_without_a_sample_to_compare_with(name, n):
    events = SOURCES[name](np.random.default_rng(n), n)
    assert repeated_events(Sample(np.vstack([events, events]))) >= n


@pytest.mark.parametrize("times", [3, 4, 7])
def test_more_copies_are_found(times):
    events = np.random.default_rng(1).normal(size=(300, 2))
    assert repeated_events(Sample(np.repeat(events, times, axis=0))) == 300 * (times - 1)


@pytest.mark.parametrize("name", ["continuous", "one continuous feature", "integer beside continuous"])
def test_a_part_that_comes_twice_is_found(name):
    events = SOURCES[name](np.random.default_rng(2), 5_000)
    assert repeated_events(Sample(np.vstack([events, events[:200]]))) == 200


def test_a_file_and_its_copy_in_single_precision():
    events = np.random.default_rng(3).normal(size=(2_000, 2))
    both = Sample(np.vstack([events, events.astype(np.float32)]))
    assert repeated_events(both) == 2_000
    assert repeated_events(both, like=Sample(np.random.default_rng(4).normal(size=(500, 2)))) == 2_000


def test_events_drawn_with_replacement_repeat_where_another_sample_does_not():
    events = np.random.default_rng(5).normal(size=(1_000, 2))
    rows = np.random.default_rng(6).integers(0, 1_000, size=1_000)
    fresh = Sample(np.random.default_rng(7).normal(size=(1_000, 2)))
    assert repeated_events(Sample(events[rows]), like=fresh) == 1_000 - np.unique(rows).size


def test_empty_and_tiny_samples_repeat_nothing():
    assert repeated_events(Sample(np.empty((0, 2)))) == repeated_events(Sample([[1.0, 2.0]])) == 0
