"""Data events where the reference has none are named, and others rarely."""

import numpy as np
import pytest
from scipy import stats

from wilks.errors import SampleError
from wilks.samples import ReferenceSupport, Sample, support

LAWS = {
    "exponential": lambda rng, n: rng.exponential(size=(n, 1)),
    "normal": lambda rng, n: rng.normal(size=(n, 1)),
    "uniform": lambda rng, n: rng.random((n, 1)),
    "integers": lambda rng, n: rng.geometric(0.4, (n, 1)),
    "two decimals": lambda rng, n: np.round(rng.normal(size=(n, 1)), 2),
    "heavy tail": lambda rng, n: rng.pareto(2.0, (n, 1)),
    "two features": lambda rng, n: np.column_stack([rng.exponential(size=n), rng.random(n)]),
}


@pytest.mark.parametrize("name", LAWS)
@pytest.mark.parametrize(("n_reference", "n_data"), [(10_000, 100), (5_000, 1_000)])
def test_data_of_the_reference_are_rarely_named(name, n_reference, n_data):
    """At a size of 5 %, 200 data sets name an event in more than 22 with a probability below 5e-4."""
    rng = np.random.default_rng([list(LAWS).index(name), n_data])
    n_named = 0
    for _ in range(20):
        support = ReferenceSupport(Sample(LAWS[name](rng, n_reference)))
        n_named += sum(support.outside(Sample(LAWS[name](rng, n_data)), size=0.05).n_outside > 0 for _ in range(10))
    assert stats.binom.sf(22, 200, 0.05) < 5e-4
    assert n_named <= 22


def exponential(rng, *, n_events=100_000, last=11.0):
    x = rng.exponential(size=n_events)
    x = x[x < last]
    x[0] = last
    return Sample(x, np.full(x.size, 2_000 / x.size), features=("x",))


def test_the_outlier_of_the_paper_is_named():
    """Events of the exponential problem beyond 13, where the largest reference event is at 11."""
    rng = np.random.default_rng(1)
    data = np.append(rng.exponential(size=2_000).clip(max=9.0), [13.1, 14.7])
    found = ReferenceSupport(exponential(rng)).outside(Sample(data, features=("x",)))
    assert found.n_outside == 2 and set(found.indices) == {2000, 2001}
    assert found.outsiders[0].values == (14.7,) and found.outsiders[0].distance == pytest.approx(3.7, rel=0.05)
    assert "2 of 2,002 data events lie where the reference has none" in str(found)
    assert "event 2,001: x = 14.7: x lies 3.7 beyond the last reference event, at 11" in str(found)
    assert "restrict data, reference and toys" in str(found) and "enrich" in str(found)


def test_a_sharp_edge_is_told_from_a_tail():
    rng = np.random.default_rng(2)
    support = ReferenceSupport(exponential(rng))
    found = support.outside(Sample([1.0, -0.01, 2.0], features=("x",)))
    assert found.indices == (1,) and "x lies 0.01 before the first reference event" in found.outsiders[0].reason
    data = np.append(rng.exponential(size=1_999).clip(max=9.0), 11.3)
    assert str(support.outside(Sample(data, features=("x",)))) == "the reference covers all 2,000 data events"


@pytest.mark.parametrize(("width", "is_named"), [(1e-5, False), (2e-3, True), (0.1, True)])
def test_a_hole_in_the_bulk_is_found(width, is_named):
    rng = np.random.default_rng(3)
    x = rng.exponential(size=100_000)
    reference = Sample(x[(x < 1.0) | (x > 1.0 + width)], features=("x",))
    data = np.append(rng.exponential(size=500), 1.0 + width / 2)
    found = ReferenceSupport(reference).outside(Sample(data, features=("x",)))
    assert (500 in found.indices) == is_named
    assert all("in a gap of the reference, from 0.99" in one.reason for one in found.outsiders)


def test_distance_is_seen_where_no_feature_alone_is_unusual():
    rng = np.random.default_rng(4)
    angle = rng.uniform(0.0, 2 * np.pi, 20_000)
    ring = np.column_stack([np.cos(angle), np.sin(angle)]) + 0.01 * rng.normal(size=(20_000, 2))
    data = np.vstack([ring[:500] + 1e-4, [[0.0, 0.0]]])
    found = ReferenceSupport(Sample(ring)).outside(Sample(data))
    assert found.indices == (500,) and "standard deviations away" in found.outsiders[0].reason
    assert found.outsiders[0].distance == pytest.approx(np.sqrt(2.0), rel=0.05)


