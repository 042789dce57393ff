"""Where a batch deviates."""

import numpy as np
import pytest

import wilks
from wilks.monitor.places import Profile, places, worst_place

RNG = np.random.default_rng(0)
REFERENCE = wilks.Sample({"x": RNG.uniform(size=20_000), "n": RNG.integers(0, 3, size=20_000).astype(float)})
PROFILES = tuple(Profile.of(REFERENCE, name) for name in REFERENCE.features)


def test_a_dead_region_is_found_with_its_counts() -> None:
    events = REFERENCE.events[:1_000]
    alive = events[(events[:, 0] < 0.4) | (events[:, 0] >= 0.6)]
    place = worst_place(places(PROFILES, alive, n_reference=20_000))
    assert place.feature == "x" and place.n_observed < 10 and place.z_score < -10
    assert (place.low, place.high) == pytest.approx((0.4, 0.6), abs=0.02)
    assert place.n_expected == pytest.approx(0.2 * len(alive), rel=0.1)
    assert f"{place.n_observed} events" in str(place)
    assert sum(place.counts) == len(alive) and len(place.counts) == PROFILES[0].shares.size


def test_a_feature_with_few_values_has_an_interval_for_each() -> None:
    assert PROFILES[1].shares.size == 3 and np.sum(PROFILES[1].shares) == pytest.approx(1.0)
    events = np.column_stack([RNG.uniform(size=500), np.repeat([0.0, 1.0], 250)])
    place = worst_place(places(PROFILES, events, n_reference=20_000))
    assert place.feature == "n" and place.n_observed in (0, 250)


@pytest.mark.parametrize("is_low", [True, False])
def test_an_excess_at_an_end_is_not_called_a_deficit_of_all_the_rest(is_low: bool) -> None:
    x = REFERENCE.events[:1_000, 0]
    more = np.concatenate([x, 0.05 * RNG.uniform(size=100)])
    place = PROFILES[0].worst(more if is_low else 1.0 - more, n_reference=20_000)
    assert place.z_score > 5 and place.n_observed < 250
    assert (place.low == -np.inf, place.high == np.inf) == (is_low, not is_low)
    assert str(place).startswith("x < " if is_low else "x >= ")


def test_its_z_has_the_fluctuations_of_the_reference() -> None:
    events = RNG.uniform(0.0, 0.5, size=(400, 2))
    few, many = (PROFILES[0].worst(events[:, 0], n_reference=n) for n in (400, 1e9))
    assert many.z_score == pytest.approx(np.sqrt(2.0) * few.z_score)


def test_one_value_alone_can_be_looked_at() -> None:
    one = Profile.of(wilks.Sample([3.0, 3.0]), "x0")
    assert one.worst(np.array([3.0, 4.0]), n_reference=2).z_score == 0.0
