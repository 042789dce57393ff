"""How a campaign stands: shard by shard, and its toys in a few numbers."""

import contextlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow

from wilks.campaign.files import DamagedError
from wilks.campaign.ledger import Ledger
from wilks.campaign.plan import Shard
from wilks.errors import StoreError
from wilks.typing import FitStatus
from wilks.wording import Printed

STALE_AFTER_S = 3600.0
_MOST_NAMED = 12


class ShardState(StrEnum):
    """How a shard stands."""

    DONE = "done"
    RUNNING = "running"  # some of its toys are finished, the last of them lately
    STALE = "stale"  # some of its toys are finished, and then nothing came for long
    FAILED = "failed"  # its last run ended with an error
    MISSING = "missing"
    CORRUPT = "corrupt"  # its file cannot be read or has changed
    FOREIGN = "foreign"  # its file is of another campaign


@dataclass(frozen=True)
class ShardStatus:
    """A shard with its state, the number of its finished toys, and what is wrong with it, if anything."""

    shard: Shard
    state: ShardState
    n_finished: int
    problem: str = ""


@dataclass(frozen=True)
class Tally:
    """Toys in a few numbers: how many, how many of them failed, the moments of t, the time that they took.

    >>> some = Tally(n_toys=3, n_failed=1, sum_t=24.0, sum_t2=290.0, seconds=4.5)
    >>> some.mean_t, (some + some).n_toys
    (12.0, 6)
    """

    n_toys: int = 0
    n_failed: int = 0
    sum_t: float = 0.0
    sum_t2: float = 0.0
    seconds: float = 0.0

    @classmethod
    def of(cls, table: pyarrow.Table) -> "Tally":
        """That of a table of toys."""
        t = table["t"].to_numpy()
        done = t[np.isfinite(t)]
        n_failed = int(np.sum(table["status"].to_numpy() != FitStatus.CONVERGED))
        seconds = float(np.sum(table["seconds"].to_numpy()))
        return cls(table.num_rows, n_failed, float(np.sum(done)), float(np.sum(done**2)), seconds)

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(*(a + b for a, b in zip(self._values(), other._values(), strict=True)))

    def _values(self) -> tuple[Any, ...]:
        return self.n_toys, self.n_failed, self.sum_t, self.sum_t2, self.seconds

    @property
    def n_valid(self) -> int:
        """Toys that have a t."""
        return self.n_toys - self.n_failed

    @property
    def mean_t(self) -> float:
        """Of the toys that have a t; NaN without any."""
        return self.sum_t / self.n_valid if self.n_valid else float("nan")

    @property
    def mean_t_error(self) -> float:
        """The standard deviation of t over the root of their number; NaN below two."""
        n = self.n_valid
        if n < 2:
            return float("nan")
        variance = max(self.sum_t2 - n * self.mean_t**2, 0.0) / (n - 1)
        return float(np.sqrt(variance / n))

    @property
    def failed_share(self) -> float:
        """Failed toys over all; 0 without any."""
        return self.n_failed / self.n_toys if self.n_toys else 0.0

    def describe(self, *, n_parameters: int | None = None) -> str:
        """The mean of t, beside the number of parameters, and the failed toys.

        >>> Tally(n_toys=3, n_failed=1, sum_t=24.0, sum_t2=290.0, seconds=4.5).describe(n_parameters=13)
        'mean t 12.00 ± 1.00 (13 parameters), 1 failed'
        """
        parts = []
        if self.n_valid:
            error = f" ± {self.mean_t_error:.2f}" if self.n_valid > 1 else ""
            target = f" ({n_parameters} parameters)" if n_parameters is not None else ""
            parts.append(f"mean t {self.mean_t:.2f}{error}{target}")
        return ", ".join([*parts, f"{self.n_failed} failed"])


