"""The best minima that slow methods find: SciPy L-BFGS-B and Adam from many Glorot starts, data set by data set.

    python benchmarks/best_known.py exponential-13 --output best.json --n-toys 12 --n-scipy 60 --n-adam 4
    python benchmarks/best_known.py dimuon-96 --data FOLDER --output best96.json --n-toys 4 --n-scipy 30

Descents run on the merged reference where there is one feature (200,000 events become about 5,800 cells, which moves
t by less than 1e-3) and the best of them goes on from there on all events; ``--full`` runs them on all events. One
core. A run that was cut short goes on with the data sets that are missing.
"""

import os

os.environ.update({"NPROC": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"})

import argparse
import json
import time
from pathlib import Path

import numpy as np
from rows import ROWS, Problem
from slow_methods import SlowMethods, glorot

from wilks.fitting import Engine


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("row", choices=ROWS)
    parser.add_argument("--data", type=Path, help="folder with dimuon_sm.h5")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--n-toys", type=int, default=4)
    parser.add_argument("--n-scipy", type=int, default=30)
    parser.add_argument("--n-adam", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=300_000)
    parser.add_argument("--full", action="store_true", help="no merged reference")
    return parser.parse_args()


class Baselines:
    """The slow methods with the blocks of events that they see."""

    def __init__(self, problem: Problem, *, is_full: bool) -> None:
        self.analysis = problem.analysis
        self.engine = Engine(self.analysis)
        self.near = self.engine.whole if is_full or self.engine.near is None else self.engine.near
        self.methods = SlowMethods(self.analysis, function_tolerance=1e-11)


def one_data_set(baselines: Baselines, events: np.ndarray, index: int, options: argparse.Namespace) -> dict:
    """All ends of both methods on one data set, with their times, and the best of them polished on all events."""
    methods, rng = baselines.methods, np.random.default_rng([77, index])
    data = baselines.engine.data_set(events).whole
    near, whole = (baselines.near, data), (baselines.engine.whole, data)
    starts = np.array([glorot(rng, baselines.analysis) for _ in range(options.n_scipy + options.n_adam)])
    begin = time.perf_counter()
    ends = [methods.scipy(start, near) for start in starts[: options.n_scipy]]
    row = {"toy": index, "n_events": len(events), "scipy_t": [t for t, _, _ in ends]}
    row |= {"scipy_evaluations": [n for _, _, n in ends], "scipy_seconds": time.perf_counter() - begin}
    candidates = [max(ends, key=lambda end: end[0])[1]] if ends else []
    if options.n_adam:
        begin = time.perf_counter()
        t, params = methods.adam(starts[options.n_scipy :], near, epochs=options.epochs)
        row |= {"adam_t": t.tolist(), "adam_seconds": time.perf_counter() - begin}
        candidates.append(params[int(np.argmax(t))])
    row["best_t"] = max(methods.scipy(start, whole)[0] for start in candidates)
    return row


def main() -> None:
    options = arguments()
    problem = Problem(ROWS[options.row], options.data)
    baselines = Baselines(problem, is_full=options.full)
    rows = json.loads(options.output.read_text()) if options.output.exists() else []
    for index in range(options.first, options.first + options.n_toys):
        if index in {row["toy"] for row in rows}:
            continue
        rows.append(one_data_set(baselines, problem.data(index), index, options))
        print({name: value for name, value in rows[-1].items() if not isinstance(value, list)}, flush=True)
        options.output.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