def test_weights_say_how_many_events_are_expected():
    """An enriched tail covers what is far out, but an event there is as unlikely as its weights say."""
    rng = np.random.default_rng(5)
    bulk, tail = rng.exponential(size=20_000), 8.0 + rng.exponential(size=20_000)
    weights = np.append(np.full(20_000, 1.0), np.full(20_000, np.exp(-8.0)))
    enriched = Sample(np.append(bulk[bulk < 8], tail), np.append(np.ones(np.sum(bulk < 8)), weights[20_000:]))
    data = Sample(np.append(rng.exponential(size=200), 12.0))
    assert ReferenceSupport(Sample(bulk[bulk < 8])).outside(data).indices == (200,)
    assert ReferenceSupport(enriched).outside(data).n_outside == 0


def test_events_without_weight_cover_nothing_and_negative_weights_do():
    rng = np.random.default_rng(6)
    x = np.append(rng.random(5_000), rng.uniform(5.0, 6.0, 5_000))
    data = Sample([0.5, 5.5])
    assert ReferenceSupport(Sample(x, np.where(x > 4, 0.0, 1.0))).outside(data).indices == (1,)
    assert ReferenceSupport(Sample(x, np.where(x > 4, -0.5, 1.0))).outside(data).n_outside == 0


def test_many_events_outside_are_all_named_and_some_listed():
    rng = np.random.default_rng(7)
    data = np.append(rng.random(50), rng.uniform(2.0, 3.0, 30))
    found = ReferenceSupport(Sample(rng.random(5_000))).outside(Sample(data))
    assert found.n_outside == 30 and str(found).count("  event") == 5 and "  and 25 more" in str(found)
    assert len(found.outsiders) == 30


@pytest.mark.parametrize("n_features", [1, 2])
def test_a_far_value_of_the_reference_hides_nothing(n_features):
    """A -9999 says nothing of where the distribution ends, and the same value in the data is none outside."""
    rng = np.random.default_rng(9)
    events = rng.exponential(size=(5_000, n_features))
    events[7, 0] = -9999.0
    data = rng.exponential(size=(100, n_features)).clip(max=5.0)
    data[3, 0], data[4, 0], data[5, 0] = -9999.0, -5.0, -9998.0
    assert set(ReferenceSupport(Sample(events)).outside(Sample(data)).indices) == {4, 5}


def test_no_data_and_unusable_input():
    reference = Sample(np.random.default_rng(8).random((200, 2)), features=("a", "b"))
    support = ReferenceSupport(reference)
    assert support.outside(Sample(np.empty((0, 2)), features=("a", "b"))).n_outside == 0
    with pytest.raises(SampleError, match="features of the reference, a, b, in this order, but they have b, a"):
        support.outside(Sample([[1.0, 2.0]], features=("b", "a")))
    for size in (0.0, 1.0, np.nan, "0.1"):
        with pytest.raises(SampleError, match="false-alarm rate must lie between"):
            support.outside(Sample([[1.0, 2.0]], features=("a", "b")), size=size)
    with pytest.raises(SampleError, match="at least 100 of them, but 99"):
        ReferenceSupport(Sample(np.arange(100.0), np.append(0.0, np.ones(99))))
    with pytest.raises(SampleError, match="must vary"):
        ReferenceSupport(Sample(np.zeros(200)))


@pytest.mark.parametrize("n_features", [1, 3])
@pytest.mark.parametrize("size", [0.3, 0.01])
def test_looks_that_go_no_further_than_asked_name_the_same(monkeypatch, n_features, size):
    """Most events are told from one of few reference events; without that everything is as it was."""
    rng = np.random.default_rng(n_features)
    reference = Sample(rng.standard_t(4, size=(4000, n_features)))
    data = [rng.standard_t(3, size=(800, n_features)) * scale for scale in (1.0, 1.5, 3.0)]
    found = [ReferenceSupport(reference).outside(Sample(one), size=size) for one in data]
    monkeypatch.setattr(support.Usual, "usual_up_to", lambda self, limit: -np.inf)
    assert found == [ReferenceSupport(reference).outside(Sample(one), size=size) for one in data]
    assert sum(one.n_outside for one in found) > 5
