"""How far a campaign is and when it will end, in a line that can be read on any terminal, log or notebook."""

import builtins
import contextlib
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import TextIO

from wilks.campaign.processes import n_cores

SECONDS_BETWEEN_LINES = 10.0
_LEAST_SECONDS = 2.0
_PATIENCE_S = 3.0
_SECONDS_BETWEEN_LOOKS = 1.0


class Pace:
    """How fast toys come. Only those count that come after the first: before them programs are compiled.

    Processes that begin together end their first toys together, and keep them shard by shard: no rate is known before
    every one of ``n_processes`` can have brought two bunches like the first. Fewer toys than before are those of
    another campaign, as a selection makes one after the other: all begins anew.

    >>> now = [0.0]
    >>> pace = Pace(clock=lambda: now[0], n_processes=2)
    >>> for now[0], n_done in ((0.0, 0), (50.0, 2), (52.0, 12), (60.0, 52)):
    ...     pace.note(n_done)
    >>> pace.rate, pace.seconds_left(102)
    (5.0, 10.0)
    >>> pace.note(0)
    >>> pace.rate, pace.seconds
    (None, 0.0)
    """

    def __init__(self, *, clock: Callable[[], float], n_processes: int | None = None) -> None:
        self._clock, self._n_processes = clock, n_processes or n_cores()
        self._begin_at(clock())

    def _begin_at(self, now: float) -> None:
        self.begin = now
        self._n_before: int | None = None  # toys of earlier runs
        self._first: tuple[float, int] | None = None  # when the first toys of this run came, and how many there were
        self._last = (now, 0)

    def note(self, n_done: int) -> None:
        """So many toys are finished now."""
        now = self._clock()
        if n_done < self._last[1]:
            self._begin_at(now)
        if self._n_before is None:
            self._n_before = n_done
        elif self._first is None and n_done > self._n_before:
            self._first = (now, n_done)
        self._last = (now, n_done)

    @property
    def seconds(self) -> float:
        """Since the beginning."""
        return self._clock() - self.begin

    @property
    def is_starting(self) -> bool:
        """Whether no toy of this run has come yet."""
        return self._first is None

    @property
    def rate(self) -> float | None:
        """Toys a second; None while too little is known."""
        if self._first is None:
            return None
        seconds, n_toys = self._last[0] - self._first[0], self._last[1] - self._first[1]
        n_first = self._first[1] - (self._n_before or 0)
        is_known = n_toys >= 2 * n_first * self._n_processes and seconds >= _LEAST_SECONDS
        return n_toys / seconds if is_known else None

    def seconds_left(self, n_total: int) -> float | None:
        """Until the last toy; None while too little is known."""
        rate = self.rate
        return (n_total - self._last[1]) / rate if rate else None


def duration(seconds: float) -> str:
    """A duration to two digits or so.

    >>> [duration(seconds) for seconds in (7.2, 150.0, 9000.0, 400_000.0)]
    ['7 s', '2.5 min', '2.5 h', '4.6 d']
    """
    for size, unit in ((86_400.0, "d"), (3_600.0, "h"), (60.0, "min")):
        if seconds >= 2 * size or (unit == "min" and seconds >= 100.0):
            number = seconds / size
            return f"{number:.1f} {unit}" if number < 10 else f"{number:.0f} {unit}"
    return f"{seconds:.0f} s"


def _rate(rate: float) -> str:
    """Two digits, and no powers of ten where a person would write none."""
    return f"{rate:,.0f}" if rate >= 10 else f"{rate:.2g}"


def pace_text(pace: Pace, n_total: int) -> str:
    """Rate and time left, after a comma; empty while too little is known."""
    if pace.rate is None:
        return ""
    return f", {_rate(pace.rate)}/s, {duration(pace.seconds_left(n_total) or 0.0)} left"


def progress_line(pace: Pace, n_done: int, n_total: int, *, detail: str = "") -> str:
    """Count, rate and time left come first, so that they are what a narrow terminal shows."""
    if n_done >= n_total:
        state = f", {duration(pace.seconds)}"
    elif pace.is_starting:
        state = f", compiling, first toys: {duration(pace.seconds)}"
    else:
        state = pace_text(pace, n_total) or f", {duration(pace.seconds)}"
    more = f"; {detail}" if detail and n_done else ""
    return f"toys: {n_done:,} of {n_total:,}{state}{more}"


class LineProgress:
    """One line on a stream that is written over as toys come: the progress of a session in Python or in a notebook.

    Nothing is written of what is done within a few seconds.
    """

    def __init__(self, stream: TextIO, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream, self._pace = stream, Pace(clock=clock)
        self._length, self._n_done = 0, 0
        self._lock = threading.Lock()

    def __call__(self, n_done: int, n_total: int) -> None:
        with self._lock:
            self._pace.note(n_done)
            self._n_done = n_done
            if self._pace.seconds >= _PATIENCE_S:
                self._write(n_done, n_total)

    def tell_of_start(self, n_total: int) -> bool:
        """Say that programs are compiled; False once a toy has come and tells of itself."""
        with self._lock:
            is_starting = self._pace.is_starting and self._n_done < n_total
            if is_starting and self._pace.seconds >= _PATIENCE_S:
                self._write(self._n_done, n_total)
            return is_starting

    def _write(self, n_done: int, n_total: int) -> None:
        line = progress_line(self._pace, n_done, n_total)
        self._stream.write("\r" + line.ljust(self._length) + ("\n" if n_done >= n_total else ""))
        self._stream.flush()
        self._length = len(line)


@contextlib.contextmanager
def watched(report: Callable[[int, int], None], *, n_total: int) -> Iterator[Callable[[int, int], None]]:
    """A reporter that, where it is a line, says every second that programs are compiled, until the first toy comes."""
    if not isinstance(report, LineProgress):
        yield report
        return
    ended, line = threading.Event(), report

    def watch() -> None:
        while not ended.wait(_SECONDS_BETWEEN_LOOKS) and line.tell_of_start(n_total):
            pass

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield report
    finally:
        ended.set()
        thread.join()


def default_progress() -> Callable[[int, int], None]:
    """What tells of toys where nobody asked for anything: a line where a person looks on, nothing in a log."""
    is_notebook = hasattr(builtins, "__IPYTHON__")
    if sys.stderr is not None and (is_notebook or sys.stderr.isatty()):
        return LineProgress(sys.stderr)
    return lambda n_done, n_total: None
