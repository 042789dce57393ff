"""Worker processes of this machine behind ``concurrent.futures.Executor``: spawned, one thread each, one core each."""

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

_SINGLE_THREAD = ("NPROC", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
_PATIENCE_S = 60.0


class WorkerError(errors.WilksError):
    """A worker process ended or failed in a way that is not the input's fault."""


class LocalProcesses(Executor):
    """As many single-threaded worker processes as cores, or ``n_processes``.

    Functions travel by name and must belong to this package; arguments and results travel as JSON. Workers do not
    import the main script of the user. `shutdown` lets each worker finish and keep the toy at hand.
    """

    def __init__(self, n_processes: int | None = None) -> None:
        cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
        count = n_processes if n_processes is not None else max(1, len(cores) or os.cpu_count() or 1)
        if count < 1:
            raise errors.InputError(f"n_processes must be at least 1, but {n_processes!r} came")
        self.n_processes = count
        self._calls: queue.SimpleQueue[tuple[Future[Any], dict[str, Any]] | None] = queue.SimpleQueue()
        self._numbers = itertools.count()
        pinned = cores if len(cores) >= count else []
        self._workers = [_Worker(pinned[k] if pinned else None) for k in range(count)]
        self._threads = [threading.Thread(target=self._supervise, args=(w,), daemon=True) for w in self._workers]
        for thread in self._threads:
            thread.start()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Run a module-level function of this package in a worker; keyword arguments are refused."""
        if kwargs:
            raise TypeError("arguments must be positional: they travel as JSON")
        future: Future[Any] = Future()
        name = f"{fn.__module__}:{fn.__qualname__}"
        self._calls.put((future, {"id": next(self._numbers), "function": name, "arguments": list(args)}))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the workers; with ``cancel_futures`` at the next toy, otherwise after all calls."""
        if cancel_futures:
            while not self._calls.empty():
                item = self._calls.get()
                if item:
                    item[0].cancel()
            for worker in self._workers:
                worker.stop()
        for _ in self._threads:
            self._calls.put(None)
        if wait:
            for thread in self._threads:
                thread.join()

    def _supervise(self, worker: "_Worker") -> None:
        while (item := self._calls.get()) is not None:
            future, call = item
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(worker.call(call))
            except Exception as error:
                future.set_exception(error)
        worker.close()


class _Worker:
    """One process and its two pipes."""

    def __init__(self, core: int | None) -> None:
        environment = os.environ | dict.fromkeys(_SINGLE_THREAD, "1") | {"JAX_PLATFORMS": "cpu"}
        # The workers see the packages of this process, also where it was started from a source tree.
        environment["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "wilks.campaign.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
            start_new_session=True,
        )
        if core is not None:
            os.sched_setaffinity(self._process.pid, {core})

    def call(self, call: dict[str, Any]) -> Any:
        assert self._process.stdin and self._process.stdout
        try:
            self._process.stdin.write(json.dumps(call) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except OSError:
            line = ""
        if not line:
            raise WorkerError(
                f"a worker process ended early (exit code {self._process.wait()}), perhaps killed or out of memory; "
                "finished toys are kept: run the same again to go on"
            )
        answer = json.loads(line)
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
        try:
            self._process.wait(timeout=_PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()


def _error(answer: dict[str, Any]) -> Exception:
    known = getattr(errors, answer["kind"], None)
    if isinstance(known, type) and issubclass(known, errors.WilksError):
        return known(answer["error"])
    return WorkerError(f"a worker failed with {answer['kind']}: {answer['error']}\n{answer['traceback']}")
