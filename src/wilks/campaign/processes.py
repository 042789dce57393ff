"""Worker processes of this machine behind ``concurrent.futures.Executor``: spawned, one thread each."""

import contextlib
import itertools
import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any

from wilks import errors

SINGLE_THREAD = ("NPROC", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
_PATIENCE_S = 60.0


class WorkerError(errors.WilksError):
    """A worker process failed in a way that is not the input's fault."""


class LostWorkerError(WorkerError):
    """A worker process ended in the middle of a call."""


def n_cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def worker_environment() -> dict[str, str]:
    """That of this process for a worker: one thread, on the CPU, and the packages that are found here.

    Those of a source tree that this process was started from are among them.
    """
    path = os.pathsep.join(folder or os.getcwd() for folder in sys.path)
    return os.environ | dict.fromkeys(SINGLE_THREAD, "1") | {"JAX_PLATFORMS": "cpu", "PYTHONPATH": path}


class LocalProcesses(Executor):
    """As many single-threaded worker processes as cores, or ``n_processes``.

    Functions travel by name and must belong to this package; arguments and results travel as JSON. Workers do not
    import the main script of the user. A worker that is lost fails its call and is replaced. `shutdown` lets each
    worker finish and keep the toy at hand. None is bound to a core: another campaign or somebody else's job may be on
    it while others are idle.
    """

    def __init__(self, n_processes: int | None = None) -> None:
        count = n_processes if n_processes is not None else n_cores()
        if count < 1:
            raise errors.InputError(f"n_processes must be at least 1, but {n_processes!r} came")
        self.n_processes = count
        self._calls: queue.SimpleQueue[tuple[Future[Any], dict[str, Any]] | None] = queue.SimpleQueue()
        self._numbers = itertools.count()
        self._workers = [_Worker() for _ in range(count)]
        self._lock = threading.Lock()  # of starting a worker and of stopping all
        self._is_shut_down = False
        self._threads = [threading.Thread(target=self._supervise, args=(k,), daemon=True) for k in range(count)]
        for thread in self._threads:
            thread.start()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Run a module-level function of this package in a worker; keyword arguments are refused."""
        if kwargs:
            raise TypeError("arguments must be positional: they travel as JSON")
        if self._is_shut_down:
            raise RuntimeError("these processes were shut down; make new ones")
        future: Future[Any] = Future()
        name = f"{fn.__module__}:{fn.__qualname__}"
        self._calls.put((future, {"id": next(self._numbers), "function": name, "arguments": list(args)}))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the workers; with ``cancel_futures`` at the next toy, otherwise after all calls."""
        with self._lock:
            self._is_shut_down = True
            if cancel_futures:
                self._cancel_waiting()
                for worker in self._workers:
                    worker.stop()
        for _ in self._threads:
            self._calls.put(None)
        if wait:
            for thread in self._threads:
                thread.join()

    def _cancel_waiting(self) -> None:
        with contextlib.suppress(queue.Empty):
            while True:
                if item := self._calls.get_nowait():
                    item[0].cancel()

    def _supervise(self, number: int) -> None:
        while (item := self._calls.get()) is not None:
            future, call = item
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(self._workers[number].call(call))
            except LostWorkerError as error:
                self._replace(number)
                future.set_exception(error)
            except Exception as error:
                future.set_exception(error)
        self._workers[number].close()

    def _replace(self, number: int) -> None:
        """A new worker for one that is gone, unless all are to end. If none can be started, the next call tries."""
        with self._lock:
            if not self._is_shut_down:
                self._workers[number].close()
                with contextlib.suppress(OSError):
                    self._workers[number] = _Worker()


class _Worker:
    """One process and its two pipes."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "wilks.campaign.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=worker_environment(),
            start_new_session=True,
        )

    def call(self, call: dict[str, Any]) -> Any:
        assert self._process.stdin and self._process.stdout
        try:
            self._process.stdin.write(json.dumps(call) + "\n")
            self._process.stdin.flush()
            answer = json.loads(self._process.stdout.readline())
        except (OSError, ValueError) as error:  # a broken pipe, or a line that is empty or cut short
            raise LostWorkerError(
                f"a worker process ended early (exit code {self._end()}), perhaps killed or out of memory; "
                "finished toys are kept: run the same again to go on"
            ) from error
        if "error" in answer:
            raise _error(answer)
        return answer["result"]

    def stop(self) -> None:
        if self._process.poll() is None:
            self._process.terminate()

    def close(self) -> None:
        assert self._process.stdin and self._process.stdout
        try:
            self._process.stdin.close()
        except OSError:
            self._process.kill()
        self._end()
        self._process.stdout.close()

    def _end(self) -> int:
        """Wait for the end, with patience; returns the exit code."""
        try:
            return self._process.wait(timeout=_PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()


def _error(answer: dict[str, Any]) -> Exception:
    known = getattr(errors, answer["kind"], None)
    if isinstance(known, type) and issubclass(known, errors.WilksError):
        return known(answer["error"])
    return WorkerError(f"a worker failed with {answer['kind']}: {answer['error']}\n{answer['traceback']}")
