"""How a command ends."""

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from wilks.cli.session import IncompleteError, Session, is_writable
from wilks.errors import SampleError


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


def test_sigterm_ends_like_an_interrupt(tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGTERM)
    session = Session("calibrate", as_json=False)
    assert ending(session, lambda: os.kill(os.getpid(), signal.SIGTERM)) == 3
    assert signal.getsignal(signal.SIGTERM) is before


def test_nothing_is_written_before_the_folder_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert ending(Session("check", as_json=False), lambda: None) == 0
    assert not list(tmp_path.iterdir())


def test_brackets_in_messages_are_not_markup(capsys: pytest.CaptureFixture[str]) -> None:
    session = Session("check", as_json=False)
    assert ending(session, raising(SampleError("a list [a, b] and [red]x[/red]"))) == 2
    assert "a list [a, b] and [red]x[/red]" in capsys.readouterr().err


def test_writable_folders(tmp_path: Path) -> None:
    assert is_writable(tmp_path)
    assert not list(tmp_path.iterdir())
    assert not is_writable(Path("/proc"))
