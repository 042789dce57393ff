"""Progress of a campaign: a line that is written over on a terminal, a line every few seconds in a log."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Protocol, Self

from rich.cells import cell_len
from rich.console import Console
from rich.progress import Progress, ProgressColumn, Task
from rich.text import Text

from wilks.campaign.pace import SECONDS_BETWEEN_LINES, Pace, pace_text, progress_line
from wilks.wording import printable

_LEAST_BAR, _LARGEST_BAR = 8, 24


class Reporter(Protocol):
    """Called with the number of finished toys and the number wanted."""

    def __call__(self, n_done: int, n_total: int) -> None: ...


class PlainProgress:
    """Writes a line at the beginning, at most every ``seconds_between_lines``, and at the end.

    ``detail`` says what else is known.
    """

    def __init__(
        self,
        write: Callable[[str], None],
        *,
        clock: Callable[[], float],
        seconds_between_lines: float,
        detail: Callable[[], str] = str,
    ) -> None:
        self._write, self._detail = write, detail
        self._pause = seconds_between_lines
        self._clock, self._pace = clock, Pace(clock=clock)
        self._last: float | None = None

    def __call__(self, n_done: int, n_total: int) -> None:
        self._pace.note(n_done)
        now = self._clock()
        if n_done < n_total and self._last is not None and now - self._last < self._pause:
            return
        self._last = now
        self._write(progress_line(self._pace, n_done, n_total, detail=self._detail()))


class _Line(ProgressColumn):
    """Count, rate, time left and what else is known, as far as the terminal is wide; then a bar if there is room."""

    def __init__(self, console: Console, pace: Pace) -> None:
        super().__init__()
        self._console, self._pace = console, pace

    def render(self, task: Task) -> Text:
        n_done, n_total = int(task.completed), int(task.total or 0)
        if not n_total:
            return Text("toys")
        text = Text(printable(progress_line(self._pace, n_done, n_total, detail=task.fields["detail"])))
        width = self._console.width - 1
        n_free = min(width - cell_len(text.plain) - 1, _LARGEST_BAR)
        if n_free >= _LEAST_BAR:
            n_full = n_free * n_done // n_total
            text.append(" " + "#" * n_full + "." * (n_free - n_full))
        text.truncate(width, overflow="ellipsis" if not self._console.options.ascii_only else "crop")
        return text


class BarProgress:
    """A line on a terminal, written over."""

    def __init__(self, console: Console, *, detail: Callable[[], str] = str) -> None:
        self._detail, self._pace = detail, Pace(clock=time.monotonic)
        self._bar = Progress(_Line(console, self._pace), console=console, refresh_per_second=4)
        self._task = self._bar.add_task("toys", total=None, detail="")

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def __call__(self, n_done: int, n_total: int) -> None:
        self._pace.note(n_done)
        self._bar.update(self._task, completed=n_done, total=n_total, detail=self._detail())


@contextmanager
def progress(console: Console, *, detail: Callable[[], str] = str) -> Iterator[Reporter]:
    """A reporter that suits where ``console`` writes to; a dumb terminal gets lines, as a log does."""
    if console.is_terminal and not console.is_dumb_terminal:
        with BarProgress(console, detail=detail) as bar:
            yield bar
        return
    yield PlainProgress(
        lambda line: console.print(Text(printable(line)), soft_wrap=True),
        clock=time.monotonic,
        seconds_between_lines=SECONDS_BETWEEN_LINES,
        detail=detail,
    )


def every_ten_seconds(note: Callable[[str], None]) -> Callable[[int, int, str], None]:
    """What notes how many of something are done, how fast, and how long it will take: a line every ten seconds."""
    last, paces = [time.monotonic()], dict[str, Pace]()

    def report(n_done: int, n_most: int, what: str) -> None:
        pace = paces.setdefault(what, Pace(clock=time.monotonic, n_processes=1))
        pace.note(n_done)
        if time.monotonic() - last[0] >= SECONDS_BETWEEN_LINES:
            last[0] = time.monotonic()
            note(f"{what}: {n_done:,} of at most {n_most:,}{pace_text(pace, n_most)}")

    return report
