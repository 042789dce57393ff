"""What Dask costs a campaign beside local processes, and what a second core brings to either.

    python -m benchmarks.dask_overhead                             # 5 times 400 toys
    python -m benchmarks.dask_overhead --n-toys 64 --n-repeats 1

A small problem (100 events, 4 parameters, tens of milliseconds a toy), where overhead shows best. Each engine gets a
folder of its own and makes a campaign of --n-toys that is not counted: workers load the analysis and compile once for a
folder, and once more when a toy is the first to need another program (of another size, or of a retry). Then it makes
the same toys as the others, a campaign after another. Medians pass over such a toy:

    overhead_ms    the time of a campaign times its processes, less the time that its toys took, for each toy
    call_seconds   of a shard that is done, many at once: what handing it out and looking at its file take
    start_seconds  until a worker has answered

The figures of two processes need two cores that nothing else uses.
"""

import statistics
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import AbstractContextManager
from pathlib import Path

import benchmarks.harness as harness
import numpy as np
import pyarrow

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
SCRIPT = harness.Script(__file__, __doc__, seed=SEED, libraries=("distributed",))


def small_analysis() -> wilks.Analysis:
    return wilks.Analysis(
        reference=exponential.reference(2000),
        model=wilks.MLP((1,), 2.0),
        expected_events=N_EVENTS,
        search=wilks.Search(n_starts=2),
        toy_source=exponential.BACKGROUND,
    )


@SCRIPT.whole(n_toys=400, shard_size=8, n_repeats=5, n_processes=(1, 2))
def run(options) -> Iterator[harness.Row]:
    """A row for each engine and number of processes; then whether all made the same toys, and what more bring."""
    medians, made = {}, []
    with tempfile.TemporaryDirectory(prefix="wilks-dask-overhead-") as folder:
        for n in options.n_processes:
            for engine in ENGINES:
                row, t = measured(engine, n, options, Path(folder) / f"{engine.replace(' ', '-')}-{n}")
                medians[engine, n] = statistics.median(row["campaign_seconds"])
                made.append(t)
                yield row
    fewest = min(options.n_processes)
    scaling = {f"{engine}, {n}": medians[engine, fewest] / median for (engine, n), median in medians.items()}
    yield {"same_bits": all(t == made[0] for t in made), "times_as_fast": scaling}


def measured(engine: str, n_processes: int, options, folder: Path) -> tuple[harness.Row, list[float]]:
    """Start an engine, let it warm up, and time its campaigns."""

    def planned(n_toys: int, shard_size: int) -> Ledger:
        return plan_toys(analysis, hypothesis, n_toys=n_toys, seed=SEED, folder=folder, shard_size=shard_size)

    # As many events in each, so that no toy needs a program of another size.
    analysis, hypothesis = small_analysis(), wilks.Null(n_events=N_EVENTS)
    wholes, toys, clock = [], [], harness.Clock()
    with ENGINES[engine](n_processes) as executor:
        executor.submit(z_score, 0.5).result()
        start = clock.read("start")["start_wall_s"]
        _, warm = timed(planned(options.n_toys, options.shard_size), executor)
        for k in range(options.n_repeats):
            ledger = planned((k + 2) * options.n_toys, options.shard_size)
            table, whole = timed(ledger, executor)
            wholes.append(whole)
            toys.append(float(np.mean(table["seconds"].to_numpy()[-options.n_toys :])))
        call = seconds_of_a_call(ledger, executor)
    pairs = zip(wholes, toys, strict=True)
    overhead = 1e3 * statistics.median(n_processes * whole / options.n_toys - toy for whole, toy in pairs)
    row = {"engine": engine, "n_processes": n_processes, "overhead_ms": overhead, "start_seconds": start}
    row |= {"warm_seconds": warm, "campaign_seconds": wholes, "toy_seconds": toys, "call_seconds": call}
    return row, table["t"].to_pylist()


def timed(ledger: Ledger, executor: Executor) -> tuple[pyarrow.Table, float]:
    return harness.timed(lambda: run_campaign(ledger, executor=executor))


def seconds_of_a_call(ledger: Ledger, executor: Executor) -> float:
    """Of a shard that is done, with all calls handed out at once."""

    def call_all() -> None:
        calls = [executor.submit(run_stored_shard, str(ledger.folder), 0) for _ in range(N_CALLS)]
        assert not any(call.result() for call in calls)

    return harness.timed(call_all)[1] / N_CALLS


if __name__ == "__main__":
    SCRIPT.main()
