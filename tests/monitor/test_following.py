"""Batches as they appear, by notifications and by time: the same ones, once each."""

import importlib.util
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from wilks.monitor import following
from wilks.monitor.following import Notified, Polling, followed, is_local, waiting_for
from wilks.monitor.inputs import FileReading, Files

EVERY_S = 0.03


@pytest.fixture
def local(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Whatever disk the tests run on."""
    mounts = tmp_path / "mounts"
    mounts.write_text(f"none / nfs4 rw 0 0\nnone {str(tmp_path).replace(' ', chr(92) + '040')} ext4 rw 0 0\n")
    monkeypatch.setattr(following, "_MOUNTS", mounts)
    (tmp_path / "in").mkdir()
    return tmp_path / "in"


def put(folder: Path, i: int) -> None:
    """In one step, so that no load of the machine makes it a file that is half written."""
    np.save(folder / f".b{i}.npy", np.arange(6.0).reshape(3, 2) + i)
    (folder / f".b{i}.npy").rename(folder / f"b{i}.npy")


def write(folder: Path) -> None:
    """Some at once, then one after the other, faster and slower than looks."""
    for i in range(1, 4):
        put(folder, i)
    for i in range(4, 8):
        time.sleep(0.02 * i)
        put(folder, i)


@pytest.mark.parametrize("is_polled", [False, True])
def test_every_batch_comes_once(local: Path, is_polled: bool) -> None:
    put(local, 0)
    judged, files = dict[str, float](), Files(str(local), lambda: FileReading(("x0", "x1"), {}), is_settled=False)
    writer = threading.Thread(target=write, args=(local,))
    with waiting_for(str(local), every_s=EVERY_S, is_polled=is_polled) as waiting:
        assert isinstance(waiting, Polling if is_polled else Notified)
        writer.start()
        for arrival, _ in followed(files, lambda name, mark: name in judged, waiting):
            batch = arrival.read()
            assert batch is not None and not batch.problem and arrival.name not in judged
            judged[arrival.name] = float(np.sum(np.asarray(batch.events.events)))
            if len(judged) == 8:
                break
    writer.join()
    assert judged == {f"b{i}.npy": 15.0 + 6.0 * i for i in range(8)}


def test_without_a_change_nothing_is_looked_at(local: Path) -> None:
    waiting = Notified(local, EVERY_S, longest_s=0.2)
    started = time.monotonic()
    waiting.pause(is_pending=False)
    assert time.monotonic() - started >= 0.2
    writer = threading.Timer(0.05, lambda: (local / "a.npy").write_bytes(b"x"))
    patient = Notified(local, EVERY_S, longest_s=20.0)
    writer.start()
    started = time.monotonic()
    patient.pause(is_pending=False)
    assert time.monotonic() - started < 10.0
    for one in (waiting, patient):
        one.close()
    writer.join()


def test_only_folders_of_this_machine_are_watched(local: Path, tmp_path: Path) -> None:
    assert is_local(local) and not is_local(tmp_path.parent) and not is_local(tmp_path / "nowhere")
    assert not is_local(tmp_path / "mounts")
    (tmp_path / "mounts").write_text(f"none / ext4 rw 0 0\nserver:/x {local} nfs4 rw 0 0\n")
    assert not is_local(local)
    (tmp_path / "mounts").write_text(f"none / ext4 rw 0 0\nsshfs {local} fuse.sshfs rw 0 0\n")
    assert not is_local(local) and is_local(tmp_path)
    (tmp_path / "mounts").unlink()
    assert not is_local(local)


def test_it_polls_where_watchfiles_is_not_installed(local: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*arguments: object, **options: object) -> None:
        raise ImportError("No module named 'watchfiles'")

    assert importlib.util.find_spec("watchfiles")
    monkeypatch.setattr(following.watchfiles, "watch", missing, raising=False)
    with waiting_for(str(local), every_s=EVERY_S, is_polled=False) as waiting:
        assert isinstance(waiting, Polling)
