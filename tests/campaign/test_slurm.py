"""A campaign through a real Slurm: one node, started for these tests and stopped after them."""

import contextlib
import os
import platform
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from wilks.campaign import load_toys, plan_toys
from wilks.campaign.submit import BACKENDS, JobOptions, submit_missing
from wilks.hypotheses import Null

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "scancel", "sinfo", "squeue")
NODE = platform.node().partition(".")[0]
CONFIGURATION = """\
ClusterName=toys
SlurmctldHost={node}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SwitchType=switch/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=batch_sched_delay=1,sched_interval=1,sched_min_interval=0
ReturnToService=2
NodeName={node} NodeAddr=127.0.0.1 CPUs={n_cores} RealMemory=2000
PartitionName=toys Nodes={node} Default=YES MaxTime=INFINITE State=UP
"""


def _reason_to_skip() -> str:
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    if missing := [name for name in PROGRAMS if shutil.which(name, path=path) is None]:
        return f"{', '.join(missing)} not installed; Debian and Ubuntu: apt-get install slurm-wlm munge"
    return "" if os.geteuid() == 0 else "the daemons of Slurm run as root here; run these tests as root"


pytestmark = [pytest.mark.slow, pytest.mark.skipif(bool(_reason_to_skip()), reason=_reason_to_skip() or "-")]


@pytest.fixture(scope="module")
def slurm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Slurm on this machine, on ports that nobody else uses; skips where it does not come up."""
    folder = tmp_path_factory.mktemp("slurm")
    _configure(folder)
    munge = [f"--{name}={folder}/munge.{name.split('-')[0]}" for name in ("socket", "key-file", "pid-file", "log-file")]
    commands = [
        ["munged", "--foreground", "--force", f"--seed-file={folder}/munge.seed", *munge],
        ["slurmctld", "-D"],
        ["slurmd", "-D"],
    ]
    with pytest.MonkeyPatch.context() as patch, contextlib.ExitStack() as daemons:
        patch.setenv("PATH", f"{os.environ['PATH']}:/usr/sbin:/sbin")
        patch.setenv("SLURM_CONF", str(folder / "slurm.conf"))
        for command in commands:
            daemons.enter_context(_daemon(command, log=folder / f"{command[0]}.log"))
            time.sleep(0.5)  # munged makes its socket before the others look for it
        if not _comes_to(lambda: _ask("sinfo", "--noheader", "--format=%T") == "idle", seconds=30.0):
            text = "\n".join(path.read_text()[-500:] for path in folder.glob("slurm*.log"))
            pytest.skip(f"the daemons of Slurm do not come up on this machine: {text}")
        try:
            yield
        finally:
            _ask("scancel", "--user=root")
            _comes_to(lambda: not _ask("squeue", "--noheader"), seconds=40.0)


def _configure(folder: Path) -> None:
    (folder / "munge.key").write_bytes(os.urandom(128))
    (folder / "munge.key").chmod(0o600)
    for name in ("state", "spool"):
        (folder / name).mkdir()
    with socket.socket() as first, socket.socket() as second:
        for one in (first, second):
            one.bind(("127.0.0.1", 0))
        ports = (first.getsockname()[1], second.getsockname()[1])
    n_cores = min(2, os.cpu_count() or 1)
    text = CONFIGURATION.format(node=NODE, ports=ports, folder=folder, n_cores=n_cores)
    (folder / "slurm.conf").write_text(text)


@contextlib.contextmanager
def _daemon(command: list[str], *, log: Path) -> Iterator[None]:
    with log.open("ab") as output:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _ask(*command: str) -> str:
    """What a program of Slurm prints."""
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stdout.strip()
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        return f"no answer: {error.stderr!r}"


def _comes_to(condition, *, seconds: float) -> bool:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.2)
    return True


def _wait_for_jobs(folder: Path) -> str:
    """Wait until no job is left; returns what they printed."""
    assert _comes_to(lambda: not _ask("squeue", "--noheader"), seconds=150.0), "the jobs of Slurm do not end"
    return "\n".join(path.read_text() for path in sorted(folder.glob("*.log")))


OPTIONS = JobOptions(memory_mb=900, sbatch_options=("--partition=toys", "--time=00:05:00"))


def test_a_campaign_is_made_by_jobs_and_mended_by_others(slurm, analysis, baseline, tmp_path) -> None:
    folder = tmp_path / "a campaign, 100%A's"
    ledger = plan_toys(analysis, Null(), n_toys=18, seed=1, folder=folder, shard_size=6)
    first = submit_missing(ledger, BACKENDS["slurm"], options=OPTIONS)
    assert [len(first.shards), len(first.files), len(first.job_ids)] == [3, 1, 1]
    printed = _wait_for_jobs(first.files[0].parent / "logs")
    assert ledger.done_numbers().tolist() == [0, 1, 2], printed
    assert np.array_equal(load_toys(folder).t, baseline.t)

    written = {path.name: path.stat().st_mtime_ns for path in (folder / "shards").iterdir()}
    gone, damaged = (ledger.shard_path(ledger.plan.shard(number)) for number in (0, 2))
    gone.unlink()
    damaged.write_bytes(damaged.read_bytes()[:-100])
    second = submit_missing(ledger, BACKENDS["slurm"], options=OPTIONS)
    assert [shard.number for shard in second.shards] == [0, 2]
    printed = _wait_for_jobs(second.files[0].parent / "logs")
    assert np.array_equal(load_toys(folder).t, baseline.t), printed
    changed = {x.name for x in (folder / "shards").iterdir() if x.stat().st_mtime_ns != written[x.name]}
    assert changed == {gone.name, damaged.name}
    assert submit_missing(ledger, BACKENDS["slurm"], options=OPTIONS).shards == ()
    assert len(list((folder / "jobs").iterdir())) == 2


def test_a_job_that_is_stopped_keeps_its_toys(slurm, analysis, baseline, wait_for, tmp_path, monkeypatch) -> None:
    """Its generator waits before the sixth toy; the next job makes that one and those after it."""
    gate = tmp_path / "gate"
    gate.mkdir()
    (gate / "log").touch()
    (gate / "limit").write_text("5")
    monkeypatch.setenv("TOY_GATE", str(gate))
    ledger = plan_toys(analysis, Null(), n_toys=18, seed=1, folder=tmp_path / "toys", shard_size=18)
    first = submit_missing(ledger, BACKENDS["slurm"], options=OPTIONS)
    wait_for(lambda: len((gate / "log").read_text().split()) == 6)
    _ask("scancel", *first.job_ids)
    printed = _wait_for_jobs(first.files[0].parent / "logs")
    assert ledger.progress_table()["index"].to_pylist() == [0, 1, 2, 3, 4]
    assert "CANCELLED" in printed and "exit code" not in printed, printed

    (gate / "limit").write_text("1000")
    second = submit_missing(ledger, BACKENDS["slurm"], options=OPTIONS)
    printed = _wait_for_jobs(second.files[0].parent / "logs")
    assert "shard 0: 18 toys, 13 made" in printed
    assert np.array_equal(load_toys(ledger.folder).t, baseline.t)
