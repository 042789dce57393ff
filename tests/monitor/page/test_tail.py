"""Reading a log that another process writes."""

import os
from pathlib import Path

import pytest

import wilks
from wilks.monitor.audit import AuditLog
from wilks.monitor.page.tail import Places, Tail

HERE = "a" * 64


def add(path: Path, *numbers: int) -> None:
    with AuditLog(path, reference=HERE) as log:
        list(log.entries())
        for i in numbers:
            log.append({"kind": "batch", "i": i})


def new(tail: Tail) -> list[int]:
    return [entry["i"] for _, entry in tail.new()]


def test_lines_are_read_once_as_they_come(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    tail = Tail(path)
    assert new(tail) == []
    add(path, 0, 1)
    assert new(tail) == [0, 1] and new(tail) == []
    add(path, 2)
    assert new(tail) == [2] and tail.n_lines == 3 and not tail.problem


def test_a_line_that_is_still_written_waits(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    add(path, 0, 1)
    whole = path.read_bytes()
    for end in (len(whole) - 1, len(whole) // 2 + 10):
        part = tmp_path / f"part{end}"
        part.write_bytes(whole[:end])
        tail = Tail(part)
        assert new(tail) == [0] and not tail.problem
        with part.open("ab") as file:
            file.write(whole[end:])
        assert new(tail) == [1]


def test_a_torn_line_that_the_monitor_takes_away_was_not_read(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    add(path, 0)
    with path.open("ab") as file:
        file.write(b'{"kind":"batch","i":1')
    tail = Tail(path)
    assert new(tail) == [0]
    add(path, 2)
    assert not tail.has_begun_anew() and new(tail) == [2]


@pytest.mark.parametrize("row", [0, 1, 2])
def test_a_changed_line_ends_it(tmp_path: Path, row: int) -> None:
    path = tmp_path / "log.jsonl"
    add(path, 0, 1, 2)
    lines = path.read_bytes().splitlines(keepends=True)
    lines[row] = lines[row].replace(b'"kind":"batch"', b'"kind":"BATCH"')
    path.write_bytes(b"".join(lines))
    tail = Tail(path)
    assert new(tail) == list(range(row)) and tail.problem.startswith(f"line {row + 1} of log.jsonl has changed")
    assert new(tail) == []


def test_another_log_in_its_place_is_read_anew(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    add(path, 0, 1)
    tail = Tail(path)
    assert new(tail) == [0, 1]
    add(tmp_path / "other", 7, 8, 9)
    os.replace(tmp_path / "other", path)
    assert tail.has_begun_anew() and new(tail) == [7, 8, 9] and not tail.has_begun_anew()
    path.unlink()
    assert not tail.has_begun_anew() and new(tail) == []


def test_places_find_lines_again(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    add(path, *range(5))
    tail, places = Tail(path), Places(path)
    for start, _ in tail.new():
        places.add(start)
    assert [one["i"] for one in places.entries(1, 3)] == [1, 2]
    assert [one["i"] for one in places.entries(-3, 2)] == [0, 1] and places.entries(5, 9) == []
    path.write_bytes(path.read_bytes().replace(b'"i":4', b'"i":5'))
    with pytest.raises(wilks.errors.StoreError, match="changed since"):
        places.entries(4, 5)
