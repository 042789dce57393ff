"""What the laboratory works with: a small campaign, its undisturbed toys, and attempts that can be disturbed.

An attempt is this module run by itself: a coordinator in a session of its own, with worker processes of its own.
"""

import argparse
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, NamedTuple

import numpy as np
import pyarrow

import wilks
from wilks.analysis import Analysis
from wilks.campaign import Ledger, LocalProcesses, load_toys, run_toys
from wilks.campaign.shard import make_toys
from wilks.errors import StoreError
from wilks.hypotheses import Generator, Null
from wilks.problem import Problem
from wilks.samples import Sample
from wilks.search import Search
from wilks.statistics import Engine, Statistic
from wilks.statistics.linear import Kernel
from wilks.statistics.linear.engine import LinearEngine

ROOT = Path(__file__).parents[2]
SEED = 1
DRAWS, FOLDER_OF_PROGRAMS = "CHAOS_DRAWS", "JAX_COMPILATION_CACHE_DIR"
FOR_PEOPLE = ("seconds", "host")  # columns that say nothing about a toy
CACHE = {
    "JAX_PERSISTENT_COMPILATION_CACHE_MIN_COMPILE_TIME_SECS": "0",
    "JAX_PERSISTENT_COMPILATION_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
}
_TRIALS = (64, 500, 2_000)  # events of the trials before a campaign
_PATIENCE_S, _BLOCK = 300.0, 4096


def counted(rng: np.random.Generator, n: int, nuisances: dict) -> np.ndarray:
    """Events of density exp(-x). An empty file says when, by which process and which toy was drawn."""
    events = rng.exponential(size=(n, 1))
    if n not in _TRIALS and DRAWS in os.environ:
        (Path(os.environ[DRAWS]) / f"{time.monotonic_ns()}-{os.getpid()}-{float(events[0, 0]).hex()}").touch()
    return events


def counted_slowly(rng: np.random.Generator, n: int, nuisances: dict) -> np.ndarray:
    """`counted`, as slowly as a network is fitted; it costs no processor time."""
    if n not in _TRIALS:
        time.sleep(0.015)
    return counted(rng, n, nuisances)


class _OneByOneEngine(LinearEngine):
    @property
    def n_together(self) -> int:
        return 1


@dataclass(frozen=True)
class OneByOne(Kernel):
    """A kernel whose toys are made one by one, as those of a network are: a shard keeps them one by one."""

    kind: ClassVar[str] = "tests.lab.campaign:OneByOne"

    def engine(self, problems: Sequence[Problem]) -> Engine:
        (problem,) = problems
        return _OneByOneEngine(problem, self)


class Subject(NamedTuple):
    """What a laboratory makes toys of, and what is the same but for one option."""

    analysis: Analysis
    other: Analysis
    differs: str
    """How a refusal names the option."""


def network() -> Subject:
    """4 parameters: about 15 ms a toy, and a process is ready after some seconds, of tracing and compiled programs."""
    analysis, other = (_analysis(wilks.MLP((1,), clip), "counted") for clip in (2.0, 2.5))
    return Subject(analysis, other, "analysis.model.weight_clip")


def kernel() -> Subject:
    """As many ms a toy, nearly all of them asleep, and a process needs no JAX."""
    analysis, other = (_analysis(OneByOne(5, 1.0, ridge), "counted_slowly") for ridge in (1.0, 2.0))
    return Subject(analysis, other, "analysis.model.ridge")


def _analysis(model: Statistic, generator: str) -> Analysis:
    """100 events."""
    return Analysis(
        reference=Sample(np.random.default_rng(0).exponential(size=2000)),
        model=model,
        expected_events=100,
        search=Search(n_starts=2),
        toy_source=Generator(f"tests.lab.campaign:{generator}", version="1"),
    )


class Draw(NamedTuple):
    """A toy that was drawn; ``toy`` is its first event."""

    when: int
    pid: int
    toy: str


def draws(folder: Path) -> list[Draw]:
    """All of them, in the order in which they were made."""
    parts = [name.split("-", 2) for name in os.listdir(folder)]
    return sorted(Draw(int(when), int(pid), toy) for when, pid, toy in parts)


def made_again(found: list[Draw]) -> list[Draw]:
    """Draws that were in vain: all of a toy but the last."""
    last = {draw.toy: draw for draw in found}
    return [draw for draw in found if draw != last[draw.toy]]


def different_columns(found: pyarrow.Table, expected: pyarrow.Table) -> list[str]:
    """Columns that are not the same to the last bit, NaN equal to NaN; those for people aside."""
    names = [name for name in expected.column_names if name not in FOR_PEOPLE]
    return [name for name in names if repr(found[name].to_pylist()) != repr(expected[name].to_pylist())]


