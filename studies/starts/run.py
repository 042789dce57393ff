"""How often single starts reach the best minimum, and what a search of n starts misses.

    python -m studies.starts.run

Null data sets of the exponential problem at clip 9, on the merged reference. Two constructions of starting points:
that of `wilks.MLP` (kinks of the neurons at quantiles of the data) and Glorot-uniform numbers, as published trainings
use. The best t known is the best over all of them; the deficit of n starts is its mean over random choices of n.
"""

from collections.abc import Iterator

import benchmarks.harness as harness
import numpy as np

import wilks
from wilks.statistics.fits import Data
from wilks.toys import draw_toy

from studies.common import every_start
from studies.slow_methods import glorot

SEED, SIZES, N_CHOICES = 41, (10, 20, 40, 80), 500
SCRIPT = harness.Script(__file__, __doc__, seed=SEED)


@SCRIPT.whole(n_toys=16, n_starts=160)
def run(options) -> Iterator[harness.Row]:
    analysis = every_start(n_starts=options.n_starts)
    programs, owners, rows = analysis.engine.programs, np.zeros(options.n_starts, dtype=int), []
    for index in range(options.n_toys):
        events, rng = draw_toy(analysis, wilks.Null(), seed=SEED, index=index), np.random.default_rng([SEED, index])
        starts = {
            "kinks at quantiles": analysis.model.starting_points(rng, options.n_starts, events=events),
            "glorot": np.array([glorot(rng, analysis) for _ in range(options.n_starts)]),
        }
        data, found = programs.data_sets([Data(events, np.empty(0))]), {}
        for name, points in starts.items():
            if index == 0:
                programs.explore(points, owners, data)  # compiles
            ends, seconds = harness.timed(programs.explore, points, owners, data)
            found[name] = (-2 * np.asarray(ends.values), seconds / len(points), np.mean(ends.n_iterations))
        best = max(t.max() for t, _, _ in found.values())
        for name, (t, seconds, iterations) in found.items():
            row = {"toy": index, "starts": name, "best_known": best, "share_within_0.1": np.mean(t > best - 0.1)}
            row |= {"deficit": deficits(t, best, rng), "milliseconds": 1e3 * seconds, "iterations": iterations}
            rows.append(row)
            yield row
    yield from (summary(name, rows) for name in ("kinks at quantiles", "glorot"))


def deficits(t: np.ndarray, best: float, rng: np.random.Generator) -> dict[str, float]:
    """Mean of best - max(t of n chosen starts) for each n."""
    sizes = [n for n in SIZES if n <= t.size]
    return {
        str(n): float(np.mean([best - t[rng.choice(t.size, n, replace=False)].max() for _ in range(N_CHOICES)]))
        for n in sizes
    }


def summary(name: str, rows: list[harness.Row]) -> harness.Row:
    """Means over the toys."""
    mine = [row for row in rows if row["starts"] == name]
    means = {key: np.mean([row[key] for row in mine]) for key in ("share_within_0.1", "milliseconds", "iterations")}
    deficit = {n: np.mean([row["deficit"][n] for row in mine]) for n in mine[0]["deficit"]}
    return {"mean_of": name, "n_toys": len(mine), "deficit": deficit} | means


if __name__ == "__main__":
    SCRIPT.main()
