import json
import shutil
import tempfile
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from wilks.campaign import Toys, load_toys, plan_toys, run_toys, stored_toys
from wilks.campaign.coordinator import MOST_TRIES
from wilks.campaign.shard import run_stored_shard
from wilks.errors import CampaignError, InputError, StoreError, WilksWarning
from wilks.hypotheses import Alternative, Generator, Null
from wilks.problems import exponential
from wilks.samples import Sample
from wilks.typing import FitStatus

ARGUMENTS = {"n_toys": 3, "seed": 1}


def exponential_events(rng, n, nuisances):
    return rng.exponential(size=n)


def local(function=exponential_events):
    """The same function as one that only this process knows."""
    return lambda rng, n, nuisances: function(rng, n, nuisances)


def test_toys_of_a_local_function_are_made_here(make_analysis, baseline) -> None:
    calls = []
    toys = run_toys(make_analysis(local()), Null(), n_toys=5, seed=1, progress=lambda *numbers: calls.append(numbers))
    np.testing.assert_array_equal(toys.n_events, baseline.n_events[:5])
    np.testing.assert_allclose(toys.t, baseline.t[:5], rtol=1e-9)
    assert toys.index.tolist() == list(range(5)) and toys.n_failed == 0
    assert calls == [(i, 5) for i in range(1, 6)]


def test_what_the_table_says_of_its_origin(make_analysis) -> None:
    analysis, hypothesis = make_analysis(local()), Alternative(signal=local(), n_signal=3)
    toys = run_toys(analysis, hypothesis, n_toys=1, seed=4)
    assert (toys.hypothesis, toys.seed, toys.n_parameters) == (hypothesis, 4, analysis.n_parameters)
    assert (toys.fingerprint, toys.expected_overlap_z_error) == (analysis.fingerprint(), None)
    assert toys.params.shape == (1, 4)


def test_toys_of_a_pool_say_how_far_they_overlap(make_analysis, one_process, baseline) -> None:
    rng = np.random.default_rng(5)
    analysis = make_analysis(Sample(rng.exponential(size=1000)))
    from_pool = run_toys(analysis, Alternative(signal=local(), n_signal=1), n_toys=1, seed=1)
    assert from_pool.expected_overlap_z_error == pytest.approx(np.sqrt(0.1**2 + 2 * 0.1 * 0.05))
    elsewhere = run_toys(analysis, Alternative(source=local(), expected_events=100), n_toys=1, seed=1)
    assert elsewhere.expected_overlap_z_error is None


def test_a_local_function_cannot_be_stored_or_sent_elsewhere(make_analysis, tmp_path) -> None:
    analysis = make_analysis(local())
    with pytest.raises(StoreError, match=r"<lambda> can be found in this process alone; put the function into a mod"):
        run_toys(analysis, Null(), store=tmp_path / "toys", **ARGUMENTS)
    with ThreadPoolExecutor(1) as executor, pytest.raises(InputError, match=r"<lambda> cannot be imported.*'module:fu"):
        run_toys(analysis, Null(), executor=executor, **ARGUMENTS)
    portable = make_analysis(Generator("campaign_generators:gated"))
    with pytest.raises(StoreError, match="<lambda>"):
        run_toys(portable, Alternative(signal=local(), n_signal=3), store=tmp_path / "toys", **ARGUMENTS)
    assert not (tmp_path / "toys").exists()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"n_toys": 0}, "n_toys must be a whole number of at least 1"),
        ({"n_toys": 2.5}, "n_toys"),
        ({"n_toys": "5"}, "n_toys"),
        ({"n_toys": True}, "n_toys"),
        ({"seed": -1}, "seed must be a whole number of at least 0"),
        ({"seed": 0.5}, "seed"),
        ({"seed": None}, "seed"),
    ],
)
def test_numbers_are_checked_first(make_analysis, changes, message) -> None:
    with pytest.raises(InputError, match=message):
        run_toys(make_analysis(local()), Null(), **{**ARGUMENTS, **changes})


def test_equal_seeds_of_any_type_give_equal_toys(make_analysis, baseline) -> None:
    for seed in (1.0, np.int64(1)):
        toys = run_toys(make_analysis(local()), Null(), n_toys=np.int64(1), seed=seed)
        assert toys.n_events[0] == baseline.n_events[0] and toys.seed == 1


@pytest.mark.parametrize(
    "function",
    [
        local(lambda rng, n, nuisances: 1 / 0),
        local(lambda rng, n, nuisances: rng.random((n, 2))),
        local(lambda rng, n, nuisances: np.full(n, np.nan)),
        "numpy:zeros",
        None,
    ],
)
def test_toys_that_cannot_be_drawn_are_refused_before_anything_starts(make_analysis, tmp_path, function) -> None:
    with pytest.raises(InputError):
        run_toys(make_analysis(function), Null(), store=tmp_path / "toys", **ARGUMENTS)
    assert not (tmp_path / "toys").exists()


