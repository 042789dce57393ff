"""What Dask costs a campaign beside local processes, and what a second core brings to either.

    python benchmarks/dask_overhead.py --output dask_overhead.json                      # 5 times 400 toys
    python benchmarks/dask_overhead.py --n-toys 64 --n-repeats 1 --output quick.json

A small problem (100 events, 4 parameters, tens of milliseconds a toy), where overhead shows best. Each engine gets a
folder of its own and makes a campaign of --n-toys that is not counted: workers load the analysis and compile once for a
folder, and once more when a toy is the first to need another program (of another size, or of a retry). Then it makes
the same toys as the others, a campaign after another. Reported are medians, which pass over such a toy:

    overhead    the time of a campaign times its processes, less the time that its toys took, for each toy
    a call      of a shard that is done, many at once, one process: what handing it out and looking at its file take
    the start   until a worker has answered

The figures of two processes need two cores that nothing else uses.
"""

import os

os.environ.update({"NPROC": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "JAX_PLATFORMS": "cpu"})

import argparse
import json
import platform
import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import Executor
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from pathlib import Path

import distributed
import numpy as np

import wilks
from wilks.campaign import Ledger, LocalProcesses, plan_toys, run_campaign
from wilks.campaign.dask import dask_executor
from wilks.campaign.shard import run_stored_shard
from wilks.problems import exponential
from wilks.significance import z_score

ENGINES: dict[str, Callable[[int], AbstractContextManager[Executor]]] = {
    "local processes": lambda n: LocalProcesses(n),
    "dask": lambda n: dask_executor(n_processes=n),
}
N_EVENTS, N_CALLS, SEED = 100, 200, 1


@dataclass(frozen=True)
class Figures:
    """Of one engine with so many processes."""

    engine: str
    n_processes: int
    start_seconds: float
    warm_seconds: float
    campaign_seconds: list[float]
    toy_seconds: list[float]  # mean of what workers say that a toy took, for each campaign
    call_seconds: float
    t: list[float]

    def overhead_ms(self, n_toys: int) -> float:
        """Time of all processes that no toy took, for each toy."""
        pairs = zip(self.campaign_seconds, self.toy_seconds, strict=True)
        return 1e3 * statistics.median(self.n_processes * whole / n_toys - toy for whole, toy in pairs)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n-toys", type=int, default=400, help="of a campaign")
    parser.add_argument("--shard-size", type=int, default=8)
    parser.add_argument("--n-repeats", type=int, default=5, help="campaigns of each engine")
    parser.add_argument("--n-processes", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--output", type=Path, required=True)
    return parser.parse_args()


def small_analysis() -> wilks.Analysis:
    return wilks.Analysis(
        reference=exponential.reference(2000),
        model=wilks.MLP((1,), 2.0),
        expected_events=N_EVENTS,
        search=wilks.Search(n_starts=2),
        toy_source=exponential.BACKGROUND,
    )


def measured(engine: str, n_processes: int, options: argparse.Namespace, folder: Path) -> Figures:
    """Start an engine, let it warm up, and time its campaigns."""

    def planned(n_toys: int, shard_size: int) -> Ledger:
        return plan_toys(analysis, hypothesis, n_toys=n_toys, seed=SEED, folder=folder, shard_size=shard_size)

    # As many events in each, so that no toy needs a program of another size.
    analysis, hypothesis = small_analysis(), wilks.Null(n_events=N_EVENTS)
    wholes, toys = [], []
    begin = time.perf_counter()
    with ENGINES[engine](n_processes) as executor:
        executor.submit(z_score, 0.5).result()
        start = time.perf_counter() - begin
        warm, _ = timed(planned(options.n_toys, options.shard_size), executor)
        for k in range(options.n_repeats):
            ledger = planned((k + 2) * options.n_toys, options.shard_size)
            whole, table = timed(ledger, executor)
            wholes.append(whole)
            toys.append(float(np.mean(table["seconds"].to_numpy()[-options.n_toys :])))
        call = seconds_of_a_call(ledger, executor)
    return Figures(engine, n_processes, start, warm, wholes, toys, call, table["t"].to_pylist())


def timed(ledger: Ledger, executor: Executor) -> tuple[float, object]:
    begin = time.perf_counter()
    table = run_campaign(ledger, executor=executor)
    return time.perf_counter() - begin, table


def seconds_of_a_call(ledger: Ledger, executor: Executor) -> float:
    """Of a shard that is done, with all calls handed out at once."""
    begin = time.perf_counter()
    calls = [executor.submit(run_stored_shard, str(ledger.folder), 0) for _ in range(N_CALLS)]
    assert not any(call.result() for call in calls)
    return (time.perf_counter() - begin) / N_CALLS


def as_text(rows: list[Figures], n_toys: int) -> str:
    lines = ["engine           processes  start s  campaign s  toys/s  a toy ms  overhead ms/toy  a call ms"]
    for row in rows:
        seconds, toy = statistics.median(row.campaign_seconds), 1e3 * statistics.median(row.toy_seconds)
        lines.append(
            f"{row.engine:<17}{row.n_processes:>9}{row.start_seconds:>9.1f}{seconds:>12.2f}{n_toys / seconds:>8.1f}"
            f"{toy:>10.1f}{row.overhead_ms(n_toys):>17.2f}{1e3 * row.call_seconds:>11.2f}"
        )
    return "\n".join(lines + scaling(rows))


def scaling(rows: list[Figures]) -> list[str]:
    """How many times faster more processes are, by the medians of the campaigns."""
    medians = {(row.engine, row.n_processes): statistics.median(row.campaign_seconds) for row in rows}
    fewest = min(n for _, n in medians)
    return [
        f"{engine}: {n} processes are {medians[engine, fewest] / seconds:.2f} times as fast as {fewest}"
        for (engine, n), seconds in medians.items()
        if n > fewest
    ]


def main() -> None:
    options = arguments()
    rows: list[Figures] = []
    with tempfile.TemporaryDirectory(prefix="wilks-dask-overhead-") as folder:
        for n_processes in options.n_processes:
            for engine in ENGINES:
                path = Path(folder) / f"{engine.replace(' ', '-')}-{n_processes}"
                rows.append(measured(engine, n_processes, options, path))
                print(f"{engine}, {n_processes} processes: {rows[-1].campaign_seconds}", flush=True)
    is_same = all(row.t == rows[0].t for row in rows)
    print(as_text(rows, options.n_toys))
    print("all engines made the same bits of t" if is_same else "t differs between engines")
    versions = {"wilks": wilks.__version__, "distributed": distributed.__version__, "host": platform.node()}
    settings = {name: str(value) for name, value in vars(options).items()}
    figures = [{name: value for name, value in asdict(row).items() if name != "t"} for row in rows]
    result = {"versions": versions, "settings": settings, "same_bits": is_same, "rows": figures}
    options.output.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
