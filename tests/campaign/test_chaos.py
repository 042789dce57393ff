"""Campaigns that are disturbed: the laboratory at reduced size, and single disturbances.

Toys of the laboratory are of a kernel here. It takes half a minute, and runs nightly: what is killed and goes on is in
tests/campaign/test_interruptions.py too, damaged files and plans in tests/campaign/test_files.py and test_ledger.py.
"""

import json
import shutil
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow
import pytest

from wilks.campaign import Ledger, LocalProcesses, plan_toys, processes, run_campaign, shard
from wilks.campaign.files import DamagedError, read_toys, write_toys
from wilks.campaign.table import table_of
from wilks.errors import CampaignError, StoreError
from wilks.hypotheses import Null

from tests.lab.campaign import Draw, different_columns, made_again

ROOT = Path(__file__).parents[2]
KILLS = [f"kill -9 of {victim}" for victim in ("a worker", "the coordinator", "all processes")]


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> tuple[subprocess.CompletedProcess[str], dict[str, dict]]:
    """The laboratory at reduced size, and its lines by the name of the disturbance."""
    if not Path("/proc/self/stat").exists():
        pytest.skip("the laboratory finds worker processes in /proc")
    output = tmp_path_factory.mktemp("chaos") / "chaos.json"
    command = [sys.executable, "-m", "tests.lab", "--quick", "--output", str(output)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, cwd=ROOT)
    lines = json.loads(output.read_text())["lines"] if output.exists() else []
    return done, {line["disturbance"]: line for line in lines}


@pytest.mark.nightly
@pytest.mark.slow
def test_every_toy_is_there_once_with_the_same_bits(outcome) -> None:
    done, lines = outcome
    assert {name: line["faults"] for name, line in lines.items() if line["faults"]} == {}
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.nightly
@pytest.mark.slow
def test_every_disturbance_struck(outcome) -> None:
    lines = outcome[1]
    assert [lines[name]["moments"] for name in KILLS] == [1, 1, 1]
    others = [line for name, line in lines.items() if name not in KILLS and "skipped" not in line["note"]]
    assert len(others) >= 15 and all(line["moments"] > 0 for line in others)


@pytest.mark.nightly
@pytest.mark.slow
def test_no_more_than_the_shard_at_hand_is_lost(outcome) -> None:
    """It has two toys here; a worker that loses its coordinator gives up the toy at hand."""
    worker, coordinator, everything = (outcome[1][name]["made_again"] for name in KILLS)
    assert worker <= 2 and coordinator <= 1 and everything <= 2


@pytest.mark.nightly
@pytest.mark.slow
def test_two_coordinators_share_the_work(outcome) -> None:
    assert outcome[1]["two coordinators at once"]["made_again"] < 40


def test_the_comparison_sees_the_last_bit(make_row) -> None:
    table = table_of([make_row(0), make_row(1)])
    other = table_of([make_row(0, seconds=9.0, host="elsewhere"), make_row(1, kkt_residual=1 / 3 + 2**-54)])
    assert different_columns(table, table) == []
    assert different_columns(other, table) == ["kkt_residual"]


def test_toys_made_again_are_counted_for_the_process_that_lost_them() -> None:
    draws = [Draw(1, 7, "a"), Draw(2, 7, "b"), Draw(3, 8, "b"), Draw(4, 8, "c")]
    assert made_again(draws) == [Draw(2, 7, "b")]


@pytest.fixture
def ledger(tmp_path, analysis) -> Ledger:
    """Twelve toys in shards of four."""
    return plan_toys(analysis, Null(), n_toys=12, seed=1, folder=tmp_path / "toys", shard_size=4)


@pytest.fixture
def when(monkeypatch, make_row) -> Iterator[dict[int, Callable[[], object]]]:
    """Toys that cost nothing; what is to happen before a toy is made is put in here."""
    events: dict[int, Callable[[], object]] = {}

    def make(analysis, hypothesis, *, seed, indices, keep_params=True):
        for index in indices:
            events.pop(index, lambda: None)()
        return [make_row(index) for index in indices]

    monkeypatch.setattr(shard, "make_toys", make)
    monkeypatch.setattr("wilks.campaign.coordinator._shuffled", list)
    yield events


def run(ledger: Ledger, **settings) -> list[int]:
    """Run a campaign in a thread; returns the toys that are there."""
    with ThreadPoolExecutor(1) as executor:
        return run_campaign(ledger, executor=executor, **settings)["index"].to_pylist()


