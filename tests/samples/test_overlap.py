import numpy as np
import pytest

from wilks.errors import SampleError
from wilks.samples import KnownEvents, Sample, overlap, shared_events

SOURCES = {
    "continuous": lambda rng, n: rng.normal(size=(n, 3)),
    "float32, one feature": lambda rng, n: rng.exponential(size=(n, 1)).astype(np.float32),
    "two decimals": lambda rng, n: np.round(rng.normal(size=(n, 2)), 2),
    "integers": lambda rng, n: rng.integers(0, 100, (n, 2)),
    "few values": lambda rng, n: rng.geometric(0.5, (n, 1)),
    "integer beside continuous": lambda rng, n: np.column_stack([rng.integers(0, 3, n), rng.normal(size=n)]),
}


@pytest.mark.parametrize("name", SOURCES)
@pytest.mark.parametrize("sizes", [(3000, 3000), (20_000, 1000), (1000, 20_000)])
def test_independent_samples_share_nothing(name, sizes):
    rng = np.random.default_rng([list(SOURCES).index(name), *sizes])
    for _ in range(10):
        a, b = (Sample(SOURCES[name](rng, n)) for n in sizes)
        assert shared_events(a, b) == 0


@pytest.mark.parametrize("name", ["continuous", "integer beside continuous"])
@pytest.mark.parametrize("n_shared", [1, 7, 1000])
def test_every_shared_event_of_continuous_data_is_counted(name, n_shared):
    rng = np.random.default_rng(0)
    a = Sample(SOURCES[name](rng, 5000))
    b = SOURCES[name](rng, 1000)
    b[:n_shared] = a.events[-n_shared:]
    assert shared_events(a, Sample(b)) == n_shared
    assert shared_events(Sample(b), a) == n_shared


@pytest.mark.parametrize(("name", "tolerance"), [("float32, one feature", 3), ("two decimals", 40)])
def test_a_large_share_is_found_among_chance_ties(name, tolerance):
    rng = np.random.default_rng(1)
    a = Sample(SOURCES[name](rng, 20_000))
    b = SOURCES[name](rng, 2000)
    b[:500] = a.events[:500]
    assert shared_events(a, Sample(b)) == pytest.approx(500, abs=tolerance)


def test_a_pool_that_repeats_events_is_found_if_the_reference_does_not():
    rng = np.random.default_rng(2)
    pool = rng.normal(size=(2000, 2))
    reference = Sample(pool[:1000])
    assert shared_events(reference, Sample(pool[rng.integers(0, 2000, 1000)])) > 200


def test_different_densities_of_few_values_are_not_an_overlap():
    rng = np.random.default_rng(3)
    a = Sample(np.where(rng.random(5000) < 0.5, 0.0, rng.normal(size=5000)))
    assert shared_events(a, Sample(np.zeros(200))) == 0


def test_zero_has_no_sign_and_empty_samples_share_nothing():
    a = Sample([[0.0, 1.0 / 3.0], [2.0 / 3.0, 3.1]])
    assert shared_events(a, Sample([[-0.0, 1.0 / 3.0]])) == 1
    assert shared_events(a, Sample(np.empty((0, 2)))) == shared_events(Sample(np.empty((0, 2))), a) == 0


def test_other_features_cannot_be_compared():
    with pytest.raises(SampleError, match="same features"):
        shared_events(Sample([1.0], features=("a",)), Sample([1.0], features=("b",)))


@pytest.mark.parametrize("name", ["continuous", "integer beside continuous", "float32, one feature"])
@pytest.mark.parametrize(
    "text", [np.float32, lambda x: np.round(x, 5), lambda x: [[float(f"{v:.6g}") for v in r] for r in x]]
)
def test_events_meet_at_the_coarser_precision(name, text):
    """The reference's own events in float32, or written with six digits, are its own events."""
    rng = np.random.default_rng(4)
    events = (
        SOURCES[name](rng, 4_000).astype(float) if name != "float32, one feature" else rng.exponential(size=(4_000, 1))
    )
    a, b = Sample(events), Sample(np.asarray(text(events[:800])))
    assert shared_events(a, b) == pytest.approx(800, abs=8)
    assert shared_events(b, a) == pytest.approx(800, abs=8)
    fresh = Sample(np.asarray(text(SOURCES[name](rng, 800).astype(float))))
    assert shared_events(a, fresh) == 0


def test_a_pool_of_both_precisions_meets_the_reference():
    rng = np.random.default_rng(5)
    reference, others = rng.normal(size=(3_000, 2)), rng.normal(size=(3_000, 2))
    pool = Sample(np.vstack([others, reference[:300].astype(np.float32)]))
    assert shared_events(Sample(reference), pool) == 300


@pytest.mark.parametrize("n", [200, 3_000])
def test_steps_of_a_converter_tie_by_chance(n):
    rng = np.random.default_rng(6)
    for _ in range(20):
        a, b = (Sample(0.0731 * rng.poisson(500, size=(k, 2))) for k in (n, n // 4))
        assert shared_events(a, b) == 0


@pytest.mark.parametrize("name", SOURCES)
def test_a_known_sample_shares_what_two_samples_do(name):
    """Data in double and single precision, with digits cut off, without and with events of the reference."""
    rng = np.random.default_rng(list(SOURCES).index(name))
    a = Sample(SOURCES[name](rng, 3000))
    known = KnownEvents(a)
    for cut in (np.asarray, lambda x: np.asarray(x, dtype=np.float32), lambda x: np.round(x, 3)):
        for n_shared in (0, 40):
            b = Sample(cut(np.vstack([SOURCES[name](rng, 500), a.events[:n_shared]])))
            assert known.shared_with(b) == shared_events(a, b) == KnownEvents(a).shared_with(b)


def test_a_known_sample_is_hashed_once_for_each_precision(monkeypatch):
    rng, sizes, hashes = np.random.default_rng(0), [], overlap.row_hashes

    def counting(events):
        sizes.append(len(events))
        return hashes(events)

    monkeypatch.setattr(overlap, "row_hashes", counting)
    known = KnownEvents(Sample(rng.normal(size=(3000, 2))))
    for _ in range(3):
        assert known.shared_with(Sample(rng.normal(size=(100, 2)))) == 0
    assert sizes.count(3000) == 2 and sizes.count(100) == 6
