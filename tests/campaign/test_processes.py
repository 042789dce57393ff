import json
import os
import signal
import threading
from pathlib import Path

import pytest

from wilks.campaign import LocalProcesses
from wilks.campaign.processes import LostWorkerError, WorkerError
from wilks.errors import InputError, SampleError
from wilks.samples.checked_arrays import closest
from wilks.samples.reading import find_files
from wilks.significance import z_score


def test_calls_travel_by_name(one_process) -> None:
    futures = [one_process.submit(closest, "a", ["b"]), one_process.submit(z_score, 0.5)]
    assert futures[0].result(60) == "there are: b"
    assert futures[1].result(60) == pytest.approx(0.0)
    assert list(one_process.map(z_score, [0.5, 0.5])) == pytest.approx([0.0, 0.0])


def test_errors_of_the_input_arrive_as_they_are(one_process) -> None:
    with pytest.raises(SampleError, match=r"no file 'gone\.root'"):
        one_process.submit(find_files, "gone.root").result(60)


def test_other_errors_arrive_with_their_traceback(one_process) -> None:
    with pytest.raises(WorkerError, match=r"(?s)a worker failed with TypeError.*Traceback"):
        one_process.submit(closest, "a", 5).result(60)
    with pytest.raises(WorkerError, match="functions of wilks alone"):
        one_process.submit(json.dumps, 1).result(60)
    assert one_process.submit(closest, "a", ["b"]).result(60) == "there are: b"


def test_arguments_are_plain_and_positional(one_process) -> None:
    with pytest.raises(TypeError, match="positional"):
        one_process.submit(closest, name="a", known=["b"])
    with pytest.raises(TypeError, match="JSON"):
        one_process.submit(closest, "a", {1}).result(60)


def test_a_lost_worker_fails_its_call_and_is_replaced(wait_for_end) -> None:
    with LocalProcesses(1) as executor:
        first = executor._workers[0]._process.pid
        executor.submit(closest, "a", ["b"]).result(60)
        os.kill(first, signal.SIGKILL)
        with pytest.raises(LostWorkerError, match=r"ended early \(exit code -9\)"):
            executor.submit(closest, "a", ["b"]).result(60)
        assert executor.submit(closest, "a", ["b"]).result(60) == "there are: b"
        second = executor._workers[0]._process.pid
        assert second != first
    wait_for_end([first, second])


@pytest.mark.parametrize("n_processes", [0, -1])
def test_there_must_be_a_process(n_processes) -> None:
    with pytest.raises(InputError, match="n_processes must be at least 1"):
        LocalProcesses(n_processes)


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="processes are looked at in /proc")
def test_a_worker_has_one_thread_and_all_cores(one_process) -> None:
    """Two campaigns of one worker each would share a core while others are idle if each were bound to one."""
    one_process.submit(closest, "a", ["b"]).result(60)
    (worker,) = one_process._workers
    assert os.sched_getaffinity(worker._process.pid) == os.sched_getaffinity(0)
    environment = Path(f"/proc/{worker._process.pid}/environ").read_bytes().split(b"\0")
    for setting in (b"NPROC=1", b"OMP_NUM_THREADS=1", b"OPENBLAS_NUM_THREADS=1", b"JAX_PLATFORMS=cpu"):
        assert setting in environment


def test_a_worker_imports_what_this_process_would(tmp_path, monkeypatch, wait_for_end) -> None:
    """Files in the current folder shadow nothing unless they do so here; nothing outlives the shutdown."""
    (tmp_path / "json.py").write_text("raise ImportError('the wrong json')")
    monkeypatch.chdir(tmp_path)
    with LocalProcesses(1) as executor:
        (pid,) = [worker._process.pid for worker in executor._workers]
        assert executor.submit(closest, "a", ["b"]).result(60) == "there are: b"
    wait_for_end([pid])
    with pytest.raises(RuntimeError, match="shut down"):
        executor.submit(closest, "a", ["b"])
    executor.shutdown()


def test_waiting_calls_can_be_cancelled_while_workers_take_them(monkeypatch) -> None:
    """Workers and the canceller empty one queue; the last call may go to either, and nobody waits for it."""

    class Idle:
        def __init__(self) -> None:
            self.stopped = threading.Event()

        def call(self, call):
            return self.stopped.wait(0.0)

        stop = close = lambda self: self.stopped.set()

    monkeypatch.setattr("wilks.campaign.processes._Worker", Idle)
    for _ in range(50):
        executor = LocalProcesses(2)
        futures = [executor.submit(closest, "a", ["b"]) for _ in range(20)]
        thread = threading.Thread(target=executor.shutdown, kwargs={"cancel_futures": True}, daemon=True)
        thread.start()
        thread.join(20)
        assert not thread.is_alive()
        assert all(future.done() for future in futures)
