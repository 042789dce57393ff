"""Drift tubes: what is drawn is what the page of the module says."""

import numpy as np
import pytest
from scipy import stats

from wilks.errors import InputError
from wilks.problems import drift_tubes as tubes


def test_good_times_are_uniform_over_the_drift_and_sums_of_neighbors_are_fixed() -> None:
    """Of staggered layers t1 + 2 t2 + t3 of a straight muon between two wires is that of half a cell, twice."""
    events = tubes.draw(np.random.default_rng(1), 40_000)
    longest = 0.5 * tubes.CELL_MM / tubes.VELOCITY_MM_NS
    walk = tubes.RISE_NS * np.exp(0.5 * tubes.AMPLITUDE_SPREAD**2) / tubes.AMPLITUDE
    times = events[:, :4]
    share = tubes.KNOCKED_ON
    assert np.mean(times) == pytest.approx(0.5 * longest * (1.0 - 0.5 * share) + walk, abs=2.0)
    inner = times[:, 0][(times[:, 0] > 40.0) & (times[:, 0] < longest - 40.0)]
    assert stats.kstest(inner, stats.uniform(40.0, longest - 80.0).cdf).statistic < 0.5 * share
    is_steep = np.abs(events[:, 4]) < 0.05
    total = times[is_steep, 0] + 2.0 * times[is_steep, 1] + times[is_steep, 2]
    assert np.median(total) == pytest.approx(2.0 * longest + 4.0 * walk, abs=10.0)


def test_the_angle_is_that_of_the_muon() -> None:
    angles = tubes.draw(np.random.default_rng(2), 40_000)[:, 4]
    a = tubes.LARGEST_ANGLE
    second = (a**3 / 3.0 + 0.5 * a**2 * np.sin(2 * a) + 0.5 * a * np.cos(2 * a) - 0.25 * np.sin(2 * a)) / (
        a + 0.5 * np.sin(2 * a)
    )
    assert np.mean(angles) == pytest.approx(0.0, abs=4.0 * np.sqrt(second / 40_000))
    assert np.var(angles) == pytest.approx(second, rel=0.05)


def test_a_low_cathode_makes_times_longer() -> None:
    slow = tubes.Settings(cathode=0.25)
    ratio = tubes.VELOCITY_MM_NS / slow.velocity_mm_ns
    assert ratio == pytest.approx((3_000.0 / 2_100.0) ** 0.2)
    first, second = (np.quantile(tubes.draw(np.random.default_rng(3), 40_000, one)[:, :4], 0.98) for one in
                     (tubes.NOMINAL, slow))  # fmt: skip
    assert second / first == pytest.approx(ratio, rel=0.02)


def test_a_low_threshold_lets_noise_in() -> None:
    """Before the signal: a share 1 - exp(-f (t - begin)) of the hits, and 1 - exp(25 f) of them before 0."""
    low = tubes.Settings(threshold=0.5)
    times = tubes.draw(np.random.default_rng(4), 40_000, low)[:, :4]
    assert np.mean(times < -15.0) == pytest.approx(-np.expm1(-10.0 * low.noise_per_ns), abs=0.001)
    assert np.mean(tubes.draw(np.random.default_rng(4), 40_000)[:, :4] < -15.0) < 1e-3


def test_settings_and_nuisances_are_checked() -> None:
    with pytest.raises(InputError, match="threshold"):
        tubes.Settings(threshold=0.0)
    with pytest.raises(InputError, match="no nuisances"):
        tubes.good(np.random.default_rng(0), 3, {"scale": 1.0})


def test_the_generator_and_the_reference_are_of_good_runs() -> None:
    drawn = tubes.generator().draw(np.random.default_rng(5), 50, n_features=5)
    assert drawn.tolist() == tubes.draw(np.random.default_rng(5), 50).tolist()
    sample = tubes.reference(30, seed=1)
    assert sample.features == tubes.FEATURES and sample.n_events == 30
    assert list(tubes.PUBLISHED) == [f"{name} {share} %" .replace(" %", "%") for name in ("threshold", "cathode")
                                     for share in (75, 50, 25)]  # fmt: skip
