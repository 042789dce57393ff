import numpy as np
import pytest

from wilks.errors import SampleError
from wilks.samples import Sample, unweight


def test_events_are_kept_in_proportion_to_their_weight():
    events = np.repeat([0.0, 1.0, 2.0], 20_000)
    sample = Sample(events, np.repeat([0.5, 1.0, 2.0], 20_000))
    kept = sample.take(unweight(sample, rng=np.random.default_rng(1))).column("x0")
    counts = [np.count_nonzero(kept == value) for value in (0.0, 1.0, 2.0)]
    assert counts[2] == 20_000
    assert counts[0] == pytest.approx(5_000, abs=4 * np.sqrt(20_000 * 0.25 * 0.75))
    assert counts[1] == pytest.approx(10_000, abs=4 * np.sqrt(20_000 * 0.25))


def test_equal_weights_keep_everything_once():
    sample = Sample(np.arange(100.0), np.full(100, 0.3))
    rows = unweight(sample, rng=np.random.default_rng(0))
    assert rows.tolist() == list(range(100)) and rows.dtype == np.int64


@pytest.mark.parametrize(
    ("weights", "message"), [([1.0, -0.1], "no weight may be negative, but 1 of 2"), ([0.0, 0.0], "positive weight")]
)
def test_impossible_weights_are_refused(weights, message):
    with pytest.raises(SampleError, match=message):
        unweight(Sample([1.0, 2.0], weights), rng=np.random.default_rng(0))


def test_no_events_have_no_positive_weight():
    with pytest.raises(SampleError, match="none of 0 events"):
        unweight(Sample([]), rng=np.random.default_rng(0))
