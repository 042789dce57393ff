"""The search against the best minima that slow methods found (`best_known.py`), and against itself with other seeds.

    python benchmarks/against_best_known.py exponential-13 --best benchmarks/recorded/best_known_exponential-13.json
    python benchmarks/against_best_known.py dimuon-96 --data FOLDER --best benchmarks/recorded/best_known_dimuon-96.json

One core. Prints a line for each data set and the mean deficit, and writes everything to --output.
"""

import os

os.environ.update({"NPROC": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"})

import argparse
import dataclasses
import json
import platform
import time
from pathlib import Path

import jax
import numpy as np
from rows import ROWS, Problem

import wilks
from wilks.fitting import fit_events


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("row", choices=ROWS)
    parser.add_argument("--data", type=Path, help="folder with dimuon_sm.h5")
    parser.add_argument("--best", type=Path, required=True)
    parser.add_argument("--n-starts", type=int)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1])
    parser.add_argument("--output", type=Path, required=True)
    return parser.parse_args()


def main() -> None:
    options = arguments()
    row, known = ROWS[options.row], json.loads(options.best.read_text())
    chosen = dataclasses.replace(row.search, **({"n_starts": options.n_starts} if options.n_starts else {}))
    searches, rows = [dataclasses.replace(chosen, seed=seed) for seed in options.seeds], []
    problems = [Problem(row, options.data, search=search) for search in searches]
    for problem in problems:
        fit_events(problem.analysis, problem.data(known[0]["toy"]))  # compiles
    for best in known:
        entry = {"toy": best["toy"], "best_known": best["best_t"], "t": [], "seconds": [], "chance_missed": []}
        for problem in problems:
            begin = time.perf_counter()
            fit = fit_events(problem.analysis, problem.data(best["toy"]))
            entry["t"].append(fit.t)
            entry["seconds"].append(time.perf_counter() - begin)
            entry["chance_missed"].append(fit.chance_missed)
        rows.append(entry)
        print(json.dumps(entry), flush=True)
    summary = summarize(rows)
    print(json.dumps(summary, indent=1))
    options.output.write_text(
        json.dumps({"summary": summary, "search": dataclasses.asdict(chosen), "rows": rows}, indent=1)
    )


def summarize(rows: list[dict]) -> dict:
    """Deficits of the first seed against the best known; agreement of the seeds; times of one core."""
    t = np.array([row["t"] for row in rows])
    deficit = np.array([row["best_known"] for row in rows]) - t[:, 0]
    return {
        "mean_deficit": float(np.mean(deficit)),
        "worst_deficit": float(np.max(deficit)),
        "n_higher_by_0.01": int(np.sum(deficit < -0.01)),
        "n_data_sets": len(rows),
        "share_of_seeds_within_0.1": float(np.mean(np.ptp(t, axis=1) < 0.1)),
        "median_seconds": float(np.median([row["seconds"] for row in rows])),
        "versions": {"wilks": wilks.__version__, "jax": jax.__version__, "python": platform.python_version()},
        "machine": platform.machine(),
    }


if __name__ == "__main__":
    main()
