"""All at once: bursts, files that are half there, times that go backwards, kill -9, and another reference."""

import dataclasses
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from wilks.cli import monitor
from wilks.monitor import Decisions, MonitorReference
from wilks.monitor.renewal import ReferenceFolder
from wilks.storage import save

from tests.cli.test_monitor import batches, folder, judged, lines_of, put, run, start, wait_for

__all__ = ["batches", "folder"]
N_BURST, N_LATER = 60, 8
ROOT = Path(__file__).parents[2]


@pytest.fixture
def reference(folder: Path, tmp_path: Path) -> Path:
    shutil.copytree(folder / "ref", tmp_path / "ref")
    return tmp_path


def put_slowly(path: Path, *, seed: int) -> None:
    """As over a slow network: half of it is there for two looks."""
    hidden = path.with_name(f".{path.name}")
    put(hidden, 105, seed=seed)
    content = hidden.read_bytes()
    with path.open("wb") as file:
        for part in np.array_split(np.frombuffer(content, np.uint8), 4):
            file.write(part.tobytes())
            file.flush()
            time.sleep(0.03)
    hidden.unlink()


def test_no_batch_is_lost_or_judged_twice(reference: Path, tmp_path: Path) -> None:
    place, output = tmp_path / "in", tmp_path / "out"
    place.mkdir()
    with start(reference, place, output, "--reload") as process:
        put(place / "first.npz", 105)
        wait_for(output, 1)
        for i in range(N_BURST):
            put(place / f"b{i:02}.npz", 105, seed=i + 1)
            os.utime(place / f"b{i:02}.npz", (9_000 - 100 * i, 9_000 - 100 * i))
        put_slowly(place / "slow.npz", seed=90)
        wait_for(output, 25)
        process.send_signal(signal.SIGKILL)
    with start(reference, place, output, "--reload") as process:
        wait_for(output, N_BURST + 2)
        other = dataclasses.replace(MonitorReference.load(reference / "ref"), decisions=Decisions(window=7))
        save(other, reference / "ref", is_replacing=True)
        for i in range(N_LATER):
            put(place / f"c{i}.npz", 105, seed=i + 100)
        wait_for(output, N_BURST + 2 + N_LATER)
        process.send_signal(signal.SIGTERM)
    assert process.returncode == 0
    check(output, digests=(MonitorReference.load(reference / "ref").digest,), place=place)


def check(output: Path, *, digests: tuple[str, ...], place: Path) -> None:
    found, starts = judged(output), [one for one in lines_of(output) if one["kind"] == "start"]
    assert sorted(one["name"] for one in found) == sorted(path.name for path in place.iterdir())
    assert [one["index"] for one in found] == list(range(len(found))) and all(one["cause"] is None for one in found)
    assert max(one["n_waiting"] for one in lines_of(output) if one["kind"] == "batch") >= 10
    assert [one["n_before"] for one in starts] == [0, starts[1]["n_before"], N_BURST + 2]
    assert starts[1]["n_in_windows"] == starts[1]["n_before"] >= 25 and starts[2]["reference"] == digests[0]
    here = [one["reference"] == digests[0] for one in found]
    assert here == [False] * (N_BURST + 2) + [True] * N_LATER
    sliding = [one["windows"]["sliding"]["n_batches"] for one in found]
    assert sliding == [*range(1, 21), *[20] * (N_BURST - 18), *range(1, 8), 7]
    total = 0.0
    for one in found:
        total = 0.5 * one["conformal"]["p_value"] ** -0.5 * (1.0 + total)
        assert one["evidence"]["sum"] == pytest.approx(total)
        total = 0.0 if "jump" in one["alarms"] else total


def test_a_reference_that_was_replaced_is_one_to_go_on_with(reference: Path, tmp_path: Path) -> None:
    place, output = tmp_path / "in", tmp_path / "out"
    place.mkdir()
    put(place / "a.npz", 105)
    words = ("monitor", "--reference", reference / "ref", "--input", place, "-o", output)
    assert run(*words).exit_code == 0
    other = dataclasses.replace(MonitorReference.load(reference / "ref"), decisions=Decisions(window=7))
    save(other, reference / "ref", is_replacing=True)
    put(place / "b.npz", 105)
    refused = run(*words)
    assert refused.exit_code == 2 and "--reload to go on" in " ".join(refused.output.split())
    assert run(*words, "--reload").exit_code == 0
    assert [one["reference"] == other.digest for one in judged(output)] == [False, True]


class GoesAway(ReferenceFolder):
    """Before the third look the reference is not there, before the fifth it is back."""

    n_looks = 0

    def newer(self) -> MonitorReference | None:
        self.n_looks += 1
        away = self._folder.with_name("away")
        if self.n_looks == 3:
            self._folder.rename(away)
        if self.n_looks == 5:
            away.rename(self._folder)
        return super().newer()


def test_a_reference_that_cannot_be_loaded_is_said_once_and_so_is_its_return(
    reference: Path, batches: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(monitor, "ReferenceFolder", GoesAway)
    output = tmp_path / "out"
    done = run("monitor", "--reference", reference / "ref", "--input", batches, "-o", output, "--reload")
    assert done.exit_code == 0, done.output
    assert [one["kind"][0] for one in lines_of(output)] == list("sbbrbbrbb") and len(judged(output)) == 6
    problems = [one["problem"] for one in lines_of(output) if one["kind"] == "reload"]
    assert "but it holds none" in problems[0] and problems[1] == ""
    said = " ".join(done.output.split())
    assert said.count("for none can be loaded now") == 1 and said.count("a reference can be loaded again") == 1
    [warning] = json.loads((output / "result.json").read_text())["warnings"]
    assert "by the reference as it was" in warning


def test_a_build_replaces_a_reference_where_it_is_told_to(reference: Path, folder: Path, tmp_path: Path) -> None:
    put(tmp_path / "more.npz", 7_000, seed=8)
    words = ("reference", "build", tmp_path / "more.npz", "--analysis", folder / "dqm.yaml", "-o", reference / "ref")
    before = MonitorReference.load(reference / "ref").digest
    assert run(*words).exit_code != 0 and MonitorReference.load(reference / "ref").digest == before
    done = run(*words, "--replace")
    assert done.exit_code == 0 and MonitorReference.load(reference / "ref").digest != before, done.output


@pytest.mark.nightly
@pytest.mark.skipif(sys.platform != "linux", reason="disks are mounted and processes are looked at as Linux does")
def test_the_laboratory_finds_nothing(tmp_path: Path) -> None:
    output = tmp_path / "chaos.json"
    done = subprocess.run(
        [sys.executable, "-m", "tests.lab.monitor_chaos", "--quick", "--output", str(output)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    table = json.loads(output.read_text())["lines"]
    assert len(table) == 7 and all(one["faults"] == [] for one in table) and table[0]["moments"] == 3