class RunningTally:
    """The tally of a campaign that goes on: every look reads only the shards that were finished since the last.

    >>> RunningTally("/no/such/folder").look()
    Tally(n_toys=0, n_failed=0, sum_t=0.0, sum_t2=0.0, seconds=0.0)
    """

    def __init__(self, folder: str | Path) -> None:
        self._folder = folder
        self._seen: set[int] = set()
        self._tally = Tally()
        self._n_parameters: int | None = None

    def describe(self) -> str:
        """What is known at this moment, in words."""
        tally = self.look()
        return tally.describe(n_parameters=self._n_parameters)

    def look(self) -> Tally:
        """That of the finished shards; what cannot be read is left for those who run the campaign."""
        with contextlib.suppress(StoreError, OSError):
            ledger = Ledger.open(self._folder)
            self._n_parameters = ledger.degrees_of_freedom
            for number in set(ledger.done_numbers().tolist()) - self._seen:
                with contextlib.suppress(StoreError, OSError):
                    self._tally += Tally.of(ledger.read_shard(ledger.plan.shard(number)))
                self._seen.add(number)
        return self._tally


@dataclass(frozen=True)
class Speed:
    """How fast toys were made.

    >>> print(Speed(n_toys=100, seconds_of_toys=90.0, wall_seconds=60.0, n_processes=2))
    100 toys in 60 s by 2 processes: 0.83 toys a second and process, 75 % of the time in toys
    """

    n_toys: int
    seconds_of_toys: float
    wall_seconds: float
    n_processes: int

    @property
    def per_process(self) -> float:
        """Toys a second and process."""
        return self.n_toys / self._available if self._available > 0 else float("nan")

    @property
    def efficiency(self) -> float:
        """Share of the time of all processes that went into toys; the rest is start, compilation and waiting."""
        return self.seconds_of_toys / self._available if self._available > 0 else float("nan")

    @property
    def _available(self) -> float:
        return self.wall_seconds * self.n_processes

    def to_dict(self) -> dict[str, float]:
        """Plain values for JSON."""
        return {
            "n_toys": self.n_toys,
            "wall_seconds": self.wall_seconds,
            "n_processes": self.n_processes,
            "toys_per_second_and_process": self.per_process,
            "efficiency": self.efficiency,
        }

    def __str__(self) -> str:
        processes = f"{self.n_processes} process{'es' if self.n_processes > 1 else ''}"
        return (
            f"{self.n_toys:,} toys in {self.wall_seconds:.0f} s by {processes}: {self.per_process:.2g} toys a second "
            f"and process, {100 * self.efficiency:.0f} % of the time in toys"
        )


@dataclass(frozen=True)
class CampaignStatus(Printed):
    """How a campaign stands. Its text names every shard that needs somebody's attention.

    Attributes:
        shards: those of which anything is there; the others of ``n_shards`` are missing.
    """

    folder: str
    hypothesis: str
    n_toys: int
    shards: tuple[ShardStatus, ...]
    n_shards: int
    tally: Tally
    n_set_aside: int
    n_parameters: int | None

    @property
    def is_complete(self) -> bool:
        """Whether every shard is done."""
        return len(self.shards) == self.n_shards and all(one.state is ShardState.DONE for one in self.shards)

    @property
    def counts(self) -> Mapping[ShardState, int]:
        """Number of shards in each state that occurs."""
        found = Counter(one.state for one in self.shards)
        found[ShardState.MISSING] += self.n_shards - len(self.shards)
        return {state: found[state] for state in ShardState if found[state]}

    @property
    def n_finished(self) -> int:
        """Finished toys."""
        return sum(one.n_finished for one in self.shards)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "folder": self.folder,
            "hypothesis": self.hypothesis,
            "n_toys": self.n_toys,
            "n_finished": self.n_finished,
            "n_failed": self.tally.n_failed,
            "mean_t": self.tally.mean_t,
            "mean_t_error": self.tally.mean_t_error,
            "seconds": self.tally.seconds,
            "n_set_aside": self.n_set_aside,
            "shards": {str(state): n for state, n in self.counts.items()},
            "problems": {str(one.shard.number): f"{one.state}: {one.problem}" for one in self.with_problems()},
        }

    def __str__(self) -> str:
        counts = ", ".join(f"{n} {state}" for state, n in self.counts.items())
        toys = self.tally.describe(n_parameters=self.n_parameters)
        lines = [
            f"Campaign {self.folder}: {self.hypothesis}",
            f"toys    {self.n_finished:,} of {self.n_toys:,} finished; {toys}",
            f"shards  {self.n_shards:,}: {counts or 'none planned'}",
        ]
        troubled = list(self.with_problems())
        lines += [f"  shard {one.shard.number} {one.state}: {one.problem}" for one in troubled[:_MOST_NAMED]]
        if len(troubled) > _MOST_NAMED:
            lines.append(f"  and {len(troubled) - _MOST_NAMED:,} more")
        if self.n_set_aside:
            lines.append(f"{self.n_set_aside} damaged files were set aside in {self.folder}/damaged")
        return "\n".join(lines)

    def with_problems(self) -> Iterator[ShardStatus]:
        """Shards that need somebody's attention."""
        return (one for one in self.shards if one.problem)


