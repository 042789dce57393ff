"""How fast toys come, and what a session in Python or a notebook sees of it."""

import io
import sys
import time

import numpy as np
import pytest

import wilks
from wilks.campaign.pace import LineProgress, Pace, default_progress, progress_line, watched


@pytest.mark.parametrize(
    ("n_processes", "compile_s", "toy_s"), [(1, 50.0, 0.5), (2, 20.0, 3.0), (16, 0.0, 30.0), (8, 60.0, 0.1)]
)
def test_the_first_time_left_is_not_far_off(n_processes: int, compile_s: float, toy_s: float) -> None:
    """Processes that compile, then make toys of a length that varies by a tenth."""
    rng, n_total, now = np.random.default_rng(0), 4_000, [0.0]
    ends = [compile_s + np.cumsum(rng.normal(toy_s, 0.1 * toy_s, size=n_total)) for _ in range(n_processes)]
    times = np.sort(np.concatenate(ends))[:n_total]
    pace = Pace(clock=lambda: now[0], n_processes=n_processes)
    pace.note(0)
    for n_done, now[0] in enumerate(times, start=1):
        pace.note(n_done)
        left = pace.seconds_left(n_total)
        if left is not None:
            break
    assert left is not None and 0.6 < left / (times[-1] - now[0]) < 1.7
    assert now[0] < compile_s + max(12.0, 4.0 * toy_s)


def test_a_line_says_what_is_known() -> None:
    now = [0.0]
    pace = Pace(clock=lambda: now[0], n_processes=2)
    pace.note(0)
    now[0] = 12.0
    assert progress_line(pace, 0, 400, detail="0 failed") == "toys: 0 of 400, compiling, first toys: 12 s"
    pace.note(8)
    now[0] = 22.0
    pace.note(58)
    line = progress_line(pace, 58, 400, detail="mean t 12.9")
    assert line == "toys: 58 of 400, 5/s, 68 s left; mean t 12.9"


def test_another_campaign_has_a_pace_of_its_own() -> None:
    """A selection reports one campaign after the other to the same line."""
    now = [0.0]
    pace = Pace(clock=lambda: now[0], n_processes=1)
    for now[0], n_done in ((0.0, 0), (1.0, 1), (9.0, 9), (100.0, 1), (101.0, 2), (103.0, 4), (105.0, 6)):
        pace.note(n_done)
    assert pace.rate == 1.0 and pace.seconds == 5.0 and pace.seconds_left(16) == 10.0


def test_a_person_is_told_and_a_log_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    stream, now = io.StringIO(), [0.0]
    monkeypatch.setattr(sys, "stderr", stream)
    assert not isinstance(default_progress(), LineProgress)
    monkeypatch.setattr("builtins.__IPYTHON__", True, raising=False)
    assert isinstance(default_progress(), LineProgress)
    report = LineProgress(stream, clock=lambda: now[0])
    report(0, 10)
    assert stream.getvalue() == ""  # what is done at once needs no words
    now[0] = 60.0
    report(1, 10)
    report(10, 10)
    assert stream.getvalue() == "\rtoys: 1 of 10, 60 s\rtoys: 10 of 10, 60 s\n"


def test_a_person_is_told_that_programs_are_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    """While nothing comes; not of what is done at once, and nothing after the first toy or the end."""
    monkeypatch.setattr("wilks.campaign.pace._SECONDS_BETWEEN_LOOKS", 0.001)
    now, stream = [0.0], io.StringIO()
    line = LineProgress(stream, clock=lambda: now[0])
    assert line.tell_of_start(10) and stream.getvalue() == ""
    with watched(line, n_total=10) as report:
        now[0] = 20.0
        while not stream.getvalue():
            time.sleep(0.001)
        assert set(stream.getvalue().split("\r")) == {"", "toys: 0 of 10, compiling, first toys: 20 s"}
        report(0, 10)
        report(2, 10)
        assert not line.tell_of_start(10)
        assert stream.getvalue().split("\r")[-1].rstrip() == "toys: 2 of 10, 20 s"
    plain = [].append
    with watched(plain, n_total=10) as report:  # type: ignore[arg-type]
        assert report is plain


def test_toys_tell_by_themselves_in_a_notebook(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    reference, pool = wilks.Sample(rng.normal(size=60)), wilks.Sample(rng.normal(size=60))
    analysis = wilks.Analysis(
        reference=reference, model=wilks.Kernel(n_centers=3, width=1.0), toy_source=pool, expected_events=9
    )
    made: list[tuple[int, ...]] = []
    monkeypatch.setattr("wilks.campaign.run.default_progress", lambda: lambda *counts: made.append(counts))
    wilks.run_toys(analysis, wilks.Null(), n_toys=3, seed=1, executor=wilks.LocalProcesses(1))
    assert made[-1] == (3, 3)