@dataclass
class Line:
    """A line of the table: what was done, how often, how many toys were made again for it, and what is wrong."""

    disturbance: str
    moments: int
    made_again: int
    faults: list[str]
    note: str = ""

    def __str__(self) -> str:
        result = "; ".join(self.faults) or "as it must be"
        return f"{self.disturbance:<44} {self.moments:>7,} {self.made_again:>6,}  {result}. {self.note}".rstrip(". ")


class Lab:
    """One campaign, undisturbed in ``baseline``; others of it are run in ``work`` and elsewhere, and compared."""

    def __init__(self, root: Path, options: argparse.Namespace) -> None:
        self.root, self.n_toys, self.n_processes = root, options.n_toys, options.n_processes
        self.rng = np.random.default_rng(options.seed)
        os.environ.setdefault(FOLDER_OF_PROGRAMS, str(root / "compiled"))
        os.environ.update(CACHE)  # before JAX is imported
        self.subject, self.work = kernel() if options.quick else network(), root / "work"
        self.analysis = self.subject.analysis
        self.analysis.save(root / "analysis")
        self.draws = self.new_draws("of-the-lab")
        os.environ[DRAWS] = str(self.draws)
        make_toys(self.analysis, Null(), seed=SEED, indices=[0])  # compiled once, and from the cache by all others
        self.executor = LocalProcesses(self.n_processes)
        self.run(self.work)
        self.baseline = shutil.copytree(self.work, root / "baseline")
        self.expected = load_toys(self.baseline).table
        if self.expected["index"].to_pylist() != list(range(self.n_toys)):
            raise SystemExit("the undisturbed campaign does not hold every toy once")

    def __enter__(self) -> "Lab":
        return self

    def __exit__(self, *_: object) -> None:
        self.executor.shutdown(cancel_futures=True)

    def new_draws(self, name: str) -> Path:
        folder = self.root / "draws" / name
        folder.mkdir(parents=True)
        return folder

    def run(self, folder: Path, n_toys: int | None = None) -> list[str]:
        """Run the campaign in ``folder`` to its end on the workers of this lab; returns the warnings."""
        n_toys = n_toys if n_toys is not None else self.n_toys
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            run_toys(self.analysis, Null(), n_toys=n_toys, seed=SEED, store=folder, executor=self.executor)
        return [str(warning.message) for warning in caught]

    def refusal(self, folder: Path, *words: str) -> str:
        """What is wrong if the campaign is not refused in these words; empty if it is."""
        try:
            self.run(folder)
        except StoreError as error:
            missing = [word for word in words if word not in str(error)]
            return f"{missing} not in '{error}'" if missing else ""
        return f"went on where it must be refused with {words}"

    def fresh_work(self) -> Path:
        """The finished campaign once more, always in the same place, where workers know its analysis."""
        shutil.rmtree(self.work)
        return shutil.copytree(self.baseline, self.work)

    def faults(self, folder: Path, n_toys: int | None = None) -> list[str]:
        """How the toys in ``folder`` differ from the undisturbed ones; empty if in nothing."""
        expected = self.expected.slice(0, n_toys)
        found = load_toys(folder).table
        if found["index"].to_pylist() != expected["index"].to_pylist():
            return [f"{found.num_rows} toys in place of {expected.num_rows}, each once"]
        return [f"{name} differs" for name in different_columns(found, expected)]

    def n_draws(self) -> int:
        return len(os.listdir(self.draws))


class Attempt:
    """A coordinator at work in ``store``; it starts when the file ``gate`` is there, if one is given."""

    def __init__(
        self,
        lab: Lab,
        store: Path,
        *,
        draws: Path,
        n_toys: int | None = None,
        gate: Path | None = None,
        has_cache: bool = True,
    ) -> None:
        environment = os.environ | {DRAWS: str(draws)}
        if not has_cache:
            del environment[FOLDER_OF_PROGRAMS]
        words = [lab.root / "analysis", store, n_toys or lab.n_toys, lab.n_processes, *([gate] if gate else [])]
        self._log = draws.with_suffix(f".{time.monotonic_ns()}.log")
        with self._log.open("w") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.lab.campaign", *map(str, words)],
                stderr=log,
                cwd=ROOT,
                env=environment,
                start_new_session=True,
            )
        self.pid = self._process.pid

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    @property
    def errors(self) -> str:
        """What it and its workers said."""
        return self._log.read_text()

    def wait(self) -> int:
        """Wait for its end; returns the exit code."""
        return self._process.wait(_PATIENCE_S)

    def workers(self) -> list[int]:
        return children(self.pid)


