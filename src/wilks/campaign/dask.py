"""Dask as the engine of a campaign: workers on the cores of this machine, or those of a scheduler that is running.

Loaded only where it is asked for, as it needs the library ``distributed``.
"""

import asyncio
import contextlib
import os
import pydoc
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from concurrent.futures import CancelledError, Executor, ThreadPoolExecutor
from pathlib import Path

import dask
from distributed import Client, LocalCluster, Security
from distributed.core import rpc

from wilks.campaign.processes import WorkerError, n_cores, worker_environment
from wilks.errors import InputError, WilksWarning
from wilks.typing import whole_number

HOW_TO_START_WORKERS = "NPROC=1 OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 dask worker --nthreads 1 ADDRESS"
_SECONDS_TO_CONNECT, _SECONDS_TO_START, _SECONDS_TO_END = 10.0, 300.0, 30.0
_LOOPBACK = "127.0.0.1"
_VERSION = "wilks.__version__"


@contextlib.contextmanager
def dask_executor(address: str | None = None, *, n_processes: int | None = None) -> Iterator[Executor]:
    """An executor for `run_toys` and `run_campaign` whose shards run in workers of Dask.

    A shard whose worker dies is given to another by Dask, and tried again by the campaign. At the end, workers that
    were started here are stopped; those of ``address`` stay. After an error or an interruption, calls that wait are
    taken back; Dask cannot stop one that runs, so that workers of ``address`` finish the shard at hand.

    Args:
        address: of a scheduler, as ``tcp://host:8786``. Its workers must see the folder of the campaign under the same
            path. Those that are there are asked for the version of wilks and for their threads. None: a scheduler and
            single-threaded worker processes that listen on the loopback of this machine alone, and talk to nobody who
            has not the key that is made for them: TLS both ways, with a certificate that nobody else has and that
            lies, while they run, in a folder that other users cannot open. They are not forked, do not import the main
            script of the user, and end at most a minute after this process.
        n_processes: how many worker processes to start; None: as many as cores.

    Raises:
        InputError: no scheduler answers at ``address``, or its workers have not this version of wilks; or
            ``n_processes`` came together with an address; or the package cryptography, which makes the key, is missing.
        WorkerError: worker processes of this machine did not start, or the scheduler at ``address`` was lost.

    Warns:
        WilksWarning: workers of ``address`` have several threads, or none has joined it yet.

    >>> with dask_executor("tcp://login1:8786") as executor:  # doctest: +SKIP
    ...     toys = wilks.run_toys(analysis, wilks.Null(), n_toys=1000, seed=1, store="toys", executor=executor)
    """
    if address is not None and n_processes is not None:
        raise InputError(
            f"n_processes is the number of workers to start here, but an address came, {address!r}, whose workers are "
            "there already; leave one of them out"
        )
    connection = _joined(address) if address is not None else _started_here(_count(n_processes))
    with connection as client, _executor_of(client) as executor:
        yield executor


@contextlib.contextmanager
def _executor_of(client: Client) -> Iterator[Executor]:
    # Not pure: a shard that is handed out again is run again, and not answered with the error of the last time.
    executor: Executor = client.get_executor(pure=False)
    try:
        yield executor
    except BaseException:
        executor.shutdown(wait=False)
        raise
    executor.shutdown()


@contextlib.contextmanager
def _joined(address: str) -> Iterator[Client]:
    """A client of the scheduler at ``address``, with workers that were looked at."""
    try:
        with ThreadPoolExecutor(1) as pool:  # this thread may have a loop already, as in a notebook
            pool.submit(asyncio.run, _require_scheduler(address)).result()
        client = Client(address, timeout=_SECONDS_TO_CONNECT, set_as_default=False)
    except Exception as error:  # whatever it is that answers, if anything
        raise InputError(
            f"a Dask scheduler must answer at {address!r}, but none did ({error!r}); give the "
            "address that `dask scheduler` prints when it starts, as tcp://host:8786, or start one"
        ) from error
    with client:
        _check_versions(client, address)
        for complaint in _complaints(client):
            warnings.warn(f"{complaint} (workers of {address})", WilksWarning, stacklevel=5)
        try:
            yield client
        except CancelledError as error:  # what `Client` makes of all calls that it has lost sight of
            raise WorkerError(
                f"the scheduler at {address} must answer until the end, but the connection was lost; finished toys are "
                "kept: run the same again to go on when it is there"
            ) from error


async def _require_scheduler(address: str) -> None:
    """`Client` would wait for ever for something that takes connections and says nothing."""
    arguments = Security().get_connection_args("client")
    async with rpc(address, timeout=_SECONDS_TO_CONNECT, connection_args=arguments) as remote:
        identity = await asyncio.wait_for(remote.identity(), 2 * _SECONDS_TO_CONNECT)
    if identity["type"] != "Scheduler":
        raise ValueError(f"a {identity['type']} is there")


def _check_versions(client: Client, address: str) -> None:
    """Every worker must import this version. What is asked is a function of Python itself, which all of them have."""
    ours, wrong = pydoc.locate(_VERSION), {}
    for worker, found in client.run(pydoc.locate, _VERSION, on_error="return").items():
        if isinstance(found, OSError):  # it has left in the meantime
            continue
        if isinstance(found, Exception):
            wrong[worker] = f"fails to import it ({found})"
        elif found != ours:
            wrong[worker] = "cannot import it" if found is None else f"has {found}"
    if wrong:
        worker, what = next(iter(wrong.items()))
        raise InputError(
            f"workers must import wilks {ours}, as this process does, but {len(wrong)} of those that {address} knows "
            f"do not: {worker} {what}; install that version where they run, and start them again"
        )


