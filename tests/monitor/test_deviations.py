"""Standard deviations do what their text says, and leave good events as they were."""

import numpy as np
import pytest

import wilks
from wilks.monitor.deviations import standard_deviations

from tests.monitor.conftest import FEATURES, draw

RNG = np.random.default_rng(0)
REFERENCE = wilks.Sample(draw(RNG, 5_000), features=FEATURES)
GOOD = draw(RNG, 400)
FOUND = {one.text: one for one in standard_deviations(REFERENCE)}


def changed(text: str) -> tuple[int, np.ndarray]:
    """The feature, and 200 events with the one deviation whose text begins so."""
    (one,) = [one for name, one in FOUND.items() if name.startswith(text)]
    before = GOOD.copy()
    events = one.change(GOOD, 200, np.random.default_rng(1))
    assert np.array_equal(GOOD, before) and events.shape == (200, 2)
    return FEATURES.index(one.feature), events


def test_every_feature_has_them() -> None:
    assert len(FOUND) == 8 and {one.feature for one in FOUND.values()} == set(FEATURES)


def test_a_shift_is_a_share_of_the_spread() -> None:
    j, events = changed("x shifted by 0.3")
    assert events[:, j] - GOOD[:200, j] == pytest.approx(0.3, abs=0.02)
    assert np.array_equal(events[:, 1 - j], GOOD[:200, 1 - j])


def test_a_dead_region_is_empty_and_a_tenth_of_the_events() -> None:
    j, events = changed("y dead from")
    low, high = np.quantile(REFERENCE.events[:, j], [0.5, 0.6])
    assert not np.any((events[:, j] >= low) & (events[:, j] < high))
    assert 0.05 < np.mean((GOOD[:, j] >= low) & (GOOD[:, j] < high)) < 0.15


def test_noise_is_in_a_tenth_of_the_values() -> None:
    j, events = changed("x noise in 10%")
    assert 0.04 < np.mean(events[:, j] != GOOD[:200, j]) < 0.18
    assert np.min(REFERENCE.events[:, j]) <= np.min(events[:, j]) and np.max(events[:, j]) <= np.max(
        REFERENCE.events[:, j]
    )


def test_a_feature_of_one_tenth_other_values_has_a_spread() -> None:
    values = np.where(np.arange(1_000) < 100, 1.0, 0.0)
    for one in standard_deviations(wilks.Sample(values, features=("flag",))):
        assert np.all(np.isfinite(one.change(values[:, None], 50, RNG)))
