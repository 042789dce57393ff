"""Damaged files, read: what was written comes back, or the file is refused with a sentence.

    python -m tests.lab.reader_fuzz --n 2000
    python -m tests.lab.reader_fuzz --n 200 --formats npz hdf5 --seed 7 --keep kept --output fuzz.json

Linux. Each file is changed in one way, bytes or structure, and read in a child process, which may take 10 s and 2 GiB.
The table has a line for each format: how many files gave the values that were written, were refused with a
`SampleError`, were refused because the memory did not suffice, gave other values without a word, ended in another
exception or in the end of the process, took too long, and the largest memory and time. Exit code 1 if memory did not
suffice (but for formats that count what nothing confirms), or for any of the last two, or another value in a format
with checksums.
"""

import os

os.environ.update({"NPROC": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"})

import argparse
import collections
import contextlib
import json
import resource
import select
import subprocess
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from wilks.errors import WilksError
from wilks.samples import columns, read

from tests.lab.reader_files import FEATURES_OF_LISTS, FORMATS, LISTS, VALUES

ROOT = Path(__file__).parents[2]
LIMIT_S, LIMIT_BYTES = 10.0, 2 << 30
UNCHANGED, REFUSED, MEMORY, CHANGED, RAW, HANG = "unchanged", "refused", "memory", "changed", "raw", "hang"
KINDS = (UNCHANGED, REFUSED, MEMORY, CHANGED, RAW, HANG)


@dataclass
class Line:
    """What became of the mutants of one format."""

    name: str
    has_checksums: bool
    has_counts: bool = False
    n: int = 0
    counts: collections.Counter[str] = field(default_factory=collections.Counter)
    largest_mib: float = 0.0
    slowest_s: float = 0.0
    examples: dict[str, str] = field(default_factory=dict)

    @property
    def is_faulty(self) -> bool:
        return self.largest_mib * 2**20 > LIMIT_BYTES or any(
            self.counts[kind] and self.is_fault(kind) for kind in KINDS
        )

    def is_fault(self, kind: str) -> bool:
        if kind == MEMORY:
            return not self.has_counts
        return kind in (RAW, HANG) or (kind == CHANGED and self.has_checksums)

    def note(self, outcome: dict[str, Any], what: str) -> None:
        self.n += 1
        self.counts[outcome["kind"]] += 1
        self.largest_mib = max(self.largest_mib, outcome.get("mib", 0.0))
        self.slowest_s = max(self.slowest_s, outcome["seconds"])
        if self.is_fault(outcome["kind"]):
            self.examples.setdefault(f"{outcome['kind']}: {outcome['said'][-300:]}", what)

    def __str__(self) -> str:
        numbers = " ".join(f"{self.counts[kind]:>9}" for kind in KINDS)
        return f"{self.name:<20} {self.n:>7} {numbers} {self.largest_mib:>8.0f} {self.slowest_s:>8.2f}"


HEADER = f"{'format':<20} {'mutants':>7} {' '.join(f'{kind:>9}' for kind in KINDS)} {'MiB':>8} {'slowest':>8}"


class Child:
    """A process that reads one file after another; a new one where it had to be ended."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None

    def outcome(self, path: Path) -> dict[str, Any]:
        """What became of one file."""
        process = self._running()
        assert process.stdin is not None and process.stdout is not None
        begin = time.monotonic()
        print(path, file=process.stdin, flush=True)
        is_ready, _, _ = select.select([process.stdout], [], [], LIMIT_S)
        text = process.stdout.readline() if is_ready else ""
        seconds = time.monotonic() - begin
        if text:
            return {**json.loads(text), "seconds": seconds}
        self.close()
        said = f"ended with {process.returncode}" if is_ready else f"more than {LIMIT_S:.0f} s"
        return {"kind": RAW if is_ready else HANG, "said": said, "seconds": seconds}

    def close(self) -> None:
        """End it."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
        self._process = None

    def _running(self) -> "subprocess.Popen[str]":
        if self._process is None:
            command = [sys.executable, "-m", "tests.lab.reader_fuzz", "--child"]
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=ROOT
            )
            assert self._process.stdout is not None
            self._process.stdout.readline()
        return self._process


def serve() -> None:
    """What the child does: read the file that each line of the input names."""
    output = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # libraries write there
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    warnings.simplefilter("ignore")
    for name, one in FORMATS.items():
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"a{one.suffix}"
            one.writers[0](path)
            assert one_reading(path)["kind"] == UNCHANGED, name
    resource.setrlimit(resource.RLIMIT_DATA, (LIMIT_BYTES, LIMIT_BYTES))
    print("ready", file=output, flush=True)
    for line in sys.stdin:
        Path("/proc/self/clear_refs").write_text("5")  # forget the largest memory so far
        result = one_reading(Path(line.rstrip("\n")))
        status = Path("/proc/self/status").read_text(encoding="utf-8")
        largest = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
        print(json.dumps({**result, "mib": largest / 1024}), file=output, flush=True)


def one_reading(path: Path) -> dict[str, Any]:
    try:
        columns(path)
        features = FEATURES_OF_LISTS if LISTS in path.name else list(VALUES)
        found = read(path, features=features, chunk_size=128)
    except WilksError as error:
        return {"kind": MEMORY if "needs more memory" in str(error) else REFUSED, "said": str(error)}
    except BaseException:
        return {"kind": RAW, "said": traceback.format_exc(limit=-4)}
    is_same = all(map(np.array_equal, found.events.T, VALUES.values()))
    return {"kind": UNCHANGED if is_same else CHANGED, "said": f"{found.n_events} rows"}


def line_of(name: str, *, n: int, seed: int, child: Child, keep: Path | None = None) -> Line:
    """n mutants of one format; the same ones for the same seed."""
    form, line = FORMATS[name], Line(name, FORMATS[name].has_checksums, FORMATS[name].has_counts)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"mutant{form.suffix}"
        whole: list[bytes] = []
        for writer in form.writers:
            writer(path)
            whole.append(path.read_bytes())
        for number in range(n):
            rng = np.random.default_rng([seed, *name.encode(), number])
            what, content = form.mutant(whole[number % len(whole)], rng)
            path.write_bytes(content)
            outcome = child.outcome(path)
            line.note(outcome, f"{number}: {what}")
            if keep is not None and line.is_fault(outcome["kind"]):
                keep.mkdir(parents=True, exist_ok=True)
                (keep / f"{name}-{number}{form.suffix}".replace(" ", "_")).write_bytes(content)
    return line


def arguments(words: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.lab.reader_fuzz", description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=2000, help="mutants of each format")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--formats", nargs="+", choices=list(FORMATS), default=list(FORMATS))
    parser.add_argument("--keep", type=Path, help="folder for the files that are at fault")
    parser.add_argument("--output", type=Path, help="the table as JSON")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args(words)


def main() -> None:
    options = arguments()
    if options.child:
        serve()
        return
    begin, lines = time.monotonic(), []
    print(HEADER, flush=True)
    with contextlib.closing(Child()) as child:
        for name in options.formats:
            lines.append(line_of(name, n=options.n, seed=options.seed, child=child, keep=options.keep))
            print(lines[-1], flush=True)
    for line in lines:
        for said, what in line.examples.items():
            print(f"\n{line.name}, mutant {what}\n{said}")
    print(f"{sum(line.is_faulty for line in lines)} of {len(lines)} formats at fault; {time.monotonic() - begin:.0f} s")
    if options.output:
        options.output.write_text(json.dumps([{**vars(line), "counts": dict(line.counts)} for line in lines], indent=1))
    raise SystemExit(1 if any(line.is_faulty for line in lines) else 0)


if __name__ == "__main__":
    main()
