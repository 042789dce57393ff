"""How a campaign stands: states of shards, the tally, and the text that people read."""

import os

import numpy as np
import pytest

from wilks.campaign import plan_toys
from wilks.campaign.status import RunningTally, ShardState, Tally, campaign_status
from wilks.campaign.table import table_of
from wilks.hypotheses import Null
from wilks.typing import FitStatus

NOW = 1_800_000_000.0


def states(ledger, **options) -> list[str]:
    found = campaign_status(ledger, now=NOW, **options)
    noted = {one.shard.number: str(one.state) for one in found.shards}
    return [noted.get(number, "missing") for number in range(found.n_shards)]


def test_a_new_campaign_is_missing(ledger) -> None:
    found = campaign_status(ledger, now=NOW)
    assert states(ledger) == ["missing"] * 3 and not found.is_complete
    assert str(found).splitlines() == [
        f"Campaign {ledger.folder}: Null(), seed 1",
        "toys    0 of 10 finished; 0 failed",
        "shards  3: 3 missing",
    ]


def test_every_state_has_its_name(ledger, finish, make_row, tmp_path, analysis) -> None:
    ledger.extend(26, shard_size=4)
    for number in (0, 3):
        finish(number)
    damaged = ledger.shard_path(ledger.plan.shard(3))
    damaged.write_bytes(damaged.read_bytes()[:-9])
    other = plan_toys(analysis, Null(), n_toys=26, seed=2, folder=tmp_path / "other", shard_size=4)
    finish(0, to=other)
    other.shard_path(other.plan.shard(0)).replace(ledger.shard_path(ledger.plan.shard(4)))
    ledger.note_failure(ledger.plan.shard(5), {"error": "MemoryError: ", "host": "node7", "when": "then"})
    for index, age in ((4, 10.0), (8, 7200.0)):
        ledger.write([make_row(index)])
        path = ledger.folder / "progress" / f"toys-{index:09d}-{index:09d}.parquet"
        os.utime(path, (NOW - age, NOW - age))
    assert states(ledger) == ["done", "running", "stale", "corrupt", "foreign", "failed", "missing"]
    assert states(ledger, stale_after_s=1e9)[2] == "running"
    found = campaign_status(ledger, now=NOW)
    text = str(found)
    assert "shards  7: 1 done, 1 running, 1 stale, 1 failed, 1 missing, 1 corrupt, 1 foreign" in text
    assert "  shard 2 stale: nothing has come for 2.0 hours" in text
    assert "  shard 3 corrupt: " in text and "shard-0000003.parquet cannot be read" in text
    assert "  shard 4 foreign: " in text and "toys of another campaign: seed differ" in text
    assert "  shard 5 failed: MemoryError:  (on node7, then)" in text
    assert found.n_finished == 6 and found.to_dict()["shards"]["stale"] == 1
    assert damaged.exists() and ledger.damaged_paths() == []


def test_many_problems_are_not_all_listed(ledger) -> None:
    ledger.extend(100, shard_size=1)
    for shard in list(ledger.plan.shards())[:20]:
        ledger.note_failure(shard, {"error": "x"})
    lines = str(campaign_status(ledger, now=NOW)).splitlines()
    assert sum(line.startswith("  shard") for line in lines) == 12 and lines[-1] == "  and 8 more"


def test_a_complete_campaign_says_its_mean(ledger, finish) -> None:
    for number in range(3):
        finish(number)
    found = campaign_status(ledger, now=NOW)
    assert found.is_complete and list(found.counts) == [ShardState.DONE]
    assert "toys    10 of 10 finished; mean t 4.60 ± 0.96 (4 parameters), 0 failed" in str(found)
    assert found.to_dict()["mean_t"] == pytest.approx(4.6)


def test_files_that_were_set_aside_are_mentioned(ledger, finish) -> None:
    finish(0)
    ledger.shard_path(ledger.plan.shard(0)).write_bytes(b"")
    ledger.is_done(ledger.plan.shard(0))
    text = str(campaign_status(ledger, now=NOW))
    assert f"1 damaged files were set aside in {ledger.folder}/damaged" in text


def test_a_tally_is_that_of_the_toys(make_row) -> None:
    failed = make_row(2, t=float("nan"), status=int(FitStatus.NOT_CONVERGED))
    rows = [make_row(0, t=3.0), make_row(1, t=5.0), failed]
    whole, parts = Tally.of(table_of(rows)), [Tally.of(table_of([row])) for row in rows]
    assert whole == parts[0] + parts[1] + parts[2]
    assert (whole.n_toys, whole.n_failed, whole.n_valid, whole.mean_t) == (3, 1, 2, 4.0)
    assert whole.mean_t_error == pytest.approx(np.std([3.0, 5.0], ddof=1) / np.sqrt(2))
    assert whole.failed_share == pytest.approx(1 / 3) and whole.seconds == 1.5


def test_a_tally_of_nothing_has_no_mean() -> None:
    assert np.isnan(Tally().mean_t) and np.isnan(Tally().mean_t_error) and Tally().failed_share == 0.0
    assert Tally().describe(n_parameters=13) == "0 failed"


def test_a_running_tally_reads_what_is_new(ledger, finish, monkeypatch) -> None:
    running = RunningTally(ledger.folder)
    assert running.look() == Tally()
    finish(0)
    assert running.look().n_toys == 4
    finish(2)
    monkeypatch.setattr("wilks.campaign.status.Tally.of", lambda table: Tally(table.num_rows))
    assert running.look().n_toys == 6
    ledger.shard_path(ledger.plan.shard(1)).write_bytes(b"damaged")
    assert running.look().n_toys == 6
