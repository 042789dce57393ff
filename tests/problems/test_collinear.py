"""The collinear mass: what is drawn has the densities of the page, and its one number the published sensitivity."""

import numpy as np
import pytest
import scipy.integrate
import scipy.stats

from wilks.problems import collinear


def test_the_background_is_what_its_density_says() -> None:
    x = np.linspace(0.0, 8.0, 4_001)
    density = collinear.background_density(x)
    below = scipy.integrate.cumulative_simpson(density, x=x, initial=0.0)
    assert below[-1] == pytest.approx(1.0, abs=1e-6)
    events = collinear.background(np.random.default_rng(1), 20_000)
    assert events.shape == (20_000, 1)
    assert scipy.stats.kstest(events[:, 0], lambda at: np.interp(at, x, below)).pvalue > 1e-3


def test_the_published_sensitivity_is_that_of_twenty_inverse_femtobarns() -> None:
    z = [collinear.known_signal_z(luminosity) for luminosity in (5.0, 20.0)]
    assert z[1] == pytest.approx(collinear.PUBLISHED_Z, abs=5e-3)
    assert z[0] == pytest.approx(0.5 * z[1])  # both grow alike


def test_a_second_sample_in_place_of_the_background_costs_the_root_of_two() -> None:
    small = collinear.known_signal_z(1e3) / collinear.known_shape_z(1e3)
    assert small == pytest.approx(np.sqrt(2.0), rel=0.02)
    assert collinear.known_shape_z(20.0) < collinear.known_signal_z(20.0)


def test_a_pair_has_its_signal_in_the_first_sample() -> None:
    a, b = collinear.pair(np.random.default_rng(2), 10.0, signal_per_fb=300.0)
    expected = 10.0 * collinear.BACKGROUND_PER_FB
    assert abs(b.n_events - expected) < 5 * np.sqrt(expected)
    assert abs(a.n_events - b.n_events - 3_000) < 5 * np.sqrt(2 * expected + 3_000)
    inside = [np.count_nonzero((one.events > 1.1) & (one.events < 1.4)) for one in (a, b)]
    assert inside[0] - inside[1] == pytest.approx(0.683 * 3_000, abs=5 * np.sqrt(sum(inside)))
