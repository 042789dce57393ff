"""Null data sets of a row of `rows.py` at a clip: t of each, and how far they are from a chi-square.

    python benchmarks/null_of_t.py dimuon-96 --data FOLDER --clip 1.6 --n-toys 16 --output null-1.6.json

Muon pairs are independent data sets cut from the file: there are 54 of 8,700 events. One core; a run that was cut short
goes on, and two runs with other --first and --output share the work. ``--summary FILE ...`` joins their results.
"""

import os

os.environ.update({"NPROC": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"})

import argparse
import json
import time
from pathlib import Path

import numpy as np
from rows import ROWS, Problem
from scipy import stats

import wilks
from wilks.fitting import fit_events
from wilks.significance import variance_ratio_error


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("row", choices=ROWS)
    parser.add_argument("--data", type=Path, help="folder with dimuon_sm.h5")
    parser.add_argument("--clip", type=float)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--n-toys", type=int, default=16)
    parser.add_argument("--output", type=Path)
    parser.add_argument("--summary", type=Path, nargs="+")
    return parser.parse_args()


def main() -> None:
    options = arguments()
    if options.summary:
        print(summary([row for path in options.summary for row in json.loads(path.read_text())]))
        return
    problem = Problem(ROWS[options.row], options.data, clip=options.clip)
    rows = json.loads(options.output.read_text()) if options.output.exists() else []
    for index in range(options.first, min(options.first + options.n_toys, problem.n_data_sets)):
        if index in {row["toy"] for row in rows}:
            continue
        begin = time.perf_counter()
        fit = fit_events(problem.analysis, problem.data(index))
        row = {"toy": index, "t": fit.t, "status": fit.status.name, "gap": fit.start_gap}
        row |= {"seconds": time.perf_counter() - begin, "n_parameters": problem.analysis.n_parameters}
        rows.append(row | {"newton_decrement": fit.newton_decrement, "share_at_bound": fit.share_at_bound})
        print(json.dumps(rows[-1]), flush=True)
        options.output.write_text(json.dumps(rows, indent=1))
    print(summary(rows))


def summary(rows: list[dict]) -> str:
    """Mean and variance with their errors, and the KS p-value against the chi-square of as many degrees as params."""
    t = np.array([row["t"] for row in rows])
    t = t[np.isfinite(t)]
    n, dof = t.size, rows[0]["n_parameters"]
    lines = [
        f"{len(rows)} data sets, {len(rows) - n} failed, {np.median([row['seconds'] for row in rows]):.1f} s each",
        f"mean {t.mean():.2f} +- {t.std(ddof=1) / np.sqrt(n):.2f}; {dof} parameters",
        f"variance/(2 mean) {t.var(ddof=1) / (2 * t.mean()):.2f} +- {variance_ratio_error(dof, n):.2f}",
        f"KS p of chi-square({dof}) {stats.kstest(t, stats.chi2(dof).cdf).pvalue:.3g}, "
        f"of chi-square(mean) {stats.kstest(t, stats.chi2(t.mean()).cdf).pvalue:.3g}",
        f"share at the bound {np.mean([row['share_at_bound'] for row in rows]):.2f}, "
        f"median gap of the best two starts {np.nanmedian([row['gap'] for row in rows]):.2f}",
    ]
    return "\n".join([f"wilks {wilks.__version__}", *lines])


if __name__ == "__main__":
    main()
