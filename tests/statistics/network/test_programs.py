"""The engine: what the exploration sees, sizes that do not change with the data set, lanes and memory."""

import jax
import numpy as np
import pytest

import wilks
from wilks import likelihood
from wilks.statistics.fits import Data
from wilks.statistics.network.lanes import advanced
from wilks.statistics.network.programs import DataSet, Programs
from wilks.typing import FloatArray


def exponential(n: int, seed: int) -> FloatArray:
    return np.random.default_rng(seed).exponential(size=(n, 1))


def make(*, n_features: int = 1, expected: float = 500.0, clip: float = 5.0, **search: int) -> wilks.Analysis:
    rng = np.random.default_rng(0)
    events = rng.exponential(size=(20_000, n_features))
    return wilks.Analysis(
        reference=wilks.Sample(events),
        model=wilks.MLP(hidden=(3,), weight_clip=clip),
        expected_events=expected,
        standardize=False,
        search=wilks.Search(**search),
    )


def programs(analysis: wilks.Analysis, *, width: int | None = None) -> Programs:
    assert isinstance(analysis.model, wilks.MLP)
    return Programs(analysis.problem, analysis.model, width=width)


def sets_of(engine: Programs, *all_events: FloatArray) -> DataSet:
    return engine.data_sets([Data(events, np.empty(0)) for events in all_events])


def one_set(engine: Programs, events: FloatArray) -> DataSet:
    first: DataSet = jax.tree.map(lambda array: array[0], sets_of(engine, events))
    return first


def test_data_sets_share_one_shape() -> None:
    engine = programs(make())
    shapes = {tuple(a.shape for a in jax.tree.leaves(one_set(engine, exponential(n, n)))) for n in (0, 1, 450, 560)}
    assert len(shapes) == 1


def test_several_data_sets_are_stacked_whatever_their_sizes() -> None:
    engine = programs(make())
    sets = sets_of(engine, exponential(3, 1), exponential(3000, 2))
    assert all(array.shape[0] == 2 for array in jax.tree.leaves(sets))
    assert np.asarray(sets.whole.counts).sum(axis=(1, 2)).tolist() == [3, 3000]
    np.testing.assert_allclose(np.asarray(sets.explored.counts).sum(axis=(1, 2)), [3, 3000])


@pytest.mark.parametrize("clip", [5.0, 30.0, 100.0])
def test_cells_of_the_exploration_move_the_loss_little(clip: float) -> None:
    """One feature: reference and data in cells of 0.01, or less at a large clip, in one block, in single precision."""
    analysis = make(clip=clip)
    engine, events = programs(analysis), exponential(510, 3)
    data = one_set(engine, events)
    assert engine.coarse == () and data.explored.columns.size < engine.points.whole.columns.size / 2
    for start in analysis.model.starting_points(np.random.default_rng(1), 5, events=events):
        params = jax.numpy.asarray(start)
        exact = likelihood.value(analysis.model.structure, params, (engine.points.whole, data.whole))
        explored = likelihood.value(analysis.model.structure, params, (*engine.coarse, data.explored))
        assert float(explored) == pytest.approx(float(exact), abs=5e-3)


def test_several_features_are_explored_event_by_event() -> None:
    engine = programs(make(n_features=2))
    assert engine.points.near is None and len(engine.coarse) == 1
    assert engine.coarse[0].columns.dtype == np.float32


def test_a_race_gives_descents_up() -> None:
    analysis = make(n_starts=16, n_kept=2, race_iterations=5)
    engine, events = programs(analysis), exponential(510, 3)
    starts = analysis.model.starting_points(np.random.default_rng(1), 16, events=events)
    ends = engine.explore(starts, np.zeros(16, dtype=np.int64), sets_of(engine, events))
    given_up = ~ends.is_done
    assert given_up.sum() >= 8 and ends.n_iterations[given_up].max() <= 20
    assert ends.values[~given_up].min() <= ends.values[given_up].min()


def test_memory_is_stated_and_does_not_depend_on_the_length_of_the_queue() -> None:
    engine = programs(make(expected=8000.0), width=8)
    one, two = engine.memory_bytes(1), engine.memory_bytes(2)
    assert 0 < two - one < one
    assert engine.n_together > 1 and engine.memory_bytes(engine.n_together) <= 4 * 2**30
    assert programs(make()).n_together == 1


@pytest.mark.parametrize("width", [pytest.param(1, marks=pytest.mark.nightly), 4])
def test_stated_memory_covers_what_the_compiled_programs_ask_for(width: int) -> None:
    analysis = make(n_features=2, expected=8000.0, n_starts=4)
    engine, events = programs(analysis, width=width), np.random.default_rng(1).exponential(size=(8000, 2))
    sets, owners = sets_of(engine, events), np.zeros(4, dtype=np.int64)
    starts = analysis.model.starting_points(np.random.default_rng(1), 4, events=events)
    whole = (engine.points.whole,)
    stages = (
        (engine._descents, engine.coarse, sets.coarse),
        (engine._finisher._lanes["newton"], whole, sets.fine),
    )
    for lanes, shared, own in stages:
        store = lanes.begin(starts, owners, shared, own)
        states, limits = jax.tree.map(lambda array: array[:width], store), np.array([5, 5])
        program = advanced.lower(lanes._task, states, owners[:width], limits, shared, own).compile()
        asked = program.memory_analysis().temp_size_in_bytes
        assert 0 < asked < engine.memory_bytes(1)
