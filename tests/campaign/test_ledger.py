"""The ledger: shards that are done, at work, damaged, foreign, failed."""

import shutil

import pytest

from wilks.campaign import Ledger, plan_toys
from wilks.campaign.files import DamagedError
from wilks.campaign.table import table_of
from wilks.errors import StoreError
from wilks.hypotheses import Generator, Null


def indices(ledger: Ledger) -> list[int]:
    return ledger.table()["index"].to_pylist()


def test_a_plan_is_found_again(ledger) -> None:
    again = Ledger.open(ledger.folder)
    assert again.plan == ledger.plan and again.owner == ledger.owner and again.plan.n_shards == 3


def test_a_finished_shard_replaces_its_progress(ledger, finish, make_row) -> None:
    ledger.write([make_row(4), make_row(5)])
    ledger.write([make_row(9)])
    assert indices(ledger) == [4, 5, 9] and ledger.n_finished(10) == 3 and ledger.n_finished(5) == 1
    finish(1)
    assert indices(ledger) == [4, 5, 6, 7, 9] and ledger.n_finished(10) == 5
    assert [name.name for name in (ledger.folder / "progress").iterdir()] == ["toys-000000009-000000009.parquet"]
    assert ledger.is_done(ledger.plan.shard(1)) and not ledger.is_done(ledger.plan.shard(2))
    assert ledger.done_numbers().tolist() == [1]


def test_a_finished_shard_never_changes(ledger, finish, make_row) -> None:
    finish(0)
    path = ledger.shard_path(ledger.plan.shard(0))
    before = path.read_bytes()
    ledger.finish(ledger.plan.shard(0), [table_of([make_row(i, seconds=9.0) for i in range(4)])])
    assert path.read_bytes() == before


def test_toys_that_were_made_twice_are_there_once(ledger, make_row) -> None:
    ledger.write([make_row(0), make_row(1)])
    ledger.write([make_row(1), make_row(2)])
    assert ledger.progress_of(ledger.plan.shard(0))["index"].to_pylist() == [0, 1, 2]
    assert ledger.n_finished(10) == 3


def test_a_damaged_shard_is_set_aside_and_its_toys_are_missing(ledger, finish) -> None:
    for number in range(3):
        finish(number)
    path = ledger.shard_path(ledger.plan.shard(1))
    for _ in range(2):
        damaged = path.read_bytes()[:-9]
        path.write_bytes(damaged)
        with pytest.raises(DamagedError):
            ledger.table()
        assert not ledger.is_done(ledger.plan.shard(1))
        assert not path.exists() and indices(ledger) == [0, 1, 2, 3, 8, 9]
        finish(1)
    names = [found.name for found in ledger.damaged_paths()]
    assert names == ["shard-0000001.parquet.1", "shard-0000001.parquet.2"]
    assert ledger.damaged_paths()[0].read_bytes() == damaged


def test_a_shard_with_the_name_of_another_is_damaged(ledger, finish) -> None:
    finish(0)
    shutil.copy(ledger.shard_path(ledger.plan.shard(0)), ledger.shard_path(ledger.plan.shard(1)))
    with pytest.raises(DamagedError, match="does not hold toys 4 to 7, each once"):
        ledger.read_shard(ledger.plan.shard(1))


def test_damaged_progress_is_set_aside(ledger, make_row) -> None:
    ledger.write([make_row(0)])
    ledger.write([make_row(1)])
    path = ledger.folder / "progress" / "toys-000000000-000000000.parquet"
    path.write_bytes(b"PAR1")
    assert ledger.progress_of(ledger.plan.shard(0))["index"].to_pylist() == [1]
    assert [found.name for found in ledger.damaged_paths()] == [path.name + ".1"]


def test_toys_from_elsewhere_are_refused_by_what_differs(ledger, finish, make_analysis, tmp_path) -> None:
    analysis = make_analysis(Generator("campaign_generators:gated"))
    others = {
        "seed": {"seed": 2},
        "hypothesis.n_events": {"hypothesis": Null(n_events=9)},
        "analysis.toy_source.generator": {"analysis": make_analysis(Generator("campaign_generators:noisy"))},
    }
    target = ledger.shard_path(ledger.plan.shard(0))
    for k, (name, change) in enumerate(others.items()):
        settings = {"analysis": analysis, "hypothesis": Null(), "seed": 1, **change}
        other = plan_toys(n_toys=4, folder=tmp_path / f"other{k}", shard_size=4, **settings)
        finish(0, to=other)
        shutil.copy(other.shard_path(other.plan.shard(0)), target)
        before = target.read_bytes()
        for verb in (ledger.table, lambda: ledger.is_done(ledger.plan.shard(0))):
            with pytest.raises(StoreError, match=rf"holds toys of another campaign: {name} differ; remove it"):
                verb()
        assert target.read_bytes() == before
    same = plan_toys(analysis, Null(), n_toys=4, seed=1, folder=tmp_path / "same", shard_size=4)
    finish(0, to=same)
    shutil.copy(same.shard_path(same.plan.shard(0)), target)
    assert indices(ledger) == [0, 1, 2, 3]


def test_unfinished_files_are_not_toys(ledger, make_row) -> None:
    ledger.write([make_row(0)])
    (ledger.folder / "progress" / ".toys-000000001-000000001.parquet.12.partial").write_bytes(b"PAR1")
    (ledger.folder / "shards" / ".shard-0000000.parquet.12.partial").write_bytes(b"PAR1")
    (ledger.folder / "shards" / "notes.txt").write_bytes(b"by a person")
    assert indices(ledger) == [0] and ledger.n_finished(10) == 1


def test_progress_that_moves_into_a_shard_while_it_is_read_is_not_lost(ledger, finish, make_row, monkeypatch) -> None:
    for index in range(4):
        ledger.write([make_row(index)])
    listing = ledger.progress_paths

    def list_then_finish():
        found = listing()
        monkeypatch.undo()
        finish(0)
        return found

    monkeypatch.setattr(ledger, "progress_paths", list_then_finish)
    assert indices(ledger) == [0, 1, 2, 3]


def test_the_last_error_of_a_shard_stays_until_it_is_done(ledger, finish) -> None:
    ledger.note_failure(ledger.plan.shard(1), {"error": "first"})
    ledger.note_failure(ledger.plan.shard(1), {"error": "second"})
    assert ledger.failures() == {1: {"error": "second"}}
    (ledger.folder / "failed" / "shard-0000002.json").write_text("cut")
    assert list(ledger.failures()) == [1]
    finish(1)
    assert ledger.failures() == {}


def test_an_extension_is_in_the_folder(ledger) -> None:
    ledger.extend(13, shard_size=2)
    again = Ledger.open(ledger.folder)
    assert again.plan.n_toys == 13 and [shard.first for shard in again.plan.shards()] == [0, 4, 8, 10, 12]
    ledger.extend(5)
    assert Ledger.open(ledger.folder).plan.n_toys == 13
