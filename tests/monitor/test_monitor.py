"""Verdicts: states, causes, words, and what is remembered."""

import dataclasses
import itertools
import json

import numpy as np
import pandas
import pytest

import wilks
from wilks.monitor import Batch, BuildOptions, Cause, Decisions, State, Validity

from tests.monitor.conftest import FEATURES, analysis_of, built, draw, shifted


def monitor_of(reference, **validity) -> wilks.Monitor:
    return wilks.Monitor(dataclasses.replace(reference, validity=Validity(**validity)))


def test_good_batches_are_good_and_a_shifted_one_is_bad(reference) -> None:
    rng, monitor = np.random.default_rng(0), wilks.Monitor(reference)
    states = [monitor.update(draw(rng, 150)).state for _ in range(40)]
    assert states.count(State.GOOD) >= 37 and State.BAD not in states
    bad = monitor.update(shifted(rng, 150, 1.0))
    assert bad.state is State.BAD and bad.p_value < 1e-3 and bad.z_score > 3 and bad.where.feature == "x"
    assert "BAD" in str(bad) and "by the null law, extrapolated beyond its toys; x " in bad.reason
    json.dumps(bad.to_dict(), allow_nan=False)


@pytest.mark.parametrize("kind", ["array", "sample", "frame", "columns", "more columns"])
def test_a_batch_is_a_table_in_any_form(histogram, kind: str) -> None:
    events = draw(np.random.default_rng(1), 150)
    columns = dict(zip(FEATURES, events.T, strict=True))
    given = {
        "array": events,
        "sample": wilks.Sample(events, features=FEATURES, extras={"run": np.ones(150)}),
        "frame": pandas.DataFrame(columns)[["y", "x"]],
        "columns": columns,
        "more columns": {"run": np.ones(150), **columns},
    }[kind]
    expected = wilks.Monitor(histogram, timer=lambda: 0.0).update(events)
    assert wilks.Monitor(histogram, timer=lambda: 0.0).update(given) == expected


EVENTS = draw(np.random.default_rng(2), 150)
NAN = np.where(np.arange(300).reshape(150, 2) == 7, np.nan, EVENTS)


@pytest.mark.parametrize(
    ("batch", "cause", "text"),
    [
        (EVENTS[:5], Cause.TOO_FEW_EVENTS, "5 events, and 91 are needed"),
        (EVENTS[:0], Cause.TOO_FEW_EVENTS, "0 events"),
        (np.tile(EVENTS, (3, 1)), Cause.TOO_MANY_EVENTS, "known up to 220"),
        (NAN, Cause.NOT_FINITE, "must be finite"),
        ({"x": NAN[:, 0], "y": NAN[:, 1]}, Cause.NOT_FINITE, "must be finite"),
        ({"x": EVENTS[:, 0]}, Cause.MISSING_COLUMN, "it has no y"),
        (wilks.Sample(EVENTS, features=("x", "z")), Cause.MISSING_COLUMN, "it has no y"),
        (EVENTS[:, :1], Cause.UNREADABLE, "one column for each of 2 features"),
        (np.array([["a", "b"]] * 150), Cause.UNREADABLE, "real numbers"),
        (Batch(None, problem="the disk was wet"), Cause.UNREADABLE, "the disk was wet"),
        (Batch(EVENTS, run_type="cosmics"), Cause.OUTSIDE_VALIDITY, "'cosmics'"),
        (Batch(EVENTS, time=99.0), Cause.OUTSIDE_VALIDITY, "outside the period"),
        (Batch(EVENTS, time=201.0), Cause.OUTSIDE_VALIDITY, "outside the period"),
        (Batch(EVENTS, time=150.0), Cause.STALE, "is 50 s old"),
    ],
)
def test_what_is_not_evaluated(histogram, batch, cause: Cause, text: str) -> None:
    monitor = monitor_of(histogram, run_type="physics", begins=100.0, ends=200.0, stale_after_s=20.0)
    verdict = monitor.update(batch, now=200.0)
    assert (verdict.state, verdict.cause) == (State.NOT_EVALUATED, cause)
    assert text in verdict.reason and verdict.p_value is None and verdict.z_score is None
    json.dumps(verdict.to_dict(), allow_nan=False)


@pytest.mark.parametrize("now", [None, 150.0, 160.0, -1e18])
def test_what_is_valid_is_evaluated_whatever_the_clock_does(histogram, now: float | None) -> None:
    monitor = monitor_of(histogram, run_type="physics", begins=100.0, ends=200.0, stale_after_s=20.0)
    assert monitor.update(Batch(EVENTS, time=150.0, run_type="physics"), now=now).is_evaluated


