"""What benchmarks and studies share: threads, options, times, and the record of their runs.

Import it before NumPy: linear algebra has the threads that the environment names when NumPy is loaded, here 1 unless it
names another number.
"""

import argparse
import datetime
import importlib.metadata
import json
import math
import os
import platform
import re
import resource
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

THREADS = ("NPROC", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")
if "numpy" in sys.modules and not all(name in os.environ for name in THREADS):
    raise ImportError(f"benchmarks.harness must be imported before numpy, or {', '.join(THREADS)} be set")
os.environ |= dict.fromkeys(THREADS, "1") | os.environ

Row = dict[str, Any]
Measure = Callable[[argparse.Namespace], Iterable[Row]]
_Result = TypeVar("_Result")

LIBRARIES = ("wilks", "jax", "numpy", "scipy")
_N_SHOWN, _N_COLUMNS = 60, 160


class Script:
    """The command of a file, and the record that keeps its runs.

    A measurement is a function of the options that yields rows. `whole` makes it the command of the file, `part` a part
    of it. Options are keywords with their defaults: a number, a word, a tuple of either, False for a flag, a type for
    an option without a default, a list of choices for an argument. The rows of an earlier run of the same command are
    ``options.kept``: a measurement that yields one of them again goes on where that run ended.
    """

    def __init__(self, file: str, text: str, *, seed: object = None, libraries: Sequence[str] = ()) -> None:
        path = Path(file).resolve()
        is_study = path.name == "run.py"
        self.name = path.parent.name if is_study else path.stem
        self.module = f"studies.{self.name}.run" if is_study else f"benchmarks.{self.name}"
        self.record = path.with_name("record.json") if is_study else path.parent / "records" / f"{self.name}.json"
        self.seed, self._libraries = seed, (*LIBRARIES, *libraries)
        style = argparse.RawDescriptionHelpFormatter
        self.parser = argparse.ArgumentParser(prog=f"python -m {self.module}", description=text, formatter_class=style)
        self._parts: Any = None
        self._defaults: dict[str | None, Row] = {}

    def whole(self, **options: object) -> Callable[[Measure], Measure]:
        """The one measurement of this file."""
        return self._taken(self.parser, None, options)

    def part(self, name: str, **options: object) -> Callable[[Measure], Measure]:
        """One of several measurements; its name is the first word of the command."""
        if self._parts is None:
            self._parts = self.parser.add_subparsers(dest="part", required=True)
        return self._taken(self._parts.add_parser(name), name, options)

    def _taken(self, parser: argparse.ArgumentParser, part: str | None, options: Row) -> Callable[[Measure], Measure]:
        for name, default in options.items():
            _add(parser, name, default)
        parser.add_argument("--output", type=Path, default=self.record, help="record of the run")
        self._defaults[part] = options

        def take(measure: Measure) -> Measure:
            parser.set_defaults(measure=measure)
            return measure

        return take

    def parse(self, words: Sequence[str] | None = None) -> argparse.Namespace:
        options = self.parser.parse_args(words)
        for name, value in vars(options).items():
            if isinstance(value, list):
                setattr(options, name, tuple(value))
        return options

    def command(self, options: argparse.Namespace) -> str:
        """What was typed, without defaults, the output and the names of other files."""
        part = getattr(options, "part", None)
        words = [self.parser.prog, *([part] if part else [])]
        for name, default in self._defaults[part].items():
            value, flag = getattr(options, name), f"--{name.replace('_', '-')}"
            if isinstance(default, list):
                words.append(value)
            elif value != (None if isinstance(default, type) else default):
                values = value if isinstance(value, tuple) else [name.upper() if isinstance(value, Path) else value]
                words += [flag, *([] if value is True else map(str, values))]
        return " ".join(words)

    def main(self, words: Sequence[str] | None = None) -> None:
        """Run what the command line asks for, print its rows, and keep them in the record as they come."""
        options = self.parse(words)
        run, begin, results = self._run(options), time.perf_counter(), []
        before = next((one for one in runs(options.output) if one["command"] == run["command"]), {})
        options.kept = before.get("results", [])
        for row in options.measure(options):
            results.append(row)
            print(_shown(row), flush=True)
            if any(row is one for one in options.kept):
                begin, before = begin - (before.get("seconds") or 0.0), {}
            seconds = time.perf_counter() - begin
            self._keep(options.output, run | {"seconds": seconds, "results": _plain(results)})

    def _run(self, options: argparse.Namespace) -> Row:
        names = self._defaults[getattr(options, "part", None)]
        chosen = {name: getattr(options, name) for name in names}
        return {
            "command": self.command(options),
            "options": {name: value for name, value in chosen.items() if not isinstance(value, Path)},
            "versions": _versions(self._libraries),
            "threads": int(os.environ["OMP_NUM_THREADS"]),
            "seed": chosen.get("seed", self.seed),
            "machine": _machine(),
            "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        }

    def _keep(self, path: Path, run: Row) -> None:
        """In the place of an earlier run of the same command, or after all others."""
        kept = {one["command"]: one for one in runs(path)} | {run["command"]: run}
        write(path, {"name": self.name, "runs": list(kept.values())})


def _add(parser: argparse.ArgumentParser, name: str, default: object) -> None:
    flag = f"--{name.replace('_', '-')}"
    if isinstance(default, list):
        parser.add_argument(name, choices=default)
    elif isinstance(default, type):
        parser.add_argument(flag, type=default)
    elif default is False:
        parser.add_argument(flag, action="store_true")
    elif isinstance(default, tuple):
        parser.add_argument(flag, nargs="+", type=type(default[0]), default=default, help=f"default {default}")
    else:
        parser.add_argument(flag, type=type(default), default=default, help=f"default {default}")


def runs(path: Path) -> list[Row]:
    """The runs that a record keeps; none where there is no file."""
    return json.loads(path.read_text(encoding="utf-8"))["runs"] if path.exists() else []


def write(path: Path, record: Row) -> None:
    """As JSON, with lists of numbers and words on one line, and rows that fit on one."""

    def on_one_line(match: re.Match[str]) -> str:
        line = re.sub(r"\n *", " ", match[0])
        line = line[0] + line[1:-1].strip() + line[-1]
        return line if line[0] == "[" or len(line) <= _N_COLUMNS else match[0]

    text = json.dumps(record, indent=1, ensure_ascii=False)
    for pattern in (r"\[\n[^\[\]{}]*?\n *\]", r"\{\n[^{}]*?\n *\}"):
        text = re.sub(pattern, on_one_line, text)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text + "\n", encoding="utf-8")


def _plain(value: Any) -> Any:
    """For JSON: arrays and their numbers as those of Python, None for what is no finite number."""
    value = value.tolist() if hasattr(value, "tolist") else value
    if isinstance(value, dict):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _shown(row: Row) -> str:
    medians = {name: x.get("median", x) if isinstance(x, dict) else x for name, x in row.items()}
    texts = {name: f"{x:.4g}" if isinstance(x, float) else str(_plain(x)) for name, x in medians.items()}
    return "  ".join(f"{name} {text}" for name, text in texts.items() if len(text) <= _N_SHOWN)


def _versions(libraries: Sequence[str]) -> dict[str, str]:
    found = {"python": platform.python_version()}
    for name in libraries:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def _machine() -> Row:
    """Model of the processor (Linux), its cores and its kind."""
    path = Path("/proc/cpuinfo")
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return {"processor": models[0] if models else None, "cores": os.cpu_count(), "system": platform.machine()}


def timed(call: Callable[..., _Result], *given: Any) -> tuple[_Result, float]:
    """The result, and the seconds that it took by the clock."""
    begin = time.perf_counter()
    result = call(*given)
    return result, time.perf_counter() - begin


def spread(seconds: Sequence[float]) -> Row:
    """Least, median and greatest of repeated measurements."""
    found = [float(one) for one in seconds]
    return {"min": min(found), "median": statistics.median(found), "max": max(found), "n": len(found)}


def repeated(call: Callable[[], object], *, n: int = 5) -> Row:
    """`spread` of the seconds of ``n`` calls, after one that is not counted: it compiles and fills caches."""
    call()
    return spread([timed(call)[1] for _ in range(n)])


class Clock:
    """Seconds of the processor and of the clock since it was made or last read."""

    def __init__(self) -> None:
        self._start = self._now()

    def _now(self) -> tuple[float, float]:
        return time.process_time(), time.perf_counter()

    def read(self, name: str, *, shared_by: float = 1.0) -> Row:
        before, self._start = self._start, self._now()
        cpu, wall = ((now - then) / shared_by for now, then in zip(self._start, before, strict=True))
        return {f"{name}_cpu_s": cpu, f"{name}_wall_s": wall}


def peak_mb() -> float:
    """The most memory that this process has held so far (Linux)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def resident_mb() -> float:
    """Memory of this process that is in use now (Linux)."""
    return int(Path("/proc/self/statm").read_text(encoding="utf-8").split()[1]) * resource.getpagesize() / 2**20
