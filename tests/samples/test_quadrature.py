"""Two points in place of the events of a cell."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from wilks.samples import gauss_cells


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 200), width=st.sampled_from([0.1, 1.0, 50.0]))
def test_cubics_are_exact_and_points_stay_among_the_events(seed, n, width):
    rng = np.random.default_rng(seed)
    values, weights = np.round(rng.exponential(size=n), rng.integers(1, 9)), rng.uniform(0.1, 3.0, size=n)
    points, sums = gauss_cells(values, weights, width=width)
    assert np.all(sums >= 0)
    assert points.size <= min(n, 2 * np.unique(np.floor(values / width)).size)
    assert points.min() >= values.min() - 1e-9 and points.max() <= values.max() + 1e-9
    for power in range(4):
        np.testing.assert_allclose(sums @ points**power, weights @ values**power, rtol=1e-9, atol=1e-9)


def test_error_falls_with_the_fourth_power_of_the_width():
    values = np.random.default_rng(0).uniform(0, 10, size=20_000)
    exact = np.sum(np.cos(values))

    def error(width: float) -> float:
        points, sums = gauss_cells(values, np.ones(values.size), width=width)
        return abs(sums @ np.cos(points) - exact)

    assert error(0.5) < 0.1 and error(0.125) < error(0.5) / 100
