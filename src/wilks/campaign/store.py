"""Where toys are kept: the contract of every store, and a store in memory."""

import abc
from collections.abc import Sequence

import pyarrow

from wilks.campaign.table import ToyRow, rows_of, table_of


class ToyStore(abc.ABC):
    """Keeps rows of toys.

    The contract: a row that was written is read back equal; a row never changes; the same toy may be written twice
    (it is the same toy) and is read once; rows are read in the order of their index; an interruption leaves either
    all rows of a `write` or none.
    """

    @abc.abstractmethod
    def write(self, rows: Sequence[ToyRow]) -> None:
        """Keep these rows, all or none."""

    @abc.abstractmethod
    def table(self) -> pyarrow.Table:
        """All rows as a table of `SCHEMA`, each toy once, by index."""

    def read(self) -> list[ToyRow]:
        """The rows of `table`."""
        return rows_of(self.table())


class MemoryStore(ToyStore):
    """Keeps rows in this process."""

    def __init__(self) -> None:
        self._rows: dict[int, ToyRow] = {}

    def write(self, rows: Sequence[ToyRow]) -> None:
        self._rows = {row.index: row for row in rows} | self._rows

    def table(self) -> pyarrow.Table:
        return table_of(self._rows[index] for index in sorted(self._rows))
