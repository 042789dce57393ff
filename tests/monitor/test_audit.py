"""The log: only added to, verified, whole after any end."""

import errno
import json
import os

import pytest

import wilks
from wilks.monitor.audit import AuditLog

HERE = "a" * 64


def written(path, n: int = 3) -> None:
    with AuditLog(path, reference=HERE) as log:
        assert list(log.entries()) == []
        log.append({"kind": "start", "reference": HERE})
        for i in range(n - 1):
            log.append({"kind": "batch", "i": i})


def read(path) -> tuple[list[dict], int]:
    with AuditLog(path, reference=HERE) as log:
        return list(log.entries()), log.n_torn


def test_what_was_added_is_there_and_chained(tmp_path) -> None:
    path = tmp_path / "new" / "log.jsonl"
    written(path)
    entries, n_torn = read(path)
    assert [one["kind"] for one in entries] == ["start", "batch", "batch"] and n_torn == 0
    assert [one["previous"] for one in entries[1:]] == [one["digest"] for one in entries[:-1]]
    assert [json.loads(line) for line in path.read_text().splitlines()] == entries


@pytest.mark.parametrize("n_bytes", [1, 10, 60])
def test_a_torn_line_is_taken_away_and_the_log_goes_on(tmp_path, n_bytes: int) -> None:
    path = tmp_path / "log.jsonl"
    written(path)
    content = path.read_bytes()
    last = content.splitlines(keepends=True)[-1]
    path.write_bytes(content[:-n_bytes])
    with AuditLog(path, reference=HERE) as log:
        assert len(list(log.entries())) == 2 and log.n_torn == len(last) - n_bytes
        log.append({"kind": "batch", "i": 7})
    entries, _ = read(path)
    assert [one.get("i") for one in entries] == [None, 0, 7]


def test_a_line_that_has_changed_is_named(tmp_path) -> None:
    path = tmp_path / "log.jsonl"
    written(path)
    lines = path.read_text().splitlines(keepends=True)
    for changed in ("".join([lines[0], lines[1].replace('"i":0', '"i":5'), lines[2]]), lines[0] + lines[2] + lines[2]):
        path.write_text(changed)
        with pytest.raises(wilks.StoreError, match="line 2 of"):
            read(path)
    path.write_text(lines[0] + "rubbish\n" + lines[2])
    with pytest.raises(wilks.StoreError, match="line 2 of"):
        read(path)


def test_a_whole_last_line_that_has_changed_is_named(tmp_path) -> None:
    """It has its end: it was written whole, and its batch judged."""
    path = tmp_path / "log.jsonl"
    written(path)
    path.write_text(path.read_text().replace('"i":1', '"i":5'))
    before = path.read_bytes()
    with pytest.raises(wilks.StoreError, match="line 3 of"):
        read(path)
    assert path.read_bytes() == before


def test_a_log_is_of_one_reference(tmp_path) -> None:
    written(tmp_path / "log.jsonl")
    with AuditLog(tmp_path / "log.jsonl", reference="b" * 64) as log, pytest.raises(wilks.StoreError, match="aaaaaaaa"):
        list(log.entries())


def test_a_log_is_written_by_one_process(tmp_path) -> None:
    path = tmp_path / "log.jsonl"
    with AuditLog(path, reference=HERE), pytest.raises(wilks.StoreError, match="another one does"):
        AuditLog(path, reference=HERE)


def test_a_full_disk_loses_nothing(tmp_path, monkeypatch) -> None:
    path = tmp_path / "log.jsonl"
    written(path)
    write = os.write

    def half(handle: int, data: bytes) -> int:
        if len(data) < 20:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(handle, data[: len(data) // 2])

    with AuditLog(path, reference=HERE) as log:
        before = [*log.entries()]
        monkeypatch.setattr(os, "write", half)
        with pytest.raises(OSError, match="No space left"):
            log.append({"kind": "batch", "i": 8})
        monkeypatch.undo()
        assert path.read_bytes().endswith(b"}\n"), "the half line is gone at once"
        log.append({"kind": "batch", "i": 9})
    entries, n_torn = read(path)
    assert entries[:-1] == before and entries[-1]["i"] == 9 and n_torn == 0
