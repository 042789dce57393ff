"""All toys in one file: every format holds every value."""

import numpy as np
import pyarrow
import pytest
import uproot
from pyarrow import csv, parquet

from wilks.campaign import Ledger, load_toys, plan_toys
from wilks.campaign.files import DamagedError
from wilks.campaign.merge import MissingToysError, merge_toys
from wilks.campaign.table import SCHEMA, table_of
from wilks.errors import InputError, StoreError
from wilks.hypotheses import Null
from wilks.typing import FitStatus


@pytest.fixture
def complete(ledger, finish) -> Ledger:
    for number in (2, 0, 1):
        finish(number)
    return ledger


def test_parquet_holds_the_table(complete, tmp_path) -> None:
    found = merge_toys(complete, tmp_path / "toys.parquet")
    assert (found.n_toys, found.n_duplicates, found.n_missing) == (10, 0, 0)
    assert str(found) == f"10 toys in {tmp_path / 'toys.parquet'}"
    table = parquet.read_table(tmp_path / "toys.parquet")
    assert table.schema == SCHEMA and repr(table.to_pylist()) == repr(complete.table().to_pylist())


@pytest.mark.parametrize("is_rntuple", [False, True])
def test_root_holds_every_number(complete, tmp_path, is_rntuple) -> None:
    merge_toys(complete, tmp_path / "toys.root", is_rntuple=is_rntuple)
    table = complete.table()
    with uproot.open(tmp_path / "toys.root") as file:
        tree = file["toys"]
        names = [name for name in SCHEMA.names if is_rntuple or not pyarrow.types.is_string(table[name].type)]
        assert set(names) <= set(tree.keys())
        for name in names:
            assert repr(tree[name].array().tolist()) == repr(table[name].to_pylist())


def test_csv_holds_every_digit(complete, tmp_path) -> None:
    merge_toys(complete, tmp_path / "toys.csv")
    types = {"key_high": pyarrow.uint64(), "key_low": pyarrow.uint64()}
    table = csv.read_csv(tmp_path / "toys.csv", convert_options=csv.ConvertOptions(column_types=types))
    whole = complete.table()
    for name in ("index", "key_high", "t", "newton_decrement", "least_curvature", "kkt_residual", "n_iterations"):
        assert table[name].to_pylist() == whole[name].to_pylist()
    assert table["params"].to_pylist()[0] == "[1.0, nan, inf, -0.0]"


def test_an_incomplete_campaign_is_merged_on_request(ledger, finish, make_row, tmp_path) -> None:
    finish(1)
    ledger.write([make_row(9), make_row(0)])
    ledger.write([make_row(9)])
    target = tmp_path / "toys.parquet"
    with pytest.raises(MissingToysError, match="but 4 of 10 are missing; make them, or ask for a partial merge"):
        merge_toys(ledger, target)
    assert not target.exists()
    found = merge_toys(ledger, target, is_partial=True)
    assert parquet.read_table(target)["index"].to_pylist() == [0, 4, 5, 6, 7, 9]
    assert (found.n_toys, found.n_missing) == (6, 4) and "4 are missing" in str(found)


def test_folders_of_one_campaign_are_joined(ledger, finish, analysis, tmp_path) -> None:
    other = plan_toys(analysis, Null(), n_toys=10, seed=1, folder=tmp_path / "other", shard_size=3)
    finish(0)
    for number in (1, 2, 3):
        finish(number, to=other, seconds=9.0)
    found = merge_toys(ledger, tmp_path / "toys.parquet", others=[other])
    assert (found.n_toys, found.n_duplicates, found.n_missing) == (10, 1, 0)
    assert "1 were there twice and equal" in str(found)
    table = parquet.read_table(tmp_path / "toys.parquet")
    assert table["index"].to_pylist() == list(range(10))
    assert table["seconds"].to_pylist() == [0.5] * 4 + [9.0] * 6


