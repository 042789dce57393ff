"""Null data sets of a network at a clip: t of each, and how far they are from a chi-square.

    python -m studies.null_of_t.run dimuon-96 --data FOLDER --clip 1.53 --n-toys 54

Muon pairs are independent data sets cut from the file: there are 54 of 8,700 events. A run that was cut short goes on.
The last row is the summary: mean and variance with their errors, and KS p-values.
"""

from collections.abc import Iterator
from pathlib import Path

import benchmarks.harness as harness
import numpy as np
from scipy import stats

import wilks
from wilks.significance import variance_ratio_error

from studies.common import NETWORKS, TOY_SEED, Problem

SCRIPT = harness.Script(__file__, __doc__, seed={"split": 0, "sizes": TOY_SEED})


@SCRIPT.whole(network=[*NETWORKS], data=Path, clip=float, n_toys=16)
def run(options) -> Iterator[harness.Row]:
    problem, known = Problem(NETWORKS[options.network], options.data, clip=options.clip), {}
    known |= {row["toy"]: row for row in options.kept if "toy" in row}
    rows = []
    for index in range(min(options.n_toys, problem.n_data_sets)):
        rows.append(known.get(index) or fitted(problem, index))
        yield rows[-1]
    yield summary(rows)


def fitted(problem: Problem, index: int) -> harness.Row:
    fit, seconds = harness.timed(wilks.fit, problem.analysis, problem.data(index))
    row = {"toy": index, "t": fit.t, "status": fit.status.name, "gap": fit.start_gap, "seconds": seconds}
    row |= {"n_parameters": problem.analysis.n_parameters, "newton_decrement": fit.newton_decrement}
    return row | {"share_at_bound": fit.share_at_bound}


def summary(rows: list[harness.Row]) -> harness.Row:
    """KS p-values are against the chi-square of as many degrees as parameters, and against that of the mean."""
    t = np.array([row["t"] for row in rows], dtype=float)
    t = t[np.isfinite(t)]
    n, dof = t.size, rows[0]["n_parameters"]
    return {
        "n_toys": len(rows),
        "n_failed": len(rows) - n,
        "mean": [t.mean(), t.std(ddof=1) / np.sqrt(n)],
        "variance_over_2_mean": [t.var(ddof=1) / (2 * t.mean()), variance_ratio_error(dof, n)],
        "ks_p_parameters": stats.kstest(t, stats.chi2(dof).cdf).pvalue,
        "ks_p_mean": stats.kstest(t, stats.chi2(t.mean()).cdf).pvalue,
        "share_at_bound": np.mean([row["share_at_bound"] for row in rows]),
        "median_gap": np.nanmedian(np.array([row["gap"] for row in rows], dtype=float)),
        "median_seconds": np.median([row["seconds"] for row in rows]),
    }


if __name__ == "__main__":
    SCRIPT.main()
