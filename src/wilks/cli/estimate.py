"""How long a run will take, and its memory, from a few of its toys in the processes that would make them."""

import resource
import sys
import tempfile
import time
from dataclasses import dataclass

from wilks.campaign import run_toys
from wilks.campaign.pace import duration
from wilks.campaign.processes import LocalProcesses, n_cores
from wilks.cli.checks import Findings
from wilks.cli.prepare import Prepared
from wilks.cli.toys import count_toys
from wilks.hypotheses import Null

_ENOUGH_S, _MOST_TOYS = 2.0, 4_096  # toys are timed until they took so long, or are so many
_REPORT_S = 4.0  # fitting figures into a page, on two cores
_MAXRSS_UNIT = 1 if sys.platform == "darwin" else 1024


@dataclass(frozen=True)
class Estimate:
    """What `wilks run` will take.

    Attributes:
        first_s: seconds until every process has made its first toy: it starts, loads the analysis, compiles.
        toy_s: seconds of each further toy, all processes together.
        n_toys: that are still to be made.
        n_processes: that make them.
        memory_bytes: the most that one of them held.

    >>> Estimate(first_s=10.0, toy_s=0.5, n_toys=100, n_processes=2, memory_bytes=500_000_000).describe()
    'about 73 s: 100 toys in 2 processes, 0.50 s each, 10 s until the first; 1.5 GB'
    """

    first_s: float
    toy_s: float
    n_toys: int
    n_processes: int
    memory_bytes: int

    @property
    def seconds(self) -> float:
        """Of toys, of the fit of the data, which compiles for itself, and of the report."""
        n_more = max(self.n_toys - self.n_processes, 0)
        of_toys = self.first_s + n_more * self.toy_s if self.n_toys else 0.0
        return of_toys + self.first_s + _REPORT_S

    @property
    def total_bytes(self) -> int:
        """Of the processes that make toys, and of the one that runs them."""
        return self.memory_bytes * (self.n_processes + 1 if self.n_toys else 1)

    def describe(self) -> str:
        """In words."""
        size = f"{self.total_bytes / 1e9:.1f} GB"
        if not self.n_toys:
            return f"about {duration(self.seconds)}, no toys to make; {size}"
        each = f"{self.toy_s:.2g}" if self.toy_s < 0.1 else f"{self.toy_s:.2f}"
        return (
            f"about {duration(self.seconds)}: {self.n_toys:,} toys in {self.n_processes} processes, {each} s each, "
            f"{duration(self.first_s)} until the first; {size}"
        )

    def to_dict(self) -> dict[str, float]:
        return {"seconds": self.seconds, "bytes": self.total_bytes, **vars(self)}


def estimated(prepared: Prepared) -> Estimate:
    """From toys that are made for it, and not kept."""
    n_toys = max(prepared.n_toys - count_toys(prepared), 0) if prepared.n_toys else 0
    n_processes = prepared.loaded.config.toys.processes or n_cores()
    executor = LocalProcesses(n_processes)
    try:
        first_s, toy_s = _timed(prepared, executor, n_at_once=n_processes)
    finally:
        executor.shutdown(cancel_futures=True)
    most = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_CHILDREN, resource.RUSAGE_SELF))
    return Estimate(first_s, toy_s, n_toys, n_processes, most * _MAXRSS_UNIT)


def _timed(prepared: Prepared, executor: LocalProcesses, *, n_at_once: int) -> tuple[float, float]:
    """Seconds until all processes have one toy, and of each further toy."""

    def up_to(n: int) -> float:
        begin = time.monotonic()
        run_toys(
            prepared.analysis, Null(), n_toys=n, seed=seed, store=folder, executor=executor, progress=lambda *_: None
        )
        return time.monotonic() - begin

    seed = prepared.loaded.config.toys.seed
    with tempfile.TemporaryDirectory(prefix="wilks-") as folder:
        first_s = up_to(n_at_once)
        n, more_s = n_at_once, 0.0
        while more_s < _ENOUGH_S and n < _MOST_TOYS:
            n_before, n = n, n * 3
            more_s = up_to(n)
    return first_s, more_s / (n - n_before)


def note_estimate(found: Findings, prepared: Prepared) -> None:
    """A row of the table of ``check``."""
    if not prepared.has_responses:
        found.add("time", "known after wilks learn-nuisances")
        return
    if prepared.analysis.toy_source is None:
        found.add("time", "not known: there is no source of toys")
        return
    estimate = estimated(prepared)
    found.numbers["estimate"] = estimate.to_dict()
    found.add("time", estimate.describe())
