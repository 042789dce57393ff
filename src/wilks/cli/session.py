"""One run of a command: what it says, and how it ends."""

import contextlib
import errno
import os
import signal
import sys
import tempfile
import traceback
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from rich.table import Table
from rich.text import Text

from wilks.cli.loudness import loudness
from wilks.cli.outcome import ExitCode, Outcome, strict_json
from wilks.cli.screen import Screen, print_text
from wilks.cli.streams import print_plain
from wilks.errors import InputError, WilksWarning, is_fault
from wilks.storage import write_text
from wilks.wording import printable, visible

RESULT_FILE = "result.json"
ERROR_LOG = "error.log"


class IncompleteError(Exception):
    """The campaign of toys is not complete; the message says how far it is and how to go on."""


class Session:
    """Where a command prints, and the outcome that it builds.

    With ``as_json`` the standard output holds the JSON outcome alone; everything else goes to the error stream.
    ``output`` is set once the output folder is known to belong to this analysis: only then is anything written there.
    """

    def __init__(self, command: str, *, as_json: bool) -> None:
        self.outcome = Outcome(command)
        self.as_json = as_json
        self.output: Path | None = None
        self.interrupted = "interrupted; nothing was lost that had been written"
        self.notes = Screen(stderr=True, quiet=loudness().is_quiet)
        self._errors = Screen(stderr=True)
        self._out = self.notes if as_json else Screen()

    def say(self, text: str) -> None:
        """Print a line of the answer."""
        print_text(self._out, text)

    def note(self, text: str) -> None:
        """Print a line that is not part of the answer."""
        print_text(self.notes, text)

    def warn(self, text: str) -> None:
        """Print a warning and keep it."""
        self.outcome.warn(text)
        self.say(f"Warning: {text}.")

    def show(self, title: str, rows: Iterable[tuple[str, str]]) -> None:
        """Print a table of names and texts."""
        table = Table(title=Text(visible(title)), show_header=False, title_justify="left")
        table.add_column(no_wrap=True)
        table.add_column(overflow="fold")
        for row in rows:
            table.add_row(*(Text(visible(cell)) for cell in row))
        self._out.print(table)

    def run(self, work: Callable[[], None]) -> NoReturn:
        """Do the work, turn its end into an exit code, write ``result.json`` and exit."""
        with _terminate_as_interrupt(), self._warnings_as_notes():
            try:
                work()
            except IncompleteError as error:
                self._stop(ExitCode.FAULT if is_fault(error) else ExitCode.INCOMPLETE, str(error))
            except KeyboardInterrupt:
                self._stop(ExitCode.INCOMPLETE, self.interrupted)
            except Exception as error:
                self._stop(*self._end_of(error))
        self._finish()

    @contextmanager
    def _warnings_as_notes(self) -> Iterator[None]:
        """Warnings of this package are sentences of the outcome; others go where they went."""
        show = warnings.showwarning

        def note(message: Warning | str, category: type[Warning], *place: Any, **more: Any) -> None:
            if not issubclass(category, WilksWarning):
                show(message, category, *place, **more)
                return
            if str(message) not in self.outcome.warnings:
                self.outcome.warn(str(message))
                print_text(self._errors, f"Warning: {message}.")

        with warnings.catch_warnings():
            warnings.simplefilter("always", category=WilksWarning)
            warnings.showwarning = note
            yield

    def _end_of(self, error: Exception) -> tuple[ExitCode, str]:
        """The exit code and the message of an error."""
        if is_fault(error):
            return ExitCode.FAULT, f"{error}. This is a fault of disk or network: try again when it is mended"
        if isinstance(error, InputError):
            return ExitCode.INVALID_INPUT, str(error)
        return ExitCode.ERROR, self._unexpected(error)

    def _stop(self, code: ExitCode, message: str) -> None:
        self.outcome.exit_code = code
        self.outcome.error = message
        with contextlib.suppress(OSError):  # the exit code still tells
            print_text(self._errors, f"wilks {self.outcome.command}: {message}")

    def _unexpected(self, error: Exception) -> str:
        folder = self.output if self.output is not None else Path(tempfile.mkdtemp(prefix="wilks-"))
        log = folder / ERROR_LOG
        stamp = datetime.now(UTC).isoformat(timespec="seconds")
        text = f"{stamp} wilks {' '.join(sys.argv[1:])}\n{''.join(traceback.format_exception(error))}"
        summary = f"unexpected {type(error).__name__}: {error}"
        try:
            write_text(log, printable(text))
        except OSError as reason:
            return f"{summary}; the log {log} could not be written: {reason}"
        return f"{summary}; the details are in {log}; please report them"

    def _finish(self) -> NoReturn:
        outcome = self.outcome
        text = strict_json(outcome.to_dict())
        if self.output is not None and outcome.exit_code is not ExitCode.INVALID_INPUT:
            self._write_result(text)
        try:
            print_plain(text + "\n" if self.as_json else "")
        except OSError as error:
            self._not_written("the answer", error)
        sys.exit(int(outcome.exit_code))

    def _write_result(self, text: str) -> None:
        assert self.output is not None
        try:
            write_text(self.output / RESULT_FILE, text + "\n")
        except OSError as error:
            self._not_written(str(self.output / RESULT_FILE), error)

    def _not_written(self, what: str, error: OSError) -> None:
        with contextlib.suppress(OSError):
            print_text(self._errors, f"wilks: {what} could not be written: {error}")
        self.outcome.exit_code = self.outcome.exit_code or (ExitCode.FAULT if is_fault(error) else ExitCode.ERROR)


@contextmanager
def _terminate_as_interrupt() -> Iterator[None]:
    """A batch system's SIGTERM, and a terminal that closes (SIGHUP), end a command like Ctrl-C: finished toys are kept.

    A SIGHUP that `nohup` has the process ignore is ignored.
    """

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    numbers = [signal.SIGTERM, *([signal.SIGHUP] if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN else [])]
    previous = {number: signal.signal(number, interrupt) for number in numbers}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def try_writing(folder: Path) -> None:
    """Make a file in an existing folder, and remove it. Raises OSError, saying why, if that cannot be done."""
    if not os.access(folder, os.X_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    handle, name = tempfile.mkstemp(dir=folder, prefix=".wilks-")
    os.close(handle)
    os.unlink(name)
