"""The log is the memory: no batch is lost or judged twice."""

import dataclasses
import math

import numpy as np
import pytest

import wilks
from wilks.monitor import Batch
from wilks.monitor.audit import AuditLog
from wilks.monitor.inputs import Arrival
from wilks.monitor.null_laws import NullLaws
from wilks.monitor.watching import Watch

from tests.monitor.conftest import draw

RNG = np.random.default_rng(0)
EVENTS = [draw(RNG, 100) for _ in range(30)]
ARRIVALS = [Arrival(f"b{i}", "1", lambda i=i: Batch(EVENTS[i], f"b{i}")) for i in range(30)]


N_BEFORE = 23


class Killed(BaseException):
    """In place of a signal."""


def open_watch(path, reference, *, clock=lambda: 1000.0) -> tuple[Watch, AuditLog]:
    log = AuditLog(path, reference=reference.digest)
    return Watch(wilks.Monitor(reference, timer=lambda: 0.0), log, clock=clock), log


def entries_of(path, reference) -> list[dict]:
    with AuditLog(path, reference=reference.digest) as log:
        return [one for one in log.entries() if one["kind"] == "batch"]


@pytest.mark.parametrize("moment", ["before the line", "in the line", "after the line"])
def test_a_killed_watch_goes_on(histogram, tmp_path, monkeypatch, moment: str) -> None:
    whole, log = open_watch(tmp_path / "whole", histogram)  # of windows of 20 batches, which have lost some by then
    with log:
        expected = [whole.judge(one) for one in ARRIVALS]
    path = tmp_path / "log"
    watch, log = open_watch(path, histogram)
    with log:
        for one in ARRIVALS[:N_BEFORE]:
            watch.judge(one)
        if moment == "in the line":
            with path.open("ab") as file:
                file.write(b'{"at":"1970-01-01T00:16:40.000+00:00","content"')
        if moment == "before the line":
            monkeypatch.setattr(log, "append", lambda entry: (_ for _ in ()).throw(Killed))
            with pytest.raises(Killed):
                watch.judge(ARRIVALS[N_BEFORE])
    again, log = open_watch(path, histogram)
    with log:
        found = [again.judge(one, n_waiting=3) for one in ARRIVALS]
    assert found[:N_BEFORE] == [None] * N_BEFORE and again.tally.n_skipped == again.tally.n_before == N_BEFORE
    assert found[N_BEFORE:] == expected[N_BEFORE:], "to the last bit, windows among it"
    assert again.tally.n_in_windows == N_BEFORE and expected[-1].windows["sliding"].n_batches == 20
    assert [one["verdict"]["name"] for one in entries_of(path, histogram)] == [one.name for one in ARRIVALS]
    assert sum(again.tally.states.values()) == 30 and again.tally.most_waiting == 3


def test_windows_without_their_sums_begin_anew_and_say_so(histogram, tmp_path) -> None:
    path = tmp_path / "log"
    watch, log = open_watch(path, histogram)
    with log:
        for one in ARRIVALS[:5]:
            watch.judge(one)
    (tmp_path / "log.windows").write_bytes(b"not what was written")
    again, log = open_watch(path, histogram)
    with log:
        assert again.judge(ARRIVALS[5]).windows["growing"].n_batches == 1 and again.tally.n_in_windows == 0
    once_more, log = open_watch(path, histogram)
    with log:
        assert once_more.judge(ARRIVALS[6]).windows["growing"].n_batches == 2 and once_more.tally.n_in_windows == 1


def test_an_unreadable_batch_is_looked_at_again_when_it_has_changed(histogram, tmp_path) -> None:
    watch, log = open_watch(tmp_path / "log", histogram)
    broken = Arrival("a", "1", lambda: Batch(None, "a", problem="half of it"))
    mended = Arrival("a", "2", lambda: Batch(draw(RNG, 100), "a"))
    later = Arrival("a", "3", mended.read)
    with log:
        assert not watch.judge(broken).is_evaluated and watch.judge(broken) is None
        assert watch.judge(mended).is_evaluated and watch.judge(later) is None
    again, log = open_watch(tmp_path / "log", histogram)
    with log:
        assert again.is_judged("a", "3") and not again.is_judged("b", "1") and not again.is_judged("", "1")


def test_batches_without_a_name_are_all_judged(histogram, tmp_path) -> None:
    watch, log = open_watch(tmp_path / "log", histogram)
    unnamed = Arrival("", "1", lambda: Batch(draw(np.random.default_rng(1), 100)))
    with log:
        assert [watch.judge(unnamed).index for _ in range(3)] == [0, 1, 2]


@pytest.mark.parametrize("times", [[1e9, 0.0, -5.0, 2e9], [1e30, float("inf"), float("nan"), 1e9]])
def test_clocks_may_jump(histogram, tmp_path, times: list[float]) -> None:
    ticks = iter(np.repeat(times, 3))
    watch, log = open_watch(tmp_path / "log", histogram, clock=lambda: float(next(ticks)))
    with log:
        assert all(watch.judge(one).is_evaluated for one in ARRIVALS[:4])
    assert len(entries_of(tmp_path / "log", histogram)) == 4


def test_a_batch_that_has_gone_leaves_no_line(histogram, tmp_path) -> None:
    watch, log = open_watch(tmp_path / "log", histogram)
    with log:
        assert watch.judge(Arrival("gone", "1", lambda: None)) is None
    assert entries_of(tmp_path / "log", histogram) == []


def test_a_batch_and_windows_below_all_toys_have_no_z(histogram, tmp_path) -> None:
    """p is (n + 1)/(n + 1) there; a null in JSON, which knows no infinity."""
    far = [
        NullLaws(tuple(dataclasses.replace(one, t=one.t + 1e6) for one in laws.laws), None)
        for laws in (histogram.null, histogram.windows)
    ]
    reference = dataclasses.replace(histogram, null=far[0], windows=far[1])
    watch, log = open_watch(tmp_path / "log", reference)
    with log:
        verdict = watch.judge(ARRIVALS[0])
    [entry] = entries_of(tmp_path / "log", reference)
    told = entry["verdict"]
    assert verdict.p_value == 1.0 and verdict.z_score == -math.inf and verdict.reason == "p = 1 by the null law"
    for one in (told, told["null"], told["windows"]["sliding"]):
        assert one["p_value"] == 1.0 and one["z_score"] is None
    again, log = open_watch(tmp_path / "log", reference)
    with log:
        assert again.judge(ARRIVALS[0]) is None
