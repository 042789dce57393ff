"""Random signals: local, within the reference, the same for all, and of a known strength."""

import numpy as np
import pytest

from wilks.analysis import Analysis
from wilks.errors import CalibrationError
from wilks.problems import exponential
from wilks.samples import Sample, split
from wilks.selection.signals import events_for, random_signals
from wilks.statistics.network import MLP
from wilks.toys import check_drawable, draw_toy


@pytest.fixture(scope="module")
def plane() -> Analysis:
    """Three features from a pool."""
    rng = np.random.default_rng(0)
    events = np.column_stack([rng.exponential(size=40_000), rng.normal(size=(40_000, 2))])
    reference, pool = split(Sample(events, features=("x", "y", "z")), n_first=10_000, seed=0)
    return Analysis(reference=reference, model=MLP(hidden=(2,)), toy_source=pool, expected_events=1000)


def test_they_are_excesses_around_an_event_in_one_or_two_features(plane) -> None:
    signals = random_signals(plane, 12, seed=3)
    assert {len(one.features) for one in signals} == {1, 2} and len({one.center for one in signals}) == 12
    mean, scale = plane.reference.events.mean(axis=0), plane.reference.events.std(axis=0)
    for one in signals:
        columns = [plane.features.index(name) for name in one.features]
        local = ((one.hypothesis.signal.events - mean) / scale)[:, columns] - one.center
        assert np.abs(np.median(local, axis=0)).max() < 1.5 * one.width
        assert local.std(axis=0).max() < 1.3 * one.width
        check_drawable(plane, one.hypothesis)


def test_the_seed_alone_decides(plane) -> None:
    one, same, other = (random_signals(plane, 3, seed=seed) for seed in (3, 3, 4))
    assert [x.hypothesis.to_dict() for x in one] == [x.hypothesis.to_dict() for x in same]
    assert not {x.center for x in one} & {x.center for x in other}


def test_their_events_are_not_of_the_reference(plane) -> None:
    known = set(map(tuple, plane.reference.events.tolist()))
    for one in random_signals(plane, 3, seed=5):
        assert not known & set(map(tuple, one.hypothesis.signal.events.tolist()))


def test_the_strength_is_that_of_five_sigma() -> None:
    """The score test of a known shape, n_S = Z sqrt(N) E[g]/sqrt(E[g^2]): sum_D s/b against its own null."""
    analysis = Analysis(
        reference=exponential.reference(20_000), model=MLP(hidden=(2,)), toy_source=exponential.BACKGROUND
    )
    x = analysis.reference.events[:, 0]
    g = np.exp(-0.5 * ((x - 1.0) / 0.3) ** 2)
    n_signal, weights = events_for(g, analysis.reference.event_weights), analysis.reference.event_weights
    ratio = n_signal / float(weights @ g)  # s/b = ratio g
    shift, variance = float(weights @ (ratio * g) ** 2), float(weights @ (ratio * g) ** 2)
    assert shift / np.sqrt(variance) == pytest.approx(5.0)
    (one, *_) = random_signals(analysis, 2, seed=1)
    toy = draw_toy(analysis, one.hypothesis, seed=1, index=0)
    assert np.min(one.hypothesis.signal.events) >= 0 and len(toy) > 1500


def test_a_source_that_gives_too_few_events_is_an_error() -> None:
    events = np.random.default_rng(1).exponential(size=(140, 1))
    analysis = Analysis(
        reference=events[:60], model=MLP(hidden=(2,)), toy_source=Sample(events[60:]), expected_events=50
    )
    with pytest.raises(CalibrationError, match="give a larger pool or a generator"):
        random_signals(analysis, 2, seed=1)
