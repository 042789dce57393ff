"""Memory of many toys: resident size of the process after every so many fits, and its peak.

    python benchmarks/memory.py dimuon-96 --data FOLDER --n-fits 1000

Each fit takes every step of the usual one, on data sets of the usual size, but its descents are cut short: memory does
not depend on how long they are. Data sets are used again when all have been. One core.
"""

import os

os.environ.update({"NPROC": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"})

import argparse
import dataclasses
import resource
from pathlib import Path

from rows import ROWS, Problem

from wilks.fitting import fit_events


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("row", choices=ROWS)
    parser.add_argument("--data", type=Path, help="folder with dimuon_sm.h5")
    parser.add_argument("--n-fits", type=int, default=1000)
    return parser.parse_args()


def resident_mb() -> float:
    """Memory of this process that is in use now (Linux)."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 2**20


def main() -> None:
    options = arguments()
    row = ROWS[options.row]
    search = dataclasses.replace(row.search, race_iterations=1, max_iterations=2, max_newton_iterations=1, n_retries=0)
    problem = Problem(row, options.data, search=search)
    n_sets = min(problem.n_data_sets, 50)
    for count in range(options.n_fits):
        fit_events(problem.analysis, problem.data(count % n_sets))
        if count + 1 in (1, 10) or (count + 1) % 100 == 0:
            print(f"after {count + 1} fits {resident_mb():.0f} MB", flush=True)
    print(f"peak {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
