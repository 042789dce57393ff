"""Progress of a campaign: a bar on a terminal, a line every few seconds in a log."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from wilks.wording import printable

SECONDS_BETWEEN_LINES = 10.0


class Reporter(Protocol):
    """Called with the number of finished toys and the number wanted."""

    def __call__(self, n_done: int, n_total: int) -> None: ...


class PlainProgress:
    """Writes a line at most every ``seconds_between_lines``, and one at the end; ``detail`` says what else is known."""

    def __init__(
        self,
        write: Callable[[str], None],
        *,
        clock: Callable[[], float],
        seconds_between_lines: float,
        detail: Callable[[], str] = str,
    ) -> None:
        self._write = write
        self._detail = detail
        self._clock = clock
        self._pause = seconds_between_lines
        self._start = self._last = clock()
        self._first_done: int | None = None

    def __call__(self, n_done: int, n_total: int) -> None:
        now = self._clock()
        if self._first_done is None:
            self._first_done = n_done
        if n_done < n_total and now - self._last < self._pause:
            return
        self._last = now
        detail = self._detail()
        remaining = self._remaining(n_done, n_total, now=now)
        self._write(f"toys: {n_done} of {n_total}{remaining}{f'; {detail}' if detail else ''}")

    def _remaining(self, n_done: int, n_total: int, *, now: float) -> str:
        fresh = n_done - (self._first_done or 0)
        if fresh <= 0 or n_done >= n_total:
            return f", {now - self._start:.0f} s"
        rate = fresh / max(now - self._start, 1e-9)
        return f", {rate:.2g} toys/s, about {(n_total - n_done) / rate:.0f} s left"


class _Rate(ProgressColumn):
    """Toys a second, once it is known."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:.2g} toys/s" if task.speed else "")


class BarProgress:
    """A bar with the rate, the time that remains, and what else is known."""

    def __init__(self, console: Console, *, detail: Callable[[], str] = str) -> None:
        self._detail = detail
        self._bar = Progress(
            TextColumn("toys"),
            BarColumn(bar_width=20),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            _Rate(),
            TextColumn("left:"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[detail]}", markup=False),
            console=console,
        )
        self._task = self._bar.add_task("toys", total=None, detail="")

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def __call__(self, n_done: int, n_total: int) -> None:
        self._bar.update(self._task, completed=n_done, total=n_total, detail=self._detail())


@contextmanager
def progress(console: Console, *, detail: Callable[[], str] = str) -> Iterator[Reporter]:
    """A reporter that suits where ``console`` writes to."""
    if console.is_terminal:
        with BarProgress(console, detail=detail) as bar:
            yield bar
        return
    yield PlainProgress(
        lambda line: console.print(Text(printable(line)), soft_wrap=True),
        clock=time.monotonic,
        seconds_between_lines=SECONDS_BETWEEN_LINES,
        detail=detail,
    )