class Tmpfs:
    """A disk of its own that is full at ``n_moments`` sizes, of which the first is too small for the analysis."""

    kind, full, protected = "tmpfs", "No space left on device", "Read-only file system"

    def __init__(self, lab: Lab, n_moments: int) -> None:
        self._mount = lab.root / "disk"
        self._mount.mkdir(exist_ok=True)
        self.folder = self._mount / "toys"
        n_blocks = sum(-(-path.stat().st_size // _BLOCK) for path in lab.baseline.rglob("*") if path.is_file())
        shares = sorted(lab.rng.uniform(0.1, 0.9, n_moments - 1))
        self._sizes = [2 * _BLOCK, *(int(share * n_blocks) * _BLOCK for share in shares)]
        command = ["mount", "-t", "tmpfs", "-o", f"size={self._sizes[0]}", "tmpfs", self._mount]
        subprocess.run(command, check=True, capture_output=True)

    def fill(self) -> Iterator[None]:
        """One step for each moment at which there is no room."""
        for size in self._sizes:
            self._change(f"size={size}")
            yield

    def free(self) -> None:
        self._change("size=256m")

    def protect(self, is_protected: bool) -> None:
        self._change("ro" if is_protected else "rw")

    def close(self) -> None:
        subprocess.run(["umount", "--lazy", self._mount], check=True)

    def _change(self, option: str) -> None:
        subprocess.run(["mount", "-o", f"remount,{option}", self._mount], check=True)


def usual_disk(lab: "Lab", n_moments: int) -> "Tmpfs | SmallFiles":
    """A tmpfs where this user may mount one."""
    try:
        return Tmpfs(lab, n_moments)
    except (subprocess.CalledProcessError, FileNotFoundError):
        return SmallFiles(lab, n_moments)


class SmallFiles:
    """The same for those who may not mount: workers that cannot write large files, folders without permission."""

    kind, full, protected = "RLIMIT_FSIZE and permissions", "File too large", "Permission denied"

    def __init__(self, lab: Lab, n_moments: int) -> None:
        self._lab, self._n_moments, self.folder = lab, n_moments, lab.root / "disk" / "toys"

    def fill(self) -> Iterator[None]:
        """One step for each moment at which there is no room, with more toys each time."""
        for k in range(self._n_moments):
            if k:
                self.free()
                self._lab.run(self.folder, n_toys=self._lab.n_toys * k // self._n_moments)
            self._limit(_BLOCK // 2)
            yield

    def free(self) -> None:
        self._limit(resource.RLIM_INFINITY)

    def protect(self, is_protected: bool) -> None:
        for path in (self.folder, *(path for path in self.folder.iterdir() if path.is_dir())):
            path.chmod(0o500 if is_protected else 0o700)

    def close(self) -> None:
        self.free()

    def _limit(self, size: int) -> None:
        for pid in children(os.getpid()):
            hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)[1]
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, hard))


def wait_until(condition: Callable[[], bool]) -> float:
    """Wait until a condition holds; returns for how long."""
    begin = time.monotonic()
    while not condition():
        if time.monotonic() - begin > _PATIENCE_S:
            raise SystemExit(f"waited in vain for {_PATIENCE_S:g} s")
        time.sleep(0.01)
    return time.monotonic() - begin


def children(parent: int) -> list[int]:
    """Processes that ``parent`` has started and that still run."""
    pids = (int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit())
    return [pid for pid in pids if _parent(pid) == parent]


def is_running(pid: int) -> bool:
    return _parent(pid) is not None


def n_kept(folder: Path, n_toys: int) -> int:
    """Finished toys in a folder, 0 where no campaign has begun."""
    try:
        return Ledger.open(folder).n_finished(n_toys)
    except StoreError:
        return 0


def _parent(pid: int) -> int | None:
    """Of a process that runs; None for one that has ended."""
    try:
        state, parent = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[:2]
    except (FileNotFoundError, ProcessLookupError):
        return None
    return int(parent) if state not in "ZX" else None


def _attempt(analysis: str, store: str, n_toys: str, n_processes: str, gate: str | None = None) -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: int(n_processes)])
    loaded = Analysis.load(analysis)
    while gate and not Path(gate).exists():
        time.sleep(0.001)
    run_toys(loaded, Null(), n_toys=int(n_toys), seed=SEED, store=store)


if __name__ == "__main__":
    _attempt(*sys.argv[1:])