def test_a_generator_that_fails_sometimes_leaves_rows_with_their_reason(make_analysis, baseline) -> None:
    n_events = baseline.n_events[:6]
    bad = {int(n_events[1]): ValueError("no such mass"), int(n_events[4]): None}

    def moody(rng, n, nuisances):
        events = rng.exponential(size=n)
        if bad.get(n):
            raise bad[n]
        return events * np.nan if n in bad else events

    is_bad = np.isin(n_events, list(bad))
    toys = run_toys(make_analysis(local(moody)), Null(), n_toys=6, seed=1)
    assert toys.index.tolist() == list(range(6))
    np.testing.assert_array_equal(toys.status, np.where(is_bad, FitStatus.NOT_DRAWN, FitStatus.CONVERGED))
    np.testing.assert_array_equal(np.isnan(toys.t), is_bad)
    np.testing.assert_allclose(toys.t[~is_bad], baseline.t[:6][~is_bad], rtol=1e-9)
    assert "it raised ValueError: no such mass" in toys.rows[1].reason
    assert "must return finite events" in toys.rows[4].reason
    assert toys.n_failed == is_bad.sum() and not any(row.reason for row in np.array(toys.rows)[~is_bad])


def test_any_executor_will_do(make_analysis, baseline, tmp_path, monkeypatch) -> None:
    """Without a store the toys pass through a temporary folder, which is gone afterwards."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with ThreadPoolExecutor(2) as executor:
        toys = run_toys(
            make_analysis(Generator("campaign_generators:gated")), Null(), n_toys=4, seed=1, executor=executor
        )
    np.testing.assert_allclose(toys.t, baseline.t[:4], rtol=1e-9)
    assert list(tmp_path.iterdir()) == []


def test_an_error_says_where_the_finished_toys_are(make_analysis, tmp_path) -> None:
    n_asked = []

    class Broken(ThreadPoolExecutor):
        def submit(self, function, folder, number, module_folders):
            n_asked.append(number)
            future = Future()
            if number == 1:
                future.set_exception(RuntimeError("the batch system is down"))
            else:
                future.set_result(function(folder, number, module_folders))
            return future

    analysis, folder = make_analysis(exponential.background), tmp_path / "toys"
    with pytest.raises(CampaignError, match=r"1 of 3 failed 3 times \(shard 1\).*the batch system is down") as caught:
        run_toys(analysis, Null(), store=folder, executor=Broken(), **ARGUMENTS)
    assert n_asked.count(1) == MOST_TRIES and load_toys(folder).index.tolist() == [0, 2]
    assert caught.value.__notes__ == [
        f"The finished toys are kept in {folder}; run_toys(..., store={str(folder)!r}) goes on."
    ]


def test_more_toys_are_added_and_none_is_made_again(baseline_steps) -> None:
    first, second = baseline_steps
    assert len(first.files) == 6 and len(second.files) == 18
    assert first.files.items() <= second.files.items()
    assert first.toys.rows == second.toys.rows[:6]
    for stage, start, end in ((first, 0, 6), (second, 6, 18)):
        numbers = [n_done for n_done, n_toys in stage.progress]
        assert numbers[0] == start and numbers[-1] == end and numbers == sorted(set(numbers))
        assert {n_toys for _, n_toys in stage.progress} == {end}


def test_fewer_toys_are_the_first_of_a_store(baseline, baseline_store, analysis) -> None:
    class Unused(ThreadPoolExecutor):
        def submit(self, *arguments):
            raise AssertionError("every toy is there")

    toys = run_toys(analysis, Null(), n_toys=4, seed=1, store=baseline_store, executor=Unused())
    assert toys.rows == baseline.rows[:4]


def test_stored_toys_are_read_without_making_any(baseline, baseline_store, analysis) -> None:
    toys = stored_toys(baseline_store, analysis=analysis, hypothesis=Null(), seed=1)
    assert toys.rows == baseline.rows and isinstance(toys, Toys)


@pytest.mark.parametrize("change", [{"seed": 2}, {"hypothesis": Null(n_events=50)}])
def test_a_store_of_other_toys_is_refused(analysis, baseline_store, change) -> None:
    before = {path: path.read_bytes() for path in baseline_store.rglob("*") if path.is_file()}
    settings = {"hypothesis": Null(), "seed": 1, **change}
    with pytest.raises(StoreError, match=f"{next(iter(change))}.* differ; .*nothing was overwritten"):
        run_toys(analysis, n_toys=1, store=baseline_store, **settings)
    assert {path: path.read_bytes() for path in baseline_store.rglob("*") if path.is_file()} == before


def test_toys_of_damaged_files_are_made_again_and_nothing_is_thrown_away(
    analysis, baseline, baseline_store, tmp_path, one_process
) -> None:
    copied = shutil.copytree(baseline_store, tmp_path / "toys")
    damaged = sorted((copied / "shards").iterdir())[2]
    damaged.write_bytes(damaged.read_bytes()[:-9])
    (copied / "shards" / "shard-0000005.parquet").unlink()
    with pytest.raises(StoreError, match=f"{damaged.name} cannot be read"):
        stored_toys(copied, analysis=analysis, hypothesis=Null(), seed=1)
    with pytest.warns(WilksWarning, match="1 files of .* were set aside in its folder 'damaged'"):
        toys = run_toys(analysis, Null(), n_toys=18, seed=1, store=copied, executor=one_process)
    np.testing.assert_array_equal(toys.t, baseline.t)
    assert [path.name for path in (copied / "damaged").iterdir()] == [damaged.name + ".1"]


def test_an_executor_that_gets_a_bad_folder_ends_at_once(analysis, tmp_path, monkeypatch) -> None:
    class Full(ThreadPoolExecutor):
        n_calls = 0

        def submit(self, function, folder, number, module_folders):
            self.n_calls += 1
            future = Future()
            if self.n_calls == 2:
                future.set_exception(StoreError("toys cannot be written: No space left on device"))
            return future

    pool = Full()
    with pytest.raises(StoreError, match="No space left on device") as caught:
        run_toys(analysis, Null(), store=tmp_path / "toys", executor=pool, **ARGUMENTS)
    assert pool.n_calls == 3 and "The finished toys are kept in" in caught.value.__notes__[0]


def test_a_plan_is_run_by_the_same_verb(analysis, baseline, tmp_path, one_process) -> None:
    ledger = plan_toys(analysis, Null(), n_toys=7, seed=1, folder=tmp_path / "toys", shard_size=3)
    assert ledger.plan.n_shards == 3 and load_toys(tmp_path / "toys").n_toys == 0
    toys = run_toys(analysis, Null(), n_toys=5, seed=1, store=tmp_path / "toys", executor=one_process)
    np.testing.assert_array_equal(toys.t, baseline.t[:5])
    assert load_toys(tmp_path / "toys").index.tolist() == list(range(6))


@pytest.mark.parametrize("size", [0, 1.5, "8"])
def test_a_shard_has_a_whole_number_of_toys(analysis, tmp_path, size) -> None:
    with pytest.raises(InputError, match="shard_size must be a whole number of at least 1"):
        plan_toys(analysis, Null(), n_toys=7, seed=1, folder=tmp_path / "toys", shard_size=size)
    assert not (tmp_path / "toys").exists()


def test_a_plan_of_a_local_function_is_refused(make_analysis, tmp_path) -> None:
    with pytest.raises(StoreError, match="<lambda>"):
        plan_toys(make_analysis(local()), Null(), n_toys=7, seed=1, folder=tmp_path / "toys")


def test_what_a_generator_prints_does_not_disturb_its_worker(make_analysis, one_process, baseline) -> None:
    toys = run_toys(
        make_analysis(Generator("campaign_generators:noisy")), Null(), n_toys=2, seed=1, executor=one_process
    )
    np.testing.assert_array_equal(toys.t, baseline.t[:2])


def test_paths_may_be_relative_or_text(analysis, baseline, baseline_store, monkeypatch) -> None:
    monkeypatch.chdir(Path(baseline_store).parent)
    toys = run_toys(analysis, Null(), n_toys=18, seed=1, store=baseline_store.name)
    assert toys.rows == baseline.rows


def plan_of(folder):
    return json.loads((folder / "campaign.json").read_text())["extents"]


@pytest.fixture
def accelerated(monkeypatch) -> list[int]:
    """An accelerator whose lane is that of a CPU; the numbers of the shards that this process was asked for.

    A loaded analysis stays in this process: with more lanes the toys of other tests would be rounded otherwise.
    """
    asked: list[int] = []

    def record(folder, number, module_folders):
        asked.append(number)
        return run_stored_shard(folder, number, module_folders)

    monkeypatch.setattr("wilks.campaign.coordinator.run_stored_shard", record)
    monkeypatch.setattr("wilks.optimize.devices.jax.default_backend", lambda: "gpu")
    monkeypatch.setattr("wilks.optimize.devices._WIDTH_ON_ACCELERATOR", 1)
    monkeypatch.setattr("wilks.statistics.network.engine.NetworkEngine.n_together", 3)
    return asked


def test_on_an_accelerator_toys_are_made_in_this_process(
    tmp_path, analysis, accelerated, make_row, monkeypatch
) -> None:
    """Long blocks, as many toys at once as the memory allows, in one thread."""
    blocks = []

    def make(analysis, hypothesis, *, seed, indices, keep_params=True):
        blocks.append(list(indices))
        return [make_row(index) for index in indices]

    monkeypatch.setattr("wilks.campaign.shard.make_toys", make)
    toys = run_toys(analysis, Null(), n_toys=6, seed=1, store=tmp_path / "toys")
    assert sorted(accelerated) == [0, 1] and plan_of(tmp_path / "toys") == [[6, 3]]
    assert sorted(blocks) == [[0, 1, 2], [3, 4, 5]] and toys.index.tolist() == list(range(6))


@pytest.mark.nightly
def test_on_an_accelerator_toys_are_fitted_side_by_side(tmp_path, analysis, baseline, accelerated) -> None:
    toys = run_toys(analysis, Null(), n_toys=6, seed=1, store=tmp_path / "toys")
    np.testing.assert_allclose(toys.t, baseline.t[:6], rtol=0, atol=1e-9)
