"""Files and lines as batches."""

import io
import json
import os

import numpy as np
import pytest

from wilks.monitor import Cause
from wilks.monitor.inputs import FileReading, Files, Lines

READING = FileReading(("x", "y"), {}, columns=("run",))


def put(path, n: int = 10) -> None:
    np.savez(path, x=np.arange(n, dtype=float), y=np.ones(n), run=np.full(n, 3.0))


def never(name: str, mark: str) -> bool:
    return False


def test_files_come_oldest_first_and_hidden_or_other_ones_do_not(tmp_path) -> None:
    for i, name in enumerate(("b.npz", "a.npz", ".hidden.npz", "c.txt", "d.npz.part")):
        if name.endswith(".npz"):
            put(tmp_path / name)
        else:
            (tmp_path / name).write_text("no batch")
        os.utime(tmp_path / name, (1000 + i, 1000 + i))
    (tmp_path / "folder.npz").mkdir()
    for place in (str(tmp_path), f"{tmp_path}/*.npz"):
        found = Files(place, lambda: READING, is_settled=True).look(never)
        assert [os.path.basename(one.name) for one in found] == ["b.npz", "a.npz"]
    batch = found[0].read()
    assert batch.time == 1000.0 and len(batch.digest) == 64 and batch.events.features == ("x", "y")
    assert batch.events.column("run").tolist() == [3.0] * 10


def test_a_file_that_is_still_written_waits(tmp_path) -> None:
    files = Files(str(tmp_path), lambda: READING, is_settled=False)
    put(tmp_path / "a.npz")
    assert files.look(never) == []
    put(tmp_path / "a.npz", 500)
    assert files.look(never) == [], "it has grown"
    assert [one.name for one in files.look(never)] == ["a.npz"]
    assert files.look(lambda name, mark: True) == []


def test_what_cannot_be_read_is_said(tmp_path) -> None:
    put(tmp_path / "cut.npz")
    content = (tmp_path / "cut.npz").read_bytes()
    (tmp_path / "cut.npz").write_bytes(content[: len(content) // 2])
    np.savez(tmp_path / "lacks.npz", x=np.ones(4))
    np.savez(tmp_path / "nan.npz", x=np.array([1.0, np.nan]), y=np.ones(2), run=np.ones(2))
    (tmp_path / "empty.csv").write_text("")
    found = {one.name: one.read() for one in Files(str(tmp_path), lambda: READING, is_settled=True).look(never)}
    causes = {name: (batch.events, batch.cause) for name, batch in found.items()}
    assert causes == {
        "cut.npz": (None, Cause.UNREADABLE),
        "lacks.npz": (None, Cause.MISSING_COLUMN),
        "nan.npz": (None, Cause.NOT_FINITE),
        "empty.csv": (None, Cause.UNREADABLE),
    }
    assert all(batch.problem and batch.digest for batch in found.values())


def test_no_selected_event_is_too_few(tmp_path) -> None:
    put(tmp_path / "a.npz")
    reading = FileReading(("x", "y"), {"where": "x > 100"})
    (arrival,) = Files(str(tmp_path), lambda: reading, is_settled=True).look(never)
    assert arrival.read().cause is Cause.TOO_FEW_EVENTS


def test_a_file_that_has_gone_is_no_batch(tmp_path) -> None:
    put(tmp_path / "a.npz")
    (arrival,) = Files(str(tmp_path), lambda: READING, is_settled=True).look(never)
    (tmp_path / "a.npz").unlink()
    assert arrival.read() is None


def test_a_pattern_reaches_deep_and_a_file_that_is_there_is_no_pattern(tmp_path) -> None:
    (tmp_path / "deep" / "deeper").mkdir(parents=True)
    paths = [tmp_path / "deep" / name for name in ("a.npz", "deeper/b.npz", "run[1].npz", "run1.npz")]
    for path in paths:
        put(path)
    reading = FileReading(("x", "y"), {})

    def found(place: str) -> list[str]:
        return sorted(one.name for one in Files(place, lambda: reading, is_settled=True).look(never))

    assert found(f"{tmp_path}/deep/**/*.npz") == sorted(map(str, paths))
    assert found(str(paths[2])) == [str(paths[2])]
    (arrival,) = Files(str(paths[2]), lambda: reading, is_settled=True).look(never)
    assert arrival.read().events.n_events == 10


LINES = [
    {"name": "one", "time": 5, "run_type": "cosmics", "events": {"x": [1, 2], "y": [3, 4]}},
    {"events": [[1.0, 3.0], [2.0, 4.0]]},
    [[1.0, 3.0]],
]


def test_lines_are_batches() -> None:
    stream = io.BytesIO(b"\n".join(json.dumps(one).encode() for one in LINES) + b"\n\n")
    first, second, third = (one.read() for one in Lines(stream, run_type="physics").arrivals())
    assert (first.name, first.time, first.run_type, first.events["y"].tolist()) == ("one", 5.0, "cosmics", [3.0, 4.0])
    assert (second.name, second.run_type, second.events.tolist()) == ("", "physics", [[1.0, 3.0], [2.0, 4.0]])
    assert third.events.tolist() == [[1.0, 3.0]]


def test_null_is_no_name() -> None:
    line = b'{"name": null, "time": null, "run_type": null, "events": [[1.0, 3.0]]}\n'
    for one in Lines(io.BytesIO(2 * line), run_type="physics").arrivals():
        batch = one.read()
        assert (one.name, batch.name, batch.time, batch.run_type) == ("", "", None, "physics")


@pytest.mark.parametrize(
    "line",
    [
        b'{"events": {"x": ["a"]}}',
        b"{",
        b"nonsense",
        b"3",
        b'"text"',
        b'{"events": [[1], [2, 3]]}',
        b"\xff\xfe",
        b"[" * 5000,
    ],
)
def test_malformed_lines_are_batches_that_cannot_be_read(line: bytes) -> None:
    good = json.dumps(LINES[0]).encode()
    found = [one.read() for one in Lines(io.BytesIO(line + b"\n" + good + b"\n")).arrivals()]
    assert len(found) == 2 and found[1].name == "one"
    assert found[0].events is None or np.ndim(found[0].events) == 0
