"""Samples larger than memory: seconds for a million events, peak memory, and what a sketch changes.

    python -m benchmarks.stream make --folder FOLDER --n-events 30000000
    python -m benchmarks.stream parquet --folder FOLDER --n-events 3000000
    python -m benchmarks.stream parquet --folder FOLDER --n-events 30000000
    python -m benchmarks.stream analysis --folder FOLDER --n-events 10000000
    python -m benchmarks.stream formats
    python -m benchmarks.stream sketch

``make`` writes files of half a million events of five features for each of two samples, which differ in nothing;
``parquet`` compares the first ones of them, as many as hold ``--n-events`` together, in this process. ``analysis`` has
those of the first sample, ``--n-events``, as a reference on disk for the default set of kernels, and a million of the
second as data; its memory is the largest that is not pages of files, which the system can take back.
"""

from benchmarks import harness  # isort: skip  # before NumPy

import contextlib
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import uproot

import wilks
from wilks.comparison.comparing import ComparisonOptions, compare_prepared
from wilks.comparison.default_set import DefaultSet
from wilks.comparison.models import blocks_of
from wilks.comparison.streamed import StreamingOptions, prepare_streams

SCRIPT = harness.Script(__file__, __doc__, seed=5, libraries=("pyarrow", "uproot"))
NAMES, PER_FILE = ("pt", "eta", "phi", "mass", "n_jets"), 500_000
WEAK = DefaultSet().kernel_ridges[-1]


def events(seed: int, number: int, n: int, *, mean: float = 2.0) -> dict[str, np.ndarray]:
    """File ``number`` of the sample of this seed."""
    rng = np.random.default_rng([seed, number])
    normal = rng.normal(size=(n, 3)) * [1.2, 1.8, 5.0] + [0.0, 0.0, 91.0]
    rows = np.column_stack([20.0 + rng.exponential(20.0, size=n), normal, rng.poisson(mean, size=n)])
    return dict(zip(NAMES, rows.T, strict=True))


