"""wilks reference build and wilks monitor, with processes that are killed and disks that are full."""

import asyncio
import contextlib
import errno
import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pyarrow
import pytest
import yaml
from click.testing import CliRunner, Result

from wilks.cli import main, monitor
from wilks.monitor import MonitorReference
from wilks.monitor.audit import AuditLog

from tests.cli.browser import BROWSER, opened

TOKEN, HOSTILE = "a-token-of-the-tests", "<img src=x onerror=alert(1)>.npz"
CONFIG: dict[str, Any] = {
    "features": ["x", "z"],
    "define": {"z": "y - x"},
    "where": "x > -3",
    "reference": {"files": "good.npz"},
    "model": {"kernel": {"n_centers": 10, "width": 1.0, "ridge": 0.5, "is_score": True}},
    "monitor": {"batch_sizes": [100], "n_toys": 100, "n_power": 0, "run_type": "physics", "columns": ["run"]},
}


def put(path: Path, n: int, *, seed: int = 0, shift: float = 0.0) -> None:
    rng = np.random.default_rng(seed)
    np.savez(path, x=rng.normal(shift, size=n), y=rng.exponential(size=n), run=np.ones(n))


def run(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With a reference, and nothing else that tests may not change."""
    folder = tmp_path_factory.mktemp("monitor")
    put(folder / "good.npz", 6_000)
    (folder / "dqm.yaml").write_text(yaml.safe_dump(CONFIG))
    done = run("reference", "build", "--analysis", folder / "dqm.yaml", "-o", folder / "ref")
    assert done.exit_code == 0 and "held out; making toys of batches" in " ".join(done.output.split()), done.output
    return folder


@pytest.fixture
def batches(tmp_path: Path) -> Path:
    place = tmp_path / "in"
    place.mkdir()
    for i in range(6):
        put(place / f"b{i}.npz", 105, seed=i + 1, shift=2.0 * (i == 4))
        os.utime(place / f"b{i}.npz", (1000 + i, 1000 + i))
    return place


def lines_of(output: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (output / "log.jsonl").read_text().splitlines()]


def judged(output: Path) -> list[dict[str, Any]]:
    return [one["verdict"] for one in lines_of(output) if one["kind"] == "batch"]


def test_a_reference_is_built_and_says_what_it_is(folder: Path, tmp_path: Path) -> None:
    result = json.loads((folder / "ref" / "result.json").read_text())
    told = result["numbers"]["reference"]
    assert result["status"] == "done" and told["batch_sizes"] == [100] and told["validity"]["run_type"] == "physics"
    assert told["n_held_out"] == pytest.approx(told["n_reference"], abs=1.0)
    again = run("reference", "build", "--analysis", folder / "dqm.yaml", "-o", tmp_path / "ref", "--json")
    assert json.loads(again.stdout)["numbers"]["reference"]["digest"] == told["digest"]
    assert MonitorReference.load(folder / "ref").reading["define"] == {"z": "y - x"}


def test_files_of_the_command_take_the_place_of_those_in_the_file(folder: Path, tmp_path: Path) -> None:
    put(tmp_path / "other.npz", 4_000, seed=9)
    bare = {name: value for name, value in CONFIG.items() if name != "reference"}
    (tmp_path / "bare.yaml").write_text(yaml.safe_dump(bare))
    for config in (tmp_path / "bare.yaml", folder / "dqm.yaml"):
        done = run("reference", "build", tmp_path / "oth*.npz", "--analysis", config, "-o", tmp_path / config.stem)
        assert done.exit_code == 0, done.output
    one, other = (MonitorReference.load(tmp_path / name) for name in ("bare", "dqm"))
    assert one.digest == other.digest != MonitorReference.load(folder / "ref").digest


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"monitor": {}}, "monitor: the size of a batch must be known"),
        ({"monitor": {"batch_sizes": [100], "bad": 0.5}}, "monitor: decisions must have bad <= medium"),
        ({"monitor": {"batch_sizes": [1_000]}}, "monitor: there must be held-out events for 10 batches"),
        ({"monitor": {"batch_size": [100]}}, "did you mean batch_sizes"),
        ({"nuisances": {"n": {"sigma": 0.1, "normalization": True}}}, "nuisances: a reference of monitoring must have"),
    ],
)
def test_what_is_wrong_is_said_with_its_key(folder: Path, tmp_path: Path, changes: dict[str, Any], text: str) -> None:
    (tmp_path / "a.yaml").write_text(yaml.safe_dump(CONFIG | changes))
    done = run("reference", "build", folder / "good.npz", "--analysis", tmp_path / "a.yaml", "-o", tmp_path / "ref")
    assert done.exit_code == 2 and text in " ".join(done.output.split()), done.output
    assert not (tmp_path / "ref").exists()


def test_foreign_folders_are_left_alone(folder: Path, batches: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("")
    for words in (
        ("reference", "build", "--analysis", folder / "dqm.yaml", "-o", tmp_path / "mine"),
        ("monitor", "--reference", folder / "ref", "--input", batches, "-o", tmp_path / "mine"),
        ("monitor", "--reference", tmp_path / "mine", "--input", batches, "-o", tmp_path / "out"),
        ("monitor", "--reference", folder / "ref", "--input", tmp_path / "nowhere", "-o", tmp_path / "out"),
    ):
        done = run(*words)
        assert done.exit_code == 2, done.output
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["thesis.tex"]


def test_batches_are_judged_once(folder: Path, batches: Path, tmp_path: Path) -> None:
    words = ("monitor", "--reference", folder / "ref", "--input", batches, "-o", tmp_path / "out")
    first = run(*words)
    assert first.exit_code == 0, first.output
    found = judged(tmp_path / "out")
    assert [one["name"] for one in found] == [f"b{i}.npz" for i in range(6)]
    assert [one["state"] == "BAD" for one in found] == [i == 4 for i in range(6)] and found[4]["where"][
        "feature"
    ] == "x"
    assert "b4.npz: BAD. " in first.stdout and "6 batches in all: " in first.stderr
    put(batches / "b9.npz", 105, seed=20)
    (batches / "broken.npz").write_bytes(b"PK rubbish")
    put(batches / "few.npz", 20)
    again = run(*words, "--json")
    numbers = json.loads(again.stdout)["numbers"]["monitor"]
    assert numbers["n_before"] == 6 and sum(numbers["states"].values()) == 9
    assert numbers["states"]["NOT EVALUATED"] == 2 and numbers["latency_s"]["median"] > 0
    assert len(judged(tmp_path / "out")) == 9
    assert [one["kind"] for one in lines_of(tmp_path / "out")].count("start") == 2


def test_another_run_type_is_not_evaluated(folder: Path, batches: Path, tmp_path: Path) -> None:
    done = run(
        *("monitor", "--reference", folder / "ref", "--input", f"{batches}/b*.npz"),
        *("--run-type", "cosmics", "-o", tmp_path / "out"),
    )
    assert done.exit_code == 0
    assert {one["cause"] for one in judged(tmp_path / "out")} == {"outside validity"}


def test_lines_on_the_standard_input(folder: Path, tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    columns = {"x": rng.normal(size=100).tolist(), "z": rng.normal(size=100).tolist(), "run": [1.0] * 100}
    text = "\n".join(
        [json.dumps({"name": "a", "events": columns}), "{oops", json.dumps({"name": "a", "events": columns})]
    )
    words = ["monitor", "--reference", str(folder / "ref"), "--input", "-", "-o", str(tmp_path / "out")]
    done = CliRunner().invoke(main, words, input=text)
    assert done.exit_code == 0, done.output
    assert [(one["name"], one["cause"]) for one in judged(tmp_path / "out")] == [("a", None), ("", "unreadable")]


def test_a_full_disk_is_exit_code_6_and_nothing_is_lost(
    folder: Path, batches: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("monitor", "--reference", folder / "ref", "--input", batches, "-o", tmp_path / "out")
    write, n_lines = os.write, []

    def full(handle: int, data: bytes) -> int:
        n_lines.append(data)
        if len(n_lines) > 4:
            write(handle, data[:30])
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(handle, data)

    monkeypatch.setattr(os, "write", full)
    done = run(*words)
    monkeypatch.undo()
    assert done.exit_code == 6 and "No space left" in done.output
    assert len(judged(tmp_path / "out")) == 3
    assert run(*words).exit_code == 0
    assert [one["name"] for one in judged(tmp_path / "out")] == [f"b{i}.npz" for i in range(6)]


@contextlib.contextmanager
def start(folder: Path, batches: Path, output: Path, *more: str) -> Iterator["subprocess.Popen[str]"]:
    """The command, until it ends; it would go on for ever where a test fails."""
    words = ["--reference", folder / "ref", "--input", batches, "--output", output, "--follow", "--every", "0.05"]
    command = [sys.executable, "-m", "wilks", "monitor", *map(str, words), *more]
    environment = os.environ | {"WILKS_MONITOR_TOKEN": TOKEN}
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, text=True, env=environment, **quiet) as process:  # type: ignore[call-overload]
        try:
            yield process
        except BaseException:
            process.kill()
            raise


def test_a_second_command_with_the_same_log_is_refused(folder: Path, batches: Path, tmp_path: Path) -> None:
    words = ("monitor", "--reference", folder / "ref", "--input", batches, "-o", tmp_path / "out")
    with AuditLog(tmp_path / "out" / "log.jsonl", reference="of the first"):
        done = run(*words)
    assert done.exit_code == 2 and "but another one does; end it" in " ".join(done.output.split())


def wait_for(output: Path, n: int, *, seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if (output / "log.jsonl").exists() and (output / "log.jsonl").read_bytes().count(b'"kind":"batch"') >= n:
            return
        time.sleep(0.02)
    pytest.fail(f"{n} batches were not judged in {seconds} s")


def test_kill_9_and_go_on(folder: Path, batches: Path, tmp_path: Path) -> None:
    output = tmp_path / "out"
    with start(folder, batches, output) as first:
        wait_for(output, 3)
        first.send_signal(signal.SIGKILL)
    assert first.returncode == -signal.SIGKILL
    with start(folder, batches, output) as second:
        wait_for(output, 6)
        put(batches / "b6.npz", 105, seed=7)
        wait_for(output, 7)
        second.send_signal(signal.SIGTERM)
    assert second.returncode == 0
    found = judged(output)
    assert [one["name"] for one in found] == [f"b{i}.npz" for i in range(7)]
    assert [one["index"] for one in found] == list(range(7))
    whole = tmp_path / "whole"
    assert run("monitor", "--reference", folder / "ref", "--input", batches, "-o", whole).exit_code == 0
    assert [one["conformal"] for one in judged(whole)] == [one["conformal"] for one in found]
    assert json.loads((output / "result.json").read_text())["status"] == "done"


def test_an_arrow_stream_on_the_standard_input(folder: Path, tmp_path: Path) -> None:
    rng, sink = np.random.default_rng(3), io.BytesIO()
    records = pyarrow.record_batch({"x": rng.normal(size=100), "z": rng.normal(size=100), "run": np.ones(100)})
    with pyarrow.ipc.new_stream(sink, records.schema) as writer:
        for i in range(2):
            writer.write_batch(records, custom_metadata={"name": f"r{i}"})
    words = ["monitor", "--reference", str(folder / "ref"), "--input", "-", "-o", str(tmp_path / "out")]
    done = CliRunner().invoke(main, words, input=sink.getvalue())
    assert done.exit_code == 0, done.output
    assert [(one["name"], one["cause"]) for one in judged(tmp_path / "out")] == [("r0", None), ("r1", None)]


def address_of(process: "subprocess.Popen[str]") -> str:
    """Where the page is, as the command says."""
    assert process.stderr is not None
    for line in process.stderr:
        found = re.search(r"http://[\d.:]+/", line)
        if found is not None:
            assert TOKEN not in line
            return found[0]
    pytest.fail("no page was named")


async def acknowledge_the_bad_one(address: str, profile: Path) -> None:
    """As a shifter does: see a BAD batch in the timeline, open it, try a wrong token, and the right one."""
    async with opened(address, profile) as page:
        await page.until("document.querySelectorAll('svg.for-wide rect.bad').length === 1")
        assert await page.value("document.querySelector('.keys > .bad dd').innerText") == "1"
        assert await page.value("document.title.slice(0, 3)") == "out"
        assert await page.value("document.querySelectorAll('img, [onerror]').length") == 0
        await page.click("svg.for-wide rect.bad")
        await page.until("location.pathname === '/batches/4'")
        assert await page.value("document.querySelectorAll('figure').length") == 2
        assert "BAD p = " in await page.value("document.querySelector('.verdict').innerText")
        await page.fill(by="A. Shifter", reason="HV trip", token="wrong")
        await page.click("form button")
        await page.until("document.body.innerText.includes('The token must be')")
        await page.value("history.back()")
        await page.until("document.querySelector('form [name=token]')")
        await page.value("document.querySelector('form').reset()")
        await page.fill(by="A. Shifter", reason="HV trip", token=TOKEN)
        await page.click("form button")
        await page.until("document.querySelector('.acknowledged')")
        said = await page.value("document.querySelector('.acknowledged').innerText")
        assert said.startswith(f"A. Shifter acknowledged {HOSTILE} (number 4)") and said.endswith("HV trip")
        assert await page.value("getComputedStyle(document.querySelector('.verdict')).borderLeftWidth") == "5px"


@pytest.mark.skipif(BROWSER is None, reason="there is no Chromium on this machine")
def test_a_bad_batch_is_seen_opened_and_acknowledged(folder: Path, batches: Path, tmp_path: Path) -> None:
    (batches / "b4.npz").rename(batches / HOSTILE)
    output = tmp_path / "out"
    with start(folder, batches, output, "--serve", "0") as process:
        address = address_of(process)
        wait_for(output, 6)
        asyncio.run(acknowledge_the_bad_one(address, tmp_path / "profile"))
        assert "wilks_monitor_open 0.0" in httpx.get(f"{address}metrics").text
        process.send_signal(signal.SIGTERM)
    assert process.returncode == 0
    [note] = [json.loads(line) for line in (output / "acknowledgments.jsonl").read_text().splitlines()]
    [bad] = [one for one in lines_of(output) if one["kind"] == "batch" and one["verdict"]["state"] == "BAD"]
    assert (note["by"], note["reason"], note["line"], note["batch"]) == ("A. Shifter", "HV trip", bad["digest"], 4)


def test_a_page_beside_the_command_that_judges(
    folder: Path, batches: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output, found = tmp_path / "out", list[str]()
    assert run("monitor", "--reference", folder / "ref", "--input", batches, "-o", output).exit_code == 0
    before = {path.name: path.read_bytes() for path in output.iterdir()}
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    monkeypatch.setattr(monitor, "_wait_for_the_end", lambda: found.append(httpx.get(f"http://127.0.0.1:{port}").text))
    done = run("monitor", "--serve", port, "-o", output)
    assert done.exit_code == 0, done.output
    assert "b4.npz: BAD" in found[0] and re.search(r"the token [\w-]{32}\n", done.stderr)
    assert {path.name: path.read_bytes() for path in output.iterdir()} == before


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ([], "must have --reference and --input, or --serve"),
        (["--serve", "0", "--input", "in"], "must have --reference and --input, or --serve"),
        (["--serve", "70000"], "70000 is not in the range"),
        (["--serve", "0", "--host", "192.0.2.1"], "must have a port that is free"),
        (
            ["--poll", "--every", "2"],
            "--poll and --every must stand beside --follow",
        ),
        (["--host", "127.0.0.1"], "--host must stand beside --serve"),
        (
            ["--serve", "0", "--follow", "--reload", "--run-type", "cosmic"],
            "--follow and --reload and --run-type must stand beside --input",
        ),
    ],
)
def test_what_is_missing_is_said(tmp_path: Path, words: list[str], text: str) -> None:
    done = run("monitor", *words, "-o", tmp_path / "out")
    assert done.exit_code == 2 and text in " ".join(done.output.split()), done.output
