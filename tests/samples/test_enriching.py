"""Samples of one law put together."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wilks.errors import SampleError
from wilks.samples import Origin, Sample, enrich, merge


def exponential(seed, *, n_events, above=0.0, expected=1_000.0):
    x = above + np.random.default_rng(seed).exponential(size=n_events)
    weight = expected * np.exp(-above) / n_events
    return Sample(x, np.full(n_events, weight), features=("x",), extras={"twice": 2 * x})


def test_enriched_tail_has_more_events_and_the_same_yields():
    reference, tail = exponential(1, n_events=20_000), exponential(2, n_events=20_000, above=5.0)
    merged = enrich(reference, tail, where="x > 5 and twice > 0")
    x, weights = merged.events[:, 0], merged.event_weights
    assert merged.n_events == 40_000 and merged.origin is None and np.array_equal(merged.column("twice"), 2 * x)
    assert weights[x < 5].sum() == pytest.approx(reference.event_weights[reference.events[:, 0] < 5].sum())
    for low in (5.0, 7.0, 9.0):
        chosen = x > low
        error = np.sqrt(np.sum(weights[chosen] ** 2))
        assert abs(weights[chosen].sum() - 1_000 * np.exp(-low)) < 5 * error
    assert np.ptp(weights[x > 5]) < 0.3 * weights[x > 5].mean()
    assert weights[x > 5].sum() == pytest.approx(tail.expected_events, rel=0.01)


def test_events_outside_the_region_are_left_out():
    reference, tail = exponential(1, n_events=5_000), exponential(3, n_events=5_000)
    merged = enrich(reference, tail, where="x > 2")
    assert merged.n_events == 5_000 + int(np.count_nonzero(tail.events > 2))


@given(st.integers(10, 200), st.integers(10, 200))
def test_equal_weights_are_shared_by_number(n_first, n_second):
    """Two samples that expect one yield have one weight together."""
    first = Sample(np.arange(n_first) + 0.25, np.full(n_first, 12.0 / n_first), features=("x",))
    second = Sample(np.arange(n_second) + 0.75, np.full(n_second, 12.0 / n_second), features=("x",))
    merged = enrich(first, second, where="x >= 0")
    assert merged.event_weights == pytest.approx(np.full(n_first + n_second, 12.0 / (n_first + n_second)))


def test_a_region_that_the_reference_does_not_populate_is_filled():
    reference = Sample(np.linspace(0.0, 5.0, 1_000), np.ones(1_000), features=("x",))
    tail = Sample(np.linspace(6.0, 9.0, 500), np.full(500, 0.01), features=("x",))
    merged = enrich(reference, tail, where="x > 5.5")
    assert merged.expected_events == pytest.approx(1_005.0) and merged.n_events == 1_500


def test_yields_that_differ_are_refused():
    reference, tail = exponential(1, n_events=20_000), exponential(2, n_events=20_000, above=3.0)
    with pytest.raises(SampleError, match=r"differ by \d+\.\d standard deviations; give its weights"):
        enrich(reference, tail.rescaled(1.5 * tail.expected_events), where="x > 3")
    empty = Sample(np.linspace(0.0, 5.0, 1_000), np.ones(1_000), features=("x",))
    with pytest.raises(SampleError, match=r"the reference has 0 and the enriched sample 30"):
        enrich(empty, Sample(np.linspace(6.0, 9.0, 500), np.full(500, 0.06), features=("x",)), where="x > 5.5")


def test_what_cannot_be_put_together_is_refused():
    reference, tail = exponential(1, n_events=1_000), exponential(2, n_events=1_000, above=3.0)
    with pytest.raises(SampleError, match="none of 1,000 is"):
        enrich(reference, tail, where="x > 1000")
    with pytest.raises(SampleError, match="needs the column 'y'"):
        enrich(reference, tail, where="y > 3")
    with pytest.raises(SampleError, match="share no event, but 1,000 of 1,000"):
        merge([reference, reference])
    with pytest.raises(SampleError, match="'twice' is in one of them alone"):
        merge([reference, tail.without_extras()])
    with pytest.raises(SampleError, match="these have x and y"):
        merge([reference.without_extras(), Sample([1.0], features=("y",))])
    with pytest.raises(SampleError, match="but none came"):
        merge([])
    negative = Sample([6.0, 7.0, 1.0], [1.0, -1.0, 9.0], features=("x",))
    with pytest.raises(SampleError, match="positive sum in both samples, but one has 0"):
        enrich(negative, Sample([6.5, 7.5], [0.1, 0.1], features=("x",)), where="x > 5")


def test_strata_are_put_one_after_another():
    origin = Origin(("a.csv",), None, None, {}, None, 2, 2, 2.0)
    first = Sample([1.0, 2.0], features=("x",), origin=origin)
    merged = merge([first, Sample([3.0], [0.5], features=("x",)), Sample([4.0], [0.25], features=("x",))])
    assert merged.events.ravel().tolist() == [1.0, 2.0, 3.0, 4.0] and merged.expected_events == 2.75
    assert merged.origin is None and merge([first]).n_events == 2
