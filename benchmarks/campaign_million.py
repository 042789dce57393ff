"""A campaign of very many recorded toys: time and memory of its status and of merging it.

    python -m benchmarks.campaign_million --shard-size 1000

The toys are rows with random numbers in place of fits: what is measured is files, not physics. Every step is a command
of its own, ``wilks toys status`` and ``wilks toys merge``, timed with its start, beside the seconds that the imports of
``status`` take alone; memory is the peak of its process.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import benchmarks.harness as harness
import numpy as np
import pyarrow
from benchmarks.dask_overhead import small_analysis

import wilks
from wilks.campaign import Shard, plan_toys
from wilks.campaign.table import SCHEMA

STARTER = """
import json, os, subprocess, sys, time
begin = time.perf_counter()
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
_, code, usage = os.wait4(process.pid, 0)
print(json.dumps({"seconds": time.perf_counter() - begin, "peak_mb": usage.ru_maxrss / 1024}))
sys.exit(code != 0)
"""
COUNTS = ("n_events", "n_starts", "n_attempts", "n_iterations")
SCRIPT = harness.Script(__file__, __doc__, seed=0)


@SCRIPT.whole(n_toys=1_000_000, shard_size=10_000, n_params=0)
def run(options) -> Iterator[harness.Row]:
    """``n_params`` numbers of params in each row."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "campaign"
        plan = {"n_toys": options.n_toys, "shard_size": options.shard_size, "keep_params": options.n_params > 0}
        ledger, rng = plan_toys(small_analysis(), wilks.Null(), seed=1, folder=folder, **plan), np.random.default_rng(0)
        for shard in ledger.plan.shards():
            ledger.finish(shard, [recorded(shard, rng, n_params=options.n_params)])
        sizes = [ledger.shard_path(shard).stat().st_size for shard in ledger.plan.shards()]
        yield {"n_files": len(sizes), "bytes": sum(sizes)}
        for what, command in commands(folder):
            yield {"step": what} | measured(command)


def recorded(shard: Shard, rng: np.random.Generator, *, n_params: int) -> pyarrow.Table:
    """Rows of random numbers."""
    n = shard.n_toys
    lengths = {"params": n_params, **dict.fromkeys(("observed", "nuisances", "delta_nuisances"), 0)}
    columns = {}
    for field in SCHEMA:
        if pyarrow.types.is_string(field.type):
            columns[field.name] = pyarrow.array(["node17.example" if field.name == "host" else ""] * n)
        elif pyarrow.types.is_list(field.type):
            each = lengths.get(field.name, 1)
            offsets = np.arange(n + 1, dtype=np.int32) * each
            values = rng.random(n * each) if field.type.value_type == pyarrow.float64() else np.zeros(n * each, "i8")
            columns[field.name] = pyarrow.ListArray.from_arrays(offsets, pyarrow.array(values))
        elif field.type == pyarrow.float64():
            columns[field.name] = pyarrow.array(rng.chisquare(13, n))
        else:
            columns[field.name] = pyarrow.array(rng.integers(0, 2**40, n).astype(field.type.to_pandas_dtype()))
    columns |= {name: pyarrow.array(rng.integers(1, 3000, n)) for name in COUNTS}
    columns |= {
        "index": pyarrow.array(np.arange(shard.first, shard.last + 1)),
        "status": pyarrow.array(np.zeros(n, "i8")),
    }
    return pyarrow.table(columns, schema=SCHEMA)


def commands(folder: Path) -> Iterator[tuple[str, list[str]]]:
    yield "imports alone", [sys.executable, "-c", "import wilks.cli.campaign_status"]
    wilks = [sys.executable, "-m", "wilks", "toys"]
    yield "status", [*wilks, "status", str(folder)]
    for name, more in (("parquet", []), ("csv", []), ("root", []), ("root", ["--rntuple"])):
        target = folder / f"{'_'.join(['merged', *more])}.{name}"
        yield " ".join(["merge to", name, *more]), [*wilks, "merge", str(folder), "--output", str(target), *more]


def measured(command: list[str]) -> dict[str, float]:
    """Seconds and peak memory of a process, started by a small one: it would begin with the peak of this one."""
    done = subprocess.run([sys.executable, "-c", STARTER, *command], check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


if __name__ == "__main__":
    SCRIPT.main()
