"""The choice of the ridges of the default set, in a reduced form."""

import numpy as np

import wilks

from studies.default_search import ridges


def test_a_signal_that_all_see_is_seen_and_none_is_not() -> None:
    """60 null toys: at 2 sigma one lies above the threshold; the power of nothing is the size of the test."""
    rng = np.random.default_rng(0)
    events, weights = rng.normal(size=(4_000, 1)), np.full(4_000, 0.05)
    background = ridges.drawn(events, weights, 200.0)
    signals = {"large": ridges.drawn(np.full((1, 1), 2.5), np.ones(1), 80.0), "none": lambda rng: np.empty((0, 1))}
    found = dict(
        ridges.Problem(wilks.Sample(events, weights), background, signals).powers(n_null=60, n_signal=40),
    )
    assert set(found) == set(ridges.CANDIDATES)
    for power in found.values():
        assert np.all(power[0] == 1.0) and np.all(power[1] < 0.25)


def test_what_is_drawn_has_the_weights() -> None:
    draw = ridges.drawn(np.array([[1.0], [2.0], [3.0]]), np.array([0.0, 3.0, 1.0]), 10_000.0)
    found = draw(np.random.default_rng(1))[:, 0]
    assert set(found) == {2.0, 3.0} and abs(np.mean(found == 2.0) - 0.75) < 0.02 and abs(found.size - 10_000) < 400
