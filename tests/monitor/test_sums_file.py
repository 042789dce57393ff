"""Sums of the last batches, believed as far as the log has their digest."""

import numpy as np

from wilks.monitor.sums_file import SumsFile


def test_the_last_records_come_back(tmp_path) -> None:
    path, rng = tmp_path / "log.windows", np.random.default_rng(0)
    file, told, records = SumsFile(path, n_numbers=7, n_kept=3), [], rng.normal(size=(12, 7))
    assert file.read([]) == [] and file.read([{"n_seen": 1, "digest": "a" * 64}]) == []
    for i, one in enumerate(records):
        told.append(file.write(i + 1, one))
        found = SumsFile(path, n_numbers=7, n_kept=3).read(told)
        assert [row.tolist() for row in found] == records[max(0, i - 2) : i + 1].tolist()
    assert path.stat().st_size == 5 * 7 * 8


def test_a_record_whose_line_was_never_written_harms_none(tmp_path) -> None:
    file, records = (
        SumsFile(tmp_path / "log.windows", n_numbers=4, n_kept=3),
        np.random.default_rng(1).normal(size=(9, 4)),
    )
    told = [file.write(i + 1, one) for i, one in enumerate(records[:8])]
    file.write(9, records[8])
    assert [row.tolist() for row in file.read(told)] == records[5:8].tolist()


def test_what_is_not_what_the_log_says_is_not_read(tmp_path) -> None:
    path = tmp_path / "log.windows"
    file = SumsFile(path, n_numbers=4, n_kept=3)
    told = [file.write(i + 1, np.full(4, float(i))) for i in range(6)]
    assert file.read(told[:2] + told[5:]) == [], "one is missing in the log"
    again = [*told, file.write(1, np.zeros(4)), file.write(2, np.ones(4))]
    assert [row[0] for row in file.read(again)] == [0.0, 1.0], "windows began anew"
    content = path.read_bytes()
    path.write_bytes(content[:40] + b"x" + content[41:])
    assert file.read(again) == []