def test_toys_of_the_largest_plan_are_looked_for(ledger, finish, analysis, tmp_path) -> None:
    other = plan_toys(analysis, Null(), n_toys=16, seed=1, folder=tmp_path / "other", shard_size=4)
    finish(0)
    for number in (0, 3):
        finish(number, to=other)
    target = tmp_path / "toys.parquet"
    for one, more in ((ledger, other), (other, ledger)):
        with pytest.raises(MissingToysError, match="but 8 of 16 are missing"):
            merge_toys(one, target, others=[more])
    found = merge_toys(ledger, target, others=[other], is_partial=True)
    assert (found.n_toys, found.n_duplicates, found.n_missing) == (8, 4, 8)
    assert parquet.read_table(target)["index"].to_pylist() == [0, 1, 2, 3, 12, 13, 14, 15]


def test_a_toy_with_two_values_is_refused(ledger, finish, analysis, tmp_path) -> None:
    other = plan_toys(analysis, Null(), n_toys=10, seed=1, folder=tmp_path / "other", shard_size=4)
    nothing = {"t": float("nan"), "status": int(FitStatus.NOT_CONVERGED)}
    for number in range(3):
        finish(number, **(nothing if number == 0 else {}))
        finish(number, to=other, **(nothing if number == 0 else {"t": 1.0} if number == 2 else {}))
    with pytest.raises(StoreError, match=r"toy 8 has t = 8\.1 and t = 1\.0"):
        merge_toys(ledger, tmp_path / "toys.parquet", others=[other])
    assert not (tmp_path / "toys.parquet").exists()


def test_another_campaign_is_refused_by_what_differs(complete, analysis, tmp_path) -> None:
    other = plan_toys(analysis, Null(n_events=7), n_toys=10, seed=2, folder=tmp_path / "other")
    with pytest.raises(StoreError, match=r"must be of the campaign in .*, but hypothesis\.n_events, seed differ"):
        merge_toys(complete, tmp_path / "toys.parquet", others=[other])


def test_a_damaged_shard_is_not_merged(complete, tmp_path) -> None:
    path = complete.shard_path(complete.plan.shard(1))
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(DamagedError, match=r"shard-0000001\.parquet cannot be read"):
        merge_toys(complete, tmp_path / "toys.parquet", is_partial=True)
    assert path.exists() and [x.name for x in tmp_path.iterdir()] == ["toys"]


@pytest.mark.parametrize(("name", "is_rntuple"), [("toys.txt", False), ("toys", False), ("toys.csv", True)])
def test_the_ending_says_the_format(complete, tmp_path, name, is_rntuple) -> None:
    with pytest.raises(InputError, match=r"a file that ends with .*but 'toys"):
        merge_toys(complete, tmp_path / name, is_rntuple=is_rntuple)


def test_nothing_is_overwritten(complete, tmp_path) -> None:
    (tmp_path / "toys.csv").write_text("mine")
    with pytest.raises(StoreError, match=r"toys\.csv is there; delete it or name another"):
        merge_toys(complete, tmp_path / "toys.csv")
    with pytest.raises(StoreError, match=r"cannot be written: .*No such file or directory"):
        merge_toys(complete, tmp_path / "nowhere" / "toys.csv")
    assert (tmp_path / "toys.csv").read_text() == "mine"


def test_an_extended_campaign_keeps_its_toys(complete) -> None:
    complete.extend(12)
    assert load_toys(complete.folder).n_toys == 10


def test_toys_without_lists_are_merged(analysis, make_row, tmp_path) -> None:
    ledger = plan_toys(analysis, Null(), n_toys=2, seed=1, folder=tmp_path / "toys", shard_size=2, keep_params=False)
    rows = [make_row(i, params=(), nuisances=(), attempt_t=(), attempt_status=()) for i in range(2)]
    ledger.finish(ledger.plan.shard(0), [table_of(rows)])
    for name, options in (("a.root", {}), ("b.root", {"is_rntuple": True}), ("c.csv", {})):
        merge_toys(ledger, tmp_path / name, **options)
    with uproot.open(tmp_path / "b.root") as file:
        assert file["toys"]["params"].array().tolist() == [[], []]
    assert np.isfinite(ledger.table()["t"].to_numpy()).all()


def test_the_shards_answer_questions_in_sql(complete) -> None:
    duckdb = pytest.importorskip("duckdb")
    question = f"SELECT status, count(*), avg(t) FROM '{complete.folder}/shards/*.parquet' GROUP BY status"
    assert duckdb.sql(question).fetchall() == [(0, 10, pytest.approx(4.6))]
