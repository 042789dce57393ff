"""`wilks monitor` disturbed in many ways, against one that is not: every batch judged once, with the same bits.

    python -m tests.lab.monitor_chaos --n-files 300 --n-kills 16 --output chaos.json
    python -m tests.lab.monitor_chaos --quick

Linux. The table has a line for each disturbance: at how many moments it struck, and what is then different from the
undisturbed log. Exit code 1 if anything is. Commands are killed with SIGKILL at random moments, a quarter of them while
they start. A stream that comes while they are killed has bursts, rubbish that is mended later, files that are half
there, times that go backwards, and a reference that is replaced, and unreadable for a while. A full disk is a small
tmpfs, which root may mount.
"""

import os

os.environ.update({"NPROC": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"})

import argparse
import collections
import contextlib
import dataclasses
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import wilks
from wilks.errors import StoreError
from wilks.monitor import BuildOptions, Cause, Decisions
from wilks.monitor.audit import BATCH, RELOAD, START, lines
from wilks.storage import save

from tests.lab.options import conclude, parsed

ROOT = Path(__file__).parents[2]
FEATURES, N_EVENTS, EVERY_S, PATIENCE_S = ("x", "y"), 100, 0.05, 120.0
USUAL = {"n_files": 300, "n_kills": 16, "n_full": 5, "n_flips": 400}
QUICK = {"n_files": 40, "n_kills": 3, "n_full": 2, "n_flips": 40}
RUBBISH, SLOW, FEW = "rubbish", "slow", "few"
LATEST_START_S, LATEST_S = 2.0, 0.1
CALM_S, BURST_S = 0.15, 0.01
# In place of `python -m wilks`: the time of day jumps by years at every look, and out of all calendars.
JUMPING = """
import itertools, time
usual, jumps = time.time, itertools.cycle((0.0, 3e7, -3e7, 1e30, -2e9))
time.time = lambda: usual() + next(jumps)
from wilks.cli import main
main()
"""


def arguments(words: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.lab.monitor_chaos", description=__doc__.splitlines()[0])
    parser.add_argument("--n-files", type=int)
    return parsed(parser, words, usual=USUAL, quick=QUICK)


@dataclass
class Line:
    """A line of the table: what was done, at how many moments, and what is wrong."""

    disturbance: str
    moments: int
    faults: list[str]
    note: str = ""

    def __str__(self) -> str:
        result = "; ".join(self.faults) or "as undisturbed"
        return f"{self.disturbance:<52} {self.moments:>7,}  {result}. {self.note}".rstrip(". ")


class Lab:
    """A reference, files of batches, and what is said of them where nothing disturbs."""

    def __init__(self, root: Path, options: argparse.Namespace) -> None:
        self.root, self.options, self.rng = root, options, np.random.default_rng(options.seed)
        self.reference, self.place = root / "reference", root / "batches"
        self.built = reference(self.rng)
        self.built.save(self.reference)
        self.place.mkdir()
        for i in range(options.n_files):
            put(self.place / f"b{i:04}.npz", self.rng, time_s=1_000 + i)
        self.undisturbed = self.finished(root / "undisturbed")

    def command(self, output: Path, *more: str, place: Path | None = None, program: Sequence[str] = ()) -> list[str]:
        words = ["--reference", self.reference, "--input", place or self.place, "--output", output]
        return [sys.executable, *(program or ("-m", "wilks")), "monitor", *map(str, words), *more]

    @contextlib.contextmanager
    def started(self, output: Path, *more: str, place: Path | None = None) -> Iterator["subprocess.Popen[str]"]:
        command = self.command(output, "--follow", "--every", str(EVERY_S), *more, place=place)
        with subprocess.Popen(command, cwd=ROOT, text=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as one:
            try:
                yield one
            finally:
                one.kill()

    def run(self, output: Path, *more: str, **where: Any) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(self.command(output, *more, **where), cwd=ROOT, text=True, capture_output=True)

    def finished(self, output: Path, *more: str, **where: Any) -> list[dict[str, Any]]:
        """What the log says once a command has ended well."""
        done = self.run(output, *more, **where)
        if done.returncode:
            raise SystemExit(f"exit code {done.returncode}: {done.stderr[-500:]}")
        return verdicts(output)

    def faults(self, output: Path, **where: Any) -> list[str]:
        """What differs from the undisturbed log after the command has gone on to the end."""
        found = self.finished(output, **where)
        if found == self.undisturbed:
            return []
        return [f"{len(found)} verdicts for {len(self.undisturbed)}, or other ones"]


def draw(rng: np.random.Generator, n: int) -> np.ndarray:
    return np.column_stack([rng.normal(size=n), rng.exponential(size=n)])


def reference(rng: np.random.Generator) -> wilks.MonitorReference:
    first, second = (wilks.Sample(draw(rng, n), features=FEATURES) for n in (2_000, 8_000))
    analysis = wilks.Analysis(
        reference=first, toy_source=second, model=wilks.Histogram(n_bins=10), expected_events=N_EVENTS
    )
    return wilks.build_reference(analysis, options=BuildOptions(n_toys=400, n_power=0))


def put(path: Path, rng: np.random.Generator, *, n: int = N_EVENTS, time_s: int | None = None) -> None:
    events = draw(rng, n)
    hidden = path.with_name(f".{path.name}")
    np.savez(hidden, x=events[:, 0], y=events[:, 1])
    if time_s is not None:
        os.utime(hidden, (time_s, time_s))
    hidden.rename(path)


def entries(output: Path, kind: str = BATCH) -> list[dict[str, Any]]:
    """Lines of a log, verified."""
    path = output / "log.jsonl"
    return [one for one in lines(path) if one["kind"] == kind] if path.exists() else []


def verdicts(output: Path) -> list[dict[str, Any]]:
    """All that was said, without the time that it took."""
    return [one["verdict"] | {"latency_s": None} for one in entries(output)]


def n_lines(output: Path) -> int:
    path = output / "log.jsonl"
    return path.read_bytes().count(b'"kind":"batch"') if path.exists() else 0


def wait_for(output: Path, n: int, process: "subprocess.Popen[str]") -> None:
    """Until so many batches were judged, or the process has ended."""
    end = time.monotonic() + PATIENCE_S
    while n_lines(output) < n and process.poll() is None:
        if time.monotonic() > end:
            raise SystemExit(f"{n_lines(output)} of {n} batches were judged in {PATIENCE_S:g} s")
        time.sleep(0.005)


def is_killed(lab: Lab, output: Path, process: "subprocess.Popen[str]", *, n: int) -> bool:
    """When so many batches were judged and a moment later, or while it starts; False of one that ended by itself."""
    if lab.rng.random() < 0.25:
        time.sleep(lab.rng.uniform(0.0, LATEST_START_S))
    else:
        wait_for(output, n, process)
        time.sleep(lab.rng.uniform(0.0, LATEST_S))
    process.send_signal(signal.SIGKILL)
    return process.wait() == -signal.SIGKILL


def killed(lab: Lab) -> Iterator[Line]:
    output, n_killed = lab.root / "killed", 0
    for n in np.sort(lab.rng.integers(0, int(0.9 * lab.options.n_files), lab.options.n_kills)):
        with lab.started(output) as process:
            n_killed += is_killed(lab, output, process, n=int(n))
    faults = lab.faults(output)
    starts = entries(output, START)
    n_torn = sum(one["n_torn_bytes"] > 0 for one in starts)
    if any(one["n_in_windows"] != one["n_before"] for one in starts):
        faults.append("windows began anew")
    note = f"{len(starts)} starts in the log, {n_torn} of which found half a line"
    yield Line("kill -9, files that are all there", n_killed, faults, note)


class Writer(threading.Thread):
    """A stream: calm, then bursts fifteen times as dense, with all kinds of files that are not well."""

    def __init__(self, lab: Lab, place: Path) -> None:
        super().__init__(daemon=True)
        self._place, self._n, self._rng = place, lab.options.n_files, np.random.default_rng(lab.options.seed + 1)
        self._lab, self.n_replaced = lab, 0

    def run(self) -> None:
        for i in range(self._n):
            self._one(i)
            time.sleep(BURST_S if i % 50 >= 30 else CALM_S)
        for path in sorted(self._place.glob(f"{RUBBISH}*")):
            put(path, self._rng)

    def _one(self, i: int) -> None:
        kind = {3: RUBBISH, 5: SLOW, 7: FEW}.get(i % 20, "b")
        path, backwards = self._place / f"{kind}{i:04}.npz", 2_000_000_000 - 1_000 * i
        if kind == RUBBISH:
            path.write_bytes(b"PK" + self._rng.bytes(500))
        elif kind == SLOW:
            self._slowly(path)
        else:
            put(path, self._rng, n=5 if kind == FEW else N_EVENTS, time_s=backwards if i % 2 else None)
        if i % 20 == 15:
            self._replace_reference()

    def _slowly(self, path: Path) -> None:
        whole = path.with_name(f".{path.name}")
        put(whole, self._rng)
        content = whole.read_bytes()
        with path.open("wb") as file:
            for first in range(0, len(content), len(content) // 4):
                file.write(content[first : first + len(content) // 4])
                file.flush()
                time.sleep(0.02)
        whole.unlink()

    def _replace_reference(self) -> None:
        """Unreadable for a while first."""
        self.n_replaced += 1
        away = self._lab.reference.with_name("away")
        self._lab.reference.rename(away)
        time.sleep(0.1)
        away.rename(self._lab.reference)
        other = dataclasses.replace(self._lab.built, decisions=Decisions(window=20 + self.n_replaced))
        save(other, self._lab.reference, is_replacing=True)


def streamed(lab: Lab) -> Iterator[Line]:
    place, output = lab.root / "stream", lab.root / "streamed"
    place.mkdir()
    writer, n_killed = Writer(lab, place), 0
    writer.start()
    for n in np.sort(lab.rng.integers(0, int(0.8 * lab.options.n_files), lab.options.n_kills)):
        with lab.started(output, "--reload", place=place) as process:  # it ends by itself where the reference is away
            n_killed += is_killed(lab, output, process, n=int(n))
    writer.join()
    lab.finished(output, "--reload", place=place)
    found, most = entries(output), max(one["n_waiting"] for one in entries(output))
    n_unread = sum(one["verdict"]["cause"] == Cause.UNREADABLE for one in found)
    n_problems = sum(bool(one["problem"]) for one in entries(output, RELOAD))
    note = (
        f"{len(found)} lines, {n_unread} of files that were not whole; {writer.n_replaced} references, {n_problems} "
        f"times none to be loaded; {most} waited"
    )
    yield Line("kill -9, a stream with bursts, rubbish, half files", n_killed, once(found, place), note)
    save(lab.built, lab.reference, is_replacing=True)


def once(found: list[dict[str, Any]], place: Path) -> list[str]:
    """What is wrong with the lines of a stream."""
    verdicts, faults = [one["verdict"] for one in found], []
    if [one["index"] for one in verdicts] != list(range(len(found))):
        faults.append("numbers of batches are not one after the other")
    if collections.Counter((one["verdict"]["name"], one["mark"]) for one in found).most_common(1)[0][1] > 1:
        faults.append("the same content was judged twice")
    read = sorted(one["name"] for one in verdicts if one["cause"] != Cause.UNREADABLE)
    if read != sorted(path.name for path in place.iterdir()):
        faults.append("a file was lost, or judged twice")
    causes = {(one["name"].rstrip("0123456789.npz"), one["cause"]) for one in verdicts}
    known = {(RUBBISH, Cause.UNREADABLE), (SLOW, Cause.UNREADABLE), (FEW, Cause.TOO_FEW_EVENTS)}
    faults += [f"{kind} files were {cause}" for kind, cause in sorted(causes - known, key=str) if cause]
    total = 0.0
    for one in (one for one in verdicts if one["cause"] is None):
        total = 0.5 * one["conformal"]["p_value"] ** -0.5 * (1.0 + total)
        if not np.isclose(one["evidence"]["sum"], total, rtol=1e-12):
            return [*faults, "the sum of evidence is not that of the batches before"]
        total = 0.0 if "jump" in one["alarms"] else total
    return faults


def full_disk(lab: Lab) -> Iterator[Line]:
    mount, n_full = lab.root / "disk", lab.options.n_full
    mount.mkdir()
    name, whole = "a full disk (tmpfs)", sum(path.stat().st_size for path in (lab.root / "undisturbed").iterdir())
    sizes = [int(share * whole) for share in np.sort(lab.rng.uniform(0.1, 0.8, n_full))]
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={sizes[0]}", "tmpfs", mount], capture_output=True
    ).returncode:
        yield Line(name, 0, [], "skipped: this user may not mount a disk")
        return
    try:
        faults, kept = [], []
        for size in sizes:
            subprocess.run(["mount", "-o", f"remount,size={size}", mount], check=True)
            done = lab.run(mount / "out")
            if done.returncode != 6 or "No space left" not in " ".join(done.stderr.split()):
                faults.append(f"exit code {done.returncode}: {done.stderr[-300:]!r}")
            kept.append(n_lines(mount / "out"))
        subprocess.run(["mount", "-o", "remount,size=64m", mount], check=True)
        yield Line(name, n_full, faults + lab.faults(mount / "out"), f"batches kept: {', '.join(map(str, kept))}")
    finally:
        subprocess.run(["umount", "--lazy", mount], check=True)


def jumping_clock(lab: Lab) -> Iterator[Line]:
    faults = lab.faults(lab.root / "clock", program=("-c", JUMPING))
    times = [one["at"] for one in entries(lab.root / "clock")]
    n_jumps = sum(one < other for one, other in zip(times[1:], times[:-1], strict=True))
    yield Line("a clock that jumps to and fro", n_jumps, faults if n_jumps else ["it did not jump"])


def two_commands(lab: Lab) -> Iterator[Line]:
    output = lab.root / "two"
    with lab.started(output) as first:
        wait_for(output, 1, first)
        second = lab.run(output)
    told = " ".join(second.stderr.split())
    faults = [] if second.returncode == 2 and "another one does" in told else [f"exit code {second.returncode}: {told}"]
    yield Line("a second command with the same log", 1, faults + lab.faults(output))


def changed_log(lab: Lab) -> Iterator[Line]:
    """One bit of a log changed anywhere, and the log cut short anywhere."""
    content, path = (lab.root / "undisturbed" / "log.jsonl").read_bytes(), lab.root / "changed.jsonl"
    whole = [*lines(lab.root / "undisturbed" / "log.jsonl")]
    found = collections.Counter[str]()
    for place in lab.rng.integers(0, len(content), lab.options.n_flips).tolist():
        bit = bytes([content[place] ^ 1 << int(lab.rng.integers(8))])
        path.write_bytes(content[:place] + bit + content[place + 1 :])
        found[outcome(path, whole)] += 1
    n_missed = found["changed and not noticed"]
    note = f"{found['noticed']} noticed, {found['as it was']} without effect on what is read, such as E for e in 1e-9"
    yield Line("one bit of the log changed", lab.options.n_flips, [f"{n_missed} missed"] if n_missed else [], note)
    cuts = collections.Counter[str]()
    for length in lab.rng.integers(0, len(content), lab.options.n_flips).tolist():
        path.write_bytes(content[:length])
        cuts[outcome(path, whole)] += 1
    wrong = cuts.total() - cuts["shorter"]
    note = "what is whole is read, the half line is not"
    yield Line("the log cut short", lab.options.n_flips, [f"{wrong} read otherwise"] if wrong else [], note)


def outcome(path: Path, whole: list[dict[str, Any]]) -> str:
    try:
        found = [*lines(path)]
    except StoreError:
        return "noticed"
    if found == whole:
        return "as it was"
    return "shorter" if found == whole[: len(found)] else "changed and not noticed"


SCENARIOS = (killed, streamed, full_disk, jumping_clock, two_commands, changed_log)


def main() -> None:
    options, begin, table = arguments(), time.monotonic(), []
    print(f"{'disturbance':<52} {'moments':>7}  result", flush=True)
    with tempfile.TemporaryDirectory() as root:
        lab = Lab(Path(root), options)
        for scenario in SCENARIOS:
            for line in scenario(lab):
                table.append(line)
                print(line, flush=True)
    conclude(table, options, what=f"{options.n_files} files", begin=begin)


if __name__ == "__main__":
    main()
