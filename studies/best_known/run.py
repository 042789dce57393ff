"""The best minima that slow methods find, and how far the search stays below them.

    python -m studies.best_known.run find exponential-13 --n-toys 12 --n-scipy 60 --n-adam 4
    python -m studies.best_known.run find dimuon-96 --data FOLDER --n-toys 4 --n-scipy 30
    python -m studies.best_known.run compare exponential-13
    python -m studies.best_known.run compare dimuon-96 --data FOLDER --n-starts 64 --seeds 0

``find``: SciPy L-BFGS-B and Adam from Glorot starts, on the merged reference where there is one feature (200,000
events become about 5,800 cells, which moves t by less than 1e-3); the best of them goes on from there on all events.
``--full`` runs all descents on all events. A run that was cut short goes on. ``compare`` fits the data sets that
``find`` left in the record, with the search and several of its seeds, and ends with a summary.
"""

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path

import benchmarks.harness as harness
import numpy as np

import wilks

from studies.common import NETWORKS, TOY_SEED, Problem, seen_by
from studies.slow_methods import SlowMethods, glorot

START_SEED = 77
SCRIPT = harness.Script(__file__, __doc__, seed={"toys": TOY_SEED, "starts": START_SEED})


@SCRIPT.part("find", network=[*NETWORKS], data=Path, n_toys=4, n_scipy=30, n_adam=0, epochs=300_000, full=False)
def find(options) -> Iterator[harness.Row]:
    problem, known = Problem(NETWORKS[options.network], options.data), {row["toy"]: row for row in options.kept}
    slow = Slow(problem.analysis, is_full=options.full)
    for index in range(options.n_toys):
        yield known.get(index) or slow.ends(problem.data(index), index, options)


class Slow:
    """The slow methods with the blocks of events that they see."""

    def __init__(self, analysis: wilks.Analysis, *, is_full: bool) -> None:
        self.analysis, self.programs = analysis, analysis.engine.programs
        self.points = self.programs.points
        self.near = self.points.whole if is_full or self.points.near is None else self.points.near
        self.methods = SlowMethods(analysis, function_tolerance=1e-11)

    def ends(self, events: np.ndarray, index: int, options) -> harness.Row:
        """All ends of both methods on one data set, with their times, and the best of them polished on all events."""
        rng, data = np.random.default_rng([START_SEED, index]), seen_by(self.programs, events).whole
        near, whole = (self.near, data), (self.points.whole, data)
        starts = np.array([glorot(rng, self.analysis) for _ in range(options.n_scipy + options.n_adam)])
        some, others = np.split(starts, [options.n_scipy])
        ends, seconds = harness.timed(lambda: [self.methods.scipy(start, near) for start in some])
        row = {"toy": index, "n_events": len(events), "scipy_t": [t for t, _, _ in ends]}
        row |= {"scipy_evaluations": [n for _, _, n in ends], "scipy_seconds": seconds}
        candidates = [max(ends, key=lambda end: end[0])[1]] if ends else []
        if options.n_adam:
            (t, params), seconds = harness.timed(lambda: self.methods.adam(others, near, epochs=options.epochs))
            row |= {"adam_t": t, "adam_seconds": seconds}
            candidates.append(params[int(np.argmax(t))])
        return row | {"best_t": max(self.methods.scipy(start, whole)[0] for start in candidates)}


@SCRIPT.part("compare", network=[*NETWORKS], data=Path, n_starts=int, seeds=(0, 1))
def compare(options) -> Iterator[harness.Row]:
    network, known = NETWORKS[options.network], found(options.output, options.network)
    n_starts = options.n_starts or network.search.n_starts
    searches = [dataclasses.replace(network.search, n_starts=n_starts, seed=seed) for seed in options.seeds]
    problems = [Problem(network, options.data, search=search) for search in searches]
    for problem in problems:
        wilks.fit(problem.analysis, problem.data(known[0]["toy"]))  # compiles
    rows = []
    for best in known:
        pairs = [harness.timed(wilks.fit, one.analysis, one.data(best["toy"])) for one in problems]
        row = {"toy": best["toy"], "best_known": best["best_t"], "t": [fit.t for fit, _ in pairs]}
        row |= {"seconds": [seconds for _, seconds in pairs], "chance_missed": [fit.chance_missed for fit, _ in pairs]}
        rows.append(row)
        yield row
    yield summary(rows)


def found(record: Path, network: str) -> list[harness.Row]:
    """What ``find`` left there."""
    path = record if record.exists() else SCRIPT.record
    runs = json.loads(path.read_text())["runs"]
    return next(run["results"] for run in runs if f" find {network}" in run["command"])


def summary(rows: list[harness.Row]) -> harness.Row:
    """Deficits of the first seed against the best known; agreement of the seeds; times of one core."""
    t = np.array([row["t"] for row in rows])
    deficit = np.array([row["best_known"] for row in rows]) - t[:, 0]
    return {
        "mean_deficit": np.mean(deficit),
        "worst_deficit": np.max(deficit),
        "n_higher_by_0.01": np.sum(deficit < -0.01),
        "n_data_sets": len(rows),
        "share_of_seeds_within_0.1": np.mean(np.ptp(t, axis=1) < 0.1),
        "median_seconds": np.median([row["seconds"] for row in rows]),
    }


if __name__ == "__main__":
    SCRIPT.main()
