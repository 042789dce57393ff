"""The plan of a campaign: whose toys, how many, and in which shards."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from wilks.errors import InputError
from wilks.typing import whole_number

MOST_TOYS_OF_A_SHARD, _FEWEST_SHARDS = 1000, 64


class Shard(NamedTuple):
    """Toys ``first`` to ``last`` of a campaign, the work of one job."""

    number: int
    first: int
    last: int

    @property
    def n_toys(self) -> int:
        """How many toys these are."""
        return self.last - self.first + 1


class Extent(NamedTuple):
    """A number of toys that were planned at once, in shards of ``shard_size``; the last one may be smaller."""

    n_toys: int
    shard_size: int

    @property
    def n_shards(self) -> int:
        """How many shards these are."""
        return -(-self.n_toys // self.shard_size)


@dataclass(frozen=True)
class Plan:
    """The extents of a campaign. An extension adds one and leaves the shards that are there as they are.

    >>> plan = Plan((Extent(10, 4),)).extended(15, shard_size=3)
    >>> [(shard.first, shard.last) for shard in plan.shards()]
    [(0, 3), (4, 7), (8, 9), (10, 12), (13, 14)]
    """

    extents: tuple[Extent, ...]

    @property
    def n_toys(self) -> int:
        """Toys of all extents."""
        return sum(extent.n_toys for extent in self.extents)

    @property
    def n_shards(self) -> int:
        """Shards of all extents."""
        return sum(extent.n_shards for extent in self.extents)

    def shards(self) -> Iterator[Shard]:
        """All shards, in the order of their toys."""
        number = first = 0
        for extent in self.extents:
            end = first + extent.n_toys
            for start in range(first, end, extent.shard_size):
                yield Shard(number, start, min(start + extent.shard_size, end) - 1)
                number += 1
            first = end

    def shard(self, number: int) -> Shard:
        """Shard ``number``.

        Raises:
            InputError: there is none.
        """
        number = whole_number(number, name="shard", least=0)
        n_before = first = 0
        for extent in self.extents:
            if number < n_before + extent.n_shards:
                start = first + (number - n_before) * extent.shard_size
                return Shard(number, start, min(start + extent.shard_size, first + extent.n_toys) - 1)
            n_before, first = n_before + extent.n_shards, first + extent.n_toys
        raise InputError(f"shard must be one of 0 to {self.n_shards - 1}, but {number} came")

    def extended(self, n_toys: int, *, shard_size: int | None = None) -> "Plan":
        """The plan of ``n_toys`` toys in all, or this one if it has as many."""
        n_more = n_toys - self.n_toys
        if n_more <= 0:
            return self
        size = shard_size if shard_size is not None else usual_shard_size(n_more)
        return Plan((*self.extents, Extent(n_more, size)))

    def to_list(self) -> list[list[int]]:
        """For JSON."""
        return [list(extent) for extent in self.extents]

    @classmethod
    def from_list(cls, extents: list[Any]) -> "Plan":
        """The inverse of `to_list`. Raises InputError, TypeError or ValueError for anything else."""
        found = []
        for n_toys, shard_size in extents:
            numbers = (whole_number(n_toys, name="n_toys", least=1), whole_number(shard_size, name="size", least=1))
            found.append(Extent(*numbers))
        return cls(tuple(found))


def usual_shard_size(n_toys: int) -> int:
    """One that gives many processes work and few files: a 64th of the toys, at most 1,000.

    >>> usual_shard_size(40), usual_shard_size(400), usual_shard_size(1_000_000)
    (1, 7, 1000)
    """
    return min(MOST_TOYS_OF_A_SHARD, -(-n_toys // _FEWEST_SHARDS))
