"""The plan of a campaign: whose toys, how many, and in which shards."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from wilks.errors import InputError
from wilks.typing import whole_number

MOST_TOYS_OF_A_SHARD, _FEWEST_SHARDS = 1000, 64
MANY_TOYS = 10_000_000
"""More than these are asked about: a plan of so many is a typing error more often than a wish."""
MOST_TOYS = 1_000_000_000


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

    def shards_of(self, first: int, last: int) -> Iterator[Shard]:
        """The shards that hold any of the toys ``first`` to ``last``, found without a look at the others.

        >>> [shard.number for shard in Plan((Extent(10, 4), Extent(5, 3))).shards_of(9, 12)]
        [2, 3]
        """
        n_before = start = 0
        for extent in self.extents:
            low, high = max(first, start) - start, min(last, start + extent.n_toys - 1) - start
            if low <= high:
                for number in range(n_before + low // extent.shard_size, n_before + high // extent.shard_size + 1):
                    yield self.shard(number)
            n_before, start = n_before + extent.n_shards, start + extent.n_toys

    def shrunk(self, n_toys: int) -> "Plan":
        """The plan of the first ``n_toys`` toys, or this one if it has as few; the last shard may become smaller.

        >>> Plan((Extent(10, 4), Extent(5, 3))).shrunk(11).extents
        (Extent(n_toys=10, shard_size=4), Extent(n_toys=1, shard_size=3))
        """
        found, n_left = [], whole_number(n_toys, name="n_toys", least=1)
        for extent in self.extents:
            if n_left > 0:
                found.append(Extent(min(extent.n_toys, n_left), extent.shard_size))
            n_left -= extent.n_toys
        return Plan(tuple(found))

    def extended(self, n_toys: int, *, shard_size: int | None = None) -> "Plan":
        """The plan of ``n_toys`` toys in all, or this one if it has as many.

        Raises:
            InputError: more than any campaign can have.
        """
        if n_toys > MOST_TOYS:
            raise InputError(f"a campaign has at most {MOST_TOYS:,} toys, but {n_toys:,} were asked for; plan fewer")
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