def campaign_status(ledger: Ledger, *, now: float, stale_after_s: float = STALE_AFTER_S) -> CampaignStatus:
    """Read every file of a campaign and say how it stands; nothing is changed.

    Args:
        now: seconds since the epoch, as the clock of the files has it.
        stale_after_s: a shard with finished toys of which the last is older than this is stale.
    """
    progress, failures = ledger.progress_ranges(), ledger.failures()
    found, tally = dict[Shard, ShardStatus](), Tally()
    for shard, outcome in ledger.read_shards():
        if isinstance(outcome, pyarrow.Table):
            tally += Tally.of(outcome)
            found[shard] = ShardStatus(shard, ShardState.DONE, shard.n_toys)
        elif not isinstance(outcome, FileNotFoundError):
            state = ShardState.CORRUPT if isinstance(outcome, DamagedError) else ShardState.FOREIGN
            found[shard] = ShardStatus(shard, state, 0, str(outcome))
    for shard in _begun(ledger, progress, failures):
        if shard not in found:
            own = [x for x in progress if x[0] <= shard.last and x[1] >= shard.first]
            failure = failures.get(shard.number)
            found[shard] = _unfinished(shard, own, failure, now=now, stale_after_s=stale_after_s)
    return CampaignStatus(
        folder=str(ledger.folder),
        hypothesis=f"{ledger.document.get('description', 'toys')}, seed {ledger.owner['seed']}",
        n_toys=ledger.plan.n_toys,
        shards=tuple(found[shard] for shard in sorted(found)),
        n_shards=ledger.plan.n_shards,
        tally=tally,
        n_set_aside=len(ledger.damaged_paths()),
        n_parameters=ledger.n_parameters,
    )


def _begun(ledger: Ledger, progress: Iterable[tuple[int, int, float]], failures: Iterable[int]) -> Iterator[Shard]:
    """Shards of which there are finished toys, or an error; some more than once."""
    for first, last, _ in progress:
        yield from ledger.plan.shards_of(first, last)
    yield from (ledger.plan.shard(number) for number in failures if number < ledger.plan.n_shards)


def _unfinished(
    shard: Shard,
    progress: list[tuple[int, int, float]],
    failure: Mapping[str, str] | None,
    *,
    now: float,
    stale_after_s: float,
) -> ShardStatus:
    n_finished = len({index for first, last, _ in progress for index in range(first, last + 1)})
    if failure is not None:
        problem = f"{failure.get('error', '?')} (on {failure.get('host', '?')}, {failure.get('when', '?')})"
        return ShardStatus(shard, ShardState.FAILED, n_finished, problem)
    if not progress:
        return ShardStatus(shard, ShardState.MISSING, 0)
    age = now - max(written for _, _, written in progress)
    if age <= stale_after_s:
        return ShardStatus(shard, ShardState.RUNNING, n_finished)
    return ShardStatus(shard, ShardState.STALE, n_finished, f"nothing has come for {age / 3600:.1f} hours")
