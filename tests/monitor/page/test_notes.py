"""Acknowledgments and silences: a log of its own, only added to."""

import threading
from pathlib import Path

import pytest

from wilks.errors import StoreError
from wilks.monitor.audit import AuditLog
from wilks.monitor.page.notes import NOTES, Author, Notes, append, end_of_silence, silence
from wilks.monitor.page.tail import Tail

HERE, ME = "a" * 64, Author("me", "why")


def test_many_write_at_once_and_none_is_lost(tmp_path: Path) -> None:
    def write(i: int) -> None:
        append(tmp_path, {**end_of_silence("BAD", now=0.0), "i": i}, ME, reference=HERE, now=float(i))

    threads = [threading.Thread(target=write, args=(i,)) for i in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    tail = Tail(tmp_path / NOTES)
    assert sorted(entry["i"] for _, entry in tail.new()) == list(range(8)) and not tail.problem
    with AuditLog(tmp_path / NOTES, reference=HERE) as log:
        assert len(list(log.entries())) == 8 and log.n_torn == 0


def test_a_note_is_one_of_a_reference(tmp_path: Path) -> None:
    append(tmp_path, end_of_silence("BAD", now=0.0), ME, reference=HERE, now=0.0)
    with pytest.raises(StoreError, match="must be one of the reference"):
        append(tmp_path, end_of_silence("BAD", now=0.0), ME, reference="b" * 64, now=0.0)


def test_a_half_written_note_is_taken_away(tmp_path: Path) -> None:
    append(tmp_path, end_of_silence("BAD", now=0.0), ME, reference=HERE, now=0.0)
    with (tmp_path / NOTES).open("ab") as file:
        file.write(b'{"at":')
    append(tmp_path, end_of_silence("jump", now=0.0), ME, reference=HERE, now=1.0)
    assert [entry["of"] for _, entry in Tail(tmp_path / NOTES).new()] == ["BAD", "jump"]


def notes(*entries: dict) -> Notes:
    found = Notes()
    for one in entries:
        found.add(one)
    return found


def test_a_silence_holds_from_when_it_was_made_until_it_ends() -> None:
    begun = silence("drift", hours=1.0, now=100.0)
    found = notes(begun)
    times = (99.0, 100.0, 3_699.0, 3_700.0, None)
    assert [found.silence_of("drift", at) is not None for at in times] == [False, True, True, False, False]
    found.add(end_of_silence("drift", now=200.0))
    assert found.silence_of("drift", 150.0) and not found.silence_of("drift", 200.0)
    found.add(silence("drift", hours=2.0, now=300.0))
    assert found.silence_of("drift", 7_400.0) and not found.silence_of("drift", 250.0)
    assert begun["until"] == 3_700.0


def test_all_reasons_must_be_silenced() -> None:
    found = notes(silence("drift", hours=1.0, now=0.0))
    assert found.is_silenced(("drift",), 1.0) and not found.is_silenced(("BAD", "drift"), 1.0)
