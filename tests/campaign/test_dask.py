"""Campaigns on workers of Dask: a scheduler and processes on the loopback, one of them killed, and one joined."""

import contextlib
import http.client
import importlib
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

distributed = pytest.importorskip("distributed", reason="distributed is not installed")
pytest.importorskip("cryptography", reason="cryptography is not installed")
psutil = pytest.importorskip("psutil", reason="psutil comes with distributed")

import dask  # noqa: E402

import wilks.campaign.dask  # noqa: E402
from wilks.campaign import Toys, run_toys  # noqa: E402
from wilks.campaign.dask import dask_executor  # noqa: E402
from wilks.campaign.processes import WorkerError  # noqa: E402
from wilks.campaign.shard import run_stored_shard  # noqa: E402
from wilks.errors import InputError, StoreError, WilksWarning  # noqa: E402
from wilks.hypotheses import Null  # noqa: E402

# A script of a user, without a guard for its main part.
SCRIPT = """
import sys
import wilks
from wilks.campaign.dask import dask_executor

with open("runs", "a") as runs:
    runs.write("run\\n")
analysis = wilks.Analysis.load("analysis")
with dask_executor(n_processes=1) as executor:
    toys = wilks.run_toys(analysis, wilks.Null(), n_toys=3, seed=1, store="toys", executor=executor)
print(*map(float.hex, toys.t))
"""
N_WORKERS = 2
QUIET = {"host": "127.0.0.1", "dashboard_address": "127.0.0.1:0", "scheduler_kwargs": {"dashboard": False}}
PATIENCE = 240.0


