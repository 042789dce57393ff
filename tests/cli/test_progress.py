"""Progress in a log, a line now and then, and on terminals of any width."""

import io
import re

import pytest
from rich.console import Console

from wilks.cli.progress import PlainProgress, progress


def test_lines_are_rare_and_the_last_one_comes() -> None:
    lines: list[str] = []
    now = [0.0]
    reporter = PlainProgress(lines.append, clock=lambda: now[0], seconds_between_lines=10.0)
    for n_done in range(1001):
        reporter(n_done, 1000)
        now[0] += 0.05
    assert lines[0] == "toys: 0 of 1,000, compiling, first toys: 0 s"
    assert lines[1] == "toys: 200 of 1,000, 20/s, 40 s left"
    assert lines[-1] == "toys: 1,000 of 1,000, 50 s"
    assert len(lines) == 6


def test_time_left_counts_fresh_and_warm_toys_alone() -> None:
    """Ninety were there, the compilation took 50 s, and then two came each second."""
    lines: list[str] = []
    now = [0.0]
    reporter = PlainProgress(lines.append, clock=lambda: now[0], seconds_between_lines=10.0)
    for now[0], n_done in ((0.0, 90), (50.0, 91), (60.0, 1091)):
        reporter(n_done, 2091)
    assert lines == [
        "toys: 90 of 2,091, compiling, first toys: 0 s",
        "toys: 91 of 2,091, 50 s",
        "toys: 1,091 of 2,091, 100/s, 10 s left",
    ]


def test_a_log_gets_plain_lines() -> None:
    stream = io.StringIO()
    with progress(Console(file=stream)) as reporter:
        reporter(3, 3)
    assert stream.getvalue() == "toys: 3 of 3, 0 s\n"


def test_a_dumb_terminal_gets_plain_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    stream = io.StringIO()
    with progress(Console(file=stream, force_terminal=True)) as reporter:
        reporter(3, 3)
    assert stream.getvalue() == "toys: 3 of 3, 0 s\n"


def shown(*, width: int, detail: str = "") -> str:
    """The last line on a terminal."""
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=True, width=width)
    with progress(console, detail=lambda: detail) as reporter:
        reporter(1_000, 3_000)
        reporter(1_500, 3_000)
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", stream.getvalue())
    return [line for line in re.split(r"[\r\n]+", text) if line.strip()][-1]


@pytest.mark.parametrize("width", [30, 60, 80, 140])
def test_a_terminal_of_any_width_gets_the_count_first(width: int) -> None:
    line = shown(width=width, detail="mean t 12.90 ± 0.10 (13 parameters), 0 failed")
    assert line.startswith("toys: 1,500 of 3,000, 0 s") and len(line) <= width
    assert ("mean t 12.90 ± 0.10 (13 parameters), 0 failed" in line) == (width >= 80)
    assert ("####" in line) == (width >= 140)


def test_what_else_is_known_is_said() -> None:
    stream = io.StringIO()
    with progress(Console(file=stream), detail=lambda: "mean t 12.9") as reporter:
        reporter(3, 3)
    assert stream.getvalue() == "toys: 3 of 3, 0 s; mean t 12.9\n"
