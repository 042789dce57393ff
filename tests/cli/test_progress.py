"""Progress in a log: a line now and then, and one at the end."""

import io

from rich.console import Console

from wilks.cli.progress import PlainProgress, progress


def test_lines_are_rare_and_the_last_one_comes() -> None:
    lines: list[str] = []
    now = [0.0]
    reporter = PlainProgress(lines.append, clock=lambda: now[0], seconds_between_lines=10.0)
    for n_done in range(101):
        reporter(n_done, 100)
        now[0] += 0.5
    assert lines[0] == "toys: 20 of 100, 2 toys/s, about 40 s left"
    assert lines[-1] == "toys: 100 of 100, 50 s"
    assert len(lines) == 5


def test_time_left_counts_fresh_toys_alone() -> None:
    lines: list[str] = []
    now = [0.0]
    reporter = PlainProgress(lines.append, clock=lambda: now[0], seconds_between_lines=10.0)
    reporter(90, 100)
    now[0] = 10.0
    reporter(95, 100)
    assert lines == ["toys: 95 of 100, 0.5 toys/s, about 10 s left"]


def test_a_log_gets_plain_lines() -> None:
    stream = io.StringIO()
    with progress(Console(file=stream)) as reporter:
        reporter(3, 3)
    assert stream.getvalue() == "toys: 3 of 3, 0 s\n"


def test_a_terminal_gets_a_bar() -> None:
    stream = io.StringIO()
    with progress(Console(file=stream, force_terminal=True, width=100)) as reporter:
        reporter(1, 3)
        reporter(3, 3)
    assert "3/3" in stream.getvalue()


def test_what_else_is_known_is_said() -> None:
    stream = io.StringIO()
    with progress(Console(file=stream), detail=lambda: "mean t 12.9") as reporter:
        reporter(3, 3)
    assert stream.getvalue() == "toys: 3 of 3, 0 s; mean t 12.9\n"
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=True, width=140)
    with progress(console, detail=lambda: "mean t 12.9") as reporter:
        reporter(1, 3)
        reporter(2, 3)
    assert "mean t 12.9" in stream.getvalue()
