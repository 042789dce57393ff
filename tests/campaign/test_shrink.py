"""Plans that are taken back, and plans far larger than what is there."""

import json
import time

import numpy as np
import pytest
from click.testing import CliRunner

from wilks.campaign.coordinator import run_campaign
from wilks.campaign.ledger import Ledger
from wilks.campaign.merge import merge_toys
from wilks.campaign.plan import MANY_TOYS, MOST_TOYS, Extent, Plan
from wilks.campaign.shrink import Shrunk, shrink
from wilks.campaign.status import campaign_status
from wilks.campaign.submit import missing_shards
from wilks.cli import main
from wilks.errors import InputError, StoreError


def invoke(*words: object):
    return CliRunner().invoke(main, ["toys", *map(str, words)])


def indices(ledger) -> list[int]:
    return ledger.table()["index"].to_pylist()


def test_a_typing_error_is_taken_back(ledger, finish) -> None:
    """Four toys to a shard, ten toys; then a million."""
    before = ledger.plan
    finish(1)
    ledger.extend(1_000_000)
    assert shrink(ledger, 10) == Shrunk(999_990, 0)
    assert Ledger.open(ledger.folder).plan == ledger.plan == before and indices(ledger) == [4, 5, 6, 7]
    ledger.extend(12, shard_size=1)
    assert [shard.first for shard in Ledger.open(ledger.folder).plan.shards()] == [0, 4, 8, 10, 11]


def test_finished_toys_are_kept_or_set_aside(ledger, finish, make_row) -> None:
    finish(0)
    finish(1)
    ledger.write([make_row(8), make_row(9)])
    with pytest.raises(StoreError, match="4 of toy 6 and beyond are"):
        shrink(ledger, 6)
    assert Ledger.open(ledger.folder).plan.n_toys == 10 and indices(ledger) == list(range(10))
    assert shrink(ledger, 6, sets_aside=True) == Shrunk(4, 4)
    assert indices(ledger) == list(range(6)) and indices(Ledger.open(ledger.folder)) == list(range(6))
    aside = sorted(str(path.relative_to(ledger.folder)) for path in (ledger.folder / "beyond").rglob("*.parquet"))
    assert aside == ["beyond/progress/toys-000000008-000000009.parquet", "beyond/shards/shard-0000001.parquet"]
    assert [shard.number for shard in missing_shards(ledger)] == [1]  # its toys are there, in a file of toys at work
    assert ledger.n_finished(6) == 6


@pytest.mark.parametrize("n_toys", [0, -1, 11, 2.5])
def test_what_cannot_be_shrunk_is_refused(ledger, n_toys) -> None:
    with pytest.raises(InputError):
        shrink(ledger, n_toys)
    assert Ledger.open(ledger.folder).plan.n_toys == 10


def test_work_is_in_proportion_to_what_is_there(ledger, finish, make_row, tmp_path) -> None:
    """A billion toys in a million shards are planned; one shard is done and another begun. Each step takes no time."""
    ledger.extend(MOST_TOYS)
    assert ledger.plan.n_shards > 999_000
    finish(0)
    for first in (4, 9, 12):
        ledger.write([make_row(first)])
    begin = time.process_time()
    assert len(indices(ledger)) == 7 and ledger.n_finished(MOST_TOYS) == 7
    found = campaign_status(ledger, now=time.time())
    assert found.n_finished == 7 and not found.is_complete
    assert {str(state): n for state, n in found.counts.items()} == {
        "done": 1,
        "running": 3,
        "missing": ledger.plan.n_shards - 4,
    }
    assert merge_toys(ledger, tmp_path / "all.parquet", is_partial=True).n_toys == 7
    assert run_campaign(ledger, n_toys=4).num_rows == 4
    assert time.process_time() - begin < 1.0
    assert shrink(ledger, 13).n_taken_back == MOST_TOYS - 13


def test_merged_toys_are_in_order(ledger, finish, make_row, tmp_path) -> None:
    finish(1)
    ledger.write([make_row(0), make_row(3), make_row(9)])
    found = merge_toys(ledger, tmp_path / "all.csv", is_partial=True)
    assert (found.n_toys, found.n_missing) == (7, 3)
    written = np.genfromtxt(tmp_path / "all.csv", delimiter=",", names=True, usecols=["index"])["index"]
    assert written.tolist() == [0, 3, 4, 5, 6, 7, 9]


def test_many_toys_are_asked_about(ledger) -> None:
    refused = invoke("extend", ledger.folder, "--n-toys", MANY_TOYS + 1)
    assert refused.exit_code == 2 and "say --yes if you mean it" in refused.stderr
    assert Ledger.open(ledger.folder).plan.n_toys == 10
    assert invoke("extend", ledger.folder, "--n-toys", MANY_TOYS + 1, "--yes").exit_code == 0
    too_many = invoke("extend", ledger.folder, "--n-toys", MOST_TOYS + 1, "--yes")
    assert too_many.exit_code == 2 and "at most 1,000,000,000 toys" in too_many.stderr
    fewer = invoke("extend", ledger.folder, "--n-toys", 10)
    assert fewer.exit_code == 2 and "`wilks toys shrink` takes planned toys back" in fewer.stderr
    shrunk = invoke("shrink", ledger.folder, "--n-toys", 10, "--json")
    assert json.loads(shrunk.stdout)["numbers"]["plan"] == {
        "n_toys": 10,
        "n_taken_back": MANY_TOYS - 9,
        "n_set_aside": 0,
    }


def test_shards_of_a_range_are_those_that_hold_it() -> None:
    plan = Plan((Extent(10, 4), Extent(5, 3), Extent(1, 1)))
    shards = list(plan.shards())
    for first in range(18):
        for last in range(first, 18):
            wanted = [shard for shard in shards if shard.first <= last and shard.last >= first]
            assert list(plan.shards_of(first, last)) == wanted