def _complaints(client: Client) -> list[str]:
    """What makes toys slow, or their bits other than those of one thread."""
    threads = client.nthreads().values()
    nproc = client.run(os.getenv, "NPROC", on_error="ignore").values()
    found = [] if threads else ["no worker has joined yet: toys are made as soon as one does"]
    if n_wide := sum(n != 1 for n in threads):
        found.append(f"toys need one thread for each worker, but {n_wide} of {len(threads)} have more")
    if n_free := sum(n != "1" for n in nproc):
        found.append(
            f"NPROC must be 1, or JAX takes all cores for each worker, but is not for {n_free} of {len(nproc)}"
        )
    return [f"{line}; start workers with: {HOW_TO_START_WORKERS}" for line in found]


def _count(n_processes: int | None) -> int:
    if n_processes is not None:
        return whole_number(n_processes, name="n_processes", least=1)
    return n_cores()


@contextlib.contextmanager
def _started_here(n_processes: int) -> Iterator[Client]:
    """A client of a scheduler in this process, and of workers of its own.

    `LocalCluster` would start workers with multiprocessing, which runs the main script of the user once more in each
    of them; and it would give them this environment, in which variables are set that win over those asked for.
    """
    security = _security()
    # A shard that no worker is left for is an error after a while, and does not wait for ever.
    settings = {"distributed.scheduler.no-workers-timeout": _SECONDS_TO_START, "distributed.scheduler.http.routes": []}
    quiet = {"n_workers": 0, "silence_logs": "CRITICAL", "dashboard_address": f"{_LOOPBACK}:0"}
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="wilks-dask-"))
        with dask.config.set(settings | {"temporary-directory": folder}):
            cluster = LocalCluster(host=_LOOPBACK, security=security, scheduler_kwargs={"dashboard": False}, **quiet)
        stack.enter_context(cluster)
        workers = stack.enter_context(_workers(cluster.scheduler_address, n_processes, folder, security=security))
        client = stack.enter_context(Client(cluster.scheduler_address, security=security, set_as_default=False))
        _wait_for_workers(client, workers, n_processes)
        yield client


def _security() -> Security:
    """A new key with its certificate, for all roles, which trust no other."""
    try:
        return Security.temporary()
    except ImportError as error:
        raise InputError(
            "a cluster of Dask on this machine needs the package cryptography for its certificate, but it cannot be "
            f"imported ({error}); install wilks[dask], or leave Dask out: local processes need none"
        ) from error


def _tls_options(security: Security, folder: str) -> dict[str, str]:
    """Options of a worker with its certificate and key, in files that nobody else can read."""
    options = {"--tls-ca-file": security.tls_ca_file, "--tls-cert": security.tls_worker_cert}
    options["--tls-key"] = security.tls_worker_key
    files = {}
    for option, content in options.items():
        path = Path(folder) / f"{option.removeprefix('--')}.pem"
        path.touch(mode=0o600, exist_ok=False)
        path.write_text(content)
        files[option] = str(path)
    return files


@contextlib.contextmanager
def _workers(address: str, n_processes: int, folder: str, *, security: Security) -> Iterator[subprocess.Popen[bytes]]:
    """A process of Dask that starts as many workers and replaces those that die. All end together."""
    environment = worker_environment()
    environment["DASK_DISTRIBUTED__WORKER__MULTIPROCESSING_METHOD"] = "spawn"
    environment["DASK_LOGGING__DISTRIBUTED"] = "critical"  # failures of shards come back, and lie in the folder
    options = {"--nworkers": str(n_processes), "--nthreads": "1", "--memory-limit": "0", "--host": _LOOPBACK}
    options |= {"--local-directory": folder, "--death-timeout": f"{_SECONDS_TO_START:g}"}
    # Without this its pages are on every interface, also where there is no dashboard. There are no pages, either.
    options |= {"--dashboard-address": f"{_LOOPBACK}:0"} | _tls_options(security, folder)
    environment["DASK_DISTRIBUTED__WORKER__HTTP__ROUTES"] = "[]"
    process = subprocess.Popen(
        [
            sys.executable,
            "-P",
            "-m",
            "distributed.cli.dask_worker",
            address,
            "--no-dashboard",
            *sum(options.items(), ()),
        ],
        stdin=subprocess.DEVNULL,
        stdout=2,  # what generators print goes to standard error
        env=environment,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ask a process and its children to end, with patience, and leave none, even where this is interrupted."""
    process.terminate()
    try:
        process.wait(timeout=_SECONDS_TO_END)
    except subprocess.TimeoutExpired:
        pass
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _wait_for_workers(client: Client, process: subprocess.Popen[bytes], n_processes: int) -> None:
    end = time.monotonic() + _SECONDS_TO_START
    while (n_found := len(client.nthreads())) < n_processes:
        if process.poll() is not None or time.monotonic() > end:
            raise WorkerError(
                f"{n_processes} worker processes of Dask must start, but {n_found} did (exit code {process.poll()}); "
                "standard error may say why"
            )
        time.sleep(0.05)
