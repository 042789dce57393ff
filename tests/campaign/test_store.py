"""The contract of every store of toys, and the store in memory."""

from collections.abc import Sequence

import pytest

from wilks.campaign import FolderStore, MemoryStore, ToyRow, ToyStore
from wilks.campaign.table import ToyIdentity
from wilks.hypotheses import Null


def texts(rows: Sequence[ToyRow]) -> list[str]:
    """Rows with every digit; NaN equals NaN."""
    return [repr(row) for row in rows]


class StoreContract:
    """What a store promises; a subclass says how to make one."""

    @pytest.fixture
    def store(self) -> ToyStore:
        raise NotImplementedError

    def test_a_new_store_is_empty(self, store) -> None:
        assert store.read() == []

    def test_rows_come_back_equal(self, store, make_row) -> None:
        identity = ToyIdentity.of(Null(), seed=2, index=3, host="ü")
        failed = ToyRow.not_drawn(identity, 'the generator said "é\n\x00"', n_parameters=4)
        store.write([make_row(2), failed])
        assert texts(store.read()) == texts([make_row(2), failed])

    def test_rows_come_in_the_order_of_their_index(self, store, make_row) -> None:
        for indices in ((8, 9), (0, 1), (100_000_000,), (5, 2)):
            store.write([make_row(i) for i in indices])
        assert [row.index for row in store.read()] == [0, 1, 2, 5, 8, 9, 100_000_000]

    def test_a_toy_that_is_written_twice_is_read_once(self, store, make_row) -> None:
        store.write([make_row(0), make_row(1)])
        store.write([make_row(1), make_row(2)])
        store.write([make_row(0), make_row(1)])
        assert texts(store.read()) == texts([make_row(i) for i in range(3)])

    def test_a_row_never_changes(self, store, make_row) -> None:
        store.write([make_row(0), make_row(1)])
        store.write([make_row(0, seconds=9.0), make_row(1, seconds=9.0)])
        assert texts(store.read()) == texts([make_row(0), make_row(1)])

    def test_no_row_is_lost_between_others(self, store, make_row) -> None:
        store.write([make_row(0), make_row(4)])
        store.write([make_row(i) for i in range(5)])
        assert [row.index for row in store.read()] == [0, 1, 2, 3, 4]

    def test_writing_nothing_changes_nothing(self, store, make_row) -> None:
        store.write([])
        store.write([make_row(0)])
        store.write([])
        assert texts(store.read()) == texts([make_row(0)])

    def test_what_was_read_is_not_the_store(self, store, make_row) -> None:
        store.write([make_row(0)])
        store.read().clear()
        assert len(store.read()) == 1


class TestMemoryStore(StoreContract):
    @pytest.fixture
    def store(self) -> ToyStore:
        return MemoryStore()


class TestFolderStore(StoreContract):
    @pytest.fixture
    def store(self, tmp_path, analysis) -> ToyStore:
        return FolderStore(tmp_path / "toys", analysis=analysis, hypothesis=Null(), seed=1)

    def test_another_process_reads_the_same(self, store, make_row) -> None:
        store.write([make_row(1), make_row(0)])
        assert texts(FolderStore.open(store.folder).read()) == texts([make_row(0), make_row(1)])
