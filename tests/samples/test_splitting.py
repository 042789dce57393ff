import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wilks.errors import SampleError
from wilks.samples import Sample, shared_events, split

SAMPLE = Sample(np.arange(50.0), np.linspace(1, 2, 50), extras={"id": np.arange(50)})


@given(st.integers(1, 49), st.integers(0, 2**64))
def test_parts_are_disjoint_and_complete(n_first, seed):
    first, second = split(SAMPLE, n_first=n_first, seed=seed)
    assert first.n_events == n_first
    assert sorted([*first.column("id"), *second.column("id")]) == list(range(50))
    assert shared_events(first, second) == 0
    assert first.expected_events + second.expected_events == pytest.approx(SAMPLE.expected_events)


def test_weights_travel_with_their_events():
    first, _ = split(SAMPLE, n_first=10, seed=3)
    np.testing.assert_array_equal(first.event_weights, SAMPLE.event_weights[first.column("id").astype(int)])


def test_the_seed_decides():
    assert split(SAMPLE, n_first=5, seed=1)[0].digest() == split(SAMPLE, n_first=5, seed=1)[0].digest()
    assert split(SAMPLE, n_first=5, seed=1)[0].digest() != split(SAMPLE, n_first=5, seed=2)[0].digest()
    assert split(SAMPLE, n_first=5, seed=0)[0].column("x0").tolist() == [49.0, 40.0, 46.0, 21.0, 33.0]


@pytest.mark.parametrize(
    ("n_first", "seed", "message"),
    [
        (0, 0, "1 to 49"),
        (50, 0, "1 to 49"),
        (-1, 0, "1 to 49"),
        (0.5, 0, "whole number"),
        (5, -1, "negative"),
        (5, None, "seed"),
    ],
)
def test_impossible_splits_are_refused(n_first, seed, message):
    with pytest.raises(SampleError, match=message):
        split(SAMPLE, n_first=n_first, seed=seed)
