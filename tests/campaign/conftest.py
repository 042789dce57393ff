"""One small analysis, its compiled fit, and one worker process, shared by the tests of campaigns."""

import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from wilks.analysis import Analysis
from wilks.campaign import Ledger, LocalProcesses, ToyRow, Toys, plan_toys, run_toys
from wilks.campaign.table import table_of
from wilks.hypotheses import Generator, Null
from wilks.samples import Sample
from wilks.search import Search
from wilks.statistics.linear import Kernel
from wilks.statistics.network import MLP

# Generators that worker processes import.
MODULE = '''
import os, subprocess, sys, time
from pathlib import Path


def gated(rng, n, nuisances):
    """Exponential events; while a gate is set, draws beyond its limit wait."""
    events = rng.exponential(size=n)
    if 64 < n < 400 and "TOY_GATE" in os.environ:  # none of the trials before the toys
        gate = Path(os.environ["TOY_GATE"])
        with (gate / "log").open("a") as log:
            log.write(f"{os.getpid()}\\n")
        while len((gate / "log").read_text().split()) > int((gate / "limit").read_text()):
            time.sleep(0.01)
    return events


def noisy(rng, n, nuisances):
    """Exponential events from a program that writes and reads where it should not."""
    print("a line of a generator")
    os.write(1, b"a line of a library\\n")
    subprocess.run([sys.executable, "-c", "import sys; print(sys.stdin.read())"], check=True)
    return rng.exponential(size=n)
'''


@pytest.fixture(scope="session", autouse=True)
def _generators(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The module ``campaign_generators`` on the path of this process, and so of its workers."""
    folder = tmp_path_factory.mktemp("modules")
    (folder / "campaign_generators.py").write_text(MODULE)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        yield


@pytest.fixture(scope="session")
def make_analysis() -> Callable[..., Analysis]:
    """Analyses that differ in their source of toys alone share one compiled fit."""
    events = np.random.default_rng(0).exponential(size=2000)

    def plain(toy_source: object = None) -> Analysis:
        search = Search(n_starts=2)
        settings = {"model": MLP((1,), 2.0), "expected_events": 100, "search": search, "toy_source": toy_source}
        return Analysis(reference=Sample(events), **settings)

    engine = plain().engine

    def make(toy_source: object = None) -> Analysis:
        analysis = plain(toy_source)
        vars(analysis)["engine"] = engine
        return analysis

    return make


@pytest.fixture(scope="session")
def analysis(make_analysis: Callable[..., Analysis]) -> Analysis:
    return make_analysis(Generator("campaign_generators:gated"))


@pytest.fixture(scope="session")
def one_process() -> Iterator[LocalProcesses]:
    with LocalProcesses(1) as executor:
        yield executor


@dataclass(frozen=True)
class Stage:
    """A finished call of `run_toys` and what then lay in its store: time and content of each file of toys."""

    toys: Toys
    files: dict[str, tuple[int, bytes]]
    progress: list[tuple[int, int]]


@pytest.fixture(scope="session")
def baseline_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("baseline") / "toys"


@pytest.fixture(scope="session")
def baseline_steps(analysis: Analysis, one_process: LocalProcesses, baseline_store: Path) -> list[Stage]:
    """Six toys of one process, then eighteen."""
    steps = []
    for n_toys in (6, 18):
        calls: list[tuple[int, int]] = []
        toys = run_toys(
            analysis,
            Null(),
            n_toys=n_toys,
            seed=1,
            store=baseline_store,
            executor=one_process,
            progress=lambda *numbers, calls=calls: calls.append(numbers),
        )
        shards = (baseline_store / "shards").iterdir()
        found = {path.name: (path.stat().st_mtime_ns, path.read_bytes()) for path in shards}
        steps.append(Stage(toys, found, calls))
    return steps


@pytest.fixture(scope="session")
def baseline(baseline_steps: list[Stage]) -> Toys:
    """Eighteen toys of seed 1, undisturbed."""
    return baseline_steps[-1].toys


@pytest.fixture(scope="session")
def kernel_analysis() -> Analysis:
    """Processes that make its toys need no JAX and are ready at once."""
    return Analysis(
        reference=Sample(np.random.default_rng(0).exponential(size=2000)),
        model=Kernel(n_centers=5, width=1.0, ridge=1.0),
        expected_events=100,
        toy_source=Generator("campaign_generators:gated"),
    )


@pytest.fixture(scope="session")
def kernel_baseline(kernel_analysis: Analysis, one_process: LocalProcesses) -> Toys:
    """Eighteen toys of seed 1 of a local process."""
    return run_toys(kernel_analysis, Null(), n_toys=18, seed=1, executor=one_process)


@pytest.fixture
def ledger(tmp_path: Path, analysis: Analysis) -> Ledger:
    """Ten toys planned in shards of four."""
    return plan_toys(analysis, Null(), n_toys=10, seed=1, folder=tmp_path / "toys", shard_size=4)


@pytest.fixture
def finish(ledger: Ledger, make_row: Callable[..., ToyRow]) -> Callable[..., None]:
    """Write the file of a shard, without making its toys."""

    def write(number: int, to: Ledger = ledger, **changes: object) -> None:
        shard = to.plan.shard(number)
        to.finish(shard, [table_of([make_row(i, **changes) for i in range(shard.first, shard.last + 1)])])

    return write


@pytest.fixture
def make_row() -> Callable[..., ToyRow]:
    """A row whose numbers are awkward to write."""

    def make(index: int, **changes: object) -> ToyRow:
        row = {
            **{
                "index": index,
                "key_high": 2**64 - 1,
                "key_low": index,
                "hypothesis": "Null()",
                "status": 0,
                "reason": "",
            },
            **{"n_events": 97, "t": 0.1 + index, "tau": 0.1 + index, "delta": -0.0, "nuisances": (0.5,)},
            **{"observed": (0.25,), "delta_nuisances": (-0.5,), "delta_newton_decrement": 1e-20},
            **{"delta_kkt_residual": 0.0, "began_at_delta": True},
            **{"newton_decrement": 5e-324, "least_curvature": -1e300, "kkt_residual": 1 / 3, "share_at_bound": 0.25},
            **{"start_gap": float("nan"), "n_starts": 2, "n_attempts": 2, "n_iterations": 2**40},
            **{"attempt_status": (1, 0), "attempt_t": (float("nan"), 0.1), "seconds": 0.5, "host": "here"},
            **{"params": (1.0, float("nan"), float("inf"), -0.0)},
        }
        return ToyRow(**{**row, **changes})

    return make


def is_running(pid: int) -> bool:
    """Whether a process exists and has not ended; one that nobody has waited for has ended."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")
    return not (status.exists() and status.read_text().rpartition(")")[2].split()[0] == "Z")


@pytest.fixture(scope="session")
def wait_for() -> Callable[..., None]:
    """Wait until a condition holds; fail when it does not in time."""

    def wait(condition: Callable[[], bool], *, seconds: float = 60.0) -> None:
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, "waited in vain"
            time.sleep(0.02)

    return wait


@pytest.fixture(scope="session")
def wait_for_end(wait_for: Callable[..., None]) -> Callable[..., None]:
    """Wait until processes have ended."""
    return lambda pids: wait_for(lambda: not any(map(is_running, pids)), seconds=30.0)


@pytest.fixture(scope="session")
def python() -> str:
    return sys.executable
