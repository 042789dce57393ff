"""How long a monitor takes to judge a batch, and how many it judges in a second with its log.

    python -m benchmarks.monitor update     # median and 99th percentile of `Monitor.update`, one thread
    python -m benchmarks.monitor log        # batches a second with a line of the log for each, and memory

Batches of 250, 500 and 5,000 events of five features against a reference of 200,000, with the default set of kernels;
as many events are held out. Times are those of the clock.
"""

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import benchmarks.harness as harness
import numpy as np

import wilks
from wilks.monitor import Batch, BuildOptions
from wilks.monitor.audit import AuditLog
from wilks.monitor.inputs import Arrival
from wilks.monitor.watching import Watch
from wilks.statistics import Statistic

SCRIPT = harness.Script(__file__, __doc__, seed=4)
N_FEATURES = 5


def events(rng: np.random.Generator, n: int) -> np.ndarray:
    normal = rng.normal(size=(n, N_FEATURES - 1))
    return np.column_stack([rng.exponential(size=n), normal + 0.4 * normal[:, :1]])


def built(
    n_events: tuple[int, ...], n_reference: int, *, model: Statistic | None = None
) -> tuple[wilks.MonitorReference, float]:
    """A reference for batches of these sizes, and the seconds that it took."""
    rng = np.random.default_rng(SCRIPT.seed)
    reference, pool = events(rng, n_reference), events(rng, n_reference)
    options = BuildOptions(batch_sizes=n_events, n_toys=200, n_calibration=100, n_power=0)
    expected = float(n_events[len(n_events) // 2])
    analysis = wilks.Analysis(reference=reference, toy_source=pool, model=model, expected_events=expected)
    return harness.timed(lambda: wilks.build_reference(analysis, options=options))


@SCRIPT.part("update", n_events=(250, 500, 5_000), n_reference=200_000, n_batches=300)
def update(options) -> Iterator[harness.Row]:
    reference, seconds = built(options.n_events, options.n_reference)
    with tempfile.TemporaryDirectory() as folder:
        reference.save(folder)
        monitor, to_load = harness.timed(wilks.Monitor, folder)
    yield {"model": reference.model, "seconds_to_build": seconds, "seconds_to_load": to_load}
    rng = np.random.default_rng(SCRIPT.seed + 1)
    for n in options.n_events:
        wall, processor = [], []
        for batch in [events(rng, n) for _ in range(options.n_batches)]:
            begin = time.process_time()
            wall.append(monitor.update(batch).latency_s)
            processor.append(time.process_time() - begin)
        row = {"n_events": n, "n_batches": options.n_batches}
        for name, times in (("ms", wall), ("processor_ms", processor)):
            median, last = 1e3 * np.quantile(times, [0.5, 0.99])
            row |= {f"median_{name}": float(median), f"quantile_99_{name}": float(last)}
        yield row


@SCRIPT.part("log", n_events=500, n_reference=20_000, n_batches=100_000, every=20_000)
def log(options) -> Iterator[harness.Row]:
    model = wilks.Histogram(n_bins=40)
    reference, _ = built((options.n_events,), options.n_reference, model=model)
    rng = np.random.default_rng(SCRIPT.seed + 2)
    some = [events(rng, options.n_events) for _ in range(200)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log.jsonl"
        with AuditLog(path, reference=reference.digest) as kept:
            watch = Watch(wilks.Monitor(reference), kept, clock=time.time)
            begin = time.perf_counter()
            for i in range(options.n_batches):
                watch.judge(Arrival(f"batch{i}", "1", lambda i=i: Batch(some[i % 200], f"batch{i}")))
                if (i + 1) % options.every == 0:
                    seconds, begin = time.perf_counter() - begin, time.perf_counter()
                    row = {"n_judged": i + 1, "batches_a_second": options.every / seconds}
                    size = path.stat().st_size / (i + 1)
                    yield row | {"memory_mb": harness.resident_mb(), "bytes_a_line": size}
        with AuditLog(path, reference=reference.digest) as kept:
            watch, seconds = harness.timed(lambda: Watch(wilks.Monitor(reference), kept, clock=time.time))
        yield {"n_judged": watch.tally.n_before, "seconds_to_go_on": seconds}


if __name__ == "__main__":
    SCRIPT.main()
