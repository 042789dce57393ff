"""Files of toys: what is written is read back, and what has changed is noticed."""

import numpy as np
import pyarrow
import pytest
from pyarrow import parquet

from wilks.campaign.files import DamagedError, digest, read_toys, write_toys
from wilks.campaign.table import table_of
from wilks.errors import StoreError

OWNER = {"seed": 1, "analysis": {"x": [1, 2]}}


@pytest.fixture
def table(make_row) -> pyarrow.Table:
    return table_of([make_row(3), make_row(4, params=(), reason="é\n", host=""), make_row(7)])


@pytest.fixture
def path(tmp_path, table):
    write_toys(tmp_path / "toys.parquet", table, owner=OWNER)
    return tmp_path / "toys.parquet"


def test_a_file_holds_the_toys_and_whose_they_are(path, table) -> None:
    found, owner = read_toys(path)
    assert owner == OWNER and digest(found) == digest(table) and found.schema == table.schema
    assert [entry.name for entry in path.parent.iterdir()] == ["toys.parquet"]


def test_a_digest_is_of_the_values_alone(table, make_row) -> None:
    parts = pyarrow.concat_tables([table.slice(0, 1), table.slice(1)])
    assert digest(parts) == digest(table)
    changed = table_of([make_row(3), make_row(4, params=(), reason="é\n", host=""), make_row(7, seconds=0.25)])
    moved = table_of([make_row(3, params=()), make_row(4, reason="é\n", host=""), make_row(7)])
    assert len({digest(table), digest(changed), digest(moved)}) == 3


def test_a_file_that_was_cut_short_is_noticed(path) -> None:
    whole = path.read_bytes()
    for size in (0, 3, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:size])
        with pytest.raises(DamagedError, match=r"toys\.parquet cannot be read"):
            read_toys(path)


def test_flipped_bytes_are_noticed_or_without_effect(path, table) -> None:
    whole, rng, n_noticed = path.read_bytes(), np.random.default_rng(0), 0
    for place in rng.choice(len(whole), 300, replace=False):
        damaged = bytearray(whole)
        damaged[place] ^= 1 << int(rng.integers(8))
        path.write_bytes(damaged)
        try:
            found, owner = read_toys(path)
        except DamagedError:
            n_noticed += 1
        else:
            assert found.equals(table) or digest(found) == digest(table)
            assert owner == OWNER
    assert n_noticed > 100


def test_a_file_of_another_layout_is_refused(path, table) -> None:
    good = parquet.read_table(path)
    metadata = good.schema.metadata
    for changed in (good.drop_columns(["t"]), good.append_column("more", pyarrow.array([1, 2, 3]))):
        parquet.write_table(changed.replace_schema_metadata(metadata), path)
        with pytest.raises(DamagedError, match="not a file of toys of this version"):
            read_toys(path)
    parquet.write_table(good.replace_schema_metadata({**metadata, b"wilks_schema": b"1"}), path)
    with pytest.raises(DamagedError, match="not a file of toys of this version"):
        read_toys(path)
    parquet.write_table(pyarrow.table({"x": [1]}), path)
    with pytest.raises(DamagedError, match="not a file of toys"):
        read_toys(path)


def test_no_file_is_no_damage(tmp_path) -> None:
    with pytest.raises(FileNotFoundError):
        read_toys(tmp_path / "nothing.parquet")


def test_a_failed_write_leaves_nothing(tmp_path, table, monkeypatch) -> None:
    def fail(table, file):
        file.write(b"PAR1")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(parquet, "write_table", fail)
    with pytest.raises(StoreError, match="No space left on device"):
        write_toys(tmp_path / "toys.parquet", table, owner=OWNER)
    assert list(tmp_path.iterdir()) == []
