"""A campaign of very many recorded toys: time and memory of its status and of merging it.

    python benchmarks/campaign_million.py --n-toys 1000000 --shard-size 10000 --output million.json

The toys are rows with random numbers in place of fits: what is measured is files, not physics. Every step is a command
of its own, ``wilks toys status`` and ``wilks toys merge``, timed with its start, beside the seconds that the imports of
``status`` take alone; memory is the peak of its process.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow

from wilks.campaign.files import SCHEMA_VERSION
from wilks.campaign.ledger import Ledger
from wilks.campaign.plan import Shard
from wilks.campaign.table import SCHEMA

OWNER = {"analysis": {}, "hypothesis": {}, "seed": 1, "fingerprint": "0"}
COUNTS = ("n_events", "n_starts", "n_attempts", "n_iterations")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n-toys", type=int, default=1_000_000)
    parser.add_argument("--shard-size", type=int, default=10_000)
    parser.add_argument("--n-params", type=int, default=0, help="numbers of params in each row")
    parser.add_argument("--output", type=Path)
    return parser.parse_args()


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


def record(folder: Path, options: argparse.Namespace) -> Ledger:
    """A campaign all of whose shards are done."""
    plan = {"schema_version": SCHEMA_VERSION, **OWNER, "extents": [], "keep_params": options.n_params > 0}
    ledger, rng = Ledger(folder, plan), np.random.default_rng(0)
    ledger.save()
    ledger.extend(options.n_toys, shard_size=options.shard_size)
    for shard in ledger.plan.shards():
        ledger.finish(shard, [recorded(shard, rng, n_params=options.n_params)])
    return ledger


def commands(folder: Path) -> Iterator[tuple[str, list[str]]]:
    yield "imports alone", [sys.executable, "-c", "import wilks.cli.campaign_status"]
    wilks = [sys.executable, "-m", "wilks", "toys"]
    yield "status", [*wilks, "status", str(folder)]
    for name, more in (("parquet", []), ("csv", []), ("root", []), ("root", ["--rntuple"])):
        target = folder / f"{'_'.join(['merged', *more])}.{name}"
        yield " ".join(["merge to", name, *more]), [*wilks, "merge", str(folder), "--output", str(target), *more]


def measured(command: list[str]) -> dict[str, float]:
    """Seconds and peak memory of a process."""
    begin = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, code, usage = os.wait4(process.pid, 0)
    if code:
        raise SystemExit(f"{' '.join(command)} ended with {code}")
    return {"seconds": time.perf_counter() - begin, "peak_mb": usage.ru_maxrss / 1024}


def main() -> None:
    options = arguments()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "campaign"
        folder.mkdir()
        ledger = record(folder, options)
        paths = [ledger.shard_path(shard) for shard in ledger.plan.shards()]
        size = sum(path.stat().st_size for path in paths)
        print(
            f"{options.n_toys:,} toys in {len(paths):,} files of {size / len(paths) / 1e6:.2f} MB, {size / 1e6:.0f} MB"
        )
        rows = {}
        for what, command in commands(folder):
            rows[what] = measured(command)
            print(f"{what:<24} {rows[what]['seconds']:7.2f} s {rows[what]['peak_mb']:7.0f} MB", flush=True)
    if options.output:
        settings = {"n_toys": options.n_toys, "shard_size": options.shard_size, "bytes": size}
        options.output.write_text(json.dumps(settings | {"steps": rows}, indent=1))


if __name__ == "__main__":
    main()