@pytest.fixture(autouse=True)
def _scratch(tmp_path: Path) -> Iterator[None]:
    """Where the schedulers of this file, not those of `dask_executor`, leave their folder."""
    with dask.config.set({"temporary-directory": str(tmp_path)}):
        yield


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Toys]:
    """Eighteen toys of a local process. Workers that start later share what one of them has compiled."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JAX_COMPILATION_CACHE_DIR", str(tmp_path_factory.mktemp("compiled")))
        patch.setenv("JAX_PERSISTENT_COMPILATION_CACHE_MIN_COMPILE_TIME_SECS", "0")
        yield request.getfixturevalue("baseline")


@dataclass(frozen=True)
class Script:
    """What a finished script left behind."""

    process: subprocess.CompletedProcess[str]
    folder: Path
    temporary: Path


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory, kernel_analysis: wilks.Analysis, python: str) -> Script:
    folder, temporary = tmp_path_factory.mktemp("script"), tmp_path_factory.mktemp("temporary")
    (folder / "script.py").write_text(SCRIPT)
    # As a user has it: the generator's module lies beside the script, on nobody else's path.
    shutil.copy(importlib.import_module("campaign_generators").__file__, folder)
    kernel_analysis.save(folder / "analysis")
    environment = os.environ | {"TMPDIR": str(temporary), "PYTHONDONTWRITEBYTECODE": "1"}
    settings = {"cwd": folder, "env": environment, "capture_output": True, "text": True, "timeout": PATIENCE}
    return Script(subprocess.run([python, "script.py"], **settings), folder, temporary)


def test_a_script_without_a_guard_runs_once_and_quietly(script: Script, kernel_baseline: Toys) -> None:
    assert script.process.stderr == ""
    assert script.process.returncode == 0
    assert script.process.stdout.split() == [float.hex(t) for t in kernel_baseline.t[:3].tolist()]
    assert (script.folder / "runs").read_text() == "run\n"


def test_nothing_else_is_left_in_the_working_directory_or_among_temporary_files(script: Script) -> None:
    names = {"analysis", "campaign_generators.py", "runs", "script.py", "toys"}
    assert {path.name for path in script.folder.iterdir()} == names
    assert not [path.name for path in script.temporary.iterdir() if path.name.startswith(("wilks", "dask"))]


@dataclass(frozen=True)
class Gate:
    """Lets a number of toys pass; those that follow wait in their generator."""

    folder: Path

    def allow(self, n_more: int) -> None:
        (self.folder / "log").touch()
        (self.folder / "new").write_text(str(len(self.pids()) + n_more))
        (self.folder / "new").replace(self.folder / "limit")  # others read it meanwhile

    def pids(self) -> list[int]:
        """Of the worker that drew each toy, in the order of the draws."""
        return [int(pid) for pid in (self.folder / "log").read_text().split()]

    def waiting(self) -> list[int]:
        """Of the workers that wait."""
        return self.pids()[int((self.folder / "limit").read_text()) :]


@dataclass(frozen=True)
class History:
    """Six toys of two workers, then twelve more while one of the workers is killed."""

    first: Toys
    toys: Toys
    pids: list[int]
    waiting: list[int]
    environment: dict[str, str | None]
    refusal: BaseException | None


@pytest.fixture(scope="module")
def history(
    tmp_path_factory: pytest.TempPathFactory,
    kernel_analysis: wilks.Analysis,
    kernel_baseline: Toys,
    wait_for: Callable[..., None],
    wait_for_end: Callable[..., None],
) -> Iterator[History]:
    gate, store = Gate(tmp_path_factory.mktemp("gate")), tmp_path_factory.mktemp("two") / "toys"
    waiting: list[int] = []

    def kill(n_done: int, n_toys: int) -> None:
        if n_done == 8:
            wait_for(lambda: len(gate.waiting()) == N_WORKERS, seconds=PATIENCE)
            waiting.extend(gate.waiting())
            os.kill(waiting[-1], signal.SIGKILL)
            gate.allow(1000)

    gate.allow(1000)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TOY_GATE", str(gate.folder))
        patch.setenv("NPROC", "7")
        with dask_executor(n_processes=N_WORKERS) as executor:
            first = run_toys(kernel_analysis, Null(), n_toys=6, seed=1, store=store, executor=executor)
            gate.allow(2)
            toys = run_toys(kernel_analysis, Null(), n_toys=18, seed=1, store=store, executor=executor, progress=kill)
            names = ("NPROC", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "JAX_PLATFORMS")
            environment = {name: executor.submit(os.getenv, name).result(PATIENCE) for name in names}
            refusal = executor.submit(run_stored_shard, str(store / "nowhere"), 0).exception(PATIENCE)
        assert os.environ["NPROC"] == "7"
    wait_for_end(gate.pids())
    yield History(first, toys, gate.pids(), waiting, environment, refusal)


def test_two_workers_make_the_bits_of_one_local_process(history: History, kernel_baseline: Toys) -> None:
    np.testing.assert_array_equal(history.first.t, kernel_baseline.t[:6])
    np.testing.assert_array_equal(history.first.params, kernel_baseline.params[:6])


def test_a_killed_worker_changes_nothing(history: History, kernel_baseline: Toys) -> None:
    assert history.toys.index.tolist() == list(range(18))
    for name in ("t", "params", "n_events"):
        np.testing.assert_array_equal(getattr(history.toys, name), getattr(kernel_baseline, name))


def test_both_workers_had_a_toy_at_hand_and_one_was_drawn_again(history: History) -> None:
    assert len(set(history.waiting)) == N_WORKERS
    assert history.waiting[-1] not in history.pids[8 + N_WORKERS :]  # the one that was killed draws no more
    assert len(history.pids) == 18 + 1


def test_workers_have_one_thread_whatever_this_process_has(history: History) -> None:
    assert set(history.environment.values()) == {"1", "cpu"}
    assert history.environment["NPROC"] == "1"


def test_errors_of_the_input_come_back_as_such(history: History) -> None:
    assert isinstance(history.refusal, StoreError)
    assert "must hold a plan of toys" in str(history.refusal)


def listening(process: psutil.Process) -> set[tuple[str, int]]:
    """Addresses and ports at which a process and its descendants wait for connections."""
    processes = [process, *process.children(recursive=True)]
    connections = [one for each in processes for one in each.net_connections(kind="inet")]
    return {tuple(one.laddr) for one in connections if one.status == psutil.CONN_LISTEN}


def status_of(port: int, path: str) -> int | None:
    """That of a page; None where HTTP is not spoken."""
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
        try:
            connection.request("GET", path)
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return None


def first_byte(port: int, security: distributed.Security | None) -> bytes:
    """What a port says to a caller of Dask, which it greets if it talks to it at all."""
    with contextlib.ExitStack() as stack:
        talk = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=1))
        try:
            if security is None:
                talk.shutdown(socket.SHUT_WR)  # who does not greet now sees the end
            else:
                context = security.get_connection_args("client")["ssl_context"]
                talk = stack.enter_context(context.wrap_socket(talk))
            return talk.recv(1)
        except OSError:
            return b""


@dataclass(frozen=True)
class Cluster:
    """Where a cluster of one worker listens while it runs, and its certificate."""

    addresses: set[tuple[str, int]]
    security: distributed.Security

    @property
    def ports(self) -> list[int]:
        return [port for _, port in self.addresses]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    security, before = distributed.Security.temporary(), listening(psutil.Process())
    with contextlib.ExitStack() as stack:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(wilks.campaign.dask, "_security", lambda: security)
            executor = stack.enter_context(dask_executor(n_processes=1))
        assert executor.submit(os.getpid).result(PATIENCE) != os.getpid()
        yield Cluster(listening(psutil.Process()) - before, security)


def test_a_cluster_listens_on_the_loopback_alone(cluster: Cluster) -> None:
    assert {host for host, _ in cluster.addresses} == {"127.0.0.1"}
    assert len(cluster.ports) == 5  # the scheduler, a nanny, a worker, and two servers of pages


def test_a_cluster_talks_to_nobody_without_its_certificate(cluster: Cluster) -> None:
    greeted = [port for port in cluster.ports if first_byte(port, cluster.security)]
    assert len(greeted) == 3
    for port in greeted:
        assert first_byte(port, distributed.Security.temporary()) == b""
        assert first_byte(port, None) in (b"", b"\x15")  # nothing, or an alert of TLS


def test_a_cluster_shows_no_pages(cluster: Cluster) -> None:
    paths = ("/", "/status", "/info/main/workers.html", "/json/identity.json", "/metrics", "/proxy/22/127.0.0.1/")
    statuses = [[status_of(port, path) for path in paths] for port in cluster.ports]
    assert sorted(statuses, key=str) == [[404] * 6] * 2 + [[None] * 6] * 3


def test_the_key_lies_where_nobody_else_can_read_it(tmp_path: Path) -> None:
    umask = os.umask(0)
    try:
        options = wilks.campaign.dask._tls_options(distributed.Security.temporary(), str(tmp_path))
    finally:
        os.umask(umask)
    assert {stat.S_IMODE(Path(path).stat().st_mode) for path in options.values()} == {0o600}
    assert "PRIVATE KEY" in Path(options["--tls-key"]).read_text()


def test_a_cluster_without_cryptography_is_refused_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cryptography", None)
    with pytest.raises(InputError, match=r"needs the package cryptography.*install wilks\[dask\]"):
        dask_executor(n_processes=1).__enter__()


@pytest.fixture
def scheduler() -> Iterator[str]:
    """The address of a scheduler without workers."""
    with distributed.LocalCluster(n_workers=0, silence_logs="CRITICAL", **QUIET) as cluster:
        yield cluster.scheduler_address


@contextlib.contextmanager
def one_worker(scheduler: str, folder: Path, **environment: str) -> Iterator[None]:
    """As a user starts it, and there."""
    command = [sys.executable, "-m", "distributed.cli.dask_worker", scheduler, "--nthreads", "1", "--no-nanny"]
    variables = os.environ | {"DASK_LOGGING__DISTRIBUTED": "critical"} | environment
    process = subprocess.Popen([*command, "--no-dashboard", "--local-directory", str(folder)], env=variables)
    try:
        with distributed.Client(scheduler, set_as_default=False) as client:
            client.wait_for_workers(1, timeout=PATIENCE)
        yield
    finally:
        process.terminate()
        process.wait(timeout=PATIENCE)


@pytest.mark.parametrize("kind", ["kernel", pytest.param("network", marks=pytest.mark.nightly)])
def test_workers_of_an_address_make_the_same_bits_and_stay(
    scheduler: str, tmp_path: Path, kind: str, request: pytest.FixtureRequest
) -> None:
    names = {"kernel": ("kernel_analysis", "kernel_baseline"), "network": ("analysis", "expected")}[kind]
    analysis, expected = map(request.getfixturevalue, names)
    modules = os.path.dirname(importlib.import_module("campaign_generators").__file__)
    with one_worker(scheduler, tmp_path, NPROC="1", PYTHONPATH=modules):
        with dask_executor(scheduler) as executor:
            toys = run_toys(analysis, Null(), n_toys=3, seed=1, store=tmp_path / "toys", executor=executor)
            pid = executor.submit(os.getpid).result(PATIENCE)
        with dask_executor(scheduler) as executor:
            assert executor.submit(os.getpid).result(PATIENCE) == pid
    np.testing.assert_array_equal(toys.t, expected.t[:3])


@pytest.mark.parametrize(
    ("content", "said"),
    [("__version__ = '0.0.1'", "has 0.0.1"), ("raise OSError('no such disk')", "fails to import it"), ("", "cannot")],
)
def test_workers_of_another_version_are_refused(scheduler: str, tmp_path: Path, content: str, said: str) -> None:
    (tmp_path / "wilks").mkdir()
    (tmp_path / "wilks" / "__init__.py").write_text(content)
    message = f"must import wilks {wilks.__version__}.*1 of those.*{said}.*install that version"
    with (
        one_worker(scheduler, tmp_path, NPROC="1", PYTHONPATH=str(tmp_path)),
        pytest.raises(InputError, match=message),
        dask_executor(scheduler),
    ):
        pass


def test_workers_with_several_threads_are_warned_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NPROC", raising=False)
    threads = {"n_workers": 1, "threads_per_worker": 2, "processes": False, "protocol": "tcp"}
    with (
        distributed.LocalCluster(silence_logs="CRITICAL", **threads, **QUIET) as cluster,
        pytest.warns(WilksWarning) as caught,
        dask_executor(cluster.scheduler_address) as executor,
    ):
        calls = [executor.submit(time.monotonic_ns) for _ in range(2)]
        assert calls[0].result(PATIENCE) != calls[1].result(PATIENCE)  # each call is a call
    said = [str(warning.message) for warning in caught]
    assert [text.split(",")[0] for text in said] == ["toys need one thread for each worker", "NPROC must be 1"]
    assert all("NPROC=1" in text and "dask worker --nthreads 1" in text for text in said)
    assert {warning.filename for warning in caught} == {__file__}


def test_a_scheduler_without_workers_is_warned_of(scheduler: str) -> None:
    with pytest.warns(WilksWarning, match=r"no worker has joined yet.*dask worker"), dask_executor(scheduler):
        pass


def test_a_scheduler_that_is_lost_is_said_to_be() -> None:
    with (
        distributed.LocalCluster(n_workers=0, silence_logs="CRITICAL", **QUIET) as cluster,
        pytest.warns(WilksWarning, match="no worker has joined yet"),
        pytest.raises(WorkerError, match=r"must answer until the end.*run the same again to go on"),
        dask_executor(cluster.scheduler_address) as executor,
    ):
        call = executor.submit(os.getpid)
        cluster.close()
        call.result(PATIENCE)


@pytest.fixture
def silent_port() -> Iterator[int]:
    """Takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_an_address_must_be_of_a_scheduler(silent_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wilks.campaign.dask, "_SECONDS_TO_CONNECT", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as server:
        closed_port = server.getsockname()[1]
    for address in (f"tcp://127.0.0.1:{closed_port}", f"tcp://127.0.0.1:{silent_port}", "nowhere", "ftp://here:1"):
        with pytest.raises(InputError, match=f"must answer at '{address}', but none did.*`dask scheduler` prints"):
            dask_executor(address).__enter__()


@pytest.mark.parametrize("settings", [{"n_processes": 0}, {"address": "tcp://here:8786", "n_processes": 2}])
def test_the_number_of_processes_must_make_sense(settings: dict[str, object]) -> None:
    with pytest.raises(InputError, match="n_processes"):
        dask_executor(**settings).__enter__()
