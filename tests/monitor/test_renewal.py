"""A reference that is replaced while a monitor runs."""

import dataclasses

import pytest

import wilks
from wilks.monitor import Decisions
from wilks.monitor.audit import AuditLog
from wilks.monitor.renewal import ReferenceFolder
from wilks.monitor.watching import Watch
from wilks.storage import save

from tests.monitor.test_watching import ARRIVALS, entries_of, open_watch

LOOSER = Decisions(medium=0.05, window=7)


def test_another_reference_is_noticed_once(histogram, tmp_path) -> None:
    save(histogram, tmp_path / "ref")
    folder = ReferenceFolder(tmp_path / "ref", digest=histogram.digest)
    assert folder.newer() is None
    other = dataclasses.replace(histogram, decisions=LOOSER)
    save(other, tmp_path / "ref", is_replacing=True)
    assert folder.newer().digest == other.digest != histogram.digest and folder.newer() is None


def test_a_reference_that_is_half_there_is_waited_for(histogram, tmp_path) -> None:
    save(histogram, tmp_path / "ref")
    folder = ReferenceFolder(tmp_path / "ref", digest=histogram.digest)
    other = dataclasses.replace(histogram, decisions=LOOSER)
    save(other, tmp_path / "ref", is_replacing=True)
    (arrays,) = (tmp_path / "ref").glob("*.npz")
    content = arrays.read_bytes()
    arrays.write_bytes(content[:1000])
    assert folder.newer() is None and arrays.name in folder.problem
    arrays.write_bytes(content)
    assert folder.newer().digest == other.digest and folder.problem == ""
    (tmp_path / "ref").rename(tmp_path / "away")
    assert folder.newer() is None and "but it holds none" in folder.problem
    (tmp_path / "away").rename(tmp_path / "ref")
    assert folder.newer() is None and folder.problem == ""


@pytest.mark.parametrize("moment", ["after a batch", "before a batch", "never"])
def test_evidence_goes_on_and_ranks_begin_anew(references, tmp_path, moment: str) -> None:
    """And a process that was killed comes to the same."""
    first, second = references["kernel"], dataclasses.replace(references["histogram"], decisions=LOOSER)
    path, found = tmp_path / "log", []
    watch, log = open_watch(path, first)
    with log:
        found += [watch.judge(one) for one in ARRIVALS[:10]]
        watch.change_reference(second)
        if moment != "before a batch":
            found += [watch.judge(one) for one in ARRIVALS[10:20]]
        if moment == "never":
            found += [watch.judge(one) for one in ARRIVALS[20:]]
    log = AuditLog(path, reference=second.digest)
    with log:
        again = Watch(wilks.Monitor(second, timer=lambda: 0.0), log, clock=lambda: 1000.0)
        found += [one for one in map(again.judge, ARRIVALS) if one is not None]
    assert [one.index for one in found] == list(range(30))
    assert [one.reference for one in found] == [first.digest] * 10 + [second.digest] * 20
    assert found[9].conformal["n_ranks"] > found[9].conformal["n_calibration"]
    n_ranks = [one.conformal["n_ranks"] - one.conformal["n_calibration"] for one in found[10:]]
    assert n_ranks == list(range(20)), "earlier batches of the other reference are not among them"
    assert [one.windows["sliding"].n_batches for one in found[10:18]] == [1, 2, 3, 4, 5, 6, 7, 7]
    total = 0.0
    for one in found:
        total = 0.5 * one.conformal["p_value"] ** -0.5 * (1.0 + total)
        assert one.evidence["sum"] == pytest.approx(total)
        total = 0.0 if total >= one.evidence["limit"] else total


def test_a_log_of_another_reference_goes_on_where_it_may(references, tmp_path) -> None:
    first, second = references["kernel"], references["histogram"]
    path = tmp_path / "log"
    watch, log = open_watch(path, first)
    with log:
        before = [watch.judge(one) for one in ARRIVALS[:5]]
    with AuditLog(path, reference=second.digest) as log, pytest.raises(wilks.StoreError, match="--reload"):
        Watch(wilks.Monitor(second), log, clock=lambda: 1000.0)
    with AuditLog(path, reference=second.digest, may_change=True) as log:
        watch = Watch(wilks.Monitor(second, timer=lambda: 0.0), log, clock=lambda: 1000.0)
        verdict = watch.judge(ARRIVALS[5])
    assert verdict.index == 5 and verdict.conformal["n_ranks"] == verdict.conformal["n_calibration"]
    assert verdict.evidence["sum"] > 0.5 * (1.0 + before[-1].evidence["sum"])
    assert len(entries_of(path, second)) == 6 and watch.tally.n_in_windows == 0
