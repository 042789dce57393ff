import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wilks.samples import Sample, merge_cells, thin
from wilks.samples.thinning import CELL_WIDTH

RNG = np.random.default_rng(0)
LINE = Sample(RNG.exponential(size=20_000), RNG.uniform(0.5, 1.5, size=20_000))
PLANE = Sample(RNG.normal(size=(5000, 2)), RNG.uniform(0.5, 1.5, size=5000), features=("a", "b"))


@pytest.mark.parametrize("sample", [Sample(np.linspace(0.0, 1.0, 200)), PLANE], ids=["sparse line", "plane"])
def test_a_small_sample_stays_as_it_is(sample: Sample) -> None:
    assert thin(sample, scale=np.ones(sample.n_features), n_events=sample.n_events, seed=0) is sample


def test_the_sum_of_weights_is_kept() -> None:
    for sample in (LINE, PLANE):
        coarse = thin(sample, scale=np.ones(sample.n_features), n_events=1000, seed=0)
        assert coarse.n_events < sample.n_events
        assert coarse.expected_events == pytest.approx(sample.expected_events, rel=1e-12)
        assert coarse.features == sample.features


@given(st.floats(0.1, 30.0))
def test_merged_cells_keep_smooth_sums_to_second_order(slope) -> None:
    coarse = thin(LINE, scale=np.ones(1), n_events=100, seed=0)
    exact, merged = (np.sum(x.event_weights * np.expm1(np.tanh(slope * (x.events[:, 0] - 1)))) for x in (LINE, coarse))
    assert abs(merged - exact) < LINE.expected_events * (slope * CELL_WIDTH) ** 2


def test_cells_are_in_units_of_the_scale() -> None:
    coarse = thin(LINE, scale=np.array([3.0]), n_events=100, seed=0)
    same = thin(Sample(LINE.events / 3.0, LINE.event_weights), scale=np.ones(1), n_events=100, seed=0)
    np.testing.assert_allclose(coarse.events, 3.0 * same.events)
    assert np.diff(coarse.events[:, 0]).min() > 0


def test_lonely_events_are_not_moved() -> None:
    values = np.concatenate([np.linspace(0, 1e-5, 50), [2.0, 3.0, 10.0]])
    coarse = thin(Sample(values), scale=np.ones(1), n_events=10, seed=0)
    assert coarse.events[:, 0].tolist()[1:] == [2.0, 3.0, 10.0]
    assert coarse.event_weights.tolist() == [50.0, 1.0, 1.0, 1.0]


def test_cells_without_weight_are_kept_without_weight() -> None:
    coarse = thin(Sample([0.0001, 0.0003, 5.0, 5.0], [0.0, 0.0, 0.5, 0.5]), scale=np.ones(1), n_events=1, seed=0)
    np.testing.assert_allclose(coarse.events[:, 0], [0.0002, 5.0])
    assert coarse.event_weights.tolist() == [0.0, 1.0]


def test_the_outermost_events_keep_their_weights() -> None:
    coarse = thin(PLANE, scale=np.ones(2), n_events=1000, seed=0)
    assert coarse.n_events == 1000
    kept = {tuple(row): weight for row, weight in zip(coarse.events, coarse.event_weights, strict=True)}
    for column in PLANE.events.T:
        order = np.argsort(column)
        for row in (*order[:25], *order[-25:]):
            assert kept[tuple(PLANE.events[row])] == PLANE.event_weights[row]


def test_the_other_weights_are_raised_by_one_factor() -> None:
    coarse = thin(PLANE, scale=np.ones(2), n_events=1000, seed=0)
    before = {tuple(row): weight for row, weight in zip(PLANE.events, PLANE.event_weights, strict=True)}
    factors = np.array([w / before[tuple(row)] for row, w in zip(coarse.events, coarse.event_weights, strict=True)])
    raised = factors[~np.isclose(factors, 1.0)]
    assert raised.size > 850
    np.testing.assert_allclose(raised, raised[0])


def test_the_subset_is_a_function_of_the_seed() -> None:
    first, again, other = (thin(PLANE, scale=np.ones(2), n_events=500, seed=seed) for seed in (1, 1, 2))
    assert first.digest() == again.digest() != other.digest()


def test_negative_weights_are_thinned_at_random() -> None:
    weights = LINE.event_weights.copy()
    weights[:100] = -0.3
    coarse = thin(Sample(LINE.events, weights), scale=np.ones(1), n_events=5000, seed=0)
    assert coarse.n_events == 5000
    assert coarse.expected_events == pytest.approx(float(weights.sum()))


def test_more_features_than_room_keeps_all() -> None:
    wide = Sample(RNG.normal(size=(30, 20)))
    assert thin(wide, scale=np.ones(20), n_events=10, seed=0) is wide


def test_wider_cells_are_fewer_with_the_same_sum_and_mean() -> None:
    sample = Sample(np.random.default_rng(0).exponential(size=50_000))
    fine = thin(sample, scale=np.ones(1), n_events=1, seed=0)
    coarse = thin(sample, scale=np.ones(1), n_events=1, seed=0, cell_width=0.01)
    assert 5 * coarse.n_events < fine.n_events
    assert coarse.expected_events == pytest.approx(sample.expected_events)
    mean = np.average(coarse.events[:, 0], weights=coarse.event_weights)
    assert mean == pytest.approx(np.mean(sample.events))


@pytest.mark.parametrize(
    "sample", [PLANE, Sample(LINE.events, np.where(np.arange(20_000) % 9 == 0, -1.0, 1.0))], ids=["plane", "negative"]
)
def test_what_has_no_cells_is_not_merged(sample: Sample) -> None:
    assert merge_cells(sample, scale=np.ones(sample.n_features)) is sample