def test_a_shard_that_disappears_while_the_campaign_runs_is_an_error(ledger, when) -> None:
    when[8] = ledger.shard_path(ledger.plan.shard(0)).unlink
    with pytest.raises(CampaignError, match="all of 12 toys must be there in the end, but 4 are not"):
        run(ledger)
    assert run(ledger) == list(range(12))


def test_a_folder_that_disappears_while_the_campaign_runs_is_an_error(ledger, when) -> None:
    when[8] = lambda: shutil.rmtree(ledger.folder)
    with pytest.raises(StoreError, match="toys cannot be written to"):
        run(ledger)


def test_others_may_extend_a_campaign_while_it_runs(ledger, when) -> None:
    def extend() -> None:
        other = Ledger.open(ledger.folder)
        other.extend(20, shard_size=4)
        assert run(other) == list(range(20))

    when[4] = extend
    seen: list[tuple[int, int]] = []
    assert run(ledger, progress=lambda *numbers: seen.append(numbers)) == list(range(12))
    assert seen[-1] == (12, 12)


def test_an_extension_knows_what_others_have_planned_since(ledger) -> None:
    again = Ledger.open(ledger.folder)
    ledger.extend(20, shard_size=3)
    again.extend(24, shard_size=2)
    assert again.plan.to_list() == [[12, 4], [8, 3], [4, 2]] == Ledger.open(ledger.folder).plan.to_list()


def test_a_beginning_does_not_take_back_the_plan_of_another(ledger) -> None:
    late = Ledger(ledger.folder, ledger.document | {"extents": []})
    late.save()
    assert Ledger.open(ledger.folder).plan == ledger.plan


def test_damaged_files_are_kept_where_their_folder_was_removed(ledger, when) -> None:
    run(ledger)
    path = ledger.shard_path(ledger.plan.shard(1))
    path.write_bytes(b"PAR1")
    shutil.rmtree(ledger.folder / "damaged")
    with pytest.warns(UserWarning, match="1 files of .* were set aside"):
        assert run(ledger) == list(range(12))
    assert [found.read_bytes() for found in ledger.damaged_paths()] == [b"PAR1"]


@pytest.mark.parametrize("is_done", [True, False])
def test_damaged_toys_of_a_shard_at_work_are_said_and_hold_nothing_up(ledger, when, make_row, is_done) -> None:
    """Also where the shard was finished by another process in the meantime."""
    if is_done:
        run(ledger)
    ledger.write([make_row(5)])
    next((ledger.folder / "progress").glob("*.parquet")).write_bytes(b"PAR1")
    with pytest.warns(UserWarning, match="1 files of .* were set aside"):
        assert run(ledger) == list(range(12))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert run(ledger) == list(range(12))


def test_toys_that_a_process_kept_of_a_shard_that_another_finished_do_no_harm(ledger, when, make_row) -> None:
    run(ledger)
    ledger.write([make_row(4), make_row(5)])
    assert run(ledger) == list(range(12)) and ledger.n_finished(12) == 12


def test_damage_to_the_name_of_the_owner_is_damage(tmp_path, make_row) -> None:
    """And not a file of another campaign, which would stop this one until a person removes it."""
    path = tmp_path / "toys.parquet"
    write_toys(path, table_of([make_row(0)]), owner={"seed": 12345})
    content = path.read_bytes()
    assert content.count(b"12345") == 1
    path.write_bytes(content.replace(b"12345", b"12344"))
    with pytest.raises(DamagedError, match="its content has changed"):
        read_toys(path)


def test_a_value_that_is_missing_is_not_nan(tmp_path, make_row) -> None:
    table = table_of([make_row(0)])
    column = table.column_names.index("start_gap")
    table = table.set_column(column, table.schema.field("start_gap"), pyarrow.array([None], pyarrow.float64()))
    with pytest.raises(ValueError, match="1 values are missing"):
        write_toys(tmp_path / "toys.parquet", table, owner={})


def test_a_worker_that_cannot_be_replaced_does_not_hang_the_campaign(monkeypatch) -> None:
    with LocalProcesses(1) as executor:
        executor._workers[0]._process.kill()

        def refuse() -> None:
            raise BlockingIOError("no more processes")

        monkeypatch.setattr(processes, "_Worker", refuse)
        for _ in range(2):
            future = executor.submit(shard.run_stored_shard, "nowhere", 0)
            with pytest.raises(processes.LostWorkerError):
                future.result(timeout=60)
        monkeypatch.undo()
        with pytest.raises(processes.LostWorkerError):
            executor.submit(shard.run_stored_shard, "nowhere", 0).result(timeout=60)
        with pytest.raises(StoreError, match="nowhere must hold a plan"):
            executor.submit(shard.run_stored_shard, "nowhere", 0).result(timeout=60)
