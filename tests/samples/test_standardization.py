import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wilks.errors import SampleError
from wilks.samples import Sample, Standardization

NUMBERS = st.lists(st.floats(-1e3, 1e3), min_size=3, max_size=30)


@given(NUMBERS, st.integers(0, 2**32 - 1))
def test_standardized_reference_has_mean_zero_and_unit_variance(values, seed):
    if np.ptp(values) < 1e-3:
        return
    sample = Sample(values, np.random.default_rng(seed).uniform(0.5, 2.0, len(values)))
    scaled = Standardization.of(sample).apply(sample.events)[:, 0]
    mean = np.average(scaled, weights=sample.event_weights)
    assert mean == pytest.approx(0.0, abs=1e-6)
    assert np.average(scaled**2, weights=sample.event_weights) == pytest.approx(1.0, rel=1e-6)


def test_unweighted_is_numpy_with_ddof_zero():
    events = np.random.default_rng(0).normal(3.0, 2.0, size=(100, 2))
    result = Standardization.of(Sample(events))
    np.testing.assert_allclose(result.shift, events.mean(axis=0), rtol=1e-14)
    np.testing.assert_allclose(result.scale, events.std(axis=0), rtol=1e-14)


def test_a_weight_counts_like_repeated_events():
    weighted = Standardization.of(Sample([1.0, 4.0], [1.0, 3.0]))
    repeated = Standardization.of(Sample([1.0, 4.0, 4.0, 4.0]))
    assert weighted.to_dict() == repeated.to_dict()


def test_negative_weights_enter_as_they_are():
    result = Standardization.of(Sample([0.0, 1.0, 2.0, 1.0], [1.0, 1.0, 1.0, -0.5]))
    assert result.shift[0] == 1.0
    assert result.scale[0] == pytest.approx(np.sqrt(2.0 / 2.5))


@pytest.mark.parametrize(
    ("sample", "message"),
    [
        (Sample([[1.0, 2.0], [2.0, 2.0]], features=("a", "b")), "'b' must vary.*2.0"),
        (Sample([0.1] * 10), "'x0' must vary"),
        (Sample([1.0, 1.0, 5.0], [1.0, 1.0, 0.0]), "'x0' must vary"),
        (Sample([]), "0 events"),
        (Sample([1.0, 2.0], [0.0, 0.0]), "positive sum"),
        (Sample([0.0, 1.0, 2.0], [-0.9, 2.0, -0.9]), "variance"),
        (Sample([-1e200, 1e200]), "variance"),
    ],
)
def test_references_without_a_spread_are_refused(sample, message):
    with pytest.raises(SampleError, match=message):
        Standardization.of(sample)


def test_identity_and_round_trip_through_json():
    events = np.array([[1.0, 2.0]])
    assert Standardization.identity(2).apply(events).tolist() == events.tolist()
    result = Standardization([0.1, 1 / 3], [1e-3, 7.0])
    again = Standardization.from_dict(json.loads(json.dumps(result.to_dict())))
    assert again.to_dict() == result.to_dict() and again.n_features == 2


@pytest.mark.parametrize(
    ("shift", "scale"),
    [([0.0], [0.0]), ([0.0], [-1.0]), ([np.nan], [1.0]), ([0.0], [np.inf]), ([0.0], [1.0, 1.0]), ([], [])],
)
def test_impossible_scales_are_refused(shift, scale):
    with pytest.raises(SampleError, match=r"shift and scale|every shift"):
        Standardization(shift, scale)


def test_wrong_shapes_and_documents_are_refused():
    with pytest.raises(SampleError, match=r"shape \(n, 2\)"):
        Standardization.identity(2).apply(np.ones((3, 1)))
    with pytest.raises(SampleError, match="exactly 'shift' and 'scale'"):
        Standardization.from_dict({"shift": [0.0]})
