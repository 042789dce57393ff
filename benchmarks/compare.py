"""How long two samples take to be compared: two CSV files from the shell, and two large samples in memory.

    python -m benchmarks.compare files      # from the command to the printed p, and to the end with its report
    python -m benchmarks.compare large      # two samples of a million events, 200 relabellings

Events have five features: an exponential, three normal ones and a count; the second sample of ``files`` has 3 % more
counts. Times are those of the clock, memory is the largest that the process had.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import benchmarks.harness as harness
import numpy as np

import wilks

SCRIPT = harness.Script(__file__, __doc__, seed=[5, 6])
NAMES = ("pt", "eta", "phi", "mass", "n_jets")


def events(rng: np.random.Generator, n: int, *, mean: float = 2.0) -> np.ndarray:
    normal = rng.normal(size=(n, 3)) * [1.2, 1.8, 5.0] + [0.0, 0.0, 91.0]
    return np.column_stack([20.0 + rng.exponential(20.0, size=n), normal, rng.poisson(mean, size=n)])


@SCRIPT.part("files", n_events=10_000, repeats=3)
def files(options) -> Iterator[harness.Row]:
    with tempfile.TemporaryDirectory() as folder:
        for name, seed, mean in (("reference.csv", 5, 2.0), ("data.csv", 6, 2.06)):
            rows = events(np.random.default_rng(seed), options.n_events, mean=mean)
            np.savetxt(Path(folder) / name, rows, delimiter=",", header=",".join(NAMES), comments="", fmt="%.7g")
        for repeat in range(options.repeats):
            yield {"repeat": repeat} | _command(folder, repeat)


def _command(folder: str, repeat: int) -> harness.Row:
    """Seconds to the line with p, and to the end."""
    words = [sys.executable, "-m", "wilks", "compare", "reference.csv", "data.csv", "--output", f"out{repeat}"]
    begin = time.perf_counter()
    with subprocess.Popen(words, cwd=folder, stdout=subprocess.PIPE, text=True, bufsize=1) as process:
        assert process.stdout is not None
        line = next(line for line in process.stdout if "p-value" in line)
        to_p = time.perf_counter() - begin
        process.stdout.read()
    return {"p": line.split()[1], "seconds_to_p": to_p, "seconds": time.perf_counter() - begin}


@SCRIPT.part("large", n_events=1_000_000, permutations=200)
def large(options) -> Iterator[harness.Row]:
    a, b = (wilks.Sample(events(np.random.default_rng(seed), options.n_events), features=NAMES) for seed in (5, 6))
    result, seconds = harness.timed(lambda: wilks.compare(a, b, n_permutations=options.permutations))
    yield {"p": result.p_value, "seconds": seconds, "members": len(result.members), "peak_mb": harness.peak_mb()}


if __name__ == "__main__":
    SCRIPT.main()
