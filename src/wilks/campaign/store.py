"""Where toys are kept: the contract of every store, and a store in memory."""

import abc
from collections.abc import Iterable, Sequence

from wilks.campaign.table import ToyRow


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
    def read(self) -> list[ToyRow]:
        """All rows, each toy once, by index."""


class MemoryStore(ToyStore):
    """Keeps rows in this process."""

    def __init__(self) -> None:
        self._rows: dict[int, ToyRow] = {}

    def write(self, rows: Sequence[ToyRow]) -> None:
        self._rows = keep_first(self._rows, rows)

    def read(self) -> list[ToyRow]:
        return [self._rows[index] for index in sorted(self._rows)]


def keep_first(known: dict[int, ToyRow], rows: Iterable[ToyRow]) -> dict[int, ToyRow]:
    """``known`` with the rows of toys that it does not hold yet."""
    return {row.index: row for row in rows} | known
