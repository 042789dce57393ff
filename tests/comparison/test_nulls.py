"""Nulls against every relabelling there is, and against many multipliers."""

import itertools

import numpy as np
import pytest

from wilks.comparison.nulls import Multipliers, Relabelling, Traces
from wilks.samples import Sample

RNG = np.random.default_rng(7)


def every_relabelling(null: Relabelling) -> np.ndarray:
    """c of all of them, shape (k, u)."""
    rows = np.repeat(np.arange(null.pool.n_rows), null.pool.masses.astype(int))
    found = []
    for chosen in itertools.combinations(range(null.n_events), null.n_first):
        found.append(np.bincount(rows[list(chosen)], minlength=null.pool.n_rows))
    return np.array(found) - null.share * null.pool.masses


def small_null(*, has_ties: bool) -> Relabelling:
    events = RNG.integers(0, 3, size=(9, 2)).astype(float) if has_ties else RNG.normal(size=(9, 2))
    return Relabelling.of(Sample(events[:3]), Sample(events[3:]))


@pytest.mark.parametrize("has_ties", [False, True])
def test_moments_of_relabellings_are_exact(has_ties: bool) -> None:
    null = small_null(has_ties=has_ties)
    phi = RNG.normal(size=(null.pool.n_rows, 3))
    phi -= null.pool.masses @ phi / null.pool.masses.sum()
    covariance = (phi * null.variances[:, None]).T @ phi
    traces = Traces(
        float(np.trace(covariance)), float(np.sum(covariance**2)), float(null.pool.masses @ np.sum(phi**2, axis=1) ** 2)
    )
    sums = every_relabelling(null) @ phi
    q = np.sum(sums**2, axis=1)
    np.testing.assert_allclose(np.cov(sums.T, bias=True), covariance, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose([q.mean(), q.var()], [traces.trace, null.variance(traces)], rtol=1e-10)


@pytest.mark.parametrize("has_ties", [False, True])
def test_draws_are_relabellings(has_ties: bool) -> None:
    null = small_null(has_ties=has_ties)
    drawn = null.draw(range(4_000), seed=3)
    assert np.all(drawn.sum(axis=1) == null.n_first)
    assert np.all(drawn <= null.pool.masses)
    c = null.coefficients(drawn, slice(None))
    np.testing.assert_allclose(c.sum(axis=1), 0.0, atol=1e-12)
    every = every_relabelling(null)
    np.testing.assert_allclose(c.T @ c / len(c), every.T @ every / len(every), atol=0.04)


def test_a_draw_depends_on_its_number_and_the_seed_alone() -> None:
    null = small_null(has_ties=True)
    assert np.array_equal(null.draw([5], seed=1)[0], null.draw([3, 4, 5], seed=1)[2])
    assert not np.array_equal(null.draw(range(9), seed=1), null.draw(range(9), seed=2))


def test_the_first_sample_is_the_same_after_a_swap() -> None:
    a, b = Sample(RNG.normal(size=(6, 2))), Sample(RNG.normal(size=(6, 2)))
    one, other = Relabelling.of(a, b), Relabelling.of(b, a)
    assert np.array_equal(one.counts, other.counts)
    assert one.is_swapped != other.is_swapped
    np.testing.assert_array_equal(one.in_samples, other.in_samples[::-1])


def test_observed_coefficients_vanish_for_equal_samples() -> None:
    a = Sample(RNG.normal(size=(20, 3)))
    assert np.all(Relabelling.of(a, a).observed == 0.0)


def test_multipliers_have_the_covariance_of_weighted_sums() -> None:
    a = Sample(RNG.normal(size=(40, 1)), RNG.lognormal(size=40))
    b = Sample(RNG.normal(size=(30, 1)), RNG.normal(1.0, 0.5, size=30))
    null = Multipliers.of(a, b)
    phi = null.pool.events[:, 0]
    mean = null.weights @ phi / null.weights.sum()
    a, b = (Sample(s.events, s.event_weights * s.expected_events / np.sum(s.event_weights**2)) for s in (a, b))
    total_a, total_b = a.expected_events, b.expected_events
    total = total_a + total_b
    expected = (total_b / total) ** 2 * np.sum(a.event_weights**2 * (a.events[:, 0] - mean) ** 2)
    expected += (total_a / total) ** 2 * np.sum(b.event_weights**2 * (b.events[:, 0] - mean) ** 2)
    observed = total_b / total * a.event_weights @ a.events[:, 0] - total_a / total * b.event_weights @ b.events[:, 0]
    np.testing.assert_allclose(null.observed @ phi, observed, rtol=1e-12)
    np.testing.assert_allclose(null.variances @ (phi - mean) ** 2, expected, rtol=1e-12)
    sums = null.coefficients(null.draw(range(20_000), seed=1), slice(None)) @ phi
    np.testing.assert_allclose(sums.var(), expected, rtol=0.05)
    np.testing.assert_allclose(null.draw(range(3), seed=1).sum(axis=1), 0.0, atol=1e-12)


def test_a_shift_of_all_features_changes_no_weighted_sum() -> None:
    a, b = Sample(RNG.normal(size=(40, 1)), RNG.lognormal(size=40)), Sample(RNG.normal(size=(30, 1)))
    null = Multipliers.of(a, b)
    assert abs(null.observed.sum()) < 1e-12
