"""One campaign that loses its worker, then is interrupted, then is killed, and in the end has every toy once."""

import importlib
import itertools
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from wilks.campaign import LocalProcesses, Toys, run_toys
from wilks.hypotheses import Null

# A script of a user, without a guard for its main part.
PATIENCE = 300.0  # seconds, for machines with other work
SCRIPT = """
import os, signal, sys
import wilks

signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where these tests run in the background

with open(sys.argv[3], "a") as runs:
    runs.write("run\\n")
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})  # so that there is one worker
wilks.run_toys(wilks.Analysis.load(sys.argv[1]), wilks.Null(), n_toys=16, seed=1, store=sys.argv[2])
"""

pytestmark = pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="the number of workers is set by affinity")


@dataclass
class Gate:
    """Lets a number of toys pass; the next one waits in its generator."""

    folder: Path

    def allow(self, n_more: int) -> None:
        (self.folder / "log").touch()
        # In one step: a worker may read it at any moment.
        (self.folder / "next").write_text(str(len(self.pids()) + n_more))
        (self.folder / "next").replace(self.folder / "limit")

    def pids(self) -> list[int]:
        """Of the worker that drew each toy, in the order of the draws."""
        return [int(pid) for pid in (self.folder / "log").read_text().split()]

    def is_blocked(self) -> bool:
        return len(self.pids()) > int((self.folder / "limit").read_text())


@dataclass
class Step:
    """What one attempt left behind."""

    files: dict[str, tuple[int, bytes]]
    pids: set[int] = field(default_factory=set)
    errors: str = ""
    exit_code: int = 0


@dataclass
class History:
    steps: dict[str, Step]
    toys: Toys
    n_script_runs: int


@pytest.fixture(scope="module", params=["kernel", pytest.param("network", marks=pytest.mark.nightly)])
def kind(request) -> str:
    """What makes the toys: processes of a kernel are ready at once."""
    return request.param


@pytest.fixture(scope="module")
def undisturbed(kind, request) -> Toys:
    return request.getfixturevalue({"kernel": "kernel_baseline", "network": "baseline"}[kind])


@pytest.fixture(scope="module")
def gate(tmp_path_factory, undisturbed) -> Iterator[Gate]:
    """Set for the workers that are started from now on; the toys of the baseline are made before."""
    gate = Gate(tmp_path_factory.mktemp("gate"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TOY_GATE", str(gate.folder))
        yield gate


def files(store: Path) -> dict[str, tuple[int, bytes]]:
    return {path.name: (path.stat().st_mtime_ns, path.read_bytes()) for path in (store / "shards").iterdir()}


def lose_the_worker(analysis, store: Path, gate: Gate, wait_for) -> Step:
    gate.allow(3)

    def kill(n_done: int, n_toys: int) -> None:
        if n_done == 3:
            wait_for(gate.is_blocked)
            os.kill(gate.pids()[-1], signal.SIGKILL)
            gate.allow(1000)

    with LocalProcesses(1) as executor:
        run_toys(analysis, Null(), n_toys=6, seed=1, store=store, executor=executor, progress=kill)
    return Step(files(store), set(gate.pids()))


def stop_the_script(command: list[str], store: Path, gate: Gate, *, number: int, wait_for) -> Step:
    n_before = len(gate.pids())
    gate.allow(3)
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    wait_for(lambda: gate.is_blocked() or process.poll() is not None)
    process.send_signal(number)
    errors = process.communicate(timeout=PATIENCE)[1]
    return Step(files(store), set(gate.pids()[n_before:]), errors, process.returncode)


@pytest.fixture(scope="module")
def history(tmp_path_factory, request, kind, gate, python, wait_for, wait_for_end) -> History:
    analysis = request.getfixturevalue({"kernel": "kernel_analysis", "network": "analysis"}[kind])
    folder = tmp_path_factory.mktemp("interrupted")
    store, runs = folder / "toys", folder / "runs"
    (folder / "script.py").write_text(SCRIPT)
    # As a user has it: the generator's module lies beside the script, on nobody else's path.
    shutil.copy(importlib.import_module("campaign_generators").__file__, folder)
    analysis.save(folder / "analysis")
    command = [python, *map(str, (folder / "script.py", folder / "analysis", store, runs))]
    steps = {"lost worker": lose_the_worker(analysis, store, gate, wait_for)}
    for name, number in (("interrupted", signal.SIGINT), ("killed", signal.SIGKILL)):
        steps[name] = stop_the_script(command, store, gate, number=number, wait_for=wait_for)
        wait_for_end(steps[name].pids)
    gate.allow(1000)
    n_before = len(gate.pids())
    with LocalProcesses(2) as executor:
        toys = run_toys(analysis, Null(), n_toys=18, seed=1, store=store, executor=executor)
    steps["finished"] = Step(files(store), set(gate.pids()[n_before:]))
    wait_for_end(steps["finished"].pids)
    return History(steps, toys, len(runs.read_text().split()))


def test_every_toy_is_there_once_with_the_same_bits(history, undisturbed) -> None:
    assert history.toys.index.tolist() == list(range(18))
    np.testing.assert_array_equal(history.toys.t, undisturbed.t)
    np.testing.assert_array_equal(history.toys.params, undisturbed.params)
    np.testing.assert_array_equal(history.toys.n_events, undisturbed.n_events)


def test_two_processes_shared_the_last_part(history) -> None:
    assert len(history.steps["finished"].pids) == 2


def test_finished_toys_are_kept_and_never_written_again(history) -> None:
    steps = list(history.steps.values())
    assert [len(step.files) for step in steps] == [6, 9, 12, 18]
    for before, after in itertools.pairwise(steps):
        assert before.files.items() <= after.files.items()


def test_a_lost_worker_is_replaced_and_its_toy_made_again(history) -> None:
    assert len(history.steps["lost worker"].pids) == 2


def test_an_interruption_ends_quickly_and_says_where_the_toys_are(history) -> None:
    step = history.steps["interrupted"]
    assert step.exit_code == -signal.SIGINT
    assert step.errors.count("Traceback") == 1
    assert "KeyboardInterrupt\nThe finished toys are kept in" in step.errors


def test_a_killed_campaign_leaves_quiet_workers(history) -> None:
    """The fixture waits for their end; nothing is left to say but what is written by this process."""
    step = history.steps["killed"]
    assert step.exit_code == -signal.SIGKILL
    assert step.errors == ""


def test_the_script_of_the_user_runs_once_for_each_start(history) -> None:
    assert history.n_script_runs == 2


def test_the_store_holds_nothing_else(history) -> None:
    assert sorted(history.steps["finished"].files) == [f"shard-{i:07d}.parquet" for i in range(18)]
