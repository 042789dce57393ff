import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wilks.interpretation.binning import MIN_ENTRIES, Binning, automatic_binning, nice_step, uniform_edges

finite = st.floats(-1e6, 1e6, allow_nan=False).map(lambda value: round(value, 6))
columns = st.lists(finite, min_size=1, max_size=60).map(np.array)


@settings(max_examples=60, deadline=None)
@given(reference=columns, data=columns, scale=st.floats(0.01, 10.0))
def test_every_event_is_counted_whatever_the_values(reference, data, scale):
    weights = np.full(len(reference), scale)
    binning = automatic_binning(reference, weights, data=data)
    assert np.all(np.diff(binning.edges) > 0)
    assert binning.fill(reference, weights)[0].sum() == pytest.approx(weights.sum())
    assert binning.fill(data)[0].sum() == len(data)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 1000), n=st.integers(50, 500))
def test_no_bin_is_short_of_reference_events(seed, n):
    values = np.random.default_rng(seed).standard_t(2, size=n)
    binning = automatic_binning(values, np.ones(n), data=values[:20])
    total, squared = binning.fill(values, np.ones(n))
    assert np.all(total**2 >= MIN_ENTRIES * squared)


@given(raw=st.floats(1e-12, 1e12))
def test_a_nice_step_is_round_and_not_smaller(raw):
    step = nice_step(raw)
    assert raw * (1 - 1e-8) <= step <= 2.5 * raw
    assert float(f"{step:.2g}") == pytest.approx(step, rel=1e-12)


def test_uniform_bins_cover_the_range():
    edges = uniform_edges(-2.39, 2.39, n_bins=50)
    assert edges[0] == pytest.approx(-2.4) and edges[-1] == pytest.approx(2.4)
    assert np.allclose(np.diff(edges), 0.1)


def test_far_outliers_do_not_set_the_range():
    values = np.concatenate([np.linspace(0.1, 1.0, 1000), [1e9]])
    binning = automatic_binning(values, np.ones(1001), data=np.array([0.5, 0.6, 1e12]))
    assert binning.edges[-1] < 3.0
    assert binning.holds_outliers(values)


def test_a_group_of_data_beyond_the_reference_widens_the_range():
    reference = np.linspace(0.0, 1.0, 1000)
    data = np.concatenate([reference[::10], np.full(20, 1.5)])
    assert automatic_binning(reference, np.ones(1000), data=data).edges[-1] >= 1.5


def test_a_falling_positive_quantity_gets_a_logarithmic_axis():
    mass = 60.0 * (1.0 - np.linspace(0.0, 0.999, 5000)) ** (-1 / 3)
    binning = automatic_binning(mass, np.ones(5000), data=mass[:10])
    assert binning.is_log and binning.width is None
    assert not automatic_binning(np.linspace(-2, 2, 5000), np.ones(5000), data=mass[:10] * 0).is_log


def test_integers_get_one_bin_each():
    values = np.repeat([0.0, 1.0, 2.0, 3.0], 10)
    binning = automatic_binning(values, np.ones(40), data=values)
    assert binning.edges.tolist() == [-0.5, 0.5, 1.5, 2.5, 3.5]
    assert binning.width == 1.0


def test_a_constant_column_can_be_drawn():
    values = np.full(100, 0.3)
    assert automatic_binning(values, np.ones(100), data=values).n_bins >= 1


def test_negative_weights_keep_a_positive_range():
    values = np.linspace(0.0, 1.0, 400)
    weights = np.where(np.arange(400) % 10 == 0, -1.0, 1.0)
    binning = automatic_binning(values, weights, data=values)
    assert np.all(binning.fill(values, weights)[0] > 0)


@pytest.mark.parametrize("edge", [-3.0, 0.0, 0.4, 0.5, 1.99, 2.0, 2.2, 7.0])
def test_a_new_edge_separates_the_counts_on_its_sides(edge):
    values = np.linspace(-4.0, 8.0, 241)
    binning = Binning(np.array([0.0, 1.0, 2.0]), False, 1.0).with_edge(edge)
    counts, _ = binning.fill(values)
    place = int(np.searchsorted(binning.edges, edge))
    assert binning.edges[place] == edge and np.all(np.diff(binning.edges) >= 0.5)
    assert counts[place:].sum() == np.sum(values >= edge) and counts[:place].sum() == np.sum(values < edge)


@pytest.mark.parametrize(
    ("values", "step"),
    [
        (np.random.default_rng(0).poisson(60, size=2000), 1.0),
        (np.random.default_rng(0).poisson(400, size=5000), 1.0),
        (np.floor(np.random.default_rng(0).exponential(50.0, size=5000)), 1.0),
        (np.random.default_rng(0).integers(-45, 45, size=3000) * 0.5, 0.5),
        (np.round(np.random.default_rng(0).normal(scale=0.3, size=5000), 2), 0.01),
    ],
)
def test_every_bin_holds_as_many_steps(values, step):
    values = np.asarray(values, dtype=np.float64)
    binning = automatic_binning(values, np.ones(len(values)), data=values[:50])
    grid = np.arange(np.ceil(binning.edges[0] / step), np.floor(binning.edges[-1] / step) + 1) * step
    n_steps = binning.fill(grid)[0]
    narrow = n_steps == n_steps.min()
    assert narrow.sum() > 5 and not binning.is_log
    ratio = n_steps / n_steps.min()
    assert np.array_equal(ratio, np.round(ratio))  # a bin of few events is several bins


CLOCK = 1.7e18  # nanoseconds: double precision has one value in 256


@pytest.mark.parametrize(
    "values",
    [
        np.full(300, CLOCK),
        np.repeat([CLOCK, CLOCK + 256.0], 100),
        np.repeat([CLOCK, CLOCK + 256.0, CLOCK + 512.0], 100),
        CLOCK + np.random.default_rng(0).uniform(0.0, 1e9, size=2000),
        CLOCK + np.random.default_rng(0).uniform(0.0, 1e4, size=2000),
        np.random.default_rng(0).uniform(0.0, 1e-310, size=2000),
        1e300 * np.random.default_rng(0).normal(size=1000),
    ],
)
def test_bins_of_a_clock_survive(values):
    for data in (values[:50], values[:1], np.array([0.0])):
        binning = automatic_binning(values, np.ones(len(values)), data=data)
        assert np.all(np.diff(binning.edges) > 0)
        assert binning.fill(values)[0].sum() == len(values) and binning.fill(data)[0].sum() == len(data)