@SCRIPT.part("make", folder=Path, n_events=30_000_000)
def make(options) -> Iterator[harness.Row]:
    begin = time.perf_counter()
    for name, seed in (("a", 5), ("b", 6)):
        (options.folder / name).mkdir(parents=True, exist_ok=True)
        for number in range(options.n_events // (2 * PER_FILE)):
            path = options.folder / name / f"{number:04}.parquet"
            if not path.exists():
                pq.write_table(pa.table(events(seed, number, PER_FILE)), path)
    yield {"n_events": options.n_events, "seconds": time.perf_counter() - begin}


@SCRIPT.part("parquet", folder=Path, n_events=3_000_000, processes=0, store=False)
def parquet(options) -> Iterator[harness.Row]:
    n_files = options.n_events // (2 * PER_FILE)
    files = [sorted((options.folder / name).glob("*.parquet"))[:n_files] for name in "ab"]
    store = options.folder / f"store-{options.n_events}" if options.store else None
    yield _streamed([wilks.stream(some) for some in files], processes=options.processes, store=store)


def _streamed(samples, *, processes: int = 0, store: Path | None = None) -> harness.Row:
    """The times of both passes, and what came."""
    marks: dict[str, list[float]] = {}

    def note(done: int, wanted: int, what: str) -> None:
        now = time.perf_counter()
        marks.setdefault(what, [now, now])[1] = now

    begin, cpu = time.perf_counter(), time.process_time()
    executor = wilks.LocalProcesses(processes) if processes else None
    result = wilks.compare(*samples, executor=executor, store=store, report=note)
    seconds, n = time.perf_counter() - begin, sum(result.sizes)
    if executor is not None:
        executor.shutdown()
    return {
        "n_events": int(n),
        "processes": max(processes, 1),
        "p": result.p_value,
        "t": result.t,
        "seconds": seconds,
        "cpu_seconds": time.process_time() - cpu,
        **{f"seconds_{what.split()[-1]}": last - first for what, (first, last) in marks.items()},
        "seconds_per_million": seconds / n * 1e6,
        "peak_mb": harness.peak_mb(),
    }


@SCRIPT.part("analysis", folder=Path, n_events=3_000_000, n_data=1_000_000)
def analysis(options) -> Iterator[harness.Row]:
    files, other = (sorted((options.folder / name).glob("*.parquet")) for name in "ab")
    data = wilks.read(other[: options.n_data // PER_FILE], features=NAMES)
    with tempfile.TemporaryDirectory(dir=options.folder) as place, own_memory() as memory:
        some = files[: options.n_events // PER_FILE]
        reference, reading = harness.timed(lambda: wilks.read(some, features=NAMES, on_disk=place))
        made, choosing = harness.timed(
            lambda: wilks.Analysis(reference=reference, model=wilks.KernelSet(), expected_events=data.n_events)
        )
        _, summing = harness.timed(lambda: made.engine)
        fit, fitting = harness.timed(lambda: wilks.fit(made, data))
        yield {
            "n_events": reference.n_events,
            "n_data": data.n_events,
            "t": fit.t,
            "seconds_reading": reading,
            "seconds_choosing": choosing,
            "seconds_summing": summing,
            "seconds_fitting": fitting,
            "seconds_per_million": (reading + choosing + summing) / reference.n_events * 1e6,
            "peak_own_mb": memory[0],
        }


@contextlib.contextmanager
def own_memory() -> Iterator[list[float]]:
    """The largest memory, in MB, that is not pages of files, looked at ten times a second (Linux)."""
    peak, ended = [0.0], threading.Event()

    def watch() -> None:
        while not ended.wait(0.1):
            status = Path("/proc/self/status").read_text(encoding="utf-8")
            own = next(line for line in status.splitlines() if line.startswith("RssAnon"))
            peak[0] = max(peak[0], int(own.split()[1]) / 1024)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield peak
    finally:
        ended.set()
        thread.join()


@SCRIPT.part("formats", n_events=1_000_000, processes=0)
def formats(options) -> Iterator[harness.Row]:
    """As many events against as many, from ROOT and from Parquet."""
    with tempfile.TemporaryDirectory() as folder:
        for ending in ("root", "parquet"):
            files = [Path(folder) / f"{name}.{ending}" for name in "ab"]
            for path, seed in zip(files, (5, 6), strict=True):
                _write(path, events(seed, 0, options.n_events))
            row = _streamed([wilks.stream(path) for path in files], processes=options.processes)
            yield {"format": ending} | row


def _write(path: Path, columns: dict[str, np.ndarray]) -> None:
    if path.suffix == ".parquet":
        pq.write_table(pa.table(columns), path)
        return
    with uproot.recreate(path) as file:
        tree = file.mktree("events", {name: values.dtype for name, values in columns.items()})
        for first in range(0, columns["pt"].size, 100_000):
            tree.extend({name: values[first : first + 100_000] for name, values in columns.items()})


@SCRIPT.part("sketch", n_events=200_000, rows=(10_000, 100_000), mean=2.01)
def sketch(options) -> Iterator[harness.Row]:
    """What the sketch changes in t of each member: with a few rows, and with all of them."""
    a, b = (wilks.Sample(events(seed, 0, options.n_events, mean=mean)) for seed, mean in ((5, 2.0), (6, options.mean)))
    whole = _members(a, b, rows=2 * options.n_events)
    for rows in options.rows:
        found = _members(a, b, rows=rows)
        for kind in dict.fromkeys(one.kind for one in whole):
            pairs = [(x.t, y.t) for x, y in zip(found, whole, strict=True) if x.kind == kind]
            change = np.array([abs(x - y) for x, y in pairs])
            largest = int(np.argmax(change))
            yield {
                "rows": rows,
                "kind": kind,
                "members": len(pairs),
                "largest_change": change[largest],
                "of_t": pairs[largest][1],
                "median_change": float(np.median(change)),
            }


def _members(a: wilks.Sample, b: wilks.Sample, *, rows: int) -> tuple[wilks.comparison.MemberAnswer, ...]:
    prepared = prepare_streams(
        a, b, blocks=lambda null: blocks_of(None, null, seed=0), options=StreamingOptions(0, sketch_rows=rows)
    )
    options = ComparisonOptions(False, None, 1, 0)
    members = compare_prepared(prepared, options, report=lambda *_: None).members
    return tuple(one for one in members if not one.name.endswith(f"ridge {WEAK:g}"))  # where rows are few alone


if __name__ == "__main__":
    SCRIPT.main()