def test_batches_that_are_not_evaluated_leave_no_trace(histogram) -> None:
    rng, with_them, without = np.random.default_rng(3), wilks.Monitor(histogram), wilks.Monitor(histogram)
    batches = [draw(rng, 150) for _ in range(6)]
    for one in batches:
        with_them.update(one[:3])
        a, b = with_them.update(one), without.update(one)
        assert (a.t, a.score, a.conformal["n_ranks"]) == (b.t, b.score, b.conformal["n_ranks"])


def test_a_monitor_goes_on_where_another_ended(reference) -> None:
    rng = np.random.default_rng(4)
    batches = [
        shifted(rng, int(n), shift) for n, shift in zip(rng.integers(90, 200, 60), np.linspace(0, 0.5, 60), strict=True)
    ]
    whole = wilks.Monitor(reference, timer=lambda: 0.0)
    verdicts = [whole.update(one) for one in batches]
    second = wilks.Monitor(reference, timer=lambda: 0.0)
    second.replay(json.loads(json.dumps([one.to_dict() for one in verdicts[:35]])))
    for expected, batch in zip(verdicts[35:], batches[35:], strict=True):
        found = second.update(batch)
        told, wanted = found.to_dict(), expected.to_dict()
        for one in (told, wanted):
            one.pop("windows")
            one["alarms"] = [name for name in one["alarms"] if "window" not in name]
            one.pop("reason")
        assert told == wanted
    assert any("jump" in one.alarms or "drift" in one.alarms for one in verdicts)


def test_enough_ranks_decide_in_place_of_the_null_law(histogram) -> None:
    reference = dataclasses.replace(histogram, decisions=Decisions(bad=0.01, medium=0.05))
    rng, monitor = np.random.default_rng(5), wilks.Monitor(reference)
    verdicts = [monitor.update(draw(rng, 100)) for _ in range(60)]
    n_ranks = [one.conformal["n_ranks"] for one in verdicts]
    assert n_ranks[0] == 80 and n_ranks[-1] == 139
    assert [one.method == "conformal" for one in verdicts] == [n + 1 > 100 for n in n_ranks]
    assert verdicts[-1].p_value == verdicts[-1].conformal["p_value"]
    assert "among 139 batches" in verdicts[-1].reason
    assert monitor.update(shifted(rng, 100, 1.0)).state is State.BAD


def test_a_broken_detector_does_not_become_the_norm(histogram) -> None:
    reference = dataclasses.replace(histogram, decisions=Decisions(bad=0.01, medium=0.05))
    rng, monitor = np.random.default_rng(6), wilks.Monitor(reference)
    for _ in range(40):
        monitor.update(draw(rng, 100))
    bad = [monitor.update(shifted(rng, 100, 1.5)) for _ in range(100)]
    assert all(one.state is State.BAD and not one.is_ranked for one in bad)
    assert sum("jump" in one.alarms for one in bad) >= 5 and "k of n" in bad[-1].alarms


def test_slow_drift_is_seen_by_what_ranks_among_earlier_batches_do_not_see(histogram) -> None:
    rng, monitor = np.random.default_rng(7), wilks.Monitor(histogram)
    verdicts = [monitor.update(shifted(rng, 100, shift)) for shift in np.linspace(0.0, 0.25, 200)]
    assert any("drift" in one.alarms for one in verdicts)
    assert all(one.drift_p_value is None for one in verdicts[:19])


def test_latency_is_that_of_the_timer(histogram) -> None:
    ticks = itertools.count(step=0.25)
    assert wilks.Monitor(histogram, timer=lambda: next(ticks)).update(EVENTS).latency_s == 0.25


def test_memory_of_batches_is_bounded() -> None:
    reference = dataclasses.replace(built("histogram"), decisions=Decisions(n_ranks=30, window=5))
    rng, monitor = np.random.default_rng(8), wilks.Monitor(reference)
    last = [monitor.update(draw(rng, 100)) for _ in range(60)][-1]
    assert last.conformal["n_ranks"] == 80 + 30 and last.windows["sliding"].n_batches == 5


def test_a_model_that_is_fitted_has_no_windows() -> None:
    given = analysis_of("histogram")
    analysis = wilks.Analysis(
        reference=given.reference, toy_source=given.toy_source, model=wilks.Scan(n_bins=6), expected_events=100
    )
    monitor = wilks.Monitor(wilks.build_reference(analysis, options=BuildOptions(n_toys=60, n_power=0)))
    assert monitor.update(EVENTS[:100]).windows == {}
    assert monitor.update(EVENTS[:100] + np.array([2.0, 0.0])).state is State.BAD
