"""How a command ends."""

import errno
import json
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from wilks.cli.session import IncompleteError, Session, try_writing
from wilks.errors import FaultError, SampleError, StoreError


def ending(session: Session, work: Callable[[], None]) -> int:
    with pytest.raises(SystemExit) as end:
        session.run(work)
    assert isinstance(end.value.code, int)
    return end.value.code


def raising(error: BaseException) -> Callable[[], None]:
    def work() -> None:
        raise error

    return work


@pytest.mark.parametrize(
    ("error", "code", "text"),
    [
        (SampleError("the data must be finite"), 2, "wilks test: the data must be finite"),
        (IncompleteError("3 of 4"), 3, "wilks test: 3 of 4"),
        (KeyboardInterrupt(), 3, "wilks test: interrupted"),
        (MemoryError("too much"), 1, "unexpected MemoryError: too much"),
        (FaultError("the disk is full"), 6, "the disk is full. This is a fault of disk or network"),
        (OSError(errno.EIO, "Input/output error"), 6, "Input/output error. This is a fault"),
        (ConnectionResetError("by peer"), 6, "by peer. This is a fault"),
        (PermissionError(errno.EACCES, "Permission denied"), 1, "unexpected PermissionError"),
    ],
)
def test_errors_become_codes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], error: BaseException, code: int, text: str
) -> None:
    session = Session("test", as_json=True)
    session.output = tmp_path
    assert ending(session, raising(error)) == code
    captured = capsys.readouterr()
    assert text in captured.err
    assert json.loads(captured.out)["exit_code"] == code
    assert (tmp_path / "result.json").exists() is (code != 2)


@pytest.mark.parametrize("kind", [StoreError, IncompleteError])
@pytest.mark.parametrize(
    ("cause", "code"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), 6),
        (OSError(errno.EROFS, "Read-only file system"), 6),
        (OSError("Unable to open file (file read failed: time = 0, errno = 5, error message = 'I/O')"), 6),
        (OSError("File did not open properly: [FATAL] Connection error"), 6),
        (TimeoutError(), 6),
        (FileNotFoundError(errno.ENOENT, "No such file or directory"), None),
        (OSError("Unable to open file (file signature not found)"), None),
        (ValueError("timed out"), None),
    ],
)
def test_what_an_error_came_from_decides(kind: type[Exception], cause: Exception, code: int | None) -> None:
    def work() -> None:
        try:
            raise cause
        except Exception as error:
            raise kind("it cannot be written") from error

    usual = 3 if kind is IncompleteError else 2
    assert ending(Session("toys run", as_json=False), work) == (usual if code is None else code)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_signals_end_like_an_interrupt(number: signal.Signals) -> None:
    before = signal.signal(number, signal.SIG_DFL)  # tests may run under nohup
    try:
        assert ending(Session("calibrate", as_json=False), lambda: os.kill(os.getpid(), number)) == 3
        assert signal.getsignal(number) is signal.SIG_DFL
    finally:
        signal.signal(number, before)


def test_nohup_keeps_its_meaning() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        assert ending(Session("calibrate", as_json=False), lambda: os.kill(os.getpid(), signal.SIGHUP)) == 0
    finally:
        signal.signal(signal.SIGHUP, before)


def test_nothing_is_written_before_the_folder_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert ending(Session("check", as_json=False), lambda: None) == 0
    assert not list(tmp_path.iterdir())


def test_brackets_in_messages_are_not_markup(capsys: pytest.CaptureFixture[str]) -> None:
    session = Session("check", as_json=False)
    assert ending(session, raising(SampleError("a list [a, b] and [red]x[/red]"))) == 2
    assert "a list [a, b] and [red]x[/red]" in capsys.readouterr().err


def test_writable_folders(tmp_path: Path) -> None:
    try_writing(tmp_path)
    assert not list(tmp_path.iterdir())
    with pytest.raises(OSError, match=r"."):
        try_writing(Path("/proc"))
